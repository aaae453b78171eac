"""One line that is rewritten on a terminal, a line each tenth in a log."""

from __future__ import annotations

import io

from gateway.asr.install.progress import Progress, duration

MB = 1_000_000


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def fetch(progress: Progress, clock: Clock, start: int, total: int, speed: float = 1 * MB) -> None:
    for done in range(start, total + 1, MB // 2):
        progress.moved(done)
        clock.now += MB / 2 / speed
    progress.end()


def test_a_log_gets_a_line_each_tenth() -> None:
    out, clock = io.StringIO(), Clock()
    fetch(Progress("vosk-cn", 0, 1300 * MB, out, clock), clock, 0, 1300 * MB)
    lines = out.getvalue().splitlines()
    assert len(lines) == 10
    assert lines[0] == "vosk-cn: 130 of 1300 MB (10 %), 1.0 MB/s, 19 min 30 s left"
    assert lines[-1] == "vosk-cn: 1300 of 1300 MB (100 %), 1.0 MB/s"


def test_a_resumed_one_goes_on_with_its_tenth_and_counts_its_own_speed() -> None:
    out, clock = io.StringIO(), Clock()
    fetch(Progress("m", 950 * MB, 1000 * MB, out, clock), clock, 950 * MB, 1000 * MB, speed=50_000)
    assert out.getvalue() == "m: 1000 of 1000 MB (100 %), 50 kB/s\n"


def test_a_terminal_has_one_line_that_is_rewritten() -> None:
    out, clock = Terminal(), Clock()
    fetch(Progress("m", 0, 20 * MB, out, clock), clock, 0, 20 * MB)
    assert out.getvalue().count("\n") == 1
    drawn = out.getvalue().removesuffix("\n").split("\r")
    assert all(line.endswith("\x1b[K") for line in drawn[1:])
    assert drawn[-1] == "m: 20 of 20 MB (100 %), 1.0 MB/s\x1b[K"
    assert len(drawn) > 20


def test_without_a_known_length() -> None:
    out, clock = io.StringIO(), Clock()
    fetch(Progress("m", 0, None, out, clock), clock, 0, 120 * MB)
    assert out.getvalue().splitlines() == ["m: 50 MB, 1.0 MB/s", "m: 100 MB, 1.0 MB/s"]


def test_the_speed_is_that_of_the_last_seconds() -> None:
    out, clock = io.StringIO(), Clock()
    progress = Progress("m", 0, 1000 * MB, out, clock)
    fetch(progress, clock, 0, 500 * MB, speed=10 * MB)
    fetch(progress, clock, 500 * MB, 600 * MB, speed=1 * MB)
    assert progress.line() == "m: 600 of 1000 MB (60 %), 1.0 MB/s, 6 min 40 s left"


def test_durations() -> None:
    assert [duration(s) for s in (0.4, 59, 61, 3599.6, 11_100)] == [
        "0 s",
        "59 s",
        "1 min 01 s",
        "1 h 00 min",
        "3 h 05 min",
    ]
