"""Recordings of calls: Ogg Opus in stereo, the caller left, the agents right, written while they speak.

A call's first track opens its file, the others join it; when the last has ended, the file waits some seconds for
another (hold, transfer) before it is closed. One thread writes all files of a worker, so that no leg ever waits for
the disk. What ends a recording early (disk full or too slow) ends neither the call nor its transcript.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import partial
from pathlib import Path

from gateway.asr.protocol import FromWorker, Leg, RecordingClosed
from gateway.asr.recordings.call_recording import CallRecording, Part
from gateway.asr.recordings.recording_writer import RecordingWriter
from gateway.config import Recording

BATCH_SECONDS = 0.1
"""Gathered before the writing thread is called."""
GRACE_SECONDS = 5.0
"""A call without a track may get another one so long."""
EARLIEST_SECONDS, LATEST_SECONDS = -2.0, 60.0
"""From where its call's recording stands. A track that begins outside of that comes by another clock (it was set), and
gets a file of its own.
"""


class Recordings:
    """The recordings of one worker, in ``folder``. Its methods are called in the event loop and never wait.

    ``send`` takes a RecordingClosed for each file, in the event loop too; its ``file`` is empty when not a sample was
    recorded (no leg sent one, or the disk took nothing). ``zone``: whose days name the folders.
    """

    def __init__(
        self,
        folder: Path,
        settings: Recording,
        send: Callable[[FromWorker], None],
        clock: Callable[[], float],
        zone: tzinfo = UTC,
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._send = send
        self._clock = clock
        self._zone = zone
        self._calls: dict[str, _Call] = {}
        self._writer: RecordingWriter | None = None

    def open(self, leg: Leg, rate: int, at: float, kept: bool) -> Track:
        """A track for the leg, whose first sample was spoken at ``at`` (Unix seconds). ``kept``: False when the file
        only serves transcription; it is kept when any of its tracks is.
        """
        call = self._calls.get(leg.call_id)
        if call is not None and not EARLIEST_SECONDS <= at - call.reached <= LATEST_SECONDS:
            call.finish()
            call = None
        if call is None:
            call = self._calls[leg.call_id] = self._begin(leg, rate, at, kept)
        return call.join(leg, rate, at, kept)

    def close_call(self, call_id: str) -> None:
        """The call is over: its file is closed without waiting for another track."""
        if call_id in self._calls:
            self._calls[call_id].finish()

    async def close(self) -> None:
        """Close all files, and wait until they are written."""
        for call in tuple(self._calls.values()):
            call.finish()
        if self._writer is not None:
            await self._writer.end()
            self._writer = None

    def _begin(self, leg: Leg, rate: int, at: float, kept: bool) -> _Call:
        if self._writer is None:
            self._writer = RecordingWriter(self._clock)
        loop = asyncio.get_running_loop()

        def tell(message: RecordingClosed) -> None:
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to be told
                loop.call_soon_threadsafe(self._send, message)

        recording = CallRecording(self._folder, leg, at, rate, self._settings, self._zone, self._clock, tell)
        self._writer.do(recording, partial(recording.begin, kept))
        return _Call(recording, self._writer, at, lambda: self._calls.pop(leg.call_id))


class Track:
    """One leg's sound in its call's recording."""

    def __init__(self, call: _Call, part: Part) -> None:
        self._call = call
        self._part = part
        self._gathered = bytearray()
        self._samples = 0
        self._closed = False

    @property
    def reached(self) -> float:
        """The instant behind the last sample."""
        return self._part.at + self._samples / self._part.rate

    def write(self, samples: bytes) -> None:
        """Take the next 16-bit mono samples; they follow the last ones without a gap. Never waits."""
        if self._closed:
            return
        self._gathered += samples
        self._samples += len(samples) // 2
        if len(self._gathered) >= self._part.rate * 2 * BATCH_SECONDS:
            self._flush()

    def close(self) -> None:
        """The leg is over."""
        if not self._closed:
            self._flush()
            self._closed = True
            self._call.leave(self, self._part)

    def _flush(self) -> None:
        samples, self._gathered = bytes(self._gathered), bytearray()
        if samples:
            self._call.write(self._part, samples)


class _Call:
    """A call's recording as the event loop sees it, from its first track to its end."""

    def __init__(
        self, recording: CallRecording, writer: RecordingWriter, at: float, on_end: Callable[[], object]
    ) -> None:
        self._recording = recording
        self._writer = writer
        self._on_end = on_end
        self._tracks: set[Track] = set()
        self._left = at
        self._refused = False
        self._finished = False
        self._closing: asyncio.TimerHandle | None = None

    @property
    def reached(self) -> float:
        """The instant up to which the foremost track has come."""
        return max([self._left, *(track.reached for track in self._tracks)])

    def join(self, leg: Leg, rate: int, at: float, kept: bool) -> Track:
        """A track begins."""
        self._stay()
        part = Part(0 if leg.speaker == "caller" else 1, at, rate)
        track = Track(self, part)
        self._tracks.add(track)
        self._writer.do(self._recording, partial(self._recording.join, part, kept))
        return track

    def write(self, part: Part, samples: bytes) -> None:
        """A track's samples; they lead nowhere after the end."""
        if self._finished or self._refused or self._recording.over:
            return
        if self._writer.full:
            self._refused = True
            self._writer.do(self._recording, partial(self._recording.fail, "the disk is too slow"))
            return
        self._writer.do(self._recording, partial(self._recording.write, part, samples), len(samples))

    def leave(self, track: Track, part: Part) -> None:
        """A track is over; the last one's end is nearly the file's."""
        self._left = max(self._left, track.reached)
        self._tracks.discard(track)
        self._writer.do(self._recording, partial(self._recording.leave, part))
        if not self._tracks and not self._finished:
            self._closing = asyncio.get_running_loop().call_later(GRACE_SECONDS, self.finish)

    def finish(self) -> None:
        """Close the file; tracks that are still open lead nowhere."""
        self._stay()
        self._finished = True
        self._on_end()
        self._writer.do(self._recording, self._recording.finish)

    def _stay(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None
