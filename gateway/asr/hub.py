"""The core's end of the workers' lines: who is there, what they can do, and which of them takes a tap.

What a worker says reaches the sink once and in order: kept messages carry its count, and those seen before are passed
over. They are acknowledged by ``acknowledge``, once the core has made them durable.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time
from collections.abc import Callable

import msgspec
from aiohttp import WSMsgType, web

from gateway.asr.protocol import (
    Ack,
    CloseTap,
    Engine,
    ExpectTap,
    FromWorker,
    Gone,
    Hello,
    Kept,
    LegClosed,
    LegOpened,
    Load,
    SetLanguage,
    SetMode,
    ToWorker,
    Welcome,
)
from gateway.asr.roster import Member, WorkerState

log = logging.getLogger(__name__)

HELLO_TIMEOUT = 5.0
SEND_TIMEOUT = 5.0
HEARTBEAT = 6.0
"""Seconds; a worker's host that vanished without a word is noticed within one and a half of them."""
RETURN_SECONDS = 1.0
"""Seconds a worker whose line broke has to dial again before its legs are given to others."""
MAX_MESSAGE_BYTES = 4 << 20


class WorkerHub:
    """Mount ``handle`` at ``/workers``. ``sink(worker_id, message)`` gets every message, in order, and never awaits.

    When a worker is lost, the sink gets a LegClosed with reason ``worker_lost`` for each of its taps, whose ``at`` is
    the last instant the worker was known to be alive; then Gone. ``clock`` gives Unix seconds.
    """

    def __init__(
        self,
        token: str,
        sink: Callable[[str, FromWorker | Gone], None],
        clock: Callable[[], float] = time.time,
        greeting: Callable[[], list[ToWorker]] = list,
    ) -> None:
        self._token = token
        self._sink = sink
        self._clock = clock
        self._greeting = greeting
        self._workers: dict[str, Member] = {}
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
        return [worker.state() for worker in self._workers.values()]

    async def wait_for(self, language: str, timeout: float, workers: int = 1) -> bool:
        """Wait until ``workers`` of them transcribe ``language``; False if not within ``timeout`` seconds."""
        try:
            async with asyncio.timeout(timeout), self._changed:
                await self._changed.wait_for(lambda: sum(w.has(language) for w in self._connected()) >= workers)
        except TimeoutError:
            return False
        return True

    def expect(self, order: ExpectTap) -> str | None:
        """Announce the tap to the worker that has the call's other legs, else to the least loaded one that has the
        language.

        Returns ``host:port`` for Asterisk to connect to, or None when no worker can take it.
        """
        able = [w for w in self._connected() if w.has(order.language) and w.has_room(order)]
        for worker in sorted(able, key=lambda w: (not w.hears(order.leg.call_id), w.fullness())):
            if self._say(worker, order):
                worker.takes(order)
                return worker.hello.audiosocket
        return None

    def tell(self, message: ToWorker, worker_id: str = "") -> None:
        """A message for one worker; without ``worker_id`` for the one that has the tap it names, else for all."""
        if worker_id:
            worker = self._workers.get(worker_id)
            chosen = [worker] if worker is not None else []
        elif isinstance(message, CloseTap | SetLanguage | SetMode):
            chosen = [w for w in self._workers.values() if w.has_tap(message.tap_id)]
        else:
            chosen = list(self._workers.values())
        for worker in chosen:
            self._say(worker, message)
            if isinstance(message, SetMode):
                worker.set_mode(message.tap_id, message.mode)

    def seen(self) -> dict[str, int]:
        """By worker: the count of the newest kept message that the sink was given."""
        return {worker_id: worker.seen for worker_id, worker in self._workers.items()}

    def acknowledge(self, seen: dict[str, int]) -> None:
        """What the sink was given up to these counts is durable: the workers need not keep it."""
        for worker_id, count in seen.items():
            worker = self._workers.get(worker_id)
            if worker is not None and count:
                self._say(worker, Ack(seq=count))

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
        sending = asyncio.create_task(_send(worker.outbox, socket))
        try:
            async with self._changed:
                self._changed.notify_all()
            await self._listen(hello.worker_id, worker, socket)
        finally:
            sending.cancel()
            if worker.socket is socket:
                self._line_down(hello.worker_id, worker)
        return socket

    def _connected(self) -> list[Member]:
        return [w for w in self._workers.values() if w.socket is not None]

    def _enter(self, hello: Hello, socket: web.WebSocketResponse) -> Member:
        """A new worker, or one that is back with its taps."""
        worker = self._workers.get(hello.worker_id)
        if worker is None:
            worker = self._workers[hello.worker_id] = Member(hello)
        worker.returns(hello, socket, self._clock())
        for message in (Welcome(core="hotline"), *self._greeting()):
            self._say(worker, message)
        log.info("worker %s: %s", hello.worker_id, ", ".join(f"{e.language} by {e.model}" for e in hello.engines))
        self._sink(hello.worker_id, hello)
        return worker

    async def _listen(self, worker_id: str, worker: Member, socket: web.WebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is not WSMsgType.TEXT:
                continue
            try:
                message = msgspec.json.decode(frame.data, type=FromWorker)
            except msgspec.MsgspecError as error:
                log.error("worker %s broke the protocol (%s); its line is closed", worker_id, type(error).__name__)
                await socket.close(code=1002)
                return
            worker.alive_until = self._clock()
            if isinstance(message, Kept) and message.seq:
                if message.seq <= worker.seen:
                    continue
                worker.seen = message.seq
            if isinstance(message, Load):
                worker.load = message
            elif isinstance(message, LegOpened):
                worker.opened(message)
            elif isinstance(message, LegClosed):
                worker.closed(message)
            self._sink(worker_id, message)

    def _line_down(self, worker_id: str, worker: Member) -> None:
        """A process that died closes its line at once; only a host that vanished is noticed by its silence."""
        silent = worker.socket is not None and worker.socket.exception() is not None
        worker.socket = None
        if self._closed:
            return
        if not silent:
            worker.alive_until = self._clock()
        log.warning("worker %s: its line is down", worker_id)
        worker.gone = asyncio.get_running_loop().call_later(RETURN_SECONDS, self._lose, worker_id)

    def _lose(self, worker_id: str) -> None:
        """The worker did not come back: its taps are over, heard until its last word."""
        worker = self._workers.pop(worker_id)
        log.error("worker %s is lost, with %d taps", worker_id, worker.state().legs)
        for lost in worker.lost_taps():
            self._sink(worker_id, lost)
        self._sink(worker_id, Gone())

    def _say(self, worker: Member, message: ToWorker) -> bool:
        """True when the message is on its way."""
        if worker.socket is None:
            return False
        try:
            worker.outbox.put_nowait(message)
        except asyncio.QueueFull:
            log.error("worker %s does not read what it is told", worker.hello.worker_id)
            return False
        return True


async def _first_message(socket: web.WebSocketResponse) -> Hello:
    """The worker's Hello. Raises TimeoutError, TypeError (no text) or MsgspecError (not a Hello)."""
    async with asyncio.timeout(HELLO_TIMEOUT):
        return msgspec.json.decode(await socket.receive_str(), type=Hello)


async def _send(outbox: asyncio.Queue[ToWorker], socket: web.WebSocketResponse) -> None:
    while True:
        message = await outbox.get()
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                await socket.send_str(msgspec.json.encode(message).decode())
        except (ConnectionError, TimeoutError, RuntimeError):
            await socket.close()
            return
