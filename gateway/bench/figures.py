"""What measurements share: percentiles, the processor time of a process, and helper processes."""

from __future__ import annotations

import asyncio
import math
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from msgspec import Struct

from gateway.asr.local import import_path
from gateway.errors import NeighbourError

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


def cpu_seconds(pid: int) -> float:
    """Processor time a living process has used, all its threads, user and system (Linux, proc(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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
