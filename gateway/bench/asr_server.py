"""The two servers that ``hotline bench asr`` plays legs into: the gateway's workers, and a plain one."""

from __future__ import annotations

import asyncio
import os
import secrets
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
from aiohttp import web

from gateway.asr.chunk_trace import VARIABLE, DecodedTo
from gateway.asr.hub import WorkerHub
from gateway.asr.local import LocalWorkers, worker_count
from gateway.asr.protocol import ExpectTap, FromWorker, Gone, Heard, Leg, LegClosed, LegGap, LegOpened
from gateway.bench.asr_lag import LegHeard, Told, chunks_of
from gateway.bench.figures import Helper, cpu_seconds, helper, peak_bytes, within
from gateway.bench.plain_vosk import PlainLine
from gateway.bench.speech import LegAudio, Played, play
from gateway.config import Log, Settings, Web
from gateway.demo.process import free_port
from gateway.errors import NeighbourError

START_SECONDS = 90.0
LAST_WORDS_SECONDS = 120.0
SETTLE_SECONDS = 60
AT_REST = 0.1
"""Processor seconds a second."""


class Server(ABC):
    """One of the two sides: processes that hear legs. ``streaming``: its engine decodes while somebody speaks."""

    def __init__(self, what: str) -> None:
        self.what = what
        self.streaming = True
        self._legs: dict[str, LegHeard] = {}
        self._ended: dict[str, asyncio.Event] = {}

    @abstractmethod
    def pids(self) -> list[int]:
        """Its processes."""

    @abstractmethod
    async def address(self, tap_id: str, leg: Leg) -> str:
        """Where this tap is to connect. Raises NeighbourError."""

    async def hear(self, audio: LegAudio, leg: Leg) -> tuple[Played, LegHeard]:
        """Play one leg in real time; what was told of it until it was complete. Raises NeighbourError."""
        tap_id = str(uuid.uuid4())
        heard = self._legs[tap_id] = LegHeard()
        ended = self._ended[tap_id] = asyncio.Event()
        try:
            played = await play(await self.address(tap_id, leg), tap_id, audio.samples)
            await within(ended.wait(), LAST_WORDS_SECONDS, "the last words did not come")
        finally:
            del self._legs[tap_id], self._ended[tap_id]
        return played, heard

    async def settle(self) -> None:
        """Wait until it is at rest, as far as it ever is: what it prepares for itself belongs to no leg."""
        before = self.cpu()
        for _ in range(SETTLE_SECONDS):
            await asyncio.sleep(1.0)
            now = self.cpu()
            if now - before < AT_REST:
                return
            before = now

    def cpu(self) -> float:
        """Processor seconds so far, of all its processes."""
        return sum(cpu_seconds(pid) for pid in self.pids())

    def peak(self) -> int:
        """Bytes of memory at most so far, of all its processes."""
        return sum(peak_bytes(pid) for pid in self.pids())


