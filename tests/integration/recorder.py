"""A plain AMI session and a plain AudioSocket reader, for watching the PBX from outside the gateway."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from collections.abc import Mapping

from gateway.ami.client import AmiClient
from gateway.config import Ami
from gateway.demo.stage import AsteriskInstance

Headers = dict[str, str]
WAIT = 20.0


class Recording:
    """Every event in order, each with the Unix time of its receipt."""

    def __init__(self) -> None:
        self.lines: list[tuple[float, Headers]] = []
        self._news = asyncio.Event()

    def note(self, headers: Mapping[str, str], received: float) -> None:
        """Keep one event."""
        self.lines.append((received, dict(headers)))
        self._news.set()

    def count(self, event: str) -> int:
        """How many such events were recorded."""
        return sum(e["Event"] == event for _, e in self.lines)

    async def seen(self, event: str, count: int = 1, **headers: str) -> Headers:
        """Wait for the ``count``-th such event of the recording and return it."""
        async with asyncio.timeout(WAIT):
            while len(found := self.all(event, **headers)) < count:
                self._news.clear()
                await self._news.wait()
        return found[count - 1]

    def all(self, event: str, **headers: str) -> list[Headers]:
        """Such events so far."""
        return [e for _, e in self.lines if e["Event"] == event and headers.items() <= e.items()]

    def moment(self, event: str, **headers: str) -> float:
        """Asterisk's instant of the first such event so far."""
        return float(self.all(event, **headers)[0]["Timestamp"])


class ClientRecorder(Recording):
    """What the gateway's own AMI client gets, with its words about the connection; ``port``: where it connects to."""

    def __init__(self, instance: AsteriskInstance, port: int) -> None:
        super().__init__()
        settings = Ami(
            host=instance.host,
            port=port,
            username=instance.ami_username,
            secret=instance.ami_secret,
            ping_interval=0.5,
            silence_limit=2.0,
            connect_timeout=2.0,
            action_timeout=2.0,
        )
        self._client = AmiClient(settings, lambda message: None, self.note)

    async def __aenter__(self) -> ClientRecorder:
        self._running = asyncio.create_task(self._client.run())
        await self.seen("HotlineResyncCompleted")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)


class AmiRecorder(Recording):
    """A plain AMI session that keeps every event it gets."""

    def __init__(self, instance: AsteriskInstance) -> None:
        super().__init__()
        self.instance = instance
        self._answers: dict[str, asyncio.Future[Headers]] = {}

    async def __aenter__(self) -> AmiRecorder:
        self._reader, self._writer = await asyncio.open_connection(self.instance.host, self.instance.ami_port)
        await self._reader.readline()
        self._reading = asyncio.create_task(self._read())
        self.send(Action="Login", Username=self.instance.ami_username, Secret=self.instance.ami_secret)
        await self.seen("FullyBooted")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()
        self._reading.cancel()

    def send(self, **headers: str) -> None:
        """Send one action."""
        self._writer.write(("".join(f"{k}: {v}\r\n" for k, v in headers.items()) + "\r\n").encode())

    def tap(self, channel: str, taps: TapReader) -> str:
        """Have what comes from one leg sent to ``taps``, as the gateway does; gives the tap's UUID."""
        tap = str(uuid.uuid4())
        self.send(
            Action="Originate",
            Channel=f"AudioSocket/{taps.address}/{tap}/c(slin)",
            ChannelId=f"hltap-{tap}",
            Application="ChanSpy",
            Data=f"{channel},quoES",
            Async="true",
        )
        return tap

    async def ask(self, **headers: str) -> Headers:
        """Send one action and return its response."""
        name = uuid.uuid4().hex
        answer = self._answers[name] = asyncio.get_running_loop().create_future()
        self.send(**headers, ActionID=name)
        try:
            return await asyncio.wait_for(answer, WAIT)
        finally:
            del self._answers[name]

    async def _read(self) -> None:
        while True:
            block = await self._reader.readuntil(b"\r\n\r\n")
            received = time.time()
            headers: Headers = {}
            for line in block.decode().split("\r\n")[:-2]:
                key, _, value = line.partition(":")
                value = value.removeprefix(" ")
                headers[key] = f"{headers[key]}\n{value}" if key in headers else value
            answer = self._answers.get(headers.get("ActionID", ""))
            if "Event" in headers:
                self.note(headers, received)
            elif answer is not None and not answer.done():
                answer.set_result(headers)


class TapReader:
    """The far end of taps: keeps what AudioSocket brings and sends silence back, so that nothing waits for it.

    ``heard`` maps each tap's UUID to its audio (8000 Hz, 16 bit), ``frames`` to its frames' types and sizes.
    """

    async def __aenter__(self) -> TapReader:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        self.heard: dict[str, bytearray] = {}
        self.frames: dict[str, set[tuple[int, int]]] = {}
        self._news = asyncio.Condition()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def gathered(self, tap: str, octets: int) -> None:
        """Wait until the tap brought that much audio."""
        async with asyncio.timeout(WAIT), self._news:
            await self._news.wait_for(lambda: len(self.heard.get(tap, b"")) >= octets)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tap = ""
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                kind, high, low = await reader.readexactly(3)
                payload = await reader.readexactly(256 * high + low)
                if kind == 0x01:
                    tap = str(uuid.UUID(bytes=payload))
                    self.heard[tap], self.frames[tap] = bytearray(), set()
                elif kind >= 0x10:
                    if len(self.heard[tap]) % (10 * len(payload)) == 0:
                        writer.write(bytes((kind, high, low)) + bytes(len(payload)))
                    self.heard[tap] += payload
                    self.frames[tap].add((kind, len(payload)))
                async with self._news:
                    self._news.notify_all()
