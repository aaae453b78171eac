"""Two ways to one figure: what the live view showed is what comes out of the journal, whatever the shift was like."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.answer_sla.days import day_of
from gateway.answer_sla.figures import compute
from gateway.answer_sla.policy import wait
from gateway.answer_sla.report import Figures, QueueFigures, QueueReport, queue_figures
from gateway.answer_sla.tally import Tally
from gateway.config import Settings, zone
from gateway.events import (
    AnswerBreached,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallOffered,
    CallOverflowed,
    CallQueued,
    Event,
)
from tests.unit.answer_sla.shift import BEGINNINGS, SETTINGS, SHIFTS, TWO_QUEUES, Hall, Plan, events_of

SHOWN = (
    "offered",
    "answered",
    "abandoned",
    "short_abandoned",
    "overflowed",
    "of_offered",
    "of_offered_less_short",
    "of_answered",
    "abandon_rate",
    "average_wait",
    "average_handle",
    "longest_wait",
)
"""What the live event and the figures computed again both tell."""


def play(events: list[Event], given_settings: Settings, lag: float = 0.0) -> tuple[Hall, float]:
    hall = Hall(given_settings)
    now = 0.0
    for event in events:
        now = event.at + lag
        hall.feed(event, now)
    now += 1.0
    hall.run_until(now)
    hall.tick(now)
    return hall, now


def again(hall: Hall, given_settings: Settings, now: float, **options: float) -> Figures:
    return compute(hall.journal, given_settings, day_of(now, zone("Asia/Shanghai"))[0], now, **options)  # type: ignore[arg-type]


def waiting_by_hand(events: list[Event], until: float) -> tuple[Counter[str], int]:
    """Callers who wait, by queue and altogether, from nothing but who came and what became of him last."""
    where: dict[str, str | None] = {}
    answered: set[str] = set()
    for event in events:
        if not isinstance(event, CallEvent) or event.at >= until or event.call_id in answered:
            continue
        if isinstance(event, CallOffered):
            where[event.call_id] = ""
        elif isinstance(event, CallQueued):
            where[event.call_id] = event.queue
        elif isinstance(event, CallAbandoned | CallOverflowed | CallAnswered | CallEnded):
            where[event.call_id] = None
            if isinstance(event, CallAnswered):
                answered.add(event.call_id)
    return Counter(queue for queue in where.values() if queue), sum(queue is not None for queue in where.values())


@settings(max_examples=100, deadline=None)
@given(
    plans=SHIFTS,
    beginning=BEGINNINGS,
    lag=st.sampled_from([0.0, 0.7]),
    policies=st.sampled_from([SETTINGS, TWO_QUEUES]),
)
def test_the_live_view_and_the_journal_agree(
    plans: list[Plan], beginning: float, lag: float, policies: Settings
) -> None:
    hall, now = play(events_of(plans, beginning), policies, lag)
    figures = again(hall, policies, now)
    live = {name: {shown: getattr(level, shown) for shown in SHOWN} for name, level in hall.levels.items()}
    batch = {each.queue: {shown: getattr(each.total, shown) for shown in SHOWN} for each in figures.queues}
    # A queue nobody configured is shown as empty on the days after; computed again it is not there.
    nothing = {shown: getattr(queue_figures(Tally(), 0), shown) for shown in SHOWN}
    assert live == dict.fromkeys(live, nothing) | batch
    assert hall.connect is not None
    assert (hall.connect.rate, hall.connect.margin) == (figures.connect_rate.rate, figures.connect_rate.margin)


@settings(max_examples=100, deadline=None)
@given(plans=SHIFTS, beginning=BEGINNINGS, cut=st.floats(1, 1200))
def test_nobody_is_lost_between_the_outcomes(plans: list[Plan], beginning: float, cut: float) -> None:
    """At any instant: offered = answered + abandoned + overflowed + waiting, by queue and by call."""
    hall, _ = play(events_of(plans, beginning), SETTINGS)
    until = beginning + cut
    for since in (beginning - 90000.0, beginning, until - 1.0):
        figures = compute(hall.journal, SETTINGS, since, until, interval=3600)
        before, all_before = waiting_by_hand(hall.journal, since)
        waiting, all_waiting = waiting_by_hand(hall.journal, until)
        for each in figures.queues:
            # What was decided before the time and undone in it (a caller who came back) was not waiting before.
            assert each.total.waiting == waiting[each.queue]
            assert each.total.waiting_before >= before[each.queue]
        assert figures.calls.waiting == all_waiting
        assert figures.calls.waiting_before >= all_before


@settings(max_examples=100, deadline=None)
@given(plans=SHIFTS, minutes=st.integers(1, 90), beginning=BEGINNINGS)
def test_intervals_add_up_to_days_and_days_to_the_whole(plans: list[Plan], minutes: int, beginning: float) -> None:
    hall, _ = play(events_of(plans, beginning), SETTINGS)
    figures = compute(hall.journal, SETTINGS, beginning - 86400.0, beginning + 1000.0, interval=60.0 * minutes)
    for each in figures.queues:
        _check_sums(each)


def _check_sums(report: QueueReport) -> None:
    counts = (
        "offered",
        "answered",
        "unknown_wait",
        "abandoned",
        "short_abandoned",
        "overflowed",
        "late",
        "within",
        "handled",
    )
    for rows in (report.intervals, report.days):
        for name in counts:
            assert sum(getattr(row.figures, name) for row in rows) == getattr(report.total, name), name
        assert rows[0].figures.waiting_before == report.total.waiting_before
        assert rows[-1].figures.waiting == report.total.waiting
        for one, following in pairwise(rows):
            assert one.end == following.start
            assert one.figures.waiting == following.figures.waiting_before
        waits = sum((row.figures.average_wait or 0.0) * _measured(row.figures) for row in rows)
        assert waits == pytest.approx((report.total.average_wait or 0.0) * _measured(report.total), abs=0.001)


def _measured(figures: QueueFigures) -> int:
    return figures.answered - figures.unknown_wait


@settings(max_examples=100, deadline=None)
@given(plans=SHIFTS, beginning=BEGINNINGS, policies=st.sampled_from([SETTINGS, TWO_QUEUES]))
def test_a_breach_is_fired_once_and_never_early(plans: list[Plan], beginning: float, policies: Settings) -> None:
    hall, _ = play(events_of(plans, beginning), policies)
    breaches = [event for event in hall.journal if isinstance(event, AnswerBreached)]
    assert len({event.call_id for event in breaches}) == len(breaches)
    assert hall.early == []
    assert all(event.waited >= event.target for event in breaches)
    late = {event.call_id for event in breaches}
    for call_id, arrived, queue, decided in _only_stays(hall.journal):
        policy = policies.policy_at(queue, arrived)
        waited = wait(decided.clocks, policy)
        if waited is not None and waited > policy.target_seconds:
            assert call_id in late
        elif waited is not None and policies is SETTINGS:
            assert call_id not in late


def _only_stays(journal: list[Event]) -> list[tuple[str, float, str, CallAnswered | CallAbandoned]]:
    """Calls that were in one queue only, with how their wait ended."""
    queues: dict[str, list[str]] = {}
    arrived: dict[str, float] = {}
    ends: dict[str, CallAnswered | CallAbandoned] = {}
    for event in journal:
        if isinstance(event, CallOffered):
            arrived[event.call_id] = event.at
        elif isinstance(event, CallQueued) and event.call_id not in ends:
            queues.setdefault(event.call_id, []).append(event.queue)
        elif isinstance(event, CallAnswered | CallAbandoned):
            ends.setdefault(event.call_id, event)
    return [(one, arrived[one], queues[one][0], end) for one, end in ends.items() if len(queues.get(one, [])) == 1]


@settings(max_examples=100, deadline=None)
@given(plans=SHIFTS, beginning=BEGINNINGS, share=st.floats(0, 1), policies=st.sampled_from([SETTINGS, TWO_QUEUES]))
def test_a_restart_anywhere_changes_nothing(
    plans: list[Plan], beginning: float, share: float, policies: Settings
) -> None:
    """The journal so far into new parts, then on: same end, and nothing said twice or left out."""
    events = events_of(plans, beginning)
    whole, end = play(events, policies)
    cut = int(share * len(events))
    first = Hall(policies)
    for event in events[:cut]:
        first.feed(event, event.at)
    second = Hall(policies)
    second.restore(first.journal)
    second.journal = list(first.journal)
    for event in events[cut:]:
        second.feed(event, event.at)
    second.run_until(end)
    second.tick(end)
    assert second.warnings() == whole.warnings()
    for name, level in whole.levels.items():
        for shown in SHOWN:
            assert getattr(second.levels[name], shown) == getattr(level, shown), shown
    assert whole.connect is not None
    assert second.connect is not None
    assert (second.connect.rate, second.connect.margin) == (whole.connect.rate, whole.connect.margin)
