"""Who is on the list of missed callers, and who leaves it."""

from __future__ import annotations

import pytest

from gateway.answer_sla import missed as module
from gateway.answer_sla.missed import AlreadyRequestedError, MissedCallers, NotMissedError, missed_between
from gateway.answer_sla.missed_caller import MAX_CALLS, MissedCaller
from gateway.config import Period, QueuePolicy, Settings
from gateway.events import (
    CallAbandoned,
    CallAnswered,
    CallbackRequested,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    Clocks,
    Event,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
    PartyJoined,
)

T0 = 1_764_000_000.0
LI, CHEN = "13900000001", "13900000002"
SETTINGS = Settings(
    queue=(
        QueuePolicy(name="hotline", short_abandon_seconds=5.0),
        QueuePolicy(name="second", clock="queue_wait", short_abandon_seconds=5.0),
        QueuePolicy(
            name="night",
            short_abandon_seconds=5.0,
            period=(Period(start="00:00", end="00:00", short_abandon_seconds=20.0),),
        ),
    )
)


def clocks(at: float, waited: float, **more: object) -> Clocks:
    return Clocks(arrived=at, ended=at + waited, caller_wait=waited, **more)  # type: ignore[arg-type]


def offered(at: float, call_id: str, number: str = LI, name: str = "") -> CallOffered:
    return CallOffered(at=at, call_id=call_id, caller_number=number, caller_name=name)


def answered(at: float, call_id: str) -> CallAnswered:
    return CallAnswered(at=at, call_id=call_id, queue="hotline", agent="1001", clocks=clocks(at - 5, 5))


def ended(at: float, call_id: str, arrived: float, *, agent: str = "", talked: float = 0.0) -> CallEnded:
    return CallEnded(
        at=at,
        call_id=call_id,
        hung_up_by="caller",
        clocks=clocks(arrived, at - arrived),
        agent=agent,
        talk_seconds=talked,
    )


def abandoned(
    at: float, call_id: str, number: str = LI, waited: float = 20.0, queue: str = "hotline", name: str = ""
) -> list[Event]:
    """A whole call that arrives at ``at`` and is given up."""
    gone = at + waited
    waits = clocks(at, waited, queued=at + 1, queue_wait=waited - 1)
    return [
        offered(at, call_id, number, name),
        CallQueued(at=at + 1, call_id=call_id, queue=queue),
        CallAbandoned(at=gone, call_id=call_id, queue=queue, clocks=waits),
        ended(gone, call_id, at),
    ]


def served(at: float, call_id: str, number: str = LI) -> list[Event]:
    """A whole call that arrives at ``at`` and is answered."""
    return [
        offered(at, call_id, number),
        CallQueued(at=at + 1, call_id=call_id, queue="hotline"),
        answered(at + 5, call_id),
        ended(at + 60, call_id, at, agent="1001", talked=55.0),
    ]


def called(at: float, call_id: str, number: str = LI, *, reached: bool) -> list[Event]:
    """A whole call of ours."""
    start = OutboundStarted(at=at, call_id=call_id, agent="1002", number=number)
    middle = [OutboundAnswered(at=at + 9, call_id=call_id, agent="1002", number=number)] if reached else []
    return [
        start,
        *middle,
        OutboundEnded(at=at + 30, call_id=call_id, agent="1002", number=number, answered=reached),
    ]


def callers(*groups: list[Event], settings: Settings = SETTINGS) -> list[MissedCaller]:
    fold = MissedCallers(settings)
    for group in groups:
        for event in group:
            fold.feed(event)
    return list(fold.between().callers)


def test_a_caller_who_gave_up_is_told_with_all_that_is_known() -> None:
    (li,) = callers(abandoned(T0, "c1", "139 0000 0001", name="李女士"))
    assert (li.call_id, li.number, li.name, li.queues) == ("c1", "139 0000 0001", "李女士", ("hotline",))
    assert (li.first_at, li.latest_at, li.missed_at, li.tried) == (T0, T0, T0 + 20, 1)
    assert (li.longest_wait, li.short, li.callback_at) == (20.0, False, None)
    (call,) = li.calls
    assert (call.wait, call.provenance, call.outcome, call.queues) == (20.0, "observed", "abandoned", ("hotline",))


