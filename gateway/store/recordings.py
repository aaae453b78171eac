"""Recordings are removed when their days are over, a day's folder at a time.

A day goes when all of it is older than ``recording.days``. Files that only served transcription and were left behind
(the gateway was killed) go after a day. Other people's files and folders stay.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from datetime import date, datetime, timedelta
from pathlib import Path

from msgspec import Struct

from gateway.asr.recordings import recording_files
from gateway.config import Settings, zone
from gateway.store.retention import DAY, next_purge

UNKEPT_DAYS = 1.0

log = logging.getLogger(__name__)


class RemovedRecordings(Struct, frozen=True):
    """Files removed, or with ``dry_run`` to be removed, and their bytes; ``failed``: those that could not be."""

    files: int
    size: int
    failed: int = 0
    dry_run: bool = False


class RecordingRetention:
    """Removes what is older than ``settings.recording.days``; those of ``settings.recordings()``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def run(self) -> None:
        """Purge every day at ``store.purge_hour``, until cancelled."""
        stop = threading.Event()
        try:
            while True:
                now = time.time()
                await asyncio.sleep(next_purge(self._settings, now) - now)
                removed = await asyncio.to_thread(self.purge, time.time(), stop=stop)
                log.info("purged %d recordings", removed.files)
        finally:
            stop.set()

    def purge(
        self, now: float, days: float | None = None, *, dry_run: bool = False, stop: threading.Event | None = None
    ) -> RemovedRecordings:
        """Remove what is older than ``days`` (as set, if None) at ``now`` (Unix seconds), or count it; ends early at
        ``stop``.
        """
        days = self._settings.recording.days if days is None else days
        files = size = failed = 0
        for day, folder in recording_files.days(self._settings.recordings()):
            age = (now - self._end(day)) / DAY
            for path in recording_files.recordings_of(folder):
                if stop is not None and stop.is_set():
                    break
                if age < (min(UNKEPT_DAYS, days) if recording_files.is_unkept(path) else days):
                    continue
                try:
                    length = path.stat().st_size
                    if not dry_run:
                        path.unlink()
                except FileNotFoundError:
                    continue  # another process purges the same folder
                except OSError as error:
                    log.warning("a recording cannot be removed: %s: %s", path, error.strerror)
                    failed += 1
                else:
                    files, size = files + 1, size + length
            if not dry_run and age >= days:
                _remove_empty(folder)
        return RemovedRecordings(files, size, failed, dry_run)

    def _end(self, day: date) -> float:
        """The instant at which the day is over."""
        return datetime.combine(day + timedelta(days=1), datetime.min.time(), zone(self._settings.timezone)).timestamp()


def _remove_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
