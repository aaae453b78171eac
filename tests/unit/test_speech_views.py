"""What speech says, on the pages: gaps, corrections, who speaks, levels, languages and the revised transcript."""

from __future__ import annotations

from typing import Any

from gateway.config import Agent, Dialled, QueuePolicy, Settings
from gateway.events import (
    AgentStateChanged,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallQueued,
    CallRinging,
    Clocks,
    Correction,
    Event,
    LanguageChosen,
    LegSeconds,
    PartyJoined,
    SpeechLevel,
    SpeechLevelChanged,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptGap,
    TranscriptPartial,
    TranscriptRevised,
    Utterance,
)
from gateway.views import Desk, DeskFold, WallboardFold, page_data
from gateway.views.transcript import MAX_LINES, Transcript

T0 = 1_764_000_000.0
SETTINGS = Settings(
    queue=(QueuePolicy(name="hotline"), QueuePolicy(name="korean", language="ko")),
    dialled=(Dialled(number="12345", language="en"),),
    agent=(Agent(id="1001", name="王敏"), Agent(id="1002", name="李强")),
)


def arriving(queue: str = "hotline", call_id: str = "c1", dialled: str = "") -> list[Event]:
    return [
        CallOffered(at=T0, call_id=call_id, caller_number="13900000000", dialled=dialled),
        CallQueued(at=T0 + 1, call_id=call_id, queue=queue),
        CallRinging(at=T0 + 2, call_id=call_id, queue=queue, agent="1001"),
    ]


def answered(queue: str = "hotline", call_id: str = "c1") -> CallAnswered:
    clocks = Clocks(arrived=T0, caller_wait=7.0)
    return CallAnswered(at=T0 + 7, call_id=call_id, queue=queue, agent="1001", clocks=clocks)


ENDED = CallEnded(at=T0 + 60, call_id="c1", hung_up_by="caller", clocks=Clocks(arrived=T0))


def level(name: SpeechLevel, at: float = T0 + 5) -> SpeechLevelChanged:
    return SpeechLevelChanged(at=at, level=name, lag=1.7, legs=30, capacity=32)


def final(number: int, text: str = "喂", **more: Any) -> TranscriptFinal:
    said: dict[str, Any] = {"speaker": "agent", "start": 8.0 + number, "end": 9.0 + number, **more}
    engine = {"language": "zh", "engine": "vosk", "model": "small"}
    return TranscriptFinal(at=T0 + 9, call_id="c1", utterance_id=f"a{number}", text=text, **engine, **said)


def gap(start: float, end: float, reason: str = "worker_lost", **more: Any) -> TranscriptGap:
    side: dict[str, Any] = {"speaker": "caller", **more}
    return TranscriptGap(at=T0 + end, call_id="c1", start=start, end=end, reason=reason, **side)


def completed(*legs: LegSeconds) -> TranscriptCompleted:
    return TranscriptCompleted(at=T0 + 61, call_id="c1", legs=legs, share=0.9)


def leg(**more: Any) -> LegSeconds:
    seconds: dict[str, Any] = {"speaker": "caller", "expected": 50.0, "heard": 50.0, "lost": 0.0, "transcribed": 9.0}
    return LegSeconds(**{**seconds, **more})


def revised(*texts: str) -> TranscriptRevised:
    utterances = tuple(
        Utterance(speaker="caller", text=text, start=float(number), end=number + 0.5)
        for number, text in enumerate(texts)
    )
    return TranscriptRevised(
        at=T0 + 90,
        call_id="c1",
        utterances=utterances,
        language="zh",
        engine="whisper",
        model="base",
        reason="deferred",
    )


def desk(*events: Event, agent: str = "1001") -> Desk:
    fold = DeskFold(SETTINGS, agent)
    for event in events:
        fold.feed(event, event.at)
    return fold.snapshot(T0 + 100)


def live(*events: Event) -> SpeechLevel:
    call = desk(*events).call
    assert call is not None
    return call.live


# --- the wallboard ---------------------------------------------------------------------------------------------


def test_the_board_says_how_much_is_transcribed_once_that_has_changed() -> None:
    board = WallboardFold(SETTINGS)
    assert "speech" not in page_data(board.snapshot(T0))
    assert board.feed(level("callers_only"), T0 + 5)
    shown = page_data(board.snapshot(T0 + 6))["speech"]
    assert shown == {"level": "callers_only", "since": T0 + 5, "lag": 1.7, "legs": 30, "capacity": 32}


# --- how much of a call ------------------------------------------------------------------------------------------


def test_a_call_answered_while_new_ones_are_recorded_only_stays_so() -> None:
    events = [*arriving(), level("recorded_only"), answered()]
    assert live(*events) == "recorded_only"
    assert live(*events, level("full", T0 + 30)) == "recorded_only"


def test_a_call_answered_before_keeps_its_callers_words() -> None:
    events = [*arriving(), answered()]
    assert live(*events) == "full"
    assert live(*events, level("no_partials", T0 + 8)) == "no_partials"
    assert live(*events, level("recorded_only", T0 + 8)) == "callers_only"
    assert live(*events, level("recorded_only", T0 + 8), level("full", T0 + 9)) == "full"


