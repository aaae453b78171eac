"""The voice activity gate: which stretches of a leg's audio are utterances. PURE but for the detector handed in.

Audio goes through in frames of ``FRAME_SECONDS``. An utterance opens once ``onset_frames`` frames in a row are
voiced, and then begins ``pre_roll`` seconds earlier; it ends after ``end_silence`` seconds without voice, of which
``post_roll`` seconds are kept. Past ``max_utterance`` seconds it is split at the quietest frame of its last
``split_search`` seconds, so that no syllable is cut. Instants are on the clock of the ``at`` handed to ``push``.

Nothing that belongs to the utterance is kept waiting: it is given out frame by frame, but for silence that is longer
than ``post_roll``, until voice follows it, and the seconds in which a split is looked for.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct

FRAME_SECONDS = 0.02
Detector: TypeAlias = Callable[[bytes, int], bool]
"""(one frame of 16-bit samples, samples a second) -> whether it is voiced."""


class GateSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Seconds, but for ``onset_frames``; ``post_roll`` is not longer than ``end_silence``."""

    onset_frames: int = 3
    pre_roll: float = 0.3
    post_roll: float = 0.24
    end_silence: float = 0.7
    max_utterance: float = 14.0
    split_search: float = 3.0


class Opened(Struct, frozen=True):
    """An utterance begins: its first sample was at ``at``, the voice itself sets in at ``voice_at``."""

    at: float
    voice_at: float


class Voice(Struct, frozen=True):
    """More of the open utterance."""

    samples: bytes


class Closed(Struct, frozen=True):
    """The open utterance is over: the voice stopped at ``voice_at``. ``cut``: the leg ended in it."""

    voice_at: float
    cut: bool = False


GateEvent: TypeAlias = Opened | Voice | Closed


class _Frame(Struct, frozen=True):
    samples: bytes
    at: float
    voiced: bool


class VoiceGate:
    """One leg's gate. ``push`` audio, act on what comes back, ``flush`` at the end of the leg."""

    def __init__(self, detector: Detector, rate: int = 8000, settings: GateSettings | None = None) -> None:
        self._detector = detector
        self._rate = rate
        self._settings = settings or GateSettings()
        self._frame_bytes = int(rate * FRAME_SECONDS) * 2
        self._rest = b""
        self._open = False
        # Closed: the frames an utterance would begin with. Open: those not given out yet, because the utterance
        # may turn out to have ended before them, or be split among them.
        self._held: deque[_Frame] = deque()
        self._given = 0
        self._silent = 0
        self._voice_at = 0.0

    def push(self, samples: bytes, at: float) -> list[GateEvent]:
        """Take the next 16-bit samples, the first of them spoken at ``at``."""
        at -= len(self._rest) / 2 / self._rate
        data = self._rest + samples
        whole = len(data) - len(data) % self._frame_bytes
        self._rest = data[whole:]
        events: list[GateEvent] = []
        for i in range(0, whole, self._frame_bytes):
            frame = data[i : i + self._frame_bytes]
            self._held.append(_Frame(frame, at + i / 2 / self._rate, self._detector(frame, self._rate)))
            events += self._continue() if self._open else self._wait()
        return events

    def flush(self) -> list[GateEvent]:
        """The leg is over: close what is open, with everything heard."""
        return self._close(len(self._held), cut=True) if self._open else []

    def _wait(self) -> list[GateEvent]:
        onset = self._settings.onset_frames
        while len(self._held) > _frames(self._settings.pre_roll) + onset:
            self._held.popleft()
        if len(self._held) < onset or not all(self._held[-i].voiced for i in range(1, onset + 1)):
            return []
        return self._begin(self._held[-onset].at)

    def _begin(self, voice_at: float) -> list[GateEvent]:
        self._open, self._given, self._silent = True, 0, 0
        return [Opened(self._held[0].at, voice_at), *self._give(len(self._held))]

    def _continue(self) -> list[GateEvent]:
        settings = self._settings
        voiced = self._held[-1].voiced
        self._silent = 0 if voiced else self._silent + 1
        if self._silent >= _frames(settings.end_silence):
            return self._close(len(self._held) - self._silent + _frames(settings.post_roll))
        if self._given + len(self._held) >= _frames(settings.max_utterance):
            return self._split()
        if self._given >= _frames(settings.max_utterance - settings.split_search):
            return []
        return self._give(len(self._held)) if self._silent <= _frames(settings.post_roll) else []

    def _give(self, count: int) -> list[GateEvent]:
        if count <= 0:
            return []
        out = [self._held.popleft() for _ in range(count)]
        self._given += count
        self._voice_at = next((f.at + FRAME_SECONDS for f in reversed(out) if f.voiced), self._voice_at)
        return [Voice(b"".join(f.samples for f in out))]

    def _close(self, count: int, *, cut: bool = False) -> list[GateEvent]:
        events = self._give(min(count, len(self._held)))
        self._open = False
        return [*events, Closed(self._voice_at, cut)]

    def _split(self) -> list[GateEvent]:
        """Close at the quietest frame held; the next utterance begins with those behind it, if one is voiced."""
        quietest = min(range(len(self._held)), key=lambda i: loudness(self._held[i].samples))
        events = self._close(quietest + 1)
        voice_at = next((f.at for f in self._held if f.voiced), None)
        return events if voice_at is None else [*events, *self._begin(voice_at)]


def _frames(seconds: float) -> int:
    return round(seconds / FRAME_SECONDS)


def loudness(samples: bytes) -> int:
    """Sum of the absolute values of 16-bit samples."""
    values = array("h")
    values.frombytes(samples)
    return sum(map(abs, values))
