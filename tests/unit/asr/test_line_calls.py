"""Where calls begin and end on a line without signalling."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.asr.line.line_calls import GRACE_SECONDS, LineCalls
from gateway.asr.protocol import Engine, Heard, LegGap, Speaking
from gateway.events import (
    Event,
    Speaker,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptGap,
    TranscriptPartial,
)

ENGINE = Engine(language="zh", engine="whisper", model="m", streaming=False, reason="preferred")
QUIET = 20.0


class Room:
    """A line on which the test speaks; keeps what was told."""

    def __init__(self, *sides: Speaker) -> None:
        self.calls = LineCalls(sides or ("caller", "agent"), ENGINE, QUIET)
        self.told: list[Event] = []
        self._numbers = {"caller": 0, "agent": 0}

    def begins(self, side: Speaker, at: float) -> None:
        """The side is heard to speak; what, is not known yet."""
        self._numbers[side] += 1
        self.told += self.calls.feed(Speaking(tap_id=side, number=self._numbers[side], start=at))

    def words(self, side: Speaker, text: str, start: float, end: float, *, final: bool = True) -> None:
        """What the side said, or is saying."""
        self.told += self.calls.feed(
            Heard(
                tap_id=side,
                number=self._numbers[side],
                final=final,
                text=text,
                start=start,
                end=end,
                engine="whisper",
                model="m",
                language="zh",
            )
        )

    def says(self, side: Speaker, text: str, start: float, end: float) -> None:
        self.begins(side, start)
        self.words(side, text, start, end)

    def passes(self, until: float) -> None:
        """The sound has come so far."""
        self.told += self.calls.tick(until)

    def completed(self) -> list[TranscriptCompleted]:
        return [event for event in self.told if isinstance(event, TranscriptCompleted)]

    def finals(self) -> list[tuple[str, str, str, float, float]]:
        return [
            (e.call_id, e.utterance_id, e.text, e.start, e.end) for e in self.told if isinstance(e, TranscriptFinal)
        ]


def test_a_call_begins_with_words_and_ends_after_quiet() -> None:
    room = Room()
    room.says("caller", "你好", 100.0, 101.0)
    room.says("agent", "您好，请讲", 102.0, 104.0)
    room.passes(104.0 + QUIET + GRACE_SECONDS - 0.1)
    assert room.completed() == []
    room.passes(104.0 + QUIET + GRACE_SECONDS)
    (completed,) = room.completed()
    assert (completed.call_id, completed.at, completed.share) == ("line-100.000", 124.0, 1.0)
    assert [(leg.speaker, leg.expected, leg.lost, leg.transcribed) for leg in completed.legs] == [
        ("caller", 24.0, 0.0, 1.0),
        ("agent", 24.0, 0.0, 2.0),
    ]
    assert room.finals() == [
        ("line-100.000", "c1", "你好", 0.0, 1.0),
        ("line-100.000", "a1", "您好，请讲", 2.0, 4.0),
    ]
    assert room.calls.idle


def test_what_has_no_words_begins_no_call_and_keeps_none_alive() -> None:
    room = Room()
    room.says("caller", "", 90.0, 95.0)
    assert room.told == []
    assert room.calls.idle
    room.says("caller", "你好", 100.0, 101.0)
    for knock in range(105, 130, 5):
        room.says("agent", "", knock, knock + 0.5)
    room.passes(130.0)
    assert room.completed()[0].at == 121.0


def test_the_first_words_so_far_begin_the_call_where_its_sound_began() -> None:
    room = Room()
    room.begins("agent", 99.0)
    room.begins("caller", 100.0)
    room.words("caller", "你", 100.0, 100.6, final=False)
    assert room.calls.call is not None
    assert (room.calls.call.call_id, room.calls.call.began) == ("line-99.000", 99.0)
    (partial,) = room.told
    assert isinstance(partial, TranscriptPartial)
    assert (partial.speaker, partial.start, partial.text) == ("caller", 1.0, "你")


def test_an_utterance_that_began_in_time_is_awaited_and_keeps_the_call_alive() -> None:
    room = Room()
    room.says("caller", "你好", 100.0, 101.0)
    room.begins("agent", 120.0)
    room.passes(135.0)
    assert room.completed() == []
    room.words("agent", "请稍等", 120.0, 122.0)
    room.passes(142.0)
    assert room.completed() == []
    room.passes(143.0)
    assert room.completed()[0].at == 142.0


def test_an_awaited_utterance_without_words_does_not() -> None:
    room = Room()
    room.says("caller", "你好", 100.0, 101.0)
    room.begins("agent", 120.0)
    room.passes(135.0)
    room.words("agent", "", 120.0, 134.0)
    room.passes(135.1)
    assert room.completed()[0].at == 121.0


def test_words_after_the_quiet_are_another_call_numbered_anew() -> None:
    room = Room()
    room.says("caller", "你好", 100.0, 101.0)
    room.says("caller", "喂", 121.5, 122.0)  # before the first tick since
    assert [completed.call_id for completed in room.completed()] == ["line-100.000"]
    assert [(call, utterance) for call, utterance, *_ in room.finals()] == [
        ("line-100.000", "c1"),
        ("line-121.500", "c1"),
    ]
    assert room.told.index(room.completed()[0]) == 1


def test_a_lost_device_is_a_gap_on_every_side() -> None:
    room = Room()
    room.says("caller", "你好", 100.0, 101.0)
    room.calls.missing(103.0, "device_lost")
    room.told += room.calls.back(108.0)
    room.says("agent", "我在", 109.0, 110.0)
    room.passes(131.0)
    gaps = [(e.speaker, e.start, e.end, e.reason) for e in room.told if isinstance(e, TranscriptGap)]
    assert gaps == [("caller", 3.0, 8.0, "device_lost"), ("agent", 3.0, 8.0, "device_lost")]
    (completed,) = room.completed()
    assert [(leg.expected, leg.heard, leg.lost) for leg in completed.legs] == [(30.0, 25.0, 5.0)] * 2
    assert completed.share == pytest.approx(25 / 30)


def test_a_device_that_stays_away_ends_the_call_with_a_gap_to_its_end() -> None:
    room = Room("caller")
    room.says("caller", "你好", 100.0, 101.0)
    room.calls.missing(103.0, "device_lost")
    room.passes(122.0)
    (gap,) = [event for event in room.told if isinstance(event, TranscriptGap)]
    assert (gap.start, gap.end) == (3.0, 21.0)
    (completed,) = room.completed()
    assert (completed.legs[0].expected, completed.legs[0].lost) == (21.0, 18.0)
    told = len(room.told)
    room.told += room.calls.back(500.0)
    assert room.told[told:] == []
    room.says("caller", "喂", 501.0, 502.0)
    room.told += room.calls.end(502.5)
    assert room.completed()[1].share == 1.0


def test_a_hole_in_what_is_not_decoded_yet_is_in_the_call() -> None:
    room = Room("caller")
    room.begins("caller", 100.0)
    room.calls.missing(101.0, "device_lost")
    assert room.calls.back(104.0) == []
    room.words("caller", "你好", 100.0, 101.0)
    assert [type(event) for event in room.told] == [TranscriptGap, TranscriptFinal]
    room.passes(130.0)
    assert room.completed()[0].legs[0].lost == 3.0


def test_a_hole_longer_than_the_quiet_is_in_the_call_to_its_end() -> None:
    room = Room("caller")
    room.begins("caller", 100.0)
    room.calls.missing(101.0, "device_lost")
    room.told += room.calls.back(3701.0)
    room.words("caller", "你好", 100.0, 101.0)
    room.says("caller", "喂", 3702.0, 3703.0)
    room.told += room.calls.end(3704.0)
    assert [(gap.start, gap.end) for gap in room.told if isinstance(gap, TranscriptGap)] == [(1.0, 21.0)]
    assert [completed.share for completed in room.completed()] == [pytest.approx(1 / 21), 1.0]


def test_a_hole_in_which_no_call_was_is_forgotten() -> None:
    room = Room("caller")
    room.calls.missing(50.0, "device_lost")
    assert room.calls.back(60.0) == []
    room.says("caller", "你好", 100.0, 101.0)
    room.told += room.calls.end(102.0)
    assert room.completed()[0].share == 1.0


def test_speech_that_nobody_decoded_is_a_gap_and_keeps_the_call_alive() -> None:
    room = Room()
    room.says("caller", "你好", 100.0, 101.0)
    room.begins("caller", 110.0)
    room.told += room.calls.feed(LegGap(tap_id="caller", start=110.0, end=115.0, reason="engine_error"))
    room.passes(135.9)
    assert room.completed() == []
    room.passes(136.0)
    (completed,) = room.completed()
    assert [(leg.speaker, leg.lost) for leg in completed.legs] == [("caller", 5.0), ("agent", 0.0)]


def test_findings_are_the_calls_own() -> None:
    room = Room("caller")
    room.says("caller", "你好", 100.0, 101.0)
    room.calls.found("caller", ("clipped",))
    room.told += room.calls.end(103.0)
    room.says("caller", "喂", 201.0, 202.0)
    room.told += room.calls.end(203.0)
    assert [completed.legs[0].findings for completed in room.completed()] == [("clipped",), ()]
    assert [completed.at for completed in room.completed()] == [103.0, 203.0]


def test_the_end_of_the_line_without_a_call_says_nothing() -> None:
    room = Room()
    room.says("caller", "", 100.0, 101.0)
    assert room.calls.end(102.0) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from(("caller", "agent")),
            st.floats(0.1, 40.0),
            st.floats(0.2, 14.0),
            st.sampled_from(("", "你好")),
        ),
        max_size=30,
    )
)
def test_every_word_is_in_one_call_and_calls_are_apart(spoken: list[tuple[Speaker, float, float, str]]) -> None:
    room = Room()
    at = 1000.0
    for side, pause, length, text in spoken:
        at += pause
        room.passes(at)
        room.says(side, text, at, at + length)
        at += length
    room.told += room.calls.end(at)
    began = {call: float(call.removeprefix("line-")) for call, *_ in room.finals()}
    instants = [(began[call] + start, began[call] + end) for call, _, _, start, end in room.finals()]
    assert len(instants) == sum(bool(text) for *_, text in spoken)
    ends = {completed.call_id: completed.at for completed in room.completed()}
    assert ends.keys() == began.keys()
    for call, _, _, start, end in room.finals():
        assert start >= 0
        assert began[call] + end <= ends[call] + 0.001
    calls = sorted((began[call], ends[call]) for call in began)
    assert all(earlier[1] <= later[0] + 0.001 for earlier, later in pairwise(calls))
    assert all(0.0 <= leg.heard <= leg.expected for completed in room.completed() for leg in completed.legs)
