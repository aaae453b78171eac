"""What an ASR worker and the core say to each other: small typed messages over one WebSocket, JSON, one per frame.

The worker dials the core's ``/workers`` endpoint with ``Authorization: Bearer <token>``, says Hello, and from then
on sends what it hears. Media never crosses this line. Instants are Unix seconds on the worker's clock. PURE.

What must not be lost (``Kept``) carries a number; the worker keeps it until the core has acknowledged it, and sends it
again on its next line. A core that was started anew learns from Hello which taps are living.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.events import Correction, Finding, RecordingCompleted, Speaker, Utterance

Reason: TypeAlias = Literal["named", "engine", "preferred", "fallback"]
"""Why a model transcribes a language: the settings name it, they name its engine, it is the best installed one of the
preferred engine (Vosk), or none of that engine is installed."""
Mode: TypeAlias = Literal["live", "recorded"]
"""What is done with a leg: transcribed as it is spoken, or recorded only, to be transcribed after the call."""


RECORDED_PER_LIVE = 4
"""Legs that are recorded only may be so many times a worker's capacity of live ones."""


class Engine(Struct, frozen=True, kw_only=True):
    """One language a worker can transcribe, and with what."""

    language: str
    engine: str
    model: str
    streaming: bool
    reason: Reason


class Leg(Struct, frozen=True, kw_only=True):
    """The leg that a tap listens to. ``arrived`` is the call's arrival, where its clock starts.

    ``channel`` on the PBX ``pbx``; ``agent``: which of them, for the speaker ``agent``.
    """

    call_id: str
    speaker: Speaker
    arrived: float
    channel: str = ""
    pbx: str = ""
    agent: str = ""


class LivingTap(Struct, frozen=True, kw_only=True):
    """A tap that a worker listens to while it says Hello; ``opened``: since when."""

    tap_id: str
    leg: Leg
    opened: float


