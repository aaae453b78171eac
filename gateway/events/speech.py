"""What was said, and what was not heard. PURE."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.events.base import CallEvent

Speaker: TypeAlias = Literal["caller", "agent"]


class TranscriptPartial(CallEvent, frozen=True, kw_only=True, tag="transcript.partial"):
    """Words so far of an utterance that is still spoken. Not journaled; replaced by the final one."""

    utterance_id: str
    speaker: Speaker
    text: str
    start: float
    end: float


class TranscriptFinal(CallEvent, frozen=True, kw_only=True, tag="transcript.final"):
    """One finished utterance (personal data). Speaker comes from the channel, never from guessing."""

    utterance_id: str
    speaker: Speaker
    text: str
    start: float
    end: float
    confidence: float | None = None
    language: str
    engine: str
    model: str


class TranscriptGap(CallEvent, frozen=True, kw_only=True, tag="transcript.gap"):
    """Seconds of one leg that were not heard."""

    speaker: Speaker
    start: float
    end: float
    reason: str


class LegSeconds(Struct, frozen=True, kw_only=True):
    """What became of one leg's audio, in seconds: expected = heard + lost; transcribed is the speech in it."""

    speaker: Speaker
    expected: float
    heard: float
    lost: float
    transcribed: float
    engine: str = ""
    model: str = ""


class TranscriptCompleted(CallEvent, frozen=True, kw_only=True, tag="transcript.completed"):
    """All words of the call are in. ``share`` = heard / expected over all legs; None if nothing was tapped."""

    legs: tuple[LegSeconds, ...]
    share: float | None = None