class GatewayWorkers(Server):
    """A hub as the gateway has it, with local workers as it starts them. ``gaps``: seconds lost so far, by reason."""

    def __init__(self, settings: Settings, trace: Path) -> None:
        super().__init__("gateway's workers")
        self.token = secrets.token_urlsafe(32)
        self.hub = WorkerHub(self.token, self._note)
        self.local = LocalWorkers(settings, self.token)
        self.gaps: defaultdict[str, float] = defaultdict(float)
        self._language = settings.speech.language
        self._count = worker_count(settings.speech)
        self._opened: dict[str, float] = {}
        self._trace = trace.open("rb")
        self._decoded: defaultdict[str, list[DecodedTo]] = defaultdict(list)

    def pids(self) -> list[int]:
        """See Server."""
        return self.local.pids()

    async def ready(self) -> None:
        """Wait until every worker is there. Raises NeighbourError."""
        if not await self.hub.wait_for(self._language, START_SECONDS, self._count):
            raise NeighbourError(f"no speech workers within {START_SECONDS:g} s", "Their lines in the log say why")
        self.streaming = self.hub.engines()[self._language].streaming

    async def address(self, tap_id: str, leg: Leg) -> str:
        """See Server."""
        found = self.hub.expect(ExpectTap(tap_id=tap_id, language=self._language, leg=leg))
        if found is None:
            raise NeighbourError("no speech worker takes a tap", "Its lines in the log say why")
        return found

    def _note(self, worker_id: str, message: FromWorker | Gone) -> None:
        now = time.time()
        if isinstance(message, LegOpened):
            self._opened[message.tap_id] = message.at
        elif isinstance(message, LegGap):
            self.gaps[message.reason] += message.end - message.start
        elif isinstance(message, Heard):
            self._hear(message, now)
        elif isinstance(message, LegClosed):
            self._close(message)
            # Workers keep what they said until it is durable, as it would be now.
            self.hub.acknowledge(self.hub.seen())

    def _hear(self, heard: Heard, now: float) -> None:
        leg, opened = self._legs.get(heard.tap_id), self._opened.get(heard.tap_id)
        if leg is not None and opened is not None and heard.text:
            (leg.finals if heard.final else leg.partials).append(Told(heard.end - opened, now))

    def _close(self, closed: LegClosed) -> None:
        self._read_trace()
        opened, trace = self._opened.pop(closed.tap_id, 0.0), self._decoded.pop(closed.tap_id, [])
        leg = self._legs.get(closed.tap_id)
        if leg is None:
            return
        leg.expected, leg.lost, leg.deferred = closed.expected, closed.lost, closed.deferred
        if self.streaming:
            leg.chunks = chunks_of(trace, opened)
        self._ended[closed.tap_id].set()

    def _read_trace(self) -> None:
        """What the workers have written since. They write before they say that a leg is closed."""
        for line in self._trace:
            piece = msgspec.json.decode(line, type=DecodedTo)
            self._decoded[piece.tap_id].append(piece)


class PlainServer(Server):
    """The reference: see ``plain_vosk``."""

    def __init__(self, process: Helper) -> None:
        super().__init__("plain server")
        self._process = process

    def pids(self) -> list[int]:
        """See Server."""
        return [self._process.pid]

    async def address(self, tap_id: str, leg: Leg) -> str:
        """See Server."""
        return f"127.0.0.1:{self._process.hello}"

    async def follow(self) -> None:
        """Take what it prints, to its end."""
        async for text in self._process.lines():
            line = msgspec.json.decode(text, type=PlainLine)
            if (leg := self._legs.get(line.tap)) is None:
                continue
            told = Told(line.position, line.at)
            if line.what == "end":
                leg.expected = line.position
                self._ended[line.tap].set()
            elif line.what == "chunk":
                leg.chunks.append(told)
            else:
                (leg.finals if line.what == "final" else leg.partials).append(told)


@asynccontextmanager
async def gateway_workers(settings: Settings, language: str, legs: int) -> AsyncIterator[GatewayWorkers]:
    """The gateway's workers for one language, ready, with room for ``legs`` on each. Raises NeighbourError."""
    speech = msgspec.structs.replace(
        settings.speech,
        language=language,
        model=settings.speech.model if language == settings.speech.language else "",
        second_pass="",
        workers=settings.speech.workers or "auto",
        legs_per_worker=max(settings.speech.legs_per_worker, legs),
        audiosocket_host="127.0.0.1",
        audiosocket_port=0,
        worker_ca_file="",
    )
    local = msgspec.structs.replace(
        settings, speech=speech, queue=(), dialled=(), web=Web(port=free_port()), log=Log(level="error")
    )
    with _trace_file() as trace:
        workers = GatewayWorkers(local, trace)
        app = web.Application()
        app.router.add_get("/workers", workers.hub.handle)
        runner = web.AppRunner(app, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, local.web.host, local.web.port).start()
        running = asyncio.create_task(workers.local.run())
        try:
            await workers.ready()
            yield workers
        finally:
            await workers.hub.close()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await runner.cleanup()


@asynccontextmanager
async def plain_server(model: Path) -> AsyncIterator[PlainServer]:
    """The reference, ready. Raises NeighbourError."""
    async with helper("gateway.bench.plain_vosk", str(model)) as process:
        server = PlainServer(process)
        following = asyncio.create_task(server.follow())
        try:
            yield server
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


@contextmanager
def _trace_file() -> Iterator[Path]:
    """An empty file that workers started meanwhile write their chunks to."""
    with tempfile.TemporaryDirectory(prefix="hotline-bench-") as folder:
        path = Path(folder) / "chunks.jsonl"
        path.touch()
        os.environ[VARIABLE] = str(path)
        try:
            yield path
        finally:
            del os.environ[VARIABLE]
