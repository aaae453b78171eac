import pytest

from gateway.asr.protocol import Heard, LegClosed, LegGap, LegOpened, Load
from gateway.asr.transcript import TranscriptBook
from gateway.events import Event, TranscriptCompleted, TranscriptFinal, TranscriptGap, TranscriptPartial

ARRIVED = 1000.0


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


def closed(tap: str, at: float, expected: float, lost: float = 0.0, reason: str = "hangup") -> LegClosed:
    return LegClosed(
        tap_id=tap,
        at=at,
        expected=expected,
        heard=expected - lost,
        lost=lost,
        transcribed=1.0,
        engine="vosk",
        model="m",
        reason=reason,
    )


@pytest.fixture
def book() -> TranscriptBook:
    book = TranscriptBook(flush_timeout=20.0)
    book.open_tap("call", "t1", "caller", ARRIVED, 1010.0)
    book.open_tap("call", "t2", "agent", ARRIVED, 1010.0)
    for tap in ("t1", "t2"):
        assert book.feed(LegOpened(tap_id=tap, at=1010.0), 1010.0) == []
    return book


def only(events: list[Event]) -> Event:
    (event,) = events
    return event


def completed(events: list[Event]) -> TranscriptCompleted:
    event = events[-1]
    assert isinstance(event, TranscriptCompleted)
    return event


def test_words_stand_at_the_calls_second_under_the_tapped_speaker(book: TranscriptBook) -> None:
    partial = only(book.feed(heard("t1", 1, "你", 1012.0, 1012.5, final=False), 1013.0))
    assert isinstance(partial, TranscriptPartial)
    assert (partial.utterance_id, partial.speaker, partial.start, partial.end) == ("c1", "caller", 12.0, 12.5)
    final = only(book.feed(heard("t1", 1, "你好", 1012.0, 1013.0), 1014.0))
    assert isinstance(final, TranscriptFinal)
    assert (final.utterance_id, final.text, final.at, final.confidence) == ("c1", "你好", 1013.0, 0.9)
    answer = only(book.feed(heard("t2", 1, "您好", 1013.0, 1014.0), 1014.0))
    assert isinstance(answer, TranscriptFinal)
    assert (answer.utterance_id, answer.speaker) == ("a1", "agent")


def test_a_second_tap_of_the_same_speaker_goes_on_counting(book: TranscriptBook) -> None:
    book.feed(heard("t2", 1, "您好", 1013.0, 1014.0), 1014.0)
    book.open_tap("call", "t3", "agent", ARRIVED, 1020.0)
    event = only(book.feed(heard("t3", 1, "我是", 1021.0, 1022.0), 1022.0))
    assert isinstance(event, TranscriptFinal)
    assert event.utterance_id == "a2"


def test_interim_words_that_were_no_speech_are_taken_back(book: TranscriptBook) -> None:
    book.feed(heard("t1", 1, "嗯", 1012.0, 1012.5, final=False), 1013.0)
    event = only(book.feed(heard("t1", 1, "", 1012.0, 1012.5), 1013.0))
    assert isinstance(event, TranscriptPartial)
    assert (event.utterance_id, event.text) == ("c1", "")


def test_complete_once_after_the_last_words_of_all_legs(book: TranscriptBook) -> None:
    assert book.call_ended("call", 1030.0) == []
    assert book.feed(closed("t1", 1030.0, 20.0), 1030.1) == []
    late = book.feed(heard("t2", 1, "再见", 1028.0, 1029.0), 1031.0)
    assert isinstance(only(late), TranscriptFinal)
    event = completed(book.feed(closed("t2", 1030.0, 20.0, lost=5.0), 1031.5))
    assert [(leg.speaker, leg.expected, leg.heard, leg.lost) for leg in event.legs] == [
        ("caller", 20.0, 20.0, 0.0),
        ("agent", 20.0, 15.0, 5.0),
    ]
    assert event.share == 35.0 / 40.0
    assert event.legs[1].transcribed == 1.0
    assert book.next_deadline() is None
    assert book.tick(2000.0) == []
    assert book.feed(closed("t2", 1030.0, 20.0), 1032.0) == []


def test_legs_closed_before_the_call_ended_wait_for_its_end(book: TranscriptBook) -> None:
    assert book.feed(closed("t1", 1030.0, 20.0), 1030.0) == []
    assert book.feed(closed("t2", 1030.0, 20.0), 1030.0) == []
    assert completed(book.call_ended("call", 1030.5)).share == 1.0


def test_a_worker_that_says_no_more_is_not_waited_for_beyond_the_timeout(book: TranscriptBook) -> None:
    book.feed(heard("t1", 1, "你好", 1012.0, 1015.0), 1016.0)
    book.feed(closed("t2", 1030.0, 20.0), 1030.0)
    book.call_ended("call", 1030.0)
    assert book.next_deadline() == 1050.0
    assert book.tick(1049.9) == []
    events = book.tick(1050.0)
    gap = events[0]
    assert isinstance(gap, TranscriptGap)
    assert (gap.speaker, gap.start, gap.end, gap.reason) == ("caller", 15.0, 30.0, "flush_timeout")
    leg = completed(events).legs[0]
    assert (leg.expected, leg.heard, leg.lost, leg.transcribed) == (20.0, 5.0, 15.0, 3.0)


def test_a_call_nobody_tapped_says_so() -> None:
    event = completed(TranscriptBook(20.0).call_ended("call", 1030.0))
    assert (event.legs, event.share) == ((), None)


def test_a_tap_that_never_connected_is_missing_from_its_start() -> None:
    book = TranscriptBook(20.0)
    book.open_tap("call", "t1", "caller", ARRIVED, 1010.0)
    assert book.feed(closed("t1", 1020.0, 0.0, reason="expired"), 1020.0) == []
    events = book.call_ended("call", 1030.0)
    gap = events[0]
    assert isinstance(gap, TranscriptGap)
    assert (gap.start, gap.end, gap.reason) == (10.0, 30.0, "expired")
    assert completed(events).share == 0.0


def test_after_a_lost_worker_the_leg_is_missing_until_another_tap_takes_over(book: TranscriptBook) -> None:
    book.feed(closed("t2", 1040.0, 30.0), 1040.0)
    book.feed(closed("t1", 1023.0, 13.0, lost=3.0, reason="worker_lost"), 1023.0)
    book.open_tap("call", "t3", "caller", ARRIVED, 1025.0)
    book.feed(LegOpened(tap_id="t3", at=1025.0), 1025.0)
    book.feed(closed("t3", 1040.0, 15.0), 1040.0)
    events = book.call_ended("call", 1040.0)
    gap = events[0]
    assert isinstance(gap, TranscriptGap)
    assert (gap.start, gap.end, gap.reason) == (20.0, 25.0, "worker_lost")
    assert [(leg.expected, leg.heard) for leg in completed(events).legs] == [(15.0, 10.0), (30.0, 30.0), (15.0, 15.0)]


def test_gaps_and_strangers(book: TranscriptBook) -> None:
    event = only(book.feed(LegGap(tap_id="t2", start=1012.0, end=1015.0, reason="no_audio"), 1015.0))
    assert isinstance(event, TranscriptGap)
    assert (event.speaker, event.start, event.end, event.reason) == ("agent", 12.0, 15.0, "no_audio")
    assert book.feed(heard("stranger", 1, "喂", 1.0, 2.0), 1015.0) == []
    assert book.feed(Load(legs=2, lag=0.0, refused={}), 1015.0) == []
