"""What the tests of recordings share: sounds to record, a worker's desk with its tracks, what a file holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gateway.asr.protocol import FromWorker, Leg, RecordingClosed
from gateway.asr.recordings.call_recording import CallRecording, Part
from gateway.asr.recordings.playback import blocks
from gateway.asr.recordings.recording import Recordings, Track
from gateway.asr.recordings.timeline import Side
from gateway.config import Recording

ARRIVED = datetime(2026, 11, 24, 8, 0, tzinfo=UTC).timestamp()
START = ARRIVED + 12.5
SETTINGS = Recording(min_free_mb=0)
CALLER = Leg(call_id="1764.1", speaker="caller", arrived=ARRIVED)
AGENT = Leg(call_id="1764.1", speaker="agent", arrived=ARRIVED, agent="1001")
Sound = NDArray[np.int16]


def tone(seconds: float, rate: int = 8000, pitch: float = 700) -> Sound:
    wave = 8000 * np.sin(2 * np.pi * pitch * np.arange(round(seconds * rate)) / rate)
    return wave.astype(np.int16)


def silence(seconds: float, rate: int = 8000) -> Sound:
    return np.zeros(round(seconds * rate), np.int16)


def with_clicks(seconds: float, instants: list[float], rate: int = 8000) -> Sound:
    """Silence with a short tone that begins at each of the instants."""
    sound = silence(seconds, rate)
    for instant in instants:
        first = round(instant * rate)
        sound[first : first + rate // 20] = tone(0.05, rate, 1000)
    return sound


def sides(path: Path, rate: int = 8000) -> tuple[Sound, Sound]:
    both = list(blocks(path, rate))
    left, right = (b"".join(block[side] for block in both) for side in (0, 1))
    return np.frombuffer(left, np.int16), np.frombuffer(right, np.int16)


def clicks(sound: Sound, rate: int = 8000) -> list[float]:
    """Where the tones begin. A hard onset on one side is heard on the other, ten decibels lower."""
    loud = np.flatnonzero(np.abs(sound.astype(np.int32)) > 4000)
    first = np.diff(loud, prepend=-rate) > rate // 2
    return [float(place) / rate for place in loud[first]]


def loudness(sound: Sound) -> float:
    return float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))


@dataclass
class Desk:
    """Recordings of a worker whose clock stands where the test sets it, and what it told the core."""

    folder: Path
    settings: Recording = SETTINGS
    now: float = START
    told: list[RecordingClosed] = field(default_factory=list)
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.recordings = Recordings(self.folder, self.settings, self._hear, lambda: self.now)

    def _hear(self, message: FromWorker) -> None:
        assert isinstance(message, RecordingClosed)
        self.told.append(message)
        self.wake.set()

    async def closed(self) -> RecordingClosed:
        while not self.told:
            self.wake.clear()
            await asyncio.wait_for(self.wake.wait(), 10)
        return self.told[0]

    def path(self, number: int = 0) -> Path:
        return self.folder / self.told[number].file


def feed(track: Track, sound: Sound, rate: int = 8000) -> None:
    """Frames of 20 ms, as a leg has them."""
    for first in range(0, len(sound), rate // 50):
        track.write(sound[first : first + rate // 50].tobytes())


def begun(folder: Path, *, clock: Callable[[], float]) -> tuple[CallRecording, list[RecordingClosed]]:
    """A recording without a thread, for tests that decide what happens after what."""
    told: list[RecordingClosed] = []
    recorded = CallRecording(folder, CALLER, START, 8000, SETTINGS, UTC, clock, told.append)
    recorded.begin(kept=True)
    return recorded, told


def joined(recorded: CallRecording, side: Side, at: float = START, rate: int = 8000) -> Part:
    part = Part(side, at, rate)
    recorded.join(part, kept=True)
    return part


def names(folder: Path) -> list[str]:
    """The files in the folder, relative to it."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.ogg"))
