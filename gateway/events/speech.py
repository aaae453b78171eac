"""What was said, what was not heard, and what became of the sound. PURE."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.events.base import CallEvent, Event

Speaker: TypeAlias = Literal["caller", "agent"]
SpeechLevel: TypeAlias = Literal["full", "no_partials", "callers_only", "recorded_only"]
"""What is transcribed live while the machine is loaded, each step with less than the one before: everything; finished
utterances only; only the callers of them; nothing of new calls, which are transcribed after their end."""
Finding: TypeAlias = Literal[
    "no_audio", "silence", "noise", "music", "tones", "clipped", "wrong_rate", "too_fast", "too_slow"
]
"""What is wrong with the sound of a leg."""


class Correction(Struct, frozen=True, kw_only=True):
    """A place in ``text`` where the operator's vocabulary stands in for what was heard (``text[start:end]``)."""

    start: int
    end: int
    heard: str


class TranscriptPartial(CallEvent, frozen=True, kw_only=True, tag="transcript.partial"):
    """Words so far of an utterance that is still spoken. Not journaled; replaced by the final one."""

    utterance_id: str
    speaker: Speaker
    text: str
    start: float
    end: float
    agent: str = ""


class TranscriptFinal(CallEvent, frozen=True, kw_only=True, tag="transcript.final"):
    """One finished utterance (personal data). Speaker comes from the channel, never from guessing.

    ``text`` is what people read; ``raw`` what the engine heard, fillers included, where that differs.
    ``agent``: which of them, for the speaker ``agent``.
    """

    utterance_id: str
    speaker: Speaker
    text: str
    start: float
    end: float
    confidence: float | None = None
    language: str
    engine: str
    model: str
    agent: str = ""
    raw: str = ""
    corrections: tuple[Correction, ...] = ()


class TranscriptGap(CallEvent, frozen=True, kw_only=True, tag="transcript.gap"):
    """Seconds of one leg that were not transcribed."""

    speaker: Speaker
    start: float
    end: float
    reason: str
    agent: str = ""


class LegSeconds(Struct, frozen=True, kw_only=True):
    """What became of one leg's audio, in seconds: expected = heard + lost; transcribed is the speech in it.

    ``deferred``: heard and recorded, to be transcribed after the call.
    """

    speaker: Speaker
    expected: float
    heard: float
    lost: float
    transcribed: float
    engine: str = ""
    model: str = ""
    agent: str = ""
    deferred: float = 0.0
    findings: tuple[Finding, ...] = ()


class TranscriptCompleted(CallEvent, frozen=True, kw_only=True, tag="transcript.completed"):
    """All words of the call are in. ``share`` = heard / expected over all legs; None if nothing was tapped.

    Where legs were deferred, ``transcript.revised`` brings their words.
    """

    legs: tuple[LegSeconds, ...]
    share: float | None = None


class Utterance(Struct, frozen=True, kw_only=True):
    """One utterance of a revised transcript (personal data); seconds since the call's arrival."""

    speaker: Speaker
    text: str
    start: float
    end: float
    confidence: float | None = None
    raw: str = ""
    corrections: tuple[Correction, ...] = ()


class TranscriptRevised(CallEvent, frozen=True, kw_only=True, tag="transcript.revised"):
    """The whole call, transcribed from its recording after its end; the text to archive. The live one stays beside it.

    ``reason``: the machine was full during the call (``deferred``), or a better model was asked (``second_pass``).
    """

    utterances: tuple[Utterance, ...]
    language: str
    engine: str
    model: str
    reason: Literal["deferred", "second_pass"]


class RecordingCompleted(CallEvent, frozen=True, kw_only=True, tag="recording.completed"):
    """One file of a call's recording is finished: Ogg Opus, the caller left, the agents right.

    ``file`` is relative to the recordings' folder on the worker's host; ``start`` seconds from the call's arrival to
    its first sample, ``seconds`` its length. ``complete``: False when it ended before the call did (disk, crash).
    A worker lost in mid-call leaves more than one file. ``kept``: False for a file that only serves transcription
    after the call and is removed then.
    """

    file: str
    start: float
    seconds: float
    complete: bool = True
    kept: bool = True


class SpeechLevelChanged(Event, frozen=True, kw_only=True, tag="speech.level_changed"):
    """The machine is too full, or no longer, to transcribe everything live.

    ``lag``: seconds the slowest decoder is behind. ``legs`` are listened to of ``capacity``.
    """

    level: SpeechLevel
    lag: float
    legs: int
    capacity: int


class LanguageChosen(CallEvent, frozen=True, kw_only=True, tag="call.language_chosen"):
    """``by`` chose the language that is spoken from now on (ISO 639-1)."""

    language: str
    by: str
