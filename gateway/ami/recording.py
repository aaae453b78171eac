"""``hotline serve --record-ami``: every event of one PBX in a file, written beside the loop and never in its way."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
from collections import deque
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway.ami.trace import TraceWriter
from gateway.errors import InputError

log = logging.getLogger(__name__)

MOST_WAITING = 50_000
"""Events that may wait for the disk; further ones are left out and counted."""
GATHER = 0.2
"""Seconds in which events gather before they are written."""
LONGEST_LINE = 1 << 20


class Recording:
    """A trace (see ``gateway.ami.trace``) that grows: personal data, so only its owner may read the file.

    What cannot be written, as on a full disk, is left out and counted; the log says so once, and once when it goes
    on. A line is in the file whole or not at all.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, to append to it. Raises InputError when it cannot be written."""
        self.path = path
        self.left_out = 0
        """Events that are not in the file."""
        self._failing = False
        self._waiting: deque[tuple[Mapping[str, str], float]] = deque()
        self._news = asyncio.Event()
        try:
            self._file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            os.fchmod(self._file, 0o600)
            _end_with_a_line(self._file)
        except OSError as error:
            raise InputError(
                f"AMI recording: {path} cannot be written: {error.strerror}", "Name a file in a folder of the gateway's"
            ) from error

    def write(self, headers: Mapping[str, str], received: float) -> None:
        """Take one event, whose headers do not change any more. Does not wait."""
        if len(self._waiting) >= MOST_WAITING:
            self.left_out += 1
            return
        self._waiting.append((headers, received))
        self._news.set()

    async def run(self) -> None:
        """Write what comes, until cancelled; then the rest of it."""
        loop = asyncio.get_running_loop()
        try:
            with ThreadPoolExecutor(1, "ami-recording") as thread:
                try:
                    while True:
                        await self._news.wait()
                        await asyncio.sleep(GATHER)
                        self._news.clear()
                        await loop.run_in_executor(thread, self._append, self._taken())
                finally:
                    thread.submit(self._append, self._taken())
        finally:
            os.close(self._file)

    def _taken(self) -> list[tuple[Mapping[str, str], float]]:
        taken = list(self._waiting)
        self._waiting.clear()
        return taken

    def _append(self, events: list[tuple[Mapping[str, str], float]]) -> None:
        """In a thread."""
        text = io.BytesIO()
        writer = TraceWriter(text)
        for headers, received in events:
            writer.write(headers, received)
        before = os.fstat(self._file).st_size
        try:
            rest = memoryview(text.getvalue())
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, before)
            self.left_out += len(events)
            if not self._failing:
                log.warning("AMI recording: %s cannot be written: %s; events are left out", self.path, error.strerror)
            self._failing = True
        else:
            if self._failing and events:
                log.warning("AMI recording: %s goes on; %d events are left out", self.path, self.left_out)
                self._failing = False


def recording_path(path: Path, pbx: str) -> Path:
    """The file of one PBX: ``path`` itself for the only one, else with the PBX's name before its suffix."""
    return path.with_name(f"{path.stem}.{pbx}{path.suffix}") if pbx else path


def _end_with_a_line(file: int) -> None:
    """A crash may have cut the last line: leave it out."""
    size = os.fstat(file).st_size
    last = os.pread(file, min(size, LONGEST_LINE), max(0, size - LONGEST_LINE))
    cut = len(last) - (last.rfind(b"\n") + 1)
    if cut:
        os.ftruncate(file, size - cut)
