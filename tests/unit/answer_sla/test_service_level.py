"""Service level and connect rate: every figure can be computed again by hand."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.answer_sla.service_level import ServiceLevel
from gateway.answer_sla.tally import margin
from gateway.config import QueuePolicy, Settings
from gateway.errors import SettingError
from gateway.events import (
    AnswerBreached,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    Clocks,
    ConnectRateAtRisk,
    ConnectRateChanged,
    Event,
    Rate,
    ServiceLevelChanged,
)

SHANGHAI = timezone(timedelta(hours=8))
NOON = datetime(2026, 3, 2, 12, tzinfo=SHANGHAI).timestamp()
MIDNIGHT = datetime(2026, 3, 3, tzinfo=SHANGHAI).timestamp()
DAY = 86400.0
SETTINGS = Settings(queue=(QueuePolicy(name="hotline"),))


class Room:
    """A service level with calls; times are seconds after noon."""

    def __init__(self, given_settings: Settings = SETTINGS) -> None:
        self.level = ServiceLevel(given_settings)
        self.events: list[Event] = self.level.tick(NOON)

    def feed(self, event: Event) -> None:
        self.events += self.level.feed(event, event.at)

    def offer(self, call_id: str, at: float, queue: str = "hotline") -> None:
        self.feed(CallOffered(at=NOON + at, call_id=call_id, caller_number=""))
        self.feed(CallQueued(at=NOON + at, call_id=call_id, queue=queue))

    def answer(self, call_id: str, at: float, wait: float | None, queue: str = "hotline") -> None:
        arrived = NOON + at - (wait or 0.0)
        clocks = Clocks(arrived=arrived, caller_wait=wait)
        self.feed(CallAnswered(at=NOON + at, call_id=call_id, queue=queue, agent="1001", clocks=clocks))

    def abandon(self, call_id: str, at: float, wait: float) -> None:
        clocks = Clocks(arrived=NOON + at - wait, caller_wait=wait)
        self.feed(CallAbandoned(at=NOON + at, call_id=call_id, queue="hotline", clocks=clocks))

    def overflow(self, call_id: str, at: float, wait: float) -> None:
        clocks = Clocks(arrived=NOON + at - wait, caller_wait=wait)
        self.feed(CallOverflowed(at=NOON + at, call_id=call_id, queue="hotline", reason="gave_up", clocks=clocks))

    def breach(self, call_id: str, at: float, queue: str = "hotline") -> None:
        self.feed(
            AnswerBreached(at=NOON + at, call_id=call_id, queue=queue, clock="caller_wait", waited=15.0, target=15.0)
        )

    def latest(self, queue: str = "hotline") -> ServiceLevelChanged:
        return [e for e in self.events if isinstance(e, ServiceLevelChanged) and e.queue == queue][-1]

    def connect(self) -> ConnectRateChanged:
        return [e for e in self.events if isinstance(e, ConnectRateChanged)][-1]


def share(numerator: int, denominator: int) -> Rate:
    return Rate(numerator=numerator, denominator=denominator, value=numerator / denominator if denominator else None)


def test_an_empty_day_has_no_data() -> None:
    room = Room()
    assert room.latest() == ServiceLevelChanged(
        at=NOON,
        queue="hotline",
        clock="caller_wait",
        since=MIDNIGHT - DAY,
        target_seconds=15.0,
        of_offered=share(0, 0),
        of_offered_less_short=share(0, 0),
        of_answered=share(0, 0),
        abandon_rate=share(0, 0),
    )
    assert room.connect().rate == share(0, 0)
    assert room.connect().margin == 0


def test_three_denominators_side_by_side() -> None:
    room = Room()
    for number in range(6):
        room.offer(str(number), 0)
    room.answer("0", 10, wait=10)
    room.answer("1", 20, wait=20)
    room.abandon("2", 3, wait=3)
    room.abandon("3", 30, wait=30)
    room.overflow("4", 40, wait=40)
    level = room.latest()
    assert level.of_offered == share(1, 5)
    assert level.of_offered_less_short == share(1, 4)
    assert level.of_answered == share(1, 2)
    assert (level.average_wait, level.longest_wait) == (15.0, 40.0)


def test_a_call_counts_as_late_at_once_and_only_once() -> None:
    room = Room()
    room.offer("1", 0)
    room.breach("1", 15)
    assert (room.latest().of_offered, room.latest().of_answered) == (share(0, 1), share(0, 0))
    room.answer("1", 16, wait=16)
    assert (room.latest().of_offered, room.latest().of_answered) == (share(0, 1), share(0, 1))


def test_the_answers_own_clock_has_the_last_word() -> None:
    room = Room()
    room.offer("1", 0)
    room.breach("1", 15)
    room.answer("1", 15, wait=14.9)
    assert room.latest().of_offered == share(1, 1)
    late_news = Room()
    late_news.offer("1", 0)
    late_news.answer("1", 16, wait=16)
    late_news.breach("1", 15)
    assert late_news.latest().of_offered == share(0, 1)


def test_a_call_late_before_its_queue_is_late_in_it() -> None:
    room = Room()
    room.feed(CallOffered(at=NOON, call_id="1", caller_number=""))
    room.breach("1", 15, queue="")
    assert room.latest().of_offered == share(0, 0)
    room.feed(CallQueued(at=NOON + 20, call_id="1", queue="hotline"))
    assert room.latest().of_offered == share(0, 1)


def test_an_overflowed_call_counts_in_both_queues_and_connects_once() -> None:
    room = Room()
    room.offer("1", 0)
    room.overflow("1", 10, wait=10)
    assert room.connect().rate == share(0, 1)
    room.feed(CallQueued(at=NOON + 11, call_id="1", queue="second"))
    room.answer("1", 12, wait=12, queue="second")
    assert room.latest().of_offered == share(0, 1)
    assert room.latest("second").of_offered == share(1, 1)
    assert room.connect().rate == share(1, 1)


def test_an_answer_without_known_wait_is_not_judged_but_connected() -> None:
    room = Room()
    room.answer("1", 5, wait=None)
    assert room.latest().of_answered == share(0, 0)
    assert room.connect().rate == share(1, 1)


def test_a_new_day_starts_empty_and_a_call_over_midnight_counts_in_both() -> None:
    room = Room()
    room.offer("1", 0)
    room.answer("1", 5, wait=5)
    before = MIDNIGHT - NOON - 10
    room.offer("2", before)
    assert room.level.next_deadline() == MIDNIGHT
    room.events += room.level.tick(MIDNIGHT)
    assert (room.latest().since, room.latest().of_offered) == (MIDNIGHT, share(0, 0))
    room.answer("2", before + 20, wait=20)
    level = room.latest()
    assert (level.offered, level.answered, level.of_offered) == (0, 1, share(0, 1)), "offered yesterday, answered today"
    room.offer("3", before + 30)
    room.answer("3", before + 31, wait=1)
    level = room.latest()
    assert (level.offered, level.answered, level.of_offered) == (1, 2, share(1, 2))


def test_outcomes_leave_the_window_by_the_clock() -> None:
    room = Room()
    room.offer("1", 0)
    room.abandon("1", 60, wait=60)
    room.events += room.level.tick(MIDNIGHT)
    assert room.level.next_deadline() == NOON + 60 + DAY
    assert room.connect().rate == share(0, 1)
    room.events += room.level.tick(NOON + 60 + DAY)
    assert room.connect().rate == share(0, 0)


def test_the_connect_rate_warns_once_until_it_recovers() -> None:
    room = Room()
    for number in range(38):
        room.answer(f"a{number}", number, wait=1)
    room.abandon("x1", 50, wait=9)
    room.abandon("x2", 51, wait=9)
    assert (room.connect().rate, room.connect().margin) == (share(38, 40), 0)
    for number in range(3):
        room.abandon(f"y{number}", 60 + number, wait=9)
    risks = [event for event in room.events if isinstance(event, ConnectRateAtRisk)]
    assert [(risk.rate, risk.margin) for risk in risks] == [(share(38, 41), -19)]
    for number in range(60):
        room.answer(f"b{number}", 70 + number, wait=1)
    assert room.connect().margin >= 0
    for number in range(5):
        room.abandon(f"z{number}", 200 + number, wait=9)
    assert len([event for event in room.events if isinstance(event, ConnectRateAtRisk)]) == 2


def test_one_miss_in_a_quiet_night_is_no_alarm() -> None:
    room = Room()
    for number in range(19):
        room.abandon(str(number), number, wait=9)
    assert [event for event in room.events if isinstance(event, ConnectRateAtRisk)] == []


def test_an_unknown_time_zone_is_refused() -> None:
    with pytest.raises(SettingError, match="Mars"):
        ServiceLevel(Settings(timezone="Mars/Olympus"))


@given(answered=st.integers(0, 300), missed=st.integers(0, 300), percent=st.integers(1, 100))
def test_the_margin_is_exact(answered: int, missed: int, percent: int) -> None:
    total = answered + missed
    spare = margin(answered, total, percent / 100)
    if spare >= 0:
        assert 100 * answered >= percent * (total + spare)
        assert 100 * answered < percent * (total + spare + 1)
    elif percent < 100:
        assert 100 * (answered - spare) >= percent * (total - spare)
        assert 100 * (answered - spare - 1) < percent * (total - spare - 1)
    else:
        assert spare == -missed


OUTCOMES = st.sampled_from(["answered", "abandoned", "overflowed", "waiting"])


@settings(max_examples=100, deadline=None)
@given(calls=st.lists(st.tuples(OUTCOMES, st.integers(0, 40), st.booleans()), max_size=40))
def test_the_figures_are_those_counted_by_hand(calls: list[tuple[str, int, bool]]) -> None:
    """Offered = answered + abandoned + overflowed + living, whatever the order and whichever calls are over."""
    room = Room()
    for number, (outcome, wait, over) in enumerate(calls):
        call_id = str(number)
        room.offer(call_id, number)
        if wait > 15:
            room.breach(call_id, number + 15)
        if outcome == "answered":
            room.answer(call_id, number + wait, wait=wait)
        elif outcome == "abandoned":
            room.abandon(call_id, number + wait, wait=wait)
        elif outcome == "overflowed":
            room.overflow(call_id, number + wait, wait=wait)
        if over and outcome != "waiting":
            ended = CallEnded(at=NOON + number + wait, call_id=call_id, hung_up_by="caller", clocks=Clocks(arrived=0))
            room.feed(ended)
    served = [wait for outcome, wait, _ in calls if outcome == "answered"]
    lost = [wait for outcome, wait, _ in calls if outcome in ("abandoned", "overflowed")]
    short = [wait for outcome, wait, _ in calls if outcome == "abandoned" and wait <= 5]
    late = [wait for outcome, wait, _ in calls if outcome == "waiting" and wait > 15]
    within = len([wait for wait in served if wait <= 15])
    level = room.latest()
    assert level.of_offered == share(within, len(served) + len(lost) + len(late))
    assert level.of_offered_less_short == share(within, len(served) + len(lost) + len(late) - len(short))
    assert level.of_answered == share(within, len(served))
    assert level.longest_wait == (max(served + lost) if served + lost else None)
    assert room.connect().rate == share(len(served), len(served) + len(lost))