def test_the_agent_it_is_transferred_to_knows_it_as_well() -> None:
    joined = PartyJoined(at=T0 + 20, call_id="c1", party="1002", kind="agent")
    shown = desk(*arriving(), level("recorded_only"), answered(), joined, agent="1002").call
    assert shown is not None
    assert shown.live == "recorded_only"


def test_what_was_deferred_is_said_until_it_is_there() -> None:
    events = [*arriving(), level("recorded_only"), answered(), ENDED, completed(leg(deferred=45.0), leg(deferred=40.0))]
    waiting = desk(*events)
    assert waiting.call is not None
    assert (waiting.call.deferred, waiting.revised) == (85.0, None)
    there = desk(*events, revised("你好", "", "我要投诉"))
    assert there.call is not None
    assert there.revised is not None
    assert there.call.deferred == 0.0
    assert [line.text for line in there.revised.lines.values()] == ["你好", "我要投诉"]
    assert (there.revised.reason, there.revised.engine) == ("deferred", "whisper")


# --- the transcript ----------------------------------------------------------------------------------------------


def test_the_live_lines_stay_beside_the_revised_ones() -> None:
    shown = desk(*arriving(), answered(), final(1), ENDED, completed(leg()), revised("您好"))
    assert shown.revised is not None
    assert list(shown.transcript) == ["a1"]
    assert not set(shown.revised.lines) & set(shown.transcript)


def test_gaps_are_shown_and_those_that_touch_are_one() -> None:
    shown = desk(
        *arriving(),
        answered(),
        gap(10.0, 12.0),
        gap(10.0, 12.5, speaker="agent", agent="1001"),
        gap(12.6, 14.0),
        gap(14.2, 15.0, "no_audio"),
        gap(30.0, 31.0, "no_audio"),
    )
    found = [(each.speaker, each.start, each.end, each.reason) for each in shown.gaps.values()]
    assert found == [
        ("caller", 10.0, 14.0, "worker_lost"),
        ("agent", 10.0, 12.5, "worker_lost"),
        ("caller", 14.2, 15.0, "no_audio"),
        ("caller", 30.0, 31.0, "no_audio"),
    ]


def test_a_correction_says_what_was_heard() -> None:
    corrections = (Correction(start=2, end=5, heard="人名路"),)
    line = desk(*arriving(), answered(), final(1, "我在人民路", corrections=corrections)).transcript["a1"]
    assert line.corrections == corrections
    assert page_data(desk(*arriving(), answered(), final(1)))["transcript"]["a1"].get("corrections") is None


def test_each_agent_has_his_name_from_the_pbx_or_the_settings() -> None:
    known = AgentStateChanged(at=T0, agent="1002", name="李强（夜班）", state="talking")
    shown = desk(known, *arriving(), answered(), final(1, agent="1001"), final(2, agent="1002"), final(3, agent=""))
    assert shown.speakers == {"1001": "王敏", "1002": "李强（夜班）"}
    assert [line.agent for line in shown.transcript.values()] == ["1001", "1002", ""]


def test_what_was_wrong_with_the_sound_is_said_after_the_call() -> None:
    legs = (leg(findings=("clipped",)), leg(speaker="agent", findings=("noise",)), leg(speaker="agent", agent="1002"))
    again = leg(speaker="agent", findings=("noise", "music"))
    shown = desk(*arriving(), answered(), ENDED, completed(*legs, again)).call
    assert shown is not None
    assert shown.findings == {"caller": ("clipped",), "agent": ("noise", "music")}


def test_a_call_of_many_gaps_keeps_the_latest() -> None:
    words = Transcript()
    for number in range(MAX_LINES + 3):
        words.feed(gap(number * 10.0, number * 10.0 + 1))
    assert (len(words.gaps), words.left_out) == (MAX_LINES, 3)


def test_interim_words_after_the_end_are_taken_back() -> None:
    interim = TranscriptPartial(
        at=T0 + 9, call_id="c1", utterance_id="a2", speaker="agent", text="请", start=9.0, end=9.5, agent="1001"
    )
    events = [*arriving(), answered(), final(1), interim]
    assert list(desk(*events).transcript) == ["a1", "a2"]
    assert list(desk(*events, ENDED, completed(leg())).transcript) == ["a1"]


# --- languages ---------------------------------------------------------------------------------------------------


def test_the_language_is_the_queues_the_numbers_or_as_somebody_chose() -> None:
    def language(*events: Event, agent: str = "1001") -> str:
        call = desk(*events, agent=agent).call
        assert call is not None
        return call.language

    assert language(*arriving(), answered()) == "zh"
    assert language(*arriving("korean"), answered("korean")) == "ko"
    assert language(*arriving(dialled="12345"), answered()) == "en"
    chosen = LanguageChosen(at=T0 + 9, call_id="c1", language="ja", by="1001")
    assert language(*arriving(), answered(), chosen) == "ja"
    joined = PartyJoined(at=T0 + 20, call_id="c1", party="1002", kind="agent")
    assert language(*arriving(), answered(), chosen, joined, agent="1002") == "ja", "a transfer keeps it"
