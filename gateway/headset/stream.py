"""A headset in use: the sound device's thread on one side, asyncio on the other, bounded queues between."""

from __future__ import annotations

import asyncio
import math
from array import array
from collections import deque
from types import TracebackType
from typing import Self

import numpy as np
from msgspec import Struct

from gateway.errors import DeviceError
from gateway.headset.device import FRAME_SECONDS, RATE, SILENCE, Backend, Device, OpenStream, choose

LOST_AFTER = 2.0
"""Seconds without a frame from a microphone after which the device is lost."""
MICROPHONE_FRAMES = 25
"""Frames kept for a reader that is late; the oldest goes first."""
FLOOR = -96.0
"""dB of full scale: 16-bit silence."""


class JitterBuffer:
    """Frames come in bursts and leave one every 20 ms.

    It lets ``prefill`` frames gather before the first leaves, and again after it ran dry; above ``limit`` the oldest
    is dropped, so that the delay does not grow. ``put`` and ``get`` may be called from different threads.
    """

    def __init__(self, prefill: int = 3, limit: int = 12) -> None:
        self._frames: deque[bytes] = deque()
        self._prefill = prefill
        self._limit = limit
        self._flowing = False
        self.underruns = 0
        self.overruns = 0

    def put(self, frame: bytes) -> None:
        """Add one frame."""
        self._frames.append(frame)
        if len(self._frames) > self._limit:
            self._frames.popleft()
            self.overruns += 1

    def get(self) -> bytes:
        """The next frame, or silence."""
        if not self._flowing:
            if len(self._frames) < self._prefill:
                return SILENCE
            self._flowing = True
        try:
            return self._frames.popleft()
        except IndexError:
            self._flowing = False
            self.underruns += 1
            return SILENCE

    def clear(self) -> None:
        """Forget what is waiting and what was counted."""
        self._frames.clear()
        self._flowing = False
        self.underruns = self.overruns = 0


class HeadsetCounts(Struct, frozen=True, kw_only=True):
    """Frames of 20 ms and what went wrong: ``late`` microphone frames nobody read in time, ``underruns`` and
    ``overruns`` of the speaker's buffer, ``slips`` of the device itself."""

    heard: int
    late: int
    underruns: int
    overruns: int
    slips: int


class Headset:
    """A microphone and a speaker, open while used as ``async with``.

    Entering raises DeviceError when they do not open.
    """

    def __init__(self, backend: Backend, microphone: Device, speaker: Device) -> None:
        self.microphone = microphone
        self.speaker = speaker
        self.jitter = JitterBuffer()
        self.microphone_level = FLOOR
        """dB of full scale, of the last frame."""
        self._backend = backend
        self._stream: OpenStream | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._frames: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._heard = self._late = self._slips = 0

    @classmethod
    def choose(cls, backend: Backend, microphone: str = "", speaker: str = "") -> Self:
        """Devices by index or part of a name; empty: the system's default. Raises DeviceError."""
        devices = backend.devices()
        return cls(backend, choose(devices, "microphone", microphone), choose(devices, "speaker", speaker))

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._stream = await asyncio.to_thread(self._backend.open, self.microphone, self.speaker, self._exchange)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            await asyncio.to_thread(stream.close)

    async def heard(self) -> bytes:
        """The microphone's next frame. Raises DeviceError when the device is lost."""
        while not self._frames:
            self._arrived.clear()
            try:
                async with asyncio.timeout(LOST_AFTER):
                    await self._arrived.wait()
            except TimeoutError:
                stopped = self._stream is None or not self._stream.running()
                what = "stopped" if stopped else f"gave no sound for {LOST_AFTER:g} s"
                raise DeviceError(f"microphone {self.microphone.name!r} {what}", "Plug the headset in again") from None
        return self._frames.popleft()

    def play(self, frame: bytes) -> None:
        """Hand the speaker one frame."""
        self.jitter.put(frame)

    def forget(self) -> None:
        """Drop what the microphone said and the speaker has not said so far, and count anew."""
        self._frames.clear()
        self.jitter.clear()
        self._heard = self._late = self._slips = 0

    @property
    def counts(self) -> HeadsetCounts:
        """Since opening, or since ``forget``."""
        return HeadsetCounts(
            heard=self._heard,
            late=self._late,
            underruns=self.jitter.underruns,
            overruns=self.jitter.overruns,
            slips=self._slips,
        )

    def _exchange(self, microphone: bytes, slipped: bool) -> bytes:
        """On the device's thread."""
        self._slips += slipped
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._take, microphone)
        except RuntimeError:
            return SILENCE  # the loop closed first
        return self.jitter.get()

    def _take(self, frame: bytes) -> None:
        self._heard += 1
        self.microphone_level = level(frame)
        self._frames.append(frame)
        if len(self._frames) > MICROPHONE_FRAMES:
            self._frames.popleft()
            self._late += 1
        self._arrived.set()


def level(frame: bytes) -> float:
    """Mean level of 16-bit samples in dB of full scale, not below FLOOR."""
    samples = np.frombuffer(frame, dtype="<i2").astype(np.float32)
    power = float(np.mean(samples**2)) if len(samples) else 0.0
    return max(FLOOR, 10 * math.log10(power / 32768**2)) if power else FLOOR


class Tone:
    """A sine of ``hertz`` at -20 dB of full scale, frame by frame, ``on`` seconds of every ``on + off``."""

    def __init__(self, hertz: float, on: float = 1.0, off: float = 0.0) -> None:
        self._step = 2 * math.pi * hertz / RATE
        self._on = on
        self._period = on + off
        self._at = 0

    def frame(self) -> bytes:
        """The next 20 ms."""
        start, self._at = self._at, self._at + len(SILENCE) // 2
        if start / RATE % self._period >= self._on:
            return SILENCE
        samples = array("h", (round(3276 * math.sin(self._step * i)) for i in range(start, self._at)))
        return samples.tobytes()


class LevelReport(Struct, frozen=True, kw_only=True):
    """What ``hotline headset test`` found. Levels in dB of full scale; ``silent`` means the microphone gave none."""

    microphone: str
    speaker: str
    seconds: float
    loudest: float
    mean: float
    silent: bool
    counts: HeadsetCounts


async def measure(headset: Headset, seconds: float, tone: float = 440.0) -> LevelReport:
    """Play a tone of ``tone`` Hz for ``seconds`` and measure the microphone meanwhile.

    ``headset.microphone_level`` moves while it runs. Raises DeviceError when the device is lost.
    """
    sound = Tone(tone)
    levels = []
    for _ in range(max(1, round(seconds / FRAME_SECONDS))):
        levels.append(level(await headset.heard()))
        headset.play(sound.frame())
    mean = 10 * math.log10(sum(10 ** (value / 10) for value in levels) / len(levels))
    return LevelReport(
        microphone=headset.microphone.name,
        speaker=headset.speaker.name,
        seconds=len(levels) * FRAME_SECONDS,
        loudest=round(max(levels), 1),
        mean=round(mean, 1),
        silent=max(levels) <= -90.0,
        counts=headset.counts,
    )