def test_one_entry_for_all_spellings_of_a_number() -> None:
    (li,) = callers(
        abandoned(T0, "c1", LI, waited=30.0, name="李女士"),
        abandoned(T0 + 100, "c2", f"+86{LI}", waited=10.0, queue="second"),
        abandoned(T0 + 200, "c3", f"0{LI}", waited=12.0),
    )
    assert (li.tried, li.call_id, li.number, li.name) == (3, "c3", f"0{LI}", "李女士")
    assert (li.first_at, li.latest_at, li.longest_wait) == (T0, T0 + 200, 30.0)
    assert li.queues == ("hotline", "second")
    assert [call.wait for call in li.calls] == [30.0, 10.0, 12.0]


def test_the_latest_miss_stands_first() -> None:
    found = callers(abandoned(T0, "c1"), abandoned(T0 + 100, "c2", CHEN), abandoned(T0 + 200, "c3"))
    assert [caller.call_id for caller in found] == ["c3", "c2"]


def test_an_overflowed_call_is_missed_only_when_its_line_is_down() -> None:
    over = [
        *abandoned(T0, "c1")[:2],
        CallOverflowed(at=T0 + 15, call_id="c1", queue="hotline", reason="gave_up", clocks=clocks(T0, 15.0)),
    ]
    assert callers(over) == []
    (li,) = callers(over, [ended(T0 + 18, "c1", T0)])
    assert (li.calls[0].outcome, li.calls[0].wait, li.calls[0].short) == ("overflowed", 18.0, False)
    assert callers(over, [answered(T0 + 20, "c1"), ended(T0 + 60, "c1", T0, agent="1001")]) == []
    duty = [PartyJoined(at=T0 + 20, call_id="c1", party="8000", kind="extension"), ended(T0 + 60, "c1", T0)]
    assert callers(over, duty) == [], "the duty officer spoke with them"


def test_given_up_in_the_queue_after_an_overflow_is_abandoned() -> None:
    (li,) = callers(
        [
            *abandoned(T0, "c1")[:2],
            CallOverflowed(at=T0 + 15, call_id="c1", queue="hotline", reason="gave_up", clocks=clocks(T0, 15.0)),
            CallQueued(at=T0 + 15, call_id="c1", queue="second"),
            CallAbandoned(at=T0 + 40, call_id="c1", queue="second", clocks=clocks(T0, 40.0)),
            ended(T0 + 40, "c1", T0),
        ]
    )
    assert (li.tried, li.calls[0].outcome, li.queues) == (1, "abandoned", ("hotline", "second"))


def test_a_caller_who_never_reached_a_queue_is_missed_too() -> None:
    (li,) = callers([offered(T0, "c1"), ended(T0 + 9, "c1", T0)])
    assert (li.tried, li.queues, li.longest_wait) == (1, (), 9.0)


def test_the_same_end_told_twice_counts_once() -> None:
    events = abandoned(T0, "c1")
    (li,) = callers(events[:3], events[2:3], events[3:], events[3:])
    assert li.tried == 1


@pytest.mark.parametrize(
    ("queue", "waited", "short"),
    [("hotline", 4.0, True), ("hotline", 5.5, False), ("second", 5.5, True), ("night", 19.0, True)],
)
def test_short_abandons_are_listed_and_marked_by_their_queues_policy(queue: str, waited: float, short: bool) -> None:
    (li,) = callers(abandoned(T0, "c1", queue=queue, waited=waited))
    assert li.short is short


