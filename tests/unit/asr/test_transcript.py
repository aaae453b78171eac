from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from gateway.asr.protocol import Heard, Leg, LegClosed, LegGap, LegOpened, LivingTap, Load, Speaking
from gateway.asr.transcript import TranscriptBook
from gateway.events import (
    CallAnswered,
    CallEnded,
    CallHeld,
    CallOffered,
    CallResumed,
    Clocks,
    Event,
    PartyJoined,
    PartyLeft,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptGap,
    TranscriptPartial,
)

ARRIVED = 1000.0
CALLER = Leg(call_id="call", speaker="caller", arrived=ARRIVED, channel="PJSIP/trunk-1")
AGENT = Leg(call_id="call", speaker="agent", arrived=ARRIVED, channel="PJSIP/1001-1", agent="1001")


def heard(tap: str, number: int, text: str, start: float, end: float, final: bool = True) -> Heard:
    return Heard(
        tap_id=tap,
        number=number,
        final=final,
        text=text,
        start=start,
        end=end,
        confidence=0.9,
        engine="vosk",
        model="m",
        language="zh",
    )


def closed(tap: str, at: float, reason: str = "hangup", deferred: float = 0.0) -> LegClosed:
    return LegClosed(
        tap_id=tap,
        at=at,
        expected=0.0,
        heard=0.0,
        lost=0.0,
        transcribed=1.0,
        engine="vosk",
        model="m",
        reason=reason,
        deferred=deferred,
    )


def ended(at: float) -> CallEnded:
    return CallEnded(at=at, call_id="call", hung_up_by="caller", clocks=Clocks(arrived=ARRIVED))


def opened(book: TranscriptBook, leg: Leg, tap: str, at: float) -> list[Event]:
    book.open_tap(leg, tap, at)
    return book.feed(LegOpened(tap_id=tap, at=at), at)


@pytest.fixture
def book() -> TranscriptBook:
    book = TranscriptBook(flush_timeout=20.0)
    assert opened(book, CALLER, "t1", 1010.0) == []
    assert opened(book, AGENT, "t2", 1010.0) == []
    assert book.follow(PartyJoined(at=1010.5, call_id="call", party="1001"), 1010.5) == []
    return book


def only(events: Sequence[Event]) -> Event:
    (event,) = events
    return event


def gaps(events: Sequence[Event]) -> list[tuple[str, float, float, str]]:
    return [(e.speaker, e.start, e.end, e.reason) for e in events if isinstance(e, TranscriptGap)]


def completed(events: Sequence[Event]) -> TranscriptCompleted:
    event = events[-1]
    assert isinstance(event, TranscriptCompleted)
    return event


def final(events: Sequence[Event]) -> TranscriptFinal:
    event = only(events)
    assert isinstance(event, TranscriptFinal)
    return event


def test_words_stand_at_the_calls_second_under_the_tapped_speaker(book: TranscriptBook) -> None:
    partial = only(book.feed(heard("t1", 1, "你", 1012.0, 1012.5, final=False), 1013.0))
    assert isinstance(partial, TranscriptPartial)
    assert (partial.utterance_id, partial.speaker, partial.start, partial.end) == ("c1", "caller", 12.0, 12.5)
    said = final(book.feed(heard("t1", 1, "你好", 1012.0, 1013.0), 1014.0))
    assert (said.utterance_id, said.text, said.at, said.confidence) == ("c1", "你好", 1013.0, 0.9)
    answer = final(book.feed(heard("t2", 1, "您好", 1013.0, 1014.0), 1014.0))
    assert (answer.utterance_id, answer.speaker, answer.agent) == ("a1", "agent", "1001")


