"""The worker's line to the core: one WebSocket that the worker dials, and dials again.

While the core is away, taps go on: finished words wait in a bounded buffer, interim ones are left out.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

import aiohttp
import msgspec

from gateway.asr.protocol import FromWorker, Heard, Hello, ToWorker

log = logging.getLogger(__name__)

PATH = "/workers"
MAX_WAITING = 20_000
"""Messages kept while the core is away; the oldest go first, and are counted."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
"""Seconds between tries; the longest is well below the time the core waits for a worker to come back."""
CONNECT_TIMEOUT = 5.0
SEND_TIMEOUT = 10.0
HEARTBEAT = 10.0


class CoreLink:
    """``hello`` is given the local address the core was reached from; ``receive`` gets what the core says.

    ``core_url`` is the core's base, such as ``http://127.0.0.1:8088``.
    """

    def __init__(
        self, core_url: str, token: str, hello: Callable[[str], Hello], receive: Callable[[ToWorker], None]
    ) -> None:
        self.dropped = 0
        self._url = core_url.rstrip("/") + PATH
        self._token = token
        self._hello = hello
        self._receive = receive
        self._waiting: deque[FromWorker] = deque()
        self._connected = False
        self._wake = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()

    def send(self, message: FromWorker) -> None:
        """Queue a message; never waits."""
        if isinstance(message, Heard) and not message.final and not self._connected:
            return
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            self.dropped += 1
            if self.dropped == 1:
                log.error("the core has been away too long: the oldest of %d messages are dropped", MAX_WAITING)
        self._waiting.append(message)
        self._drained.clear()
        self._wake.set()

    async def drain(self, timeout: float) -> None:
        """Wait until all is sent, but no longer than ``timeout`` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._drained.wait()
        except TimeoutError:
            log.warning("%d messages could not be sent to the core", len(self._waiting))

    async def run(self) -> None:
        """Dial, talk, and dial again, until cancelled."""
        pause = FIRST_PAUSE
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_TIMEOUT)) as session:
            while True:
                try:
                    async with session.ws_connect(
                        self._url,
                        headers={"Authorization": f"Bearer {self._token}"},
                        heartbeat=HEARTBEAT,
                        max_msg_size=65_536,
                    ) as socket:
                        pause = FIRST_PAUSE
                        await self._talk(socket)
                    log.warning("the core closed the connection")
                except aiohttp.WSServerHandshakeError as error:
                    pause = LONGEST_PAUSE
                    hint = "check speech.worker_token on both sides" if error.status == 401 else "is it the gateway?"
                    log.error("the core at %s refused this worker (%d): %s", self._url, error.status, hint)
                except (aiohttp.ClientError, OSError, TimeoutError) as error:
                    log.warning("the core at %s cannot be reached (%s); trying again", self._url, type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        name = socket.get_extra_info("sockname")
        await _send(socket, self._hello(name[0] if name else ""))
        self._connected = True
        sending = asyncio.create_task(self._send_waiting(socket))
        reading = asyncio.create_task(self._read(socket))
        try:
            await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._connected = False
            for task in (sending, reading):
                task.cancel()
            await asyncio.gather(sending, reading, return_exceptions=True)

    async def _send_waiting(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            while self._waiting:
                message = self._waiting.popleft()
                try:
                    await _send(socket, message)
                except BaseException:
                    self._waiting.appendleft(message)
                    raise
            self._drained.set()
            self._wake.clear()
            await self._wake.wait()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            if frame.type is not aiohttp.WSMsgType.TEXT:
                continue
            try:
                message = msgspec.json.decode(frame.data, type=ToWorker)
            except msgspec.MsgspecError as error:
                log.error("the core sent a message this worker does not know: %s", type(error).__name__)
                continue
            self._receive(message)


async def _send(socket: aiohttp.ClientWebSocketResponse, message: FromWorker) -> None:
    async with asyncio.timeout(SEND_TIMEOUT):
        await socket.send_str(msgspec.json.encode(message).decode())
