"""The AudioSocket listener: lets in only the taps the core announced, each once, and runs their legs.

AudioSocket has no authentication. A UUID that was not announced, was used before, or comes too late is closed at
once and counted; so is a connection that breaks the protocol. Others are untouched.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator

from gateway.asr.audiosocket import Frame, FrameDecoder, Identify
from gateway.asr.leg import READ_BYTES, TappedLeg
from gateway.asr.protocol import ExpectTap, FromWorker, LegClosed
from gateway.errors import NeighbourError, ProtocolError

log = logging.getLogger(__name__)

IDENTIFY_TIMEOUT = 3.0
"""Seconds a connection has for its UUID frame."""
ANNOUNCE_TIMEOUT = 1.0
"""Seconds in which the core's word of a tap may come after Asterisk's connection."""
MAX_UNIDENTIFIED = 64
MAX_REMEMBERED = 10_000
"""Taps remembered after their time, to tell a repeated or expired UUID from an unknown one."""


class RefusedError(ProtocolError):
    """A connection that is not let in. ``reason`` is the counter it goes under."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"AudioSocket connection refused: {reason}")
        self.reason = reason


class TapListener:
    """``open_leg`` makes the leg of an announced tap; ``send`` tells the core of taps that never came."""

    def __init__(
        self,
        open_leg: Callable[[ExpectTap], TappedLeg],
        send: Callable[[FromWorker], None],
        clock: Callable[[], float],
        capacity: int,
    ) -> None:
        self.refused: Counter[str] = Counter()
        self.legs: dict[str, TappedLeg] = {}
        self._open_leg = open_leg
        self._send = send
        self._clock = clock
        self._capacity = capacity
        self._expected: dict[str, tuple[ExpectTap, asyncio.TimerHandle]] = {}
        self._past: OrderedDict[str, str] = OrderedDict()
        self._unidentified = 0
        self._asked: dict[str, asyncio.Event] = {}
        self._server: asyncio.Server | None = None
        self._running: set[asyncio.Task[None]] = set()

    async def start(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address taken. Raises NeighbourError when it is not to be had."""
        try:
            self._server = await asyncio.start_server(self._connected, host, port, limit=READ_BYTES * 2)
        except OSError as error:
            raise NeighbourError(
                f"cannot listen for AudioSocket on {host}:{port}: {error.strerror}",
                "Set speech.audiosocket_host and audiosocket_port",
            ) from error
        address = self._server.sockets[0].getsockname()
        return address[0], address[1]

    def expect(self, tap: ExpectTap) -> None:
        """Let this tap in, once, within its seconds."""
        if tap.tap_id in self._expected or tap.tap_id in self._past:
            return
        timer = asyncio.get_running_loop().call_later(tap.within, self._forget, tap.tap_id, "expired")
        self._expected[tap.tap_id] = (tap, timer)
        if tap.tap_id in self._asked:
            self._asked[tap.tap_id].set()

    def close_tap(self, tap_id: str) -> None:
        """End the tap's leg, or stop waiting for it."""
        if tap_id in self.legs:
            self.legs[tap_id].stop("closed")
        else:
            self._forget(tap_id, "cancelled")

    def take_no_more(self) -> None:
        """Leave the port to others; the living legs go on."""
        if self._server is not None:
            self._server.close()
        for tap_id in list(self._expected):
            self._forget(tap_id, "shutdown")

    async def last_leg(self) -> None:
        """Wait until no leg is heard any more."""
        while self._running:
            await asyncio.wait(self._running)

    async def close(self) -> None:
        """Take no more connections and end all legs, each after its last words."""
        self.take_no_more()
        for leg in list(self.legs.values()):
            leg.stop("shutdown")
        await self.last_leg()

    def _forget(self, tap_id: str, reason: str) -> None:
        entry = self._expected.pop(tap_id, None)
        if entry is None:
            return
        entry[1].cancel()
        self._remember(tap_id, "expired")
        self._send(never_opened(tap_id, self._clock(), reason))

    def _remember(self, tap_id: str, fate: str) -> None:
        self._past[tap_id] = fate
        if len(self._past) > MAX_REMEMBERED:
            self._past.popitem(last=False)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        try:
            await self._serve(reader, writer)
        except RefusedError as error:
            self.refused[error.reason] += 1
            log.warning("%s", error)
        except ProtocolError as error:
            self.refused["bad_frame"] += 1
            log.warning("%s; its connection was closed", error)
        except OSError as error:
            self.refused["connection_lost"] += 1
            log.warning("AudioSocket connection lost before its UUID: %s", error.strerror)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _keep_alive(writer)
        decoder = FrameDecoder()
        if self._unidentified >= MAX_UNIDENTIFIED:
            raise RefusedError("too_many_unidentified")
        self._unidentified += 1
        try:
            async with asyncio.timeout(IDENTIFY_TIMEOUT):
                first, rest = await _first_frame(reader, decoder)
            tap = await self._admit(first)
        except TimeoutError as error:
            raise RefusedError("no_uuid") from error
        finally:
            self._unidentified -= 1
        leg = self.legs[tap.tap_id] = self._open_leg(tap)
        try:
            await leg.run(reader, writer, decoder, rest)
        finally:
            del self.legs[tap.tap_id]

    async def _admit(self, frame: Frame) -> ExpectTap:
        if not isinstance(frame, Identify):
            raise RefusedError("no_uuid")
        known = frame.uuid in self._expected or frame.uuid in self._past
        if not known:
            await self._wait_announced(frame.uuid)
        if frame.uuid not in self._expected:
            raise RefusedError(self._past.get(frame.uuid, "unknown"))
        if len(self.legs) >= self._capacity:
            raise RefusedError("full")
        tap, timer = self._expected.pop(frame.uuid)
        timer.cancel()
        self._remember(frame.uuid, "repeated")
        return tap

    async def _wait_announced(self, uuid: str) -> None:
        announced = self._asked.setdefault(uuid, asyncio.Event())
        try:
            async with asyncio.timeout(ANNOUNCE_TIMEOUT):
                await announced.wait()
        except TimeoutError:
            return
        finally:
            self._asked.pop(uuid, None)


def never_opened(tap_id: str, at: float, reason: str) -> LegClosed:
    """The end of a tap that never connected: nothing was heard."""
    return LegClosed(
        tap_id=tap_id,
        at=at,
        expected=0.0,
        heard=0.0,
        lost=0.0,
        transcribed=0.0,
        engine="",
        model="",
        reason=reason,
    )


async def _first_frame(reader: asyncio.StreamReader, decoder: FrameDecoder) -> tuple[Frame, Iterator[Frame]]:
    """The first frame, and those that came with it."""
    while True:
        data = await reader.read(READ_BYTES)
        if not data:
            decoder.finish()
            raise RefusedError("no_uuid")
        frames = decoder.feed(data)
        for frame in frames:
            return frame, frames


def _keep_alive(writer: asyncio.StreamWriter) -> None:
    """Notice a PBX that vanished: a leg without audio is silent, so silence alone proves nothing."""
    connection: socket.socket = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 15)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