def test_one_long_wait_makes_a_caller_no_short_abandon() -> None:
    (li,) = callers(abandoned(T0, "c1", waited=3.0), abandoned(T0 + 50, "c2"), abandoned(T0 + 90, "c3", waited=3.0))
    assert (li.tried, li.short) == (3, False)


def test_answered_later_is_off_the_list_and_counts_anew() -> None:
    first = [*abandoned(T0, "c1"), *abandoned(T0 + 50, "c2")]
    assert callers(first, served(T0 + 100, "c3", f"+86{LI}")) == []
    (li,) = callers(first, served(T0 + 100, "c3"), abandoned(T0 + 300, "c4"))
    assert (li.tried, li.first_at) == (1, T0 + 300)


def test_someone_else_answered_changes_nothing() -> None:
    assert len(callers(abandoned(T0, "c1"), served(T0 + 100, "c3", CHEN))) == 1


def test_missed_while_another_call_of_that_number_is_served() -> None:
    """A firm's number: two of its people call at once, one is served."""
    talk = served(T0, "c1")
    (firm,) = callers(talk[:3], abandoned(T0 + 10, "c2"))
    assert firm.calling_again
    assert callers(talk[:3], abandoned(T0 + 10, "c2"), talk[3:]) == []


def test_on_the_line_again() -> None:
    again = abandoned(T0 + 100, "c2")
    (li,) = callers(abandoned(T0, "c1"), again[:1])
    assert (li.calling_again, li.tried) == (True, 1)
    (li,) = callers(abandoned(T0, "c1"), again[:3])
    assert (li.calling_again, li.tried) == (False, 2)


def test_called_back_and_reached() -> None:
    call = called(T0 + 100, "o1", f"0{LI}", reached=True)
    (li,) = callers(abandoned(T0, "c1"), call[:1])
    assert li.being_called_by == "1002"
    assert callers(abandoned(T0, "c1"), call[:2]) == []
    assert callers(abandoned(T0, "c1"), [call[0], call[2]]) == [], "the answer itself was not seen"


def test_called_back_in_vain() -> None:
    (li,) = callers(abandoned(T0, "c1"), called(T0 + 100, "o1", reached=False), called(T0 + 200, "o2", reached=False))
    assert (li.called_in_vain, li.called_in_vain_at, li.being_called_by) == (2, T0 + 230, "")


def test_a_call_found_in_conversation_was_answered() -> None:
    """After a restart, say: the answer was not seen, the end tells of it."""
    assert callers(abandoned(T0, "c1"), [offered(T0 + 50, "c2"), ended(T0 + 90, "c2", T0 + 50, agent="1001")]) == []


def test_withheld_numbers_are_counted_apart() -> None:
    fold = MissedCallers(SETTINGS)
    for event in [*abandoned(T0, "c1", ""), *abandoned(T0 + 30, "c2", "anonymous"), *served(T0 + 60, "c3", "")]:
        fold.feed(event)
    assert (fold.between().callers, fold.between().withheld) == ((), 2)
    assert fold.between(T0 + 30, T0 + 51).withheld == 1


# --- calling back -----------------------------------------------------------------------------------------------


def test_a_call_back_is_requested_once_until_the_caller_is_reached() -> None:
    fold = MissedCallers(SETTINGS)
    for event in [*abandoned(T0, "c1"), *abandoned(T0 + 50, "c2", queue="second")]:
        fold.feed(event)
    with pytest.raises(NotMissedError):
        fold.request_callback("c1", "boss", T0 + 100)
    request = fold.request_callback("c2", "boss", T0 + 100)
    assert request == CallbackRequested(at=T0 + 100, call_id="c2", number=LI, queue="second", tried=2, by="boss")
    assert fold.between().callers[0].callback_at is None, "it is the event that makes it so"
    fold.feed(request)
    (li,) = fold.between().callers
    assert (li.callback_at, li.callback_by) == (T0 + 100, "boss")
    for event in abandoned(T0 + 200, "c3"):
        fold.feed(event)
    assert fold.between().callers[0].callback_by == "boss", "still to be called back"
    with pytest.raises(AlreadyRequestedError, match="by boss"):
        fold.request_callback("c3", "1001", T0 + 300)
    for event in called(T0 + 400, "o1", reached=True):
        fold.feed(event)
    with pytest.raises(NotMissedError):
        fold.request_callback("c3", "1001", T0 + 500)


