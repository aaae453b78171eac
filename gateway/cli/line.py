"""``hotline worker --line-in``: what is said on a sound device, on standard output."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

import msgspec

from gateway.cli.common import run_until_signal
from gateway.config import Settings, zone
from gateway.errors import InputError, NeighbourError
from gateway.events import Event, Speaker, TranscriptCompleted, TranscriptFinal, TranscriptGap

if TYPE_CHECKING:
    from gateway.headset.line_in import LineIn

MOST_LINES = 10_000
"""Lines that may wait for whoever reads them; what comes then is left out, and counted."""
CLOSE_SECONDS = 5.0
"""The reader may take so long at the end."""
SIDES: dict[int, tuple[Speaker, ...]] = {1: ("caller",), 2: ("caller", "agent")}
CLEAR = "\r\x1b[K"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what only concerns a line."""
    group = command.add_argument_group("with --line-in")
    group.add_argument(
        "--channels", type=int, choices=tuple(SIDES), default=1, help="2: left the caller, right the agent"
    )
    group.add_argument("--rate", type=int, default=0, metavar="HZ", help="asked of the device (default: its own)")
    group.add_argument("--language", default="", metavar="L", help="spoken on the line (default: speech.language)")
    group.add_argument(
        "--quiet",
        type=float,
        default=20.0,
        metavar="SECONDS",
        help="a call is over when nobody has spoken for so long (default: %(default)g)",
    )
    group.add_argument("--record", action="store_true", help="record the calls, into the folder of recordings")
    group.add_argument("--json", action="store_true", help="print events, one JSON object a line")
    group.add_argument("--backend", choices=("sounddevice", "pyaudio"), default="sounddevice")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Transcribe the line until SIGINT or SIGTERM; its last words are printed first."""
    from gateway.asr.line.line import LinePlan, LineTap
    from gateway.asr.text.vocabulary_file import VocabularyFile
    from gateway.headset.device import backend
    from gateway.headset.line_in import LineIn, transcribe
    from gateway.store.recordings import RecordingRetention

    if not 1.0 <= arguments.quiet <= 600.0:
        raise InputError(f"--quiet {arguments.quiet:g} is not between 1 and 600 seconds", "The default is 20")
    plan = LinePlan(
        language=arguments.language or settings.speech.language,
        sides=SIDES[arguments.channels],
        quiet=arguments.quiet,
        record=arguments.record,
        partials=arguments.json,
    )
    write = as_json if arguments.json else readable(zone(settings.timezone), named=arguments.channels > 1)

    async def work() -> None:
        device = LineIn.choose(backend(arguments.backend), arguments.line_in, arguments.channels, arguments.rate)
        with Lines() as lines:
            tap = LineTap(settings, settings.home(), plan, device.rate, lambda e: lines.put(write(e)), time.time)
            terms = VocabularyFile(arguments.config / "vocabulary.txt", tap.teach, lambda error: None)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(transcribe(device, tap))
                tasks.create_task(terms.run())
                tasks.create_task(lines.read())
                if plan.record:
                    tasks.create_task(RecordingRetention(settings).run())
                if sys.stderr.isatty():
                    tasks.create_task(show_level(device))

    run_until_signal(work())
    return 0


def as_json(event: Event) -> str:
    """One JSON object."""
    return msgspec.json.encode(event).decode()


def readable(local: tzinfo, *, named: bool) -> Callable[[Event], str | None]:
    """Time, side if there are two (``named``), and what was said; an empty line behind each call."""

    def write(event: Event) -> str | None:
        match event:
            case TranscriptFinal():
                said = event.text
            case TranscriptGap():
                said = f"[{event.end - event.start:.1f} s not heard: {event.reason}]"
            case TranscriptCompleted():
                return ""
            case _:
                return None
        side = f"{event.speaker:<7}" if named else ""
        began = datetime.fromtimestamp(event.at - (event.end - event.start), local)
        return f"{began:%H:%M:%S}  {side}{said}"

    return write


class Lines:
    """Standard output (or another file descriptor) from a thread of its own, so that a reader who stalls stalls
    nobody's hearing.

    Used in a ``with`` block inside a running loop; its end waits until all is read, but not for ever.
    """

    def __init__(self, out: int = 1) -> None:
        self._out = out
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_LINES)
        self._unread = 0
        self._loop = asyncio.get_running_loop()
        self._gone = asyncio.Event()
        self._thread = threading.Thread(target=self._write, name="lines", daemon=True)

    def __enter__(self) -> Lines:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=CLOSE_SECONDS)
        self._thread.join(CLOSE_SECONDS)
        unread = self._unread + sum(line is not None for line in self._waiting.queue)
        if unread:
            print(f"hotline: {unread} lines were not read from standard output", file=sys.stderr)

    def put(self, line: str | None) -> None:
        """Print a line; None: nothing. Never waits."""
        if line is None:
            return
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._unread += 1

    async def read(self) -> None:
        """Until cancelled. Raises NeighbourError when nobody is left to read."""
        await self._gone.wait()
        raise NeighbourError("whoever read the words from standard output is gone")

    def _write(self) -> None:
        for line in self._taken():
            if sys.stderr.isatty():
                print(CLEAR, end="", file=sys.stderr, flush=True)
            data = f"{line}\n".encode()
            try:
                while data:
                    data = data[os.write(self._out, data) :]
            except OSError:
                self._loop.call_soon_threadsafe(self._gone.set)
                return

    def _taken(self) -> Iterator[str]:
        while (line := self._waiting.get()) is not None:
            yield line


async def show_level(device: LineIn) -> None:
    """Until cancelled, on standard error; what others print there takes the meter's place."""
    try:
        while True:
            bars = (f"{level:6.1f} dBFS |{'#' * max(0, round((level + 60) / 3)):<20}|" for level in device.levels)
            print(f"{CLEAR}{'  '.join(bars)}\r", end="", file=sys.stderr, flush=True)
            await asyncio.sleep(0.2)
    finally:
        print(CLEAR, end="", file=sys.stderr, flush=True)
