"""What an ASR worker and the core say to each other: small typed messages over one WebSocket, JSON, one per frame.

The worker dials the core's ``/workers`` endpoint with ``Authorization: Bearer <token>``, says Hello, and from then
on sends what it hears. Media never crosses this line. Instants are Unix seconds on the worker's clock. PURE.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

Reason: TypeAlias = Literal["named", "engine", "preferred", "fallback"]
"""Why a model transcribes a language: the settings name it, they name its engine, it is the best installed one of the
preferred engine (Vosk), or none of that engine is installed."""


class Engine(Struct, frozen=True, kw_only=True):
    """One language a worker can transcribe, and with what."""

    language: str
    engine: str
    model: str
    streaming: bool
    reason: Reason


class Message(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all messages between worker and core."""


# --- worker -> core -------------------------------------------------------------------------------------------


class Hello(Message, frozen=True, kw_only=True, tag="hello"):
    """First message. ``audiosocket`` is ``host:port`` as Asterisk reaches it; ``capacity`` counts legs."""

    worker_id: str
    audiosocket: str
    engines: tuple[Engine, ...]
    capacity: int


class LegOpened(Message, frozen=True, kw_only=True, tag="leg.opened"):
    """Asterisk connected the announced tap; ``at`` is the instant of its first frame's arrival."""

    tap_id: str
    at: float


class Heard(Message, frozen=True, kw_only=True, tag="heard"):
    """An utterance of one leg, interim or final. ``number`` counts utterances of the tap from 1."""

    tap_id: str
    number: int
    final: bool
    text: str
    start: float
    end: float
    confidence: float | None = None
    engine: str
    model: str
    language: str


class LegGap(Message, frozen=True, kw_only=True, tag="leg.gap"):
    """Audio of one leg that was lost."""

    tap_id: str
    start: float
    end: float
    reason: str


class LegClosed(Message, frozen=True, kw_only=True, tag="leg.closed"):
    """The tap is over and its last words have been sent. Seconds: expected = heard + lost."""

    tap_id: str
    at: float
    expected: float
    heard: float
    lost: float
    transcribed: float
    engine: str
    model: str
    reason: str


class Load(Message, frozen=True, kw_only=True, tag="load"):
    """Sent every few seconds: living legs, seconds the slowest decoder is behind, refused connections so far."""

    legs: int
    lag: float
    refused: dict[str, int]


# --- core -> worker -------------------------------------------------------------------------------------------


class Welcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The core took the worker."""

    core: str


class ExpectTap(Message, frozen=True, kw_only=True, tag="tap.expect"):
    """Asterisk will connect with this one-time UUID within ``within`` seconds; speech is in ``language``."""

    tap_id: str
    language: str
    within: float = 10.0


class CloseTap(Message, frozen=True, kw_only=True, tag="tap.close"):
    """The leg is gone or no longer wanted: flush and close."""

    tap_id: str


FromWorker: TypeAlias = Hello | LegOpened | Heard | LegGap | LegClosed | Load
ToWorker: TypeAlias = Welcome | ExpectTap | CloseTap