# --- periods and bounds -----------------------------------------------------------------------------------------


def test_a_period_has_the_callers_whose_latest_miss_lies_in_it() -> None:
    events = [
        *abandoned(T0 - 10, "c0", "13900000000"),  # arrives before, is missed in it
        *abandoned(T0 + 100, "c1", LI),
        *abandoned(T0 + 200, "c2", CHEN),
        *abandoned(T0 + 990, "c3", LI),  # missed at the end, which is not part of it
    ]
    found = missed_between(events, SETTINGS, T0, T0 + 1010)
    assert [caller.call_id for caller in found.callers] == ["c2", "c0"]
    assert [caller.call_id for caller in missed_between(events, SETTINGS, T0, T0 + 1011).callers] == ["c3", "c2", "c0"]
    reached_later = [*events, *called(T0 + 5000, "o1", CHEN, reached=True)]
    assert [caller.call_id for caller in missed_between(reached_later, SETTINGS, T0, T0 + 1010).callers] == ["c0"]


def test_what_was_missed_before_the_period_does_not_count() -> None:
    events = [*abandoned(T0 - 100, "c0"), *abandoned(T0 + 100, "c1"), *abandoned(T0 - 50, "c2", "")]
    found = missed_between(events, SETTINGS, T0, T0 + 1000)
    assert ([caller.tried for caller in found.callers], found.withheld) == ([1], 0)


def test_callers_are_kept_for_a_time_only() -> None:
    fold = MissedCallers(SETTINGS, kept=1000.0)
    for event in [*abandoned(T0, "c1"), *abandoned(T0 + 500, "c2", CHEN), *abandoned(T0, "c3", "")]:
        fold.feed(event)
    assert fold.next_expiry() == T0 + 1020
    fold.forget(T0 + 1020)
    assert [caller.number for caller in fold.between().callers] == [CHEN]
    assert fold.between().withheld == 0
    fold.feed(offered(T0 + 9000, "c9"))
    assert (fold.between().callers, fold.next_expiry()) == ((), None)


def test_a_full_list_forgets_who_rang_longest_ago_and_counts_it() -> None:
    fold = MissedCallers(SETTINGS, limit=2)
    for n, number in enumerate((LI, CHEN, LI, "13900000003")):
        for event in abandoned(T0 + 100 * n, f"c{n}", number):
            fold.feed(event)
    assert [caller.call_id for caller in fold.between().callers] == ["c3", "c2"]
    assert fold.between().forgotten == 1


def test_a_caller_who_redials_for_ever_fills_no_memory() -> None:
    (li,) = callers(*(abandoned(T0 + 30 * n, f"c{n}") for n in range(MAX_CALLS + 5)))
    assert (li.tried, len(li.calls), li.first_at) == (MAX_CALLS + 5, MAX_CALLS, T0)


def test_calls_whose_end_is_never_told_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LIVING", 2)
    (li,) = callers(abandoned(T0, "c1"), [offered(T0 + 60, "c2")])
    assert li.calling_again
    more = [offered(T0 + 70 + n, f"d{n}", CHEN) for n in range(2)]
    (li,) = callers(abandoned(T0, "c1"), [offered(T0 + 60, "c2")], more)
    assert not li.calling_again
    fold = MissedCallers(SETTINGS)
    for event in [*abandoned(T0, "c1"), offered(T0 + 60, "c2")]:
        fold.feed(event)
    fold.forget(T0 + 60 + module.LONGEST_CALL)
    assert [caller.calling_again for caller in fold.between().callers] == [False]
