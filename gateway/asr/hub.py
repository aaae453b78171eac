"""The core's end of the workers' lines: who is there, what they can do, and which of them takes a tap."""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Callable

import msgspec
from aiohttp import WSMsgType, web
from msgspec import Struct

from gateway.asr.protocol import (
    CloseTap,
    Engine,
    ExpectTap,
    FromWorker,
    Hello,
    Leg,
    LegClosed,
    LegOpened,
    Load,
    ToWorker,
    Welcome,
)
from gateway.asr.transcript import WORKER_LOST

log = logging.getLogger(__name__)

NOWHERE = Leg(call_id="", speaker="caller", arrived=0.0)
HELLO_TIMEOUT = 5.0
SEND_TIMEOUT = 2.0
HEARTBEAT = 10.0
RETURN_SECONDS = 5.0
"""Seconds a worker whose line broke has to dial again before its taps are given up."""
MAX_MESSAGE_BYTES = 65_536


class WorkerState(Struct, frozen=True):
    """One worker as a page shows it. ``lag``: seconds its slowest decoder is behind."""

    worker_id: str
    connected: bool
    audiosocket: str
    engines: tuple[Engine, ...]
    legs: int
    capacity: int
    lag: float
    refused: dict[str, int]


class _Worker:
    def __init__(self, hello: Hello, socket: web.WebSocketResponse) -> None:
        self.hello = hello
        self.socket: web.WebSocketResponse | None = socket
        self.load = Load(legs=0, lag=0.0, refused={})
        self.taps: dict[str, float | None] = {}
        self.last_word = 0.0
        self.gone: asyncio.TimerHandle | None = None