def test_the_next_agent_of_a_call_has_a_leg_and_a_name_of_his_own(book: TranscriptBook) -> None:
    book.feed(heard("t2", 1, "您好", 1013.0, 1014.0), 1014.0)
    other = replace(AGENT, channel="PJSIP/1002-1", agent="1002")
    assert opened(book, other, "t3", 1020.0) == []
    said = final(book.feed(heard("t3", 1, "我是", 1021.0, 1022.0), 1022.0))
    assert (said.utterance_id, said.agent) == ("a2", "1002")


def test_interim_words_that_were_no_speech_are_taken_back(book: TranscriptBook) -> None:
    book.feed(heard("t1", 1, "嗯", 1012.0, 1012.5, final=False), 1013.0)
    event = only(book.feed(heard("t1", 1, "", 1012.0, 1012.5), 1013.0))
    assert isinstance(event, TranscriptPartial)
    assert (event.utterance_id, event.text) == ("c1", "")


def test_complete_once_after_the_last_words_of_all_legs(book: TranscriptBook) -> None:
    assert book.follow(ended(1030.0), 1030.0) == []
    assert book.feed(closed("t1", 1030.0), 1030.1) == []
    final(book.feed(heard("t2", 1, "再见", 1028.0, 1029.0), 1031.0))
    book.feed(LegGap(tap_id="t2", start=1015.0, end=1020.0, reason="decoder_behind"), 1031.2)
    event = completed(book.feed(closed("t2", 1030.0, deferred=2.0), 1031.5))
    assert [(leg.speaker, leg.agent, leg.expected, leg.heard, leg.lost) for leg in event.legs] == [
        ("caller", "", 20.0, 20.0, 0.0),
        ("agent", "1001", 20.0, 15.0, 5.0),
    ]
    assert event.share == 35.0 / 40.0
    assert (event.legs[1].transcribed, event.legs[1].deferred) == (1.0, 2.0)
    assert book.next_deadline() is None
    assert book.tick(2000.0) == []
    assert book.feed(closed("t2", 1030.0), 1032.0) == []


def test_legs_closed_before_the_call_ended_wait_for_its_end(book: TranscriptBook) -> None:
    assert book.feed(closed("t1", 1030.0), 1030.0) == []
    assert book.feed(closed("t2", 1030.0), 1030.0) == []
    assert completed(book.follow(ended(1030.4), 1030.5)).share == 1.0


def test_a_worker_that_says_no_more_is_not_waited_for_beyond_the_timeout(book: TranscriptBook) -> None:
    book.feed(heard("t1", 1, "你好", 1012.0, 1015.0), 1016.0)
    book.feed(closed("t2", 1030.0), 1030.0)
    book.follow(ended(1030.0), 1030.0)
    assert book.next_deadline() == 1050.0
    assert book.tick(1049.9) == []
    events = book.tick(1050.0)
    assert gaps(events) == [("caller", 15.0, 30.0, "flush_timeout")]
    leg = completed(events).legs[0]
    assert (leg.expected, leg.heard, leg.lost, leg.transcribed) == (20.0, 5.0, 15.0, 3.0)


def test_a_call_nobody_tapped_says_so() -> None:
    event = completed(TranscriptBook(20.0).follow(ended(1030.0), 1030.0))
    assert (event.legs, event.share) == ((), None)


def test_a_tap_that_never_connected_is_missing_from_its_start() -> None:
    book = TranscriptBook(20.0)
    book.open_tap(CALLER, "t1", 1010.0)
    assert book.feed(closed("t1", 1020.0, reason="expired"), 1020.0) == []
    events = book.follow(ended(1030.0), 1030.0)
    assert gaps(events) == [("caller", 10.0, 30.0, "expired")]
    assert completed(events).share == 0.0


def test_a_first_tap_that_opens_late_tells_what_it_missed() -> None:
    book = TranscriptBook(20.0)
    book.open_tap(CALLER, "t1", 1010.0)
    book.feed(closed("t1", 1010.2, reason="expired"), 1010.2)
    events = opened(book, CALLER, "t2", 1013.0)
    assert gaps(events) == [("caller", 10.0, 13.0, "expired")]