class Message(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all messages between worker and core."""


class Kept(Message, frozen=True, kw_only=True):
    """Base of what a worker says until the core has it. ``seq`` counts from 1 over one worker's life; 0: not sent."""

    seq: int = 0


# --- worker -> core -------------------------------------------------------------------------------------------


class Hello(Message, frozen=True, kw_only=True, tag="hello"):
    """First message. ``audiosocket`` is ``host:port`` as Asterisk reaches it; ``capacity`` counts legs."""

    worker_id: str
    audiosocket: str
    engines: tuple[Engine, ...]
    capacity: int
    taps: tuple[LivingTap, ...] = ()


class LegOpened(Kept, frozen=True, kw_only=True, tag="leg.opened"):
    """Asterisk connected the announced tap; ``at`` is the instant of its first frame's arrival."""

    tap_id: str
    at: float


class Speaking(Message, frozen=True, kw_only=True, tag="speaking"):
    """Somebody began to speak: utterance ``number`` of the tap; its words follow as Heard."""

    tap_id: str
    number: int
    start: float


class Heard(Kept, frozen=True, kw_only=True, tag="heard"):
    """An utterance of one leg, interim or final. ``number`` counts utterances of the tap from 1.

    ``text`` is what people read, ``raw`` what the engine heard where that differs.
    """

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
    raw: str = ""
    corrections: tuple[Correction, ...] = ()


class LegGap(Kept, frozen=True, kw_only=True, tag="leg.gap"):
    """Audio of one leg that was lost."""

    tap_id: str
    start: float
    end: float
    reason: str


class LegClosed(Kept, frozen=True, kw_only=True, tag="leg.closed"):
    """The tap is over and its last words have been sent. Seconds: expected = heard + lost.

    ``deferred``: seconds heard that were recorded only.
    """

    tap_id: str
    at: float
    expected: float
    heard: float
    lost: float
    transcribed: float
    engine: str
    model: str
    reason: str
    deferred: float = 0.0
    findings: tuple[Finding, ...] = ()


class RecordingClosed(Kept, frozen=True, kw_only=True, tag="recording.closed"):
    """One file of a call's recording is finished: ``start`` is the instant of its first sample, ``file`` is relative
    to the recordings' folder. ``complete``: False when it ended early. ``kept``: False if it only serves
    transcription after the call.
    """

    call_id: str
    arrived: float
    file: str
    start: float
    seconds: float
    complete: bool
    kept: bool

    def completed(self, now: float) -> RecordingCompleted:
        """What is told of it when there is a file."""
        return RecordingCompleted(
            at=now,
            call_id=self.call_id,
            file=self.file,
            start=self.start - self.arrived,
            seconds=self.seconds,
            complete=self.complete,
            kept=self.kept,
        )


class Transcribed(Kept, frozen=True, kw_only=True, tag="transcribed"):
    """A recording was transcribed. Utterances' instants are seconds since the call's arrival; ``error``: it was not."""

    call_id: str
    utterances: tuple[Utterance, ...] = ()
    language: str = ""
    engine: str = ""
    model: str = ""
    error: str = ""


class Load(Message, frozen=True, kw_only=True, tag="load"):
    """Sent every second. ``lag``: seconds the slowest decoder is behind; ``refused``: connections so far by reason;
    ``memory``: resident bytes.
    """

    legs: int
    lag: float
    refused: dict[str, int]
    memory: int = 0


# --- core -> worker -------------------------------------------------------------------------------------------


class Welcome(Message, frozen=True, kw_only=True, tag="welcome"):
    """The core took the worker."""

    core: str


class Ack(Message, frozen=True, kw_only=True, tag="ack"):
    """Everything up to ``seq`` need not be kept any longer."""

    seq: int


class ExpectTap(Message, frozen=True, kw_only=True, tag="tap.expect"):
    """Asterisk will connect with this one-time UUID within ``within`` seconds; speech is in ``language``.

    ``record``: the leg goes into the call's recording. A leg in mode ``recorded`` always does; the file is not kept
    then unless ``record`` says so.
    """

    tap_id: str
    language: str
    leg: Leg
    mode: Mode = "live"
    record: bool = False
    within: float = 10.0


class CloseTap(Message, frozen=True, kw_only=True, tag="tap.close"):
    """The leg is gone or no longer wanted: flush and close."""

    tap_id: str


class SetLanguage(Message, frozen=True, kw_only=True, tag="tap.language"):
    """From now on the leg speaks ``language``; what was said before is still decoded in the old one."""

    tap_id: str
    language: str


class SetMode(Message, frozen=True, kw_only=True, tag="tap.mode"):
    """From now on the leg is transcribed live, or recorded only."""

    tap_id: str
    mode: Mode


class SetPartials(Message, frozen=True, kw_only=True, tag="partials"):
    """Whether interim words are worked out and sent."""

    wanted: bool


class Vocabulary(Message, frozen=True, kw_only=True, tag="vocabulary"):
    """The operator's terms, in place of those before."""

    terms: tuple[str, ...]


class Transcribe(Message, frozen=True, kw_only=True, tag="transcribe"):
    """Transcribe the call's recording when there is time: ``files`` in order, each with the instant of its first
    sample. ``model``: empty for the one that is used live. ``remove``: the files only served this.
    """

    call_id: str
    files: tuple[tuple[str, float], ...]
    arrived: float
    language: str
    model: str = ""
    remove: bool = False


class Gone(Struct, frozen=True, kw_only=True):
    """What the core's end of the line says itself: the worker has not come back. Its taps were closed before."""


FromWorker: TypeAlias = Hello | LegOpened | Speaking | Heard | LegGap | LegClosed | RecordingClosed | Transcribed | Load
ToWorker: TypeAlias = (
    Welcome | Ack | ExpectTap | CloseTap | SetLanguage | SetMode | SetPartials | Vocabulary | Transcribe
)
