"""A sound device as a line: an analogue telephone line at a sound card's input, or a desk phone's headset port.

The device's own thread on one side, asyncio on the other, a bounded queue between. A device that is pulled out is
waited for, and goes on when it is back; the hole is told by the instants of the sound.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import time
from collections import deque
from typing import Self

import numpy as np
import soxr
from msgspec import Struct
from numpy.typing import NDArray

from gateway.asr.line.line import LineTap
from gateway.errors import DeviceError
from gateway.headset.device import Backend, Device, OpenStream, choose
from gateway.headset.stream import FLOOR, LOST_AFTER, level

log = logging.getLogger(__name__)

WIDE, NARROW = 16_000, 8_000
"""Hz that speech engines work with; the narrow one for devices that have no more."""
MOST_WAITING = 250
"""Pieces of 20 ms that may wait for a reader that is late; what comes then is lost, and counted."""
TICK_SECONDS = 0.1
WATCH_SECONDS = 0.5
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 5.0
"""Seconds between two tries to open a device that was lost."""
_CARD = re.compile(r" \(hw:\d+,\d+\)$")
"""ALSA numbers a card anew when it is plugged in again."""


class Piece(Struct, frozen=True):
    """20 ms of a line, of shape (samples, channels); the last of them arrived at ``at`` (Unix seconds)."""

    samples: NDArray[np.int16]
    at: float


class LineIn:
    """One device that is listened to in ``channels``, at its own or the ``asked_rate``; what it gives has ``rate``.

    ``levels``: dB of full scale of the last piece, by channel. ``slips`` counts what the device lost itself, ``late``
    the pieces that nobody read in time.
    """

    def __init__(self, backend: Backend, device: Device, wanted: str, channels: int, asked_rate: int) -> None:
        self.device = device
        self.rate = WIDE if (asked_rate or device.rate) >= WIDE else NARROW
        self.levels = (FLOOR,) * channels
        self.slips = self.late = 0
        self._backend = backend
        self._wanted = wanted
        self._channels = channels
        self._asked_rate = asked_rate
        self._resampler: soxr.ResampleStream | None = None
        self._stream: OpenStream | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[tuple[bytes, float]] = deque()
        self._arrived = asyncio.Event()
        self._last = 0.0

    @classmethod
    def choose(cls, backend: Backend, wanted: str, channels: int = 1, rate: int = 0) -> Self:
        """The device by its index or a part of its name. ``rate``: samples a second asked of it; 0: its own.

        Raises DeviceError when there is none, more than one, or it has not so many channels.
        """
        device = choose(backend.devices(), "line-in", wanted)
        if device.inputs < channels:
            raise DeviceError(f"{device.name!r} has {device.inputs} channel, not {channels}", "Use --channels 1")
        # The default of today is not the one of tomorrow, and numbers change with every device that comes or goes.
        name = _CARD.sub("", device.name) if wanted in ("", str(device.index)) else wanted
        return cls(backend, device, name, channels, rate)

    @property
    def device_rate(self) -> int:
        """Samples a second of the device."""
        return self._asked_rate or self.device.rate

    async def open(self) -> None:
        """Begin to listen. Raises DeviceError when the device refuses."""
        self._loop = asyncio.get_running_loop()
        self._resampler = None
        if self.device_rate != self.rate:
            self._resampler = soxr.ResampleStream(self.device_rate, self.rate, self._channels, "int16", "LQ")
        self._last = time.time()
        self._stream = await asyncio.to_thread(
            self._backend.open_line, self.device, self.device_rate, self._channels, self._take
        )

    async def heard(self, timeout: float) -> Piece | None:
        """What comes next; None when nothing has come in so many seconds."""
        while not self._waiting:
            self._arrived.clear()
            try:
                async with asyncio.timeout(timeout):
                    await self._arrived.wait()
            except TimeoutError:
                return None
        data, at = self._waiting.popleft()
        samples = np.frombuffer(data, np.int16).reshape(-1, self._channels)
        self.levels = tuple(level(samples[:, channel].tobytes()) for channel in range(self._channels))
        if self._resampler is None:
            return Piece(samples, at)
        resampled = self._resampler.resample_chunk(samples).reshape(-1, self._channels)
        return Piece(resampled, at - self._resampler.delay() / self.rate)

    async def watch(self) -> None:
        """Until cancelled: a device that is lost is waited for and opened again."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            stopped = self._stream is None or not self._stream.running()
            if not stopped and time.time() - self._last <= LOST_AFTER:
                continue
            what = "stopped" if stopped else f"gave no sound for {LOST_AFTER:g} s"
            log.warning("line-in %r %s; waiting until it is back", self.device.name, what)
            await self.close()
            await self._open_again()
            log.warning("line-in %r is back", self.device.name)

    async def close(self) -> None:
        """Give the device back."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await asyncio.to_thread(stream.close)

    async def _open_again(self) -> None:
        pause = FIRST_PAUSE
        why = ""
        while True:
            try:
                self.device = await asyncio.to_thread(self._find)
                await self.open()
            except DeviceError as error:
                if str(error) != why:
                    why = str(error)
                    log.warning("%s", why)
                await asyncio.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
            else:
                return

    def _find(self) -> Device:
        self._backend.look_again()
        return choose(self._backend.devices(), "line-in", self._wanted)

    def _take(self, data: bytes, slipped: bool) -> None:
        """On the device's thread."""
        self.slips += slipped
        self._last = time.time()
        if len(self._waiting) >= MOST_WAITING:
            self.late += 1
            return
        self._waiting.append((data, self._last))
        assert self._loop is not None
        with contextlib.suppress(RuntimeError):  # the loop closed first
            self._loop.call_soon_threadsafe(self._arrived.set)


async def transcribe(line: LineIn, tap: LineTap) -> None:
    """Until cancelled, bring the line to its tap; then its last words are told.

    Raises ModelError when the language has no model, DeviceError when the device does not open at the start.
    """
    await tap.load()
    await line.open()
    log.info("line-in %r at %d Hz, heard at %d Hz", line.device.name, line.device_rate, line.rate)
    watching = asyncio.create_task(line.watch())
    try:
        while not watching.done():
            piece = await line.heard(TICK_SECONDS)
            if piece is None:
                tap.silent(time.time())
            else:
                tap.hear(piece.samples, piece.at)
        watching.result()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await line.close()
        await tap.close()
        if line.slips or line.late:
            log.warning("line-in: the device lost sound %d times, %d pieces came too late", line.slips, line.late)
