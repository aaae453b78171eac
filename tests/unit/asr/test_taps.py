from itertools import count

import pytest
from msgspec.structs import replace

from gateway.asr.protocol import Leg, LivingTap
from gateway.asr.taps import PAUSES, STEADY_SECONDS, TapBook

LEG = Leg(call_id="call", speaker="caller", arrived=1.0, channel="PJSIP/trunk-1")
AGENT = replace(LEG, speaker="agent", channel="PJSIP/1001-1", agent="1001")


def living(leg: Leg) -> bool:
    return True


@pytest.fixture
def book() -> TapBook:
    numbers = count(1)
    return TapBook(lambda: f"t{next(numbers)}")


def ids(book: TapBook, now: float) -> list[str]:
    return [order.tap_id for order in book.due(living, now)]


def test_a_leg_is_tapped_once_however_often_it_is_seen(book: TapBook) -> None:
    book.want(LEG, "zh", "live", True, 10.0)
    book.want(LEG, "zh", "live", True, 10.5)
    assert book.next_deadline() == 10.0
    (order,) = book.due(living, 10.0)
    assert (order.leg, order.language, order.mode, order.record) == (LEG, "zh", "live", True)
    book.want(LEG, "zh", "live", True, 11.0)
    assert (ids(book, 11.0), book.next_deadline()) == ([], None)


def test_tries_that_fail_come_ever_less_often_and_a_steady_tap_begins_anew(book: TapBook) -> None:
    book.want(LEG, "zh", "live", False, 0.0)
    now = 0.0
    for pause in (*PAUSES[1:], PAUSES[-1]):
        (tap_id,) = ids(book, now)
        book.over(tap_id, now)
        assert book.next_deadline() == now + pause
        assert ids(book, now + pause - 0.01) == []
        now += pause
    (tap_id,) = ids(book, now)
    book.opened(tap_id, now)
    book.over(tap_id, now + STEADY_SECONDS)
    assert book.next_deadline() == now + STEADY_SECONDS + PAUSES[0]


def test_a_ready_worker_ends_the_waiting(book: TapBook) -> None:
    book.want(LEG, "zh", "live", False, 0.0)
    book.over(ids(book, 0.0)[0], 0.0)
    book.hurry(0.1)
    assert ids(book, 0.1) == ["t2"]


def test_a_leg_that_left_or_a_call_that_ended_is_not_tapped_again(book: TapBook) -> None:
    book.want(LEG, "zh", "live", False, 0.0)
    book.want(AGENT, "zh", "live", False, 0.0)
    first, second = ids(book, 0.0)
    book.over(second, 1.0)
    assert book.due(lambda leg: leg.speaker == "caller", 5.0) == []
    assert book.next_deadline() is None
    book.end("call")
    book.over(first, 6.0)
    assert (ids(book, 99.0), book.next_deadline()) == ([], None)


def test_a_tap_that_is_heard_already_is_taken_over_unless_another_hears_the_leg(book: TapBook) -> None:
    assert book.adopt(LivingTap(tap_id="old", leg=LEG, opened=1.0), "zh", "live", True)
    book.want(LEG, "zh", "live", True, 2.0)
    assert (ids(book, 2.0), book.living("call")) == ([], ["old"])
    assert book.adopt(LivingTap(tap_id="old", leg=LEG, opened=1.0), "zh", "live", True)
    assert not book.adopt(LivingTap(tap_id="other", leg=LEG, opened=1.5), "zh", "live", True)
    book.over("old", 20.0)
    assert ids(book, 20.0 + PAUSES[0]) == ["t1"]


def test_mode_and_language_hold_for_living_taps_and_further_ones(book: TapBook) -> None:
    book.want(LEG, "zh", "live", False, 0.0)
    book.want(AGENT, "zh", "live", False, 0.0)
    first, second = ids(book, 0.0)
    assert book.set_mode("recorded", lambda leg: leg.speaker == "agent") == [second]
    assert book.set_mode("recorded", lambda leg: leg.speaker == "agent") == []
    book.set_language("call", "ko")
    book.over(second, 1.0)
    (order,) = book.due(living, 2.0)
    assert (order.mode, order.language) == ("recorded", "ko")
    assert sorted(book.living("call")) == sorted([first, order.tap_id])
