"""Figures by hand: the worked example of docs/figures.md, and what lies at the edges."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from gateway.answer_sla.days import day_of, intervals
from gateway.answer_sla.figures import compute, read_from
from gateway.answer_sla.report import AgentFigures, Figures, QueueFigures
from gateway.config import Period, QueuePolicy, Settings
from gateway.errors import InputError
from gateway.events import (
    AgentState,
    AgentStateChanged,
    AnswerBreached,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    Clocks,
    Event,
    MissReason,
    Rate,
)

SHANGHAI = timezone(timedelta(hours=8))
EIGHT = datetime(2026, 3, 2, 8, tzinfo=SHANGHAI).timestamp()
HOUR = 3600.0
SETTINGS = Settings(queue=(QueuePolicy(name="hotline"),))


def at(clock: str) -> float:
    """``mm:ss`` after eight, or ``hh:mm:ss`` of that day."""
    parts = [int(part) for part in clock.split(":")]
    hours, minutes, seconds = parts if len(parts) == 3 else (8, *parts)
    return EIGHT + (hours - 8) * HOUR + minutes * 60 + seconds


def joins(call: str, instant: float, queue: str = "hotline") -> list[Event]:
    return [
        CallOffered(at=instant, call_id=call, caller_number=""),
        CallQueued(at=instant, call_id=call, queue=queue),
    ]


def clocks(instant: float, waited: float) -> Clocks:
    return Clocks(arrived=instant, queued=instant, caller_wait=waited, queue_wait=waited)


def answered(call: str, instant: float, waited: float, queue: str = "hotline", agent: str = "1001") -> CallAnswered:
    return CallAnswered(at=instant + waited, call_id=call, queue=queue, agent=agent, clocks=clocks(instant, waited))


def ended(call: str, instant: float, waited: float, talk: float, held: float = 0.0) -> CallEnded:
    return CallEnded(
        at=instant + waited + talk + held,
        call_id=call,
        hung_up_by="caller",
        clocks=clocks(instant, waited),
        talk_seconds=talk,
        held_seconds=held,
    )


def breached(call: str, instant: float) -> AnswerBreached:
    return AnswerBreached(at=instant, call_id=call, queue="hotline", clock="caller_wait", waited=15.0, target=15.0)


def state(instant: float, now: AgentState, call: str = "") -> AgentStateChanged:
    return AgentStateChanged(at=instant, agent="1001", state=now, call_id=call)


def missed(call: str, instant: float, reason: MissReason) -> AttemptMissed:
    return AttemptMissed(at=instant, call_id=call, queue="hotline", agent="1001", reason=reason, ring_seconds=20.0)


def share(numerator: int, denominator: int) -> Rate:
    return Rate(numerator=numerator, denominator=denominator, value=numerator / denominator if denominator else None)


def total(events: list[Event], since: float = EIGHT, until: float = EIGHT + HOUR) -> QueueFigures:
    return compute(events, SETTINGS, since, until).queues[0].total


def morning() -> list[Event]:
    """The hour of docs/figures.md."""
    a, b, c, d, e, f, g = (at(clock) for clock in ("10:00", "29:50", "40:00", "41:00", "45:00", "50:00", "59:40"))
    events: list[Event] = [state(at("00:00"), "available")]
    events += [*joins("A", a), state(a + 2, "ringing", "A"), state(a + 8, "talking", "A"), answered("A", a, 8)]
    events += [state(a + 68, "hold", "A"), state(a + 78, "talking", "A"), state(a + 138, "wrap_up", "A")]
    events += [ended("A", a, 8, talk=120, held=10), state(a + 158, "available")]
    events += [*joins("B", b), state(b + 8, "ringing", "B"), state(b + 12, "talking", "B"), answered("B", b, 12)]
    events += [state(b + 72, "wrap_up", "B"), ended("B", b, 12, talk=60), state(b + 82, "available")]
    events += [*joins("C", c), CallAbandoned(at=c + 3, call_id="C", queue="hotline", clocks=clocks(c, 3))]
    events += [*joins("D", d), state(d + 1, "ringing", "D"), breached("D", d + 15), missed("D", d + 21, "no_answer")]
    events += [state(d + 21, "available"), CallAbandoned(at=d + 30, call_id="D", queue="hotline", clocks=clocks(d, 30))]
    events += [*joins("E", e), breached("E", e + 15)]
    events += [CallOverflowed(at=e + 40, call_id="E", queue="hotline", reason="gave_up", clocks=clocks(e, 40))]
    events += [*joins("F", f), breached("F", f + 15), state(f + 15, "ringing", "F"), state(f + 20, "talking", "F")]
    events += [answered("F", f, 20), state(f + 120, "available"), ended("F", f, 20, talk=100)]
    return [*events, *joins("G", g), breached("G", g + 15)]


def example() -> Figures:
    return compute(morning(), SETTINGS, EIGHT, EIGHT + HOUR)


def test_the_worked_example_of_the_guide() -> None:
    figures = example()
    hour = figures.queues[0].total
    assert (hour.offered, hour.answered, hour.abandoned, hour.short_abandoned) == (7, 3, 2, 1)
    assert (hour.overflowed, hour.waiting, hour.late, hour.waiting_before) == (1, 1, 1, 0)
    assert (hour.of_offered, hour.of_offered_less_short, hour.of_answered) == (share(2, 7), share(2, 6), share(2, 3))
    assert (hour.abandon_rate, hour.abandon_rate_less_short) == (share(2, 7), share(1, 6))
    assert (hour.average_wait, hour.longest_wait) == (13.333333, 40.0)
    assert (hour.handled, hour.average_handle) == (3, 106.666667)
    assert (hour.average_talk, hour.average_hold, hour.average_wrap_up) == (93.333333, 3.333333, 10.0)
    assert (hour.missed, hour.ring_no_answer) == ({"no_answer": 1}, share(1, 4))
    assert (figures.connect_rate.rate, figures.connect_rate.margin) == (share(3, 6), -54)
    assert (figures.calls.offered, figures.calls.waiting) == (7, 1)


def test_an_answer_counts_in_the_interval_of_its_own_instant() -> None:
    first, second = example().queues[0].intervals
    assert (first.figures.offered, first.figures.answered, first.figures.waiting) == (2, 1, 1)
    assert (second.figures.waiting_before, second.figures.offered, second.figures.answered) == (1, 5, 2)
    assert (first.figures.of_offered, second.figures.of_offered) == (share(1, 1), share(1, 6))


def test_an_agents_hour() -> None:
    (agent,) = example().agents
    assert agent == AgentFigures(
        agent="1001",
        name="",
        answered=3,
        missed={"no_answer": 1},
        ring_no_answer=share(1, 4),
        states={
            "available": 3245.0,
            "ringing": 35.0,
            "talking": 280.0,
            "hold": 10.0,
            "wrap_up": 30.0,
            "paused": 0.0,
            "offline": 0.0,
        },
        busy_seconds=320.0,
        staffed_seconds=3600.0,
        occupancy=320 / 3600,
    )


def test_an_empty_hour_is_no_data() -> None:
    nothing = total([])
    assert (nothing.of_offered.value, nothing.abandon_rate.value, nothing.ring_no_answer.value) == (None, None, None)
    assert (nothing.average_wait, nothing.longest_wait, nothing.average_handle) == (None, None, None)


def test_a_ring_that_others_ended_is_not_blamed_on_the_agent() -> None:
    events: list[Event] = [*joins("1", at("05:00")), answered("1", at("05:00"), 5)]
    for reason in ("caller_left", "answered_elsewhere", "busy", "unreachable", "rejected"):
        events.append(missed("1", at("06:00"), reason))
    assert total(events).ring_no_answer == share(0, 2)
    assert total(events).missed["caller_left"] == 1


def test_a_call_found_in_conversation_is_answered_and_in_no_wait() -> None:
    start = at("05:00")
    found = Clocks(arrived=start, provenance="reconstructed")
    events: list[Event] = [
        *joins("1", start),
        CallAnswered(at=start + 9, call_id="1", queue="hotline", agent="1001", clocks=found),
        CallEnded(at=start + 60, call_id="1", hung_up_by="caller", clocks=found, talk_seconds=51.0),
    ]
    figures = compute(events, SETTINGS, EIGHT, EIGHT + HOUR)
    hour = figures.queues[0].total
    assert (hour.answered, hour.unknown_wait, hour.reconstructed, hour.handled) == (1, 1, 1, 0)
    assert (hour.of_answered, hour.average_wait, hour.average_handle) == (share(0, 0), None, None)
    assert figures.connect_rate.rate == share(1, 1)


def test_a_caller_sent_on_is_counted_apart_in_the_next_queue() -> None:
    start = at("05:00")
    events: list[Event] = [*joins("1", start), answered("1", start, 5)]
    events += [CallQueued(at=start + 60, call_id="1", queue="second")]
    second = compute([*events], SETTINGS, EIGHT, EIGHT + HOUR).queues[1].total
    assert (second.offered, second.transferred_in, second.transferred_in_answered) == (0, 1, 0)
    events += [answered("1", start, 80, queue="second", agent="1002")]
    figures = compute(events, SETTINGS, EIGHT, EIGHT + HOUR)
    assert (figures.queues[1].total.transferred_in_answered, figures.queues[1].total.answered) == (1, 0)
    assert {agent.agent: agent.answered for agent in figures.agents} == {"1001": 1, "1002": 1}
    assert (figures.calls.answered, figures.connect_rate.rate) == (1, share(1, 1))


def test_a_caller_who_comes_back_counts_once_with_his_last_outcome() -> None:
    start = at("05:00")
    left = CallOverflowed(at=start + 30, call_id="1", queue="hotline", reason="gave_up", clocks=clocks(start, 30))
    back = CallQueued(at=start + 32, call_id="1", queue="hotline")
    hour = total([*joins("1", start), left, back, answered("1", start, 45)])
    assert (hour.offered, hour.overflowed, hour.answered, hour.longest_wait) == (1, 0, 1, 45.0)
    assert (total([*joins("1", start), left, back]).waiting, total([*joins("1", start), left]).waiting) == (1, 0)


def test_late_over_midnight_is_late_in_each_queue_from_when_it_waited_there() -> None:
    night = at("23:59:40")
    left = CallOverflowed(at=night + 30, call_id="1", queue="hotline", reason="gave_up", clocks=clocks(night, 30))
    events = [*joins("1", night), breached("1", night + 15), left, CallQueued(at=night + 31, call_id="1", queue="next")]
    first, second = compute(events, SETTINGS, EIGHT, EIGHT + 24 * HOUR).queues
    assert [day.figures.late for day in first.days] == [0, 0]
    assert [day.figures.late for day in second.days] == [0, 1]


def test_each_call_is_judged_by_the_hour_it_arrived() -> None:
    lunch = Period(start="08:30", end="09:00", target_seconds=40.0, at_risk_seconds=30.0)
    settings = Settings(queue=(QueuePolicy(name="hotline", title="热线", period=(lunch,)),))
    events: list[Event] = []
    for call, clock in (("1", "29:50"), ("2", "30:00"), ("3", "40:00")):
        events += [*joins(call, at(clock)), answered(call, at(clock), 20)]
    (report,) = compute(events, settings, EIGHT, EIGHT + HOUR).queues
    assert (report.title, report.total.of_answered) == ("热线", share(2, 3))
    assert [(policy.target_seconds, policy.calls) for policy in report.policies] == [(40.0, 2), (15.0, 1)]


def test_what_happened_after_the_end_is_not_known_yet() -> None:
    figures = compute(morning(), SETTINGS, EIGHT, at("30:00"))
    assert (figures.queues[0].total.offered, figures.queues[0].total.waiting, figures.calls.waiting) == (2, 1, 1)
    assert figures.agents[0].states["talking"] == 120.0


def test_the_state_before_the_first_event_is_taken_from_it() -> None:
    away = AgentStateChanged(
        at=at("30:00"), agent="1001", state="paused", reason="lunch", previous="available", previous_seconds=1200.0
    )
    (agent,) = compute([away], SETTINGS, EIGHT, EIGHT + HOUR).agents
    assert (agent.states["available"], agent.states["paused"], agent.staffed_seconds) == (1200.0, 1800.0, 3000.0)
    assert agent.occupancy == 0.0


def test_a_pause_for_wrap_up_belongs_to_the_call_before() -> None:
    start = at("05:00")
    events: list[Event] = [*joins("1", start), state(start + 5, "talking", "1"), answered("1", start, 5)]
    events += [state(start + 65, "wrap_up"), ended("1", start, 5, talk=60), state(start + 80, "available")]
    assert total(events).average_wrap_up == 15.0
    private = [state(start + 100, "talking"), state(start + 130, "wrap_up"), state(start + 170, "available")]
    assert total([*events, *private]).average_wrap_up == 15.0


def test_one_queue_and_the_agents_it_rang() -> None:
    events: list[Event] = [*joins("1", at("05:00")), answered("1", at("05:00"), 5)]
    events += [*joins("2", at("06:00"), "second"), answered("2", at("06:00"), 5, "second", "1002")]
    figures = compute(events, SETTINGS, EIGHT, EIGHT + HOUR, queue="second")
    assert [report.queue for report in figures.queues] == ["second"]
    assert [agent.agent for agent in figures.agents] == ["1002"]
    assert figures.calls.offered == 2
    with pytest.raises(InputError, match="hotline, second"):
        compute(events, SETTINGS, EIGHT, EIGHT + HOUR, queue="third")


def test_no_time_and_too_many_intervals_are_refused() -> None:
    with pytest.raises(InputError, match="ends before it begins"):
        compute([], SETTINGS, EIGHT, EIGHT)
    with pytest.raises(InputError, match="intervals"):
        compute([], SETTINGS, 0.0, EIGHT, interval=60.0)


def test_enough_is_read_for_the_window_and_for_the_calls_that_were_there() -> None:
    day = 86400.0
    assert read_from(SETTINGS, EIGHT, EIGHT + HOUR) == EIGHT + HOUR - 2 * day
    assert read_from(SETTINGS, EIGHT - 10 * day, EIGHT) == EIGHT - 11 * day


def test_days_and_intervals_follow_the_local_clock() -> None:
    """Twice a year a day in Berlin has 23 or 25 hours; an interval ends at midnight at the latest."""
    berlin = ZoneInfo("Europe/Berlin")
    spring = datetime(2026, 3, 29, 12, tzinfo=berlin).timestamp()
    start, end = day_of(spring, berlin)
    assert end - start == 23 * HOUR
    spans = list(intervals(start, end, 7 * HOUR, berlin))
    assert [span[1] - span[0] for span in spans] == [7 * HOUR, 7 * HOUR, 7 * HOUR, 2 * HOUR]
    parts = list(intervals(EIGHT + 600, EIGHT + 2400, 1800, SHANGHAI))
    assert parts == [(EIGHT + 600, EIGHT + 1800), (EIGHT + 1800, EIGHT + 2400)]