def test_a_lost_worker_leaves_its_words_so_far_and_a_gap_until_the_next_tap(book: TranscriptBook) -> None:
    final(book.feed(heard("t1", 1, "你好", 1012.0, 1013.0), 1013.5))
    book.feed(Speaking(tap_id="t1", number=2, start=1020.0), 1020.1)
    book.feed(heard("t1", 2, "我要投诉", 1020.0, 1021.5, final=False), 1021.6)
    said = final(book.feed(closed("t1", 1022.0, reason="worker_lost"), 1023.0))
    assert (said.utterance_id, said.text, said.start, said.end) == ("c2", "我要投诉", 20.0, 21.5)
    assert gaps(opened(book, CALLER, "t3", 1023.25)) == [("caller", 21.5, 23.25, "worker_lost")]
    assert final(book.feed(heard("t3", 1, "楼下", 1024.0, 1025.0), 1025.5)).utterance_id == "c3"
    book.feed(closed("t2", 1040.0), 1040.0)
    book.feed(closed("t3", 1040.0), 1040.0)
    leg = completed(book.follow(ended(1040.0), 1040.0)).legs[0]
    assert (leg.expected, leg.lost) == (30.0, 1.75)


def test_an_utterance_without_words_yet_is_missing_from_its_start(book: TranscriptBook) -> None:
    book.feed(Speaking(tap_id="t1", number=1, start=1020.0), 1020.1)
    assert book.feed(closed("t1", 1022.0, reason="worker_lost"), 1023.0) == []
    assert gaps(opened(book, CALLER, "t3", 1023.0)) == [("caller", 20.0, 23.0, "worker_lost")]


def test_a_silent_leg_is_missing_from_when_its_worker_was_last_alive(book: TranscriptBook) -> None:
    book.feed(closed("t1", 1022.0, reason="worker_lost"), 1023.0)
    book.feed(closed("t2", 1040.0), 1040.0)
    assert gaps(book.follow(ended(1040.0), 1040.0)) == [("caller", 22.0, 40.0, "worker_lost")]


def test_what_an_agent_says_while_he_holds_the_call_is_not_of_the_call(book: TranscriptBook) -> None:
    book.feed(heard("t2", 1, "请", 1019.0, 1019.5, final=False), 1019.6)
    book.follow(CallHeld(at=1020.0, call_id="call", agent="1001"), 1020.0)
    assert final(book.feed(heard("t2", 1, "请稍等", 1019.0, 1020.5), 1020.6)).text == "请稍等"
    assert book.feed(heard("t2", 2, "啦啦啦", 1021.0, 1022.0, final=False), 1022.0) == []
    assert book.feed(heard("t2", 2, "啦啦啦", 1021.0, 1024.0), 1024.0) == []
    assert final(book.feed(heard("t1", 1, "喂", 1022.0, 1023.0), 1023.0)).text == "喂"
    book.follow(CallResumed(at=1025.0, call_id="call", agent="1001"), 1025.0)
    assert final(book.feed(heard("t2", 3, "久等了", 1026.0, 1027.0), 1027.0)).utterance_id == "a2"


def test_an_agent_who_left_is_not_missing_and_may_come_back(book: TranscriptBook) -> None:
    book.follow(PartyLeft(at=1020.0, call_id="call", party="1001"), 1020.0)
    book.feed(closed("t2", 1020.1), 1020.1)
    book.follow(PartyJoined(at=1030.0, call_id="call", party="1001"), 1030.0)
    assert opened(book, replace(AGENT, channel="PJSIP/1001-2"), "t4", 1030.1) == []
    book.feed(closed("t1", 1040.0), 1040.0)
    book.feed(closed("t4", 1040.0), 1040.0)
    legs = completed(book.follow(ended(1040.0), 1040.0)).legs
    assert [(leg.speaker, round(leg.expected, 3), round(leg.lost, 3)) for leg in legs] == [
        ("caller", 30.0, 0.0),
        ("agent", 20.0, 0.0),
    ]


