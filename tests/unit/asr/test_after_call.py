from gateway.asr.after_call import AfterCall
from gateway.asr.protocol import Transcribed
from gateway.events import (
    CallOffered,
    Event,
    LegSeconds,
    RecordingCompleted,
    TranscriptCompleted,
    TranscriptRevised,
    Utterance,
)

SAID = (Utterance(speaker="caller", text="你好。", start=12.0, end=13.0),)


def past(call_id: str = "c", deferred: float = 0.0, kept: bool = True) -> list[Event]:
    """A recorded call that is over."""
    leg = LegSeconds(speaker="caller", expected=20.0, heard=20.0, lost=0.0, transcribed=0.0, deferred=deferred)
    return [
        CallOffered(at=1000.0, call_id=call_id, caller_number=""),
        TranscriptCompleted(at=1030.0, call_id=call_id, legs=(leg,), share=1.0),
        RecordingCompleted(at=1035.0, call_id=call_id, file=f"d/{call_id}-1.ogg", start=10.0, seconds=20.0, kept=kept),
    ]


def book(*events: Event, second_pass: str = "") -> AfterCall:
    made = AfterCall(second_pass, "zh")
    for event in events:
        made.follow(event)
    return made


def test_a_deferred_call_is_transcribed_by_one_worker_and_its_own_file_removed() -> None:
    after = book(*past(deferred=20.0, kept=False))
    work = after.next_for("w")
    assert work is not None
    assert (work.call_id, work.files, work.arrived, work.language) == ("c", (("d/c-1.ogg", 1010.0),), 1000.0, "zh")
    assert (work.model, work.remove) == ("", True)
    assert after.next_for("w") is None
    assert after.next_for("other") is None
    done = Transcribed(call_id="c", utterances=SAID, language="zh", engine="vosk", model="m")
    (event,) = after.feed("w", done, 1040.0)
    assert isinstance(event, TranscriptRevised)
    assert (event.reason, event.utterances, event.engine) == ("deferred", SAID, "vosk")
    after.follow(event)
    assert after.next_for("w") is None


def test_without_a_second_pass_a_call_that_was_heard_live_is_left_alone() -> None:
    assert book(*past()).next_for("w") is None


def test_a_second_pass_names_its_model_and_keeps_the_recording() -> None:
    work = book(*past(), second_pass="whisper-base").next_for("w")
    assert work is not None
    assert (work.model, work.remove) == ("whisper-base", False)


def test_a_worker_without_the_file_passes_the_work_on() -> None:
    after = book(*past(deferred=1.0))
    assert after.next_for("w") is not None
    assert after.feed("w", Transcribed(call_id="c", error="the recording is not here"), 1040.0) == []
    assert after.next_for("w") is None
    assert after.next_for("other") is not None
    after.lose("other")
    assert after.next_for("third") is not None


def test_a_call_is_not_transcribed_before_it_is_over_nor_without_its_recording() -> None:
    offered, completed, recorded = past(deferred=1.0)
    after = book(offered, recorded)
    assert after.next_for("w") is None
    after.follow(completed)
    assert after.next_for("w") is not None
    assert book(offered, completed).next_for("w") is None
