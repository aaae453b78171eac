"""Raw recording of a tapped leg: one WAV file, readable by its owner only, written off the event loop."""

from __future__ import annotations

import logging
import os
import threading
import wave
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

log = logging.getLogger(__name__)

BLOCK_SECONDS = 1
MAX_WAITING = 30
"""Blocks that may wait for the disk; when there are more the recording ends, and says so."""


class LegRecording:
    """``<folder>/<tap_id>.wav``, 16-bit mono, with the leg's gaps as silence, so that its seconds are the leg's."""

    def __init__(self, folder: Path, tap_id: str, rate: int) -> None:
        self._path = folder / f"{tap_id}.wav"
        self._rate = rate
        self._block = bytearray()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="recording")
        self._room = threading.BoundedSemaphore(MAX_WAITING)
        self._failed = False
        self._file: BinaryIO | None = None
        self._wave: wave.Wave_write | None = None
        self._submit(self._open)

    def write(self, samples: bytes) -> None:
        """Take the next samples. Never waits."""
        self._block += samples
        if len(self._block) >= self._rate * 2 * BLOCK_SECONDS:
            self._flush()

    def close(self) -> None:
        """Write what is left and end the file, in the background."""
        self._flush()
        self._writer.submit(self._end)
        self._writer.shutdown(wait=False)

    def _flush(self) -> None:
        block, self._block = bytes(self._block), bytearray()
        self._submit(lambda: self._append(block))

    def _submit(self, step: Callable[[], None]) -> None:
        if self._failed:
            return
        if not self._room.acquire(blocking=False):
            self._give_up("the disk is too slow")
            return
        self._writer.submit(self._guarded, step)

    def _guarded(self, step: Callable[[], None]) -> None:
        try:
            step()
        except OSError as error:
            self._give_up(error.strerror or type(error).__name__)
        finally:
            self._room.release()

    def _give_up(self, reason: str) -> None:
        self._failed = True
        log.error("recording of a leg ended early: %s", reason)

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = os.fdopen(os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb")
        self._wave = wave.Wave_write(self._file)
        self._wave.setnchannels(1)
        self._wave.setsampwidth(2)
        self._wave.setframerate(self._rate)

    def _append(self, block: bytes) -> None:
        if self._wave is not None:
            self._wave.writeframes(block)

    def _end(self) -> None:
        if self._wave is not None and self._file is not None:
            self._wave.close()
            self._file.close()