def recalled(book: TranscriptBook, stopped: float) -> None:
    for event in (
        CallOffered(at=ARRIVED, call_id="call", caller_number=""),
        CallAnswered(at=1010.0, call_id="call", queue="q", agent="1001", clocks=Clocks(arrived=ARRIVED)),
        TranscriptFinal(
            at=1013.0,
            call_id="call",
            utterance_id="c1",
            speaker="caller",
            text="你好",
            start=12.0,
            end=13.0,
            language="zh",
            engine="vosk",
            model="m",
        ),
    ):
        book.restore(event)
    book.restored(stopped)


def test_after_a_restart_words_are_numbered_on_and_the_time_between_is_a_gap() -> None:
    book = TranscriptBook(20.0)
    recalled(book, 1020.0)
    assert gaps(opened(book, CALLER, "t5", 1024.0)) == [("caller", 20.0, 24.0, "gateway_restarted")]
    assert gaps(opened(book, AGENT, "t6", 1024.0)) == [("agent", 20.0, 24.0, "gateway_restarted")]
    assert final(book.feed(heard("t5", 1, "喂", 1025.0, 1026.0), 1026.0)).utterance_id == "c2"
    book.feed(closed("t5", 1040.0), 1040.0)
    book.feed(closed("t6", 1040.0), 1040.0)
    event = completed(book.follow(ended(1040.0), 1040.0))
    assert [(leg.speaker, leg.expected, leg.lost) for leg in event.legs] == [
        ("caller", 30.0, 4.0),
        ("agent", 30.0, 4.0),
    ]


def test_a_tap_that_outlived_the_gateway_misses_nothing_and_repeats_nothing() -> None:
    book = TranscriptBook(20.0)
    recalled(book, 1020.0)
    book.adopt(LivingTap(tap_id="t1", leg=CALLER, opened=1010.0))
    assert book.feed(heard("t1", 1, "你好", 1012.0, 1013.0), 1024.0) == []
    assert final(book.feed(heard("t1", 2, "我要投诉", 1019.0, 1022.0), 1024.0)).utterance_id == "c2"
    book.follow(PartyLeft(at=1020.0, call_id="call", party="1001"), 1024.0)
    book.feed(closed("t1", 1040.0), 1040.0)
    events = book.follow(ended(1040.0), 1040.0)
    assert gaps(events) == []
    assert [(leg.speaker, leg.expected, leg.lost) for leg in completed(events).legs] == [
        ("caller", 30.0, 0.0),
        ("agent", 10.0, 0.0),
    ]


def test_an_agent_is_not_missing_while_the_caller_hears_who_serves_him() -> None:
    book = TranscriptBook(20.0)
    opened(book, AGENT, "t2", 1010.0)
    assert book.feed(LegGap(tap_id="t2", start=1010.0, end=1012.4, reason="no_audio"), 1012.4) == []
    assert book.follow(PartyJoined(at=1012.3, call_id="call", party="1001"), 1012.5) == []
    assert gaps(book.feed(LegGap(tap_id="t2", start=1020.0, end=1023.0, reason="no_audio"), 1023.0)) == [
        ("agent", 20.0, 23.0, "no_audio")
    ]


def test_gaps_and_strangers(book: TranscriptBook) -> None:
    event = only(book.feed(LegGap(tap_id="t2", start=1012.0, end=1015.0, reason="no_audio"), 1015.0))
    assert isinstance(event, TranscriptGap)
    assert (event.speaker, event.start, event.end, event.reason) == ("agent", 12.0, 15.0, "no_audio")
    assert book.feed(heard("stranger", 1, "喂", 1.0, 2.0), 1015.0) == []
    assert book.feed(Load(legs=2, lag=0.0, refused={}), 1015.0) == []