class WorkerHub:
    """Mount ``handle`` at ``/workers``. ``sink(worker_id, message)`` gets every message, in order, and never awaits.

    When a worker is lost, the sink gets a LegClosed with reason ``worker_lost`` for each of its taps.
    ``clock`` gives Unix seconds.
    """

    def __init__(
        self, token: str, sink: Callable[[str, FromWorker], None], clock: Callable[[], float] = time.time
    ) -> None:
        self._token = token
        self._sink = sink
        self._clock = clock
        self._workers: dict[str, _Worker] = {}
        self._changed = asyncio.Condition()
        self._closed = False

    def engines(self) -> dict[str, Engine]:
        """What is transcribed now, by language."""
        found: dict[str, Engine] = {}
        for worker in self._connected():
            for engine in worker.hello.engines:
                found.setdefault(engine.language, engine)
        return found

    def workers(self) -> list[WorkerState]:
        """Every worker that is there, or may still come back."""
        return [
            WorkerState(
                worker_id,
                w.socket is not None,
                w.hello.audiosocket,
                w.hello.engines,
                len(w.taps),
                w.hello.capacity,
                w.load.lag,
                w.load.refused,
            )
            for worker_id, w in self._workers.items()
        ]

    async def wait_for(self, language: str, timeout: float) -> bool:
        """Wait until some worker transcribes ``language``; False if none does within ``timeout`` seconds."""
        try:
            async with asyncio.timeout(timeout), self._changed:
                await self._changed.wait_for(lambda: language in self.engines())
        except TimeoutError:
            return False
        return True

    async def expect(self, tap_id: str, language: str, leg: Leg = NOWHERE) -> str | None:
        """Announce the tap to the least loaded worker that has the language.

        Returns ``host:port`` for Asterisk to connect to, or None when no worker can take it.
        """
        able = [w for w in self._connected() if any(e.language == language for e in w.hello.engines)]
        for worker in sorted(able, key=lambda w: (len(w.taps) / w.hello.capacity, w.load.lag)):
            if len(worker.taps) >= worker.hello.capacity:
                continue
            worker.taps[tap_id] = None
            if await _say(worker, ExpectTap(tap_id=tap_id, language=language, leg=leg)):
                return worker.hello.audiosocket
            worker.taps.pop(tap_id, None)
        return None

    async def close_tap(self, tap_id: str) -> None:
        """The leg is gone or no longer wanted; its worker flushes it, and LegClosed follows."""
        for worker in self._workers.values():
            if tap_id in worker.taps:
                await _say(worker, CloseTap(tap_id=tap_id))

    async def close(self) -> None:
        """The gateway ends: close all lines. Workers keep their words for the next one."""
        self._closed = True
        for worker in list(self._workers.values()):
            if worker.gone is not None:
                worker.gone.cancel()
            if worker.socket is not None:
                await worker.socket.close()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one worker's WebSocket. Raises HTTPUnauthorized for a wrong token."""
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if not self._token or not hmac.compare_digest(given.encode(), self._token.encode()):
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_MESSAGE_BYTES)
        await socket.prepare(request)
        try:
            hello = await _first_message(socket)
        except (TimeoutError, TypeError, msgspec.MsgspecError) as error:
            log.warning("a worker did not say hello (%s)", type(error).__name__)
            await socket.close(code=1002)
            return socket
        worker = self._enter(hello, socket)
        try:
            await _say(worker, Welcome(core="hotline"))
            async with self._changed:
                self._changed.notify_all()
            await self._listen(hello.worker_id, worker, socket)
        finally:
            if worker.socket is socket and not self._closed:
                worker.socket = None
                log.warning("worker %s: its line is down", hello.worker_id)
                loop = asyncio.get_running_loop()
                worker.gone = loop.call_later(RETURN_SECONDS, self._lose, hello.worker_id)
        return socket

    def _connected(self) -> list[_Worker]:
        return [w for w in self._workers.values() if w.socket is not None]

    def _enter(self, hello: Hello, socket: web.WebSocketResponse) -> _Worker:
        """A new worker, or one that is back with its taps."""
        worker = self._workers.get(hello.worker_id)
        if worker is None:
            worker = self._workers[hello.worker_id] = _Worker(hello, socket)
        else:
            if worker.gone is not None:
                worker.gone.cancel()
            worker.hello, worker.socket, worker.gone = hello, socket, None
        worker.last_word = self._clock()
        log.info("worker %s: %s", hello.worker_id, ", ".join(f"{e.language} by {e.model}" for e in hello.engines))
        self._sink(hello.worker_id, hello)
        return worker

    async def _listen(self, worker_id: str, worker: _Worker, socket: web.WebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            try:
                message = msgspec.json.decode(frame.data, type=FromWorker)
            except msgspec.MsgspecError as error:
                log.error("worker %s broke the protocol (%s); its line is closed", worker_id, type(error).__name__)
                await socket.close(code=1002)
                return
            worker.last_word = self._clock()
            if isinstance(message, Load):
                worker.load = message
            elif isinstance(message, LegOpened):
                worker.taps[message.tap_id] = message.at
            elif isinstance(message, LegClosed):
                worker.taps.pop(message.tap_id, None)
            self._sink(worker_id, message)

    def _lose(self, worker_id: str) -> None:
        """The worker did not come back: its taps are over, heard until its last word."""
        worker = self._workers.pop(worker_id)
        log.error("worker %s is lost, with %d taps", worker_id, len(worker.taps))
        now = self._clock()
        for tap_id, opened in worker.taps.items():
            expected = 0.0 if opened is None else max(0.0, now - opened)
            heard = 0.0 if opened is None else min(expected, max(0.0, worker.last_word - opened))
            engine = worker.hello.engines[0] if worker.hello.engines else None
            self._sink(
                worker_id,
                LegClosed(
                    tap_id=tap_id,
                    at=now,
                    expected=expected,
                    heard=heard,
                    lost=expected - heard,
                    transcribed=0.0,
                    engine=engine.engine if engine is not None else "",
                    model=engine.model if engine is not None else "",
                    reason=WORKER_LOST,
                ),
            )


async def _first_message(socket: web.WebSocketResponse) -> Hello:
    """The worker's Hello. Raises TimeoutError, TypeError (no text) or MsgspecError (not a Hello)."""
    async with asyncio.timeout(HELLO_TIMEOUT):
        return msgspec.json.decode(await socket.receive_str(), type=Hello)


async def _say(worker: _Worker, message: ToWorker) -> bool:
    """True when the message is on its way."""
    if worker.socket is None:
        return False
    try:
        async with asyncio.timeout(SEND_TIMEOUT):
            await worker.socket.send_str(msgspec.json.encode(message).decode())
    except (ConnectionError, TimeoutError, RuntimeError):
        return False
    return True
