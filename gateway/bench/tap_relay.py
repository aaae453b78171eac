"""A relay between the PBX and what listens to it, which keeps a copy of what every tapped leg sounded like.

The gateway reaches AMI through it. In the order to open a tap it puts its own address in place of the worker's; so
Asterisk connects here, and the relay passes every byte on to the worker and back, unchanged. Neither side knows.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, TypeAlias

from gateway.asr.audiosocket import FRAME_SECONDS, SAMPLE_BYTES, Audio, FrameDecoder, Identify
from gateway.errors import ProtocolError

Forward: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
RATE = 8000
READ_BYTES = 8192
LATE_SECONDS = 0.3
"""Audio this late had silence before it, in whole frames, as the worker takes it: a leg without audio sends nothing."""
ORDER = re.compile(
    rb"(?P<head>Channel: AudioSocket/)(?P<host>[^/\r\n]+):(?P<port>\d+)(?P<rest>/(?P<tap>[0-9a-fA-F-]{36})/)"
)
SPIED = re.compile(rb"^Data: (?P<channel>[^,\r\n]+)", re.MULTILINE)


class Tape:
    """What one tap was sent: 16-bit mono ``samples`` at 8000 Hz, the first of them heard at ``opened`` (Unix seconds).

    ``channel`` is the leg's name in Asterisk.
    """

    def __init__(self, channel: str, opened: float) -> None:
        self.channel = channel
        self.opened = opened
        self.samples = bytearray()

    @property
    def seconds(self) -> float:
        """Its length so far."""
        return len(self.samples) / SAMPLE_BYTES / RATE

    def hear(self, audio: Audio, now: float) -> None:
        """Take what arrived at ``now``. Raises ProtocolError for another rate than the telephone's."""
        if audio.rate != RATE:
            raise ProtocolError(f"a tap at {audio.rate} Hz, where {RATE} Hz was asked for")
        late = now - audio.seconds - self.opened - self.seconds
        if late > LATE_SECONDS:
            self.samples += bytes(int(late / FRAME_SECONDS) * int(FRAME_SECONDS * RATE) * SAMPLE_BYTES)
        self.samples += audio.samples

    def between(self, start: float, end: float) -> bytes:
        """The samples heard from ``start`` to ``end`` (Unix seconds), as far as there are any."""
        first, last = (max(0, round((at - self.opened) * RATE)) * SAMPLE_BYTES for at in (start, end))
        return bytes(self.samples[first:last])


class TapRelay:
    """An async context manager: the gateway finds AMI at ``ami_port`` of the loopback; ``tapes`` grows by a tap."""

    def __init__(self, host: str, ami_port: int) -> None:
        self.tapes: list[Tape] = []
        self._ami = (host, ami_port)
        self._ordered: dict[str, tuple[tuple[str, int], str]] = {}
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._servers = [
            await asyncio.start_server(serve, "127.0.0.1", 0) for serve in (self._serve_ami, self._serve_tap)
        ]
        self.ami_port, self._tap_port = (server.sockets[0].getsockname()[1] for server in self._servers)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def _serve_ami(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._connect(self._ami, reader, writer, self._pass_orders)

    async def _pass_orders(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                writer.write(self._divert(await reader.readuntil(b"\r\n\r\n")))
                await writer.drain()

    def _divert(self, action: bytes) -> bytes:
        """An order to open a tap, with this relay's address in it; any other action as it is."""
        order, spied = ORDER.search(action), SPIED.search(action)
        if order is None or spied is None:
            return action
        worker = (order["host"].decode(), int(order["port"]))
        self._ordered[order["tap"].decode().lower()] = (worker, spied["channel"].decode())
        return ORDER.sub(rb"\g<head>127.0.0.1:%d\g<rest>" % self._tap_port, action)

    async def _serve_tap(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        decoder = FrameDecoder()
        data = await reader.read(READ_BYTES)
        frames = decoder.feed(data)
        first = next(frames, None)
        if not isinstance(first, Identify) or first.uuid not in self._ordered:
            writer.close()
            return
        worker, channel = self._ordered.pop(first.uuid)
        tape = Tape(channel, time.time())
        self.tapes.append(tape)

        async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            nonlocal data, frames
            while data:
                target.write(data)
                for frame in frames:
                    if isinstance(frame, Audio):
                        tape.hear(frame, time.time())
                await target.drain()
                data = await source.read(READ_BYTES)
                frames = decoder.feed(data)

        await self._connect(worker, reader, writer, copy)

    async def _connect(
        self,
        target: tuple[str, int],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        forth: Forward,
    ) -> None:
        """Pass on to ``target`` by ``forth``, and back as it comes, until either side ends."""
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        far_reader, far_writer = await asyncio.open_connection(*target)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_through(forth, reader, far_writer))
                both.create_task(_through(_pass, far_reader, writer))
        finally:
            far_writer.close()
            writer.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(READ_BYTES):
        writer.write(data)
        await writer.drain()


async def _through(forward: Forward, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One direction; its end is the other side's end too, after what was on its way."""
    with contextlib.suppress(ConnectionError):
        await forward(reader, writer)
    writer.close()
