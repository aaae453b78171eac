"""The thread that writes the recordings of a worker, and what becomes of a file that the disk refuses."""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from collections.abc import Callable

from gateway.asr.recordings.call_recording import FAILURES, CallRecording

log = logging.getLogger(__name__)

MOST_WAITING = 16_000_000
"""Bytes of sound that may wait for the disk: a thousand seconds of one leg at 8 kHz."""
ROOM_SECONDS = 5.0
"""Between two looks at the room on the disk."""
END_SECONDS = 10.0
"""The disk may take so long at the end."""


class RecordingWriter:
    """Does the steps of all recordings in order; the first that fails ends its recording."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._steps: queue.SimpleQueue[tuple[CallRecording, Callable[[], None], int] | None] = queue.SimpleQueue()
        self._living: set[CallRecording] = set()
        self._looked = clock()
        # Two counters, each of one thread.
        self._handed = 0
        self._taken = 0
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        """The disk is too slow for any more."""
        return self._handed - self._taken >= MOST_WAITING

    def do(self, recording: CallRecording, step: Callable[[], None], size: int = 0) -> None:
        """Have the step done, with so many bytes of sound in it. Never waits."""
        self._handed += size
        self._steps.put((recording, step, size))

    async def end(self) -> None:
        """Wait for what was handed in, and end the thread."""
        self._steps.put(None)
        await asyncio.to_thread(self._thread.join, END_SECONDS)
        if self._thread.is_alive():
            log.error("recordings are not written to their end: the disk does not answer")

    def _run(self) -> None:
        while (item := self._steps.get()) is not None:
            recording, step, size = item
            self._taken += size
            self._try(recording, step)
            self._look_at_room()

    def _try(self, recording: CallRecording, step: Callable[[], None]) -> None:
        if recording.over:
            return
        self._living.add(recording)
        try:
            step()
        except FAILURES as error:
            recording.fail(error.strerror or str(error))
        except Exception as error:
            # The files of other calls must go on, whatever a library thinks of this one.
            log.exception("a recording failed")
            recording.fail(type(error).__name__)
        if recording.over:
            self._living.discard(recording)

    def _look_at_room(self) -> None:
        now = self._clock()
        if abs(now - self._looked) >= ROOM_SECONDS:
            self._looked = now
            for recording in tuple(self._living):
                self._try(recording, recording.check_room)
