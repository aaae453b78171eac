"""What measurements share: percentiles, the processor time of a process, and helper processes."""

from __future__ import annotations

import asyncio
import math
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from msgspec import Struct

from gateway.asr.local import import_path
from gateway.errors import NeighbourError

T = TypeVar("T")

START_SECONDS = 60.0
STOP_SECONDS = 10.0


class Percentiles(Struct, frozen=True):
    """Of ``count`` values, in their unit; None where there was no value."""

    count: int
    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


def percentiles(values: Sequence[float]) -> Percentiles:
    """By nearest rank: each figure is one of the values."""
    ordered = sorted(values)

    def rank(share: float) -> float | None:
        return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None

    return Percentiles(len(ordered), rank(0.5), rank(0.95), rank(0.99), rank(1.0))


def ratio(ours: float | None, reference: float | None) -> float | None:
    """``ours / reference``; None when either is missing or the reference is nothing."""
    return ours / reference if ours is not None and reference else None


class Machine(Struct, frozen=True):
    """What else had the processors' time: load averages of one minute before and after the measurement."""

    cores: int
    load_before: float
    load_after: float


class Load:
    """Taken before a measurement; ``machine()`` after it."""

    def __init__(self) -> None:
        self._before = os.getloadavg()[0]

    def machine(self) -> Machine:
        """Now that the measurement is over."""
        return Machine(len(os.sched_getaffinity(0)), round(self._before, 2), round(os.getloadavg()[0], 2))


async def within(work: Awaitable[T], seconds: float, what: str) -> T:
    """Wait for it. Raises NeighbourError, ``what`` and the seconds, when it takes longer."""
    try:
        return await asyncio.wait_for(work, seconds)
    except TimeoutError:
        raise NeighbourError(f"{what} within {seconds:g} s", "Measure less, or on a machine with less to do") from None


def cpu_seconds(pid: int) -> float:
    """Processor time a living process has used, all its threads, user and system (Linux, proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_bytes(pid: int | None = None) -> int:
    """Memory of a process, of this one by default, that is in RAM (Linux, proc(5))."""
    fields = Path(f"/proc/{pid or 'self'}/statm").read_text(encoding="utf-8").split()
    return int(fields[1]) * os.sysconf("SC_PAGE_SIZE")


def peak_bytes(pid: int) -> int:
    """The most memory that a living process has had in RAM (Linux, proc(5))."""
    return _kilobytes(Path(f"/proc/{pid}/status"), "VmHWM") * 1024


def proportional_bytes(pid: int) -> int:
    """Memory of a process in RAM, pages shared with others counted in part (Linux, proc(5))."""
    return _kilobytes(Path(f"/proc/{pid}/smaps_rollup"), "Pss") * 1024


def _kilobytes(path: Path, name: str) -> int:
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)


class Helper:
    """A helper process that has said it is ready; ``hello`` is its first line, ``lines`` are the ones after it."""

    def __init__(self, process: asyncio.subprocess.Process, output: asyncio.StreamReader, hello: str) -> None:
        self.pid = process.pid
        self.hello = hello
        self._output = output

    async def lines(self) -> AsyncIterator[bytes]:
        """Every further line of its standard output."""
        while line := await self._output.readline():
            yield line


@asynccontextmanager
async def helper(module: str, *arguments: str) -> AsyncIterator[Helper]:
    """Run ``python -m module``, which ends with its standard input. Raises NeighbourError when it does not start."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": import_path()},
    )
    try:
        if process.stdout is None:
            raise NeighbourError(f"{module} has no output")
        async with asyncio.timeout(START_SECONDS):
            hello = (await process.stdout.readline()).decode().strip()
        if not hello:
            raise NeighbourError(f"{module} ended while starting")
        yield Helper(process, process.stdout, hello)
    except TimeoutError as error:
        raise NeighbourError(f"{module} was not ready within {START_SECONDS:g} s") from error
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()


async def parent_gone() -> None:
    """In a helper process: wait for the end of standard input, which is the parent's."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
