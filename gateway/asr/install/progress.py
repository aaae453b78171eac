"""How far a download is: one line that is rewritten on a terminal, one line each tenth in a log."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

REDRAW_SECONDS = 0.2
SPEED_SECONDS = 15.0
"""The speed shown is the mean over so long: a bad line comes in bursts."""
UNKNOWN_STEP = 50_000_000
"""Bytes between two lines in a log when the whole length is not known."""
_MB = 1_000_000


def say(line: str) -> None:
    """A line of progress, on standard error."""
    print(line, file=sys.stderr, flush=True)


class Progress:
    """Progress of one file from ``start`` bytes to ``total`` (None: not known).

    ``clock`` gives seconds; ``out`` is standard error unless given.
    """

    def __init__(
        self,
        label: str,
        start: int,
        total: int | None,
        out: TextIO | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._label = label
        self._total = total
        self._out = out or sys.stderr
        self._rewrites = self._out.isatty()
        self._clock = clock
        self._samples = deque([(clock(), start)])
        self._shown = self._tenth(start)
        self._drawn: float | None = None

    def moved(self, done: int) -> None:
        """``done`` bytes of the file are here."""
        now = self._clock()
        self._samples.append((now, done))
        while len(self._samples) > 2 and self._samples[1][0] <= now - SPEED_SECONDS:
            self._samples.popleft()
        if self._rewrites:
            if self._drawn is None or now - self._drawn >= REDRAW_SECONDS:
                self._drawn = now
                print(f"\r{self.line()}\x1b[K", end="", file=self._out, flush=True)
        elif (tenth := self._tenth(done)) > self._shown:
            self._shown = tenth
            print(self.line(), file=self._out, flush=True)

    def end(self) -> None:
        """No more comes, for whatever reason: leave the line."""
        if self._drawn is not None:
            self._drawn = None
            print(f"\r{self.line()}\x1b[K", file=self._out, flush=True)

    def line(self) -> str:
        """``vosk-cn: 512 of 1300 MB (39 %), 2.3 MB/s, 5 min 42 s left``."""
        (then, before), (now, done) = self._samples[0], self._samples[-1]
        speed = (done - before) / (now - then) if now > then else 0.0
        if self._total is None:
            amount = f"{done / _MB:.0f} MB"
        else:
            amount = f"{done / _MB:.0f} of {self._total / _MB:.0f} MB ({done * 100 // max(self._total, 1)} %)"
        parts = [f"{self._label}: {amount}"]
        if speed > 0:
            parts.append(f"{speed / _MB:.1f} MB/s" if speed >= _MB / 10 else f"{speed / 1000:.0f} kB/s")
            if self._total is not None and done < self._total:
                parts.append(f"{duration((self._total - done) / speed)} left")
        return ", ".join(parts)

    def _tenth(self, done: int) -> int:
        return done // UNKNOWN_STEP if self._total is None else done * 10 // max(self._total, 1)


def duration(seconds: float) -> str:
    """``42 s``, ``5 min 42 s``, ``3 h 05 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
