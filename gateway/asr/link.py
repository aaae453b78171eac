"""The worker's line to the core: one WebSocket that the worker dials, and dials again.

Kept messages stay in a bounded buffer until the core has acknowledged them, and are sent again on the next line; what
is only of the moment (interim words, load) is left out while the core is away.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections import deque
from collections.abc import Callable

import aiohttp
import msgspec

from gateway.asr.protocol import Ack, FromWorker, Heard, Hello, Kept, Message, ToWorker

log = logging.getLogger(__name__)

PATH = "/workers"
MAX_WAITING = 20_000
"""Messages kept while the core is away; the oldest go first, and are counted."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.0
"""Seconds between tries; the longest is below the time that a core waits for workers after its start."""
CONNECT_TIMEOUT = 5.0
MAX_MESSAGE_BYTES = 4 << 20
"""An operator's vocabulary comes in one message."""
SEND_TIMEOUT = 10.0
HEARTBEAT = 6.0


class CoreLink:
    """``hello`` is given the local address the core was reached from; ``receive`` gets what the core says.

    ``core_url`` is the core's base, such as ``http://127.0.0.1:8088``; ``tls`` verifies an ``https`` one.
    """

    def __init__(
        self,
        core_url: str,
        token: str,
        hello: Callable[[str], Hello],
        receive: Callable[[ToWorker], None],
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.dropped = 0
        self.connected = asyncio.Event()
        self.lost = asyncio.Event()
        self._url = core_url.rstrip("/") + PATH
        self._token = token
        self._hello = hello
        self._receive = receive
        self._tls = tls
        self._waiting: deque[Message] = deque()
        self._sent: deque[Kept] = deque()
        self._seq = 0
        self._wake = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()

    def send(self, message: FromWorker) -> None:
        """Queue a message; never waits."""
        momentary = not isinstance(message, Kept) or (isinstance(message, Heard) and not message.final)
        if momentary and not self.connected.is_set():
            return
        if isinstance(message, Kept) and not momentary:
            self._seq += 1
            message = msgspec.structs.replace(message, seq=self._seq)
        if len(self._waiting) + len(self._sent) >= MAX_WAITING:
            (self._sent or self._waiting).popleft()
            self.dropped += 1
            if self.dropped == 1:
                log.error("the core has been away too long: the oldest of %d messages are dropped", MAX_WAITING)
        self._waiting.append(message)
        self._drained.clear()
        self._wake.set()

    async def drain(self, timeout: float) -> None:
        """Wait until the core has all of it, but no longer than ``timeout`` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self._drained.wait()
        except TimeoutError:
            log.warning("the core has not taken %d messages", len(self._waiting) + len(self._sent))

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
                        max_msg_size=MAX_MESSAGE_BYTES,
                        ssl=self._tls if self._tls is not None else True,
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
        self._waiting = deque([*self._sent, *self._waiting])
        self._sent.clear()
        self.connected.set()
        self.lost.clear()
        sending = asyncio.create_task(self._send_waiting(socket))
        reading = asyncio.create_task(self._read(socket))
        try:
            await asyncio.wait({sending, reading}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.connected.clear()
            self.lost.set()
            for task in (sending, reading):
                task.cancel()
            await asyncio.gather(sending, reading, return_exceptions=True)

    async def _send_waiting(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        while True:
            while self._waiting:
                message = self._waiting.popleft()
                if isinstance(message, Kept) and message.seq:
                    self._sent.append(message)
                await _send(socket, message)
            self._wake.clear()
            self._note_drained()
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
            if isinstance(message, Ack):
                while self._sent and self._sent[0].seq <= message.seq:
                    self._sent.popleft()
                self._note_drained()
            else:
                self._receive(message)

    def _note_drained(self) -> None:
        if not self._waiting and not self._sent:
            self._drained.set()


async def _send(socket: aiohttp.ClientWebSocketResponse, message: Message) -> None:
    async with asyncio.timeout(SEND_TIMEOUT):
        await socket.send_str(msgspec.json.encode(message).decode())
