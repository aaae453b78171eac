"""What the speech tests share: installed models, synthetic speech, a PBX's end of AudioSocket, a core with its hub."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from gateway.asr import audiosocket, models
from gateway.asr.evaluate import transcribe
from gateway.asr.hub import WorkerHub
from gateway.asr.local import LocalWorkers
from gateway.asr.protocol import ExpectTap, FromWorker, Gone, Heard, Leg, LegClosed, Mode
from gateway.asr.recognizer import load
from gateway.asr.stream import DecoderPool
from gateway.config import QueuePolicy, Recording, Settings, Speech, Web, default_home
from gateway.demo.process import free_port

TOKEN = "a token for tests"


def need_models(*names: str) -> Path:
    """The data folder, if it has these models."""
    home = default_home()
    for name in names:
        if not models.is_installed(home, name):
            pytest.fail(f"model {name} is not installed; run: hotline models install {name}")
    return home


async def decode_directly(home: Path, model: str, language: str, samples: bytes) -> str:
    """The same model on the recorded leg, in this process."""
    recognizer = await asyncio.to_thread(load, models.catalogue()[model], models.model_dir(home, model), 1)
    pool = DecoderPool(1)
    try:
        return (await transcribe(recognizer, language, samples, 8000, pool)).text
    finally:
        pool.close()


class Core:
    """A hub on loopback, as the gateway has it; keeps what workers say."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.hub = WorkerHub(TOKEN, self._note)
        self.said: list[FromWorker | Gone] = []
        self._changed = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._notifying: set[asyncio.Task[None]] = set()

    def _note(self, worker_id: str, message: FromWorker | Gone) -> None:
        self.said.append(message)
        task = asyncio.get_running_loop().create_task(self._notify())
        self._notifying.add(task)
        task.add_done_callback(self._notifying.discard)

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def start(self) -> None:
        """Listen, with a hub that knows nothing of an earlier one."""
        self.hub = WorkerHub(TOKEN, self._note)
        app = web.Application()
        app.router.add_get("/workers", self.hub.handle)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.settings.web.host, self.settings.web.port).start()

    async def stop(self) -> None:
        await self.hub.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def wait_until(self, condition: Callable[[], bool], timeout: float = 45.0) -> None:
        async with asyncio.timeout(timeout), self._changed:
            await self._changed.wait_for(condition)

    async def closed(self, tap_id: str) -> LegClosed:
        await self.wait_until(lambda: self.end_of(tap_id) is not None)
        end = self.end_of(tap_id)
        assert end is not None
        return end

    def end_of(self, tap_id: str) -> LegClosed | None:
        return next((m for m in self.said if isinstance(m, LegClosed) and m.tap_id == tap_id), None)

    def finals(self, tap_id: str) -> list[Heard]:
        return [m for m in self.said if isinstance(m, Heard) and m.final and m.text and m.tap_id == tap_id]

    async def announce(
        self, language: str, leg: Leg | None = None, mode: Mode = "live", record: bool = False
    ) -> tuple[str, str]:
        """A tap the core announced: its id, and the address Asterisk is told. Each is of another call by default."""
        tap_id = str(uuid.uuid4())
        leg = leg or Leg(call_id=tap_id, speaker="caller", arrived=time.time())
        address = self.hub.expect(ExpectTap(tap_id=tap_id, language=language, leg=leg, mode=mode, record=record))
        assert address is not None
        return tap_id, address


class Pbx:
    """Asterisk's end of one AudioSocket connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, address: str, tap_id: str = "") -> Pbx:
        host, _, port = address.rpartition(":")
        pbx = cls(*await asyncio.open_connection(host, int(port)))
        if tap_id:
            pbx.writer.write(audiosocket.encode_uuid(tap_id))
        return pbx

    async def play(self, samples: bytes, rate: int = 8000, *, pace: float = 1.0) -> None:
        """Send samples labelled with ``rate``, 20 ms a frame, ``pace`` times as fast as real time."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        frame = rate // 50 * audiosocket.SAMPLE_BYTES
        for i in range(0, len(samples), frame):
            self.writer.write(audiosocket.encode_audio(samples[i : i + frame], rate))
            due += 0.02 / pace
            await asyncio.sleep(max(0.0, due - loop.time()))
        await self.writer.drain()

    def hang_up(self) -> None:
        self.writer.write(audiosocket.encode_hangup())

    async def say_and_hang_up(self, samples: bytes) -> None:
        """Play ``samples`` and end the leg with the last of them."""
        await self.play(samples)
        self.hang_up()

    async def is_closed(self) -> bool:
        """Wait for the other side to close."""
        async with asyncio.timeout(10.0):
            try:
                while await self.reader.read(4096):
                    pass
            except ConnectionError:
                pass
        return True

    def close(self) -> None:
        self.writer.close()


@asynccontextmanager
async def one_worker(recordings: Path) -> AsyncIterator[tuple[Core, int]]:
    """A hub with one local worker that has Mandarin (Whisper) and Korean (Vosk), and the worker's process id."""
    home = need_models("whisper-base", "vosk-ko")
    settings = Settings(
        data_dir=str(home),
        web=Web(port=free_port()),
        speech=Speech(engine="auto", model="whisper-base", workers=1, threads=2),
        recording=Recording(folder=str(recordings)),
        queue=(QueuePolicy(name="hotline"), QueuePolicy(name="korean", language="ko")),
    )
    core = Core(settings)
    await core.start()
    workers = LocalWorkers(settings, TOKEN)
    running = asyncio.create_task(workers.run())
    try:
        assert await core.hub.wait_for("ko", 60.0)
        yield core, workers.pids()[0]
    finally:
        running.cancel()
        await asyncio.wait([running])
        await core.stop()
