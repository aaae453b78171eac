"""An ASR worker: a process of its own that taps connect to, so that an engine's crash takes no call down.

``python -m gateway.asr.worker`` reads a ``Job`` as one JSON line from standard input, and ends, after its last
words, on SIGTERM, SIGINT or the end of standard input: it does not outlive the gateway that started it.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
import uuid
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway.asr import models
from gateway.asr.leg import Leg
from gateway.asr.link import CoreLink
from gateway.asr.listener import TapListener, never_opened
from gateway.asr.protocol import CloseTap, Engine, ExpectTap, Hello, Load, ToWorker
from gateway.asr.recognizer import Recognizer, load
from gateway.asr.stream import DecoderPool
from gateway.config import Settings
from gateway.errors import HotlineError, ModelError

log = logging.getLogger(__name__)

LOAD_SECONDS = 2.0
DRAIN_SECONDS = 3.0
WILDCARDS = ("0.0.0.0", "::")


class Job(Struct, frozen=True, kw_only=True):
    """What a worker process is told at its start."""

    core_url: str
    token: str
    home: str
    settings: Settings


class Worker:
    """The engines of one process, its listener and its line to the core."""

    def __init__(self, core_url: str, token: str, settings: Settings, home: Path) -> None:
        self._settings = settings.speech
        self._languages = settings.languages()
        self._home = home
        self._id = uuid.uuid4().hex[:12]
        self._threads = settings.speech.threads
        self._engines: dict[str, tuple[Engine, Recognizer]] = {}
        self._pool = DecoderPool(self._threads)
        self._link = CoreLink(core_url, token, self._hello, self._receive)
        self._listener = TapListener(self._open_leg, self._link.send, time.time, settings.speech.legs_per_worker)
        self._address = ("", 0)

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``. Raises ModelError when no language has a model, NeighbourError without a port."""
        await asyncio.to_thread(self._load_engines)
        speech = self._settings
        self._address = await self._listener.start(speech.audiosocket_host, speech.audiosocket_port)
        log.info("worker %s listens for AudioSocket on %s:%d", self._id, *self._address)
        tasks = [asyncio.create_task(self._link.run()), asyncio.create_task(self._report_load())]
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()
            await self._listener.close()
            await self._link.drain(DRAIN_SECONDS)
        finally:
            for task in (stopping, *tasks):
                task.cancel()
            await asyncio.gather(stopping, *tasks, return_exceptions=True)
            self._pool.close()

    def _load_engines(self) -> None:
        """A model for each language; a language without one is left out with a word in the log."""
        known = models.catalogue()
        loaded: dict[str, Recognizer] = {}
        missing: ModelError | None = None
        for language in self._languages:
            name = self._settings.model if language == self._settings.language else ""
            try:
                model, reason, why = models.choose(self._home, language, self._settings.engine, name, known)
                if model.name not in loaded:
                    loaded[model.name] = load(model, models.model_dir(self._home, model.name), self._threads)
            except ModelError as error:
                log.error("language %s is not transcribed: %s", language, error)
                missing = error
                continue
            recognizer = loaded[model.name]
            engine = Engine(
                language=language,
                engine=model.engine,
                model=model.name,
                streaming=recognizer.capabilities.streaming,
                reason=reason,
            )
            self._engines[language] = (engine, recognizer)
            log.info("language %s: %s", language, why)
        if not self._engines and missing is not None:
            raise missing

    def _hello(self, local_address: str) -> Hello:
        host, port = self._address
        if host in WILDCARDS:
            host = local_address
        engines = tuple(engine for engine, _ in self._engines.values())
        return Hello(
            worker_id=self._id,
            audiosocket=f"{host}:{port}",
            engines=engines,
            capacity=self._settings.legs_per_worker,
        )

    def _receive(self, message: ToWorker) -> None:
        if isinstance(message, ExpectTap):
            if message.language in self._engines:
                self._listener.expect(message)
            else:
                self._link.send(never_opened(message.tap_id, time.time(), "no_language"))
        elif isinstance(message, CloseTap):
            self._listener.close_tap(message.tap_id)

    def _open_leg(self, tap: ExpectTap) -> Leg:
        engine, recognizer = self._engines[tap.language]
        return Leg(
            tap.tap_id,
            engine,
            recognizer,
            self._pool,
            self._link.send,
            time.time,
            self._settings.flush_timeout,
        )

    async def _report_load(self) -> None:
        while True:
            legs = self._listener.legs.values()
            lag = max((leg.lag for leg in legs), default=0.0)
            self._link.send(Load(legs=len(legs), lag=lag, refused=dict(self._listener.refused)))
            await asyncio.sleep(LOAD_SECONDS)


async def run_worker(
    core_url: str, token: str, settings: Settings, home: Path, stop: asyncio.Event | None = None
) -> None:
    """Run a worker until ``stop`` is set; without one, until SIGTERM or SIGINT. The last words are sent first.

    ``core_url`` is the gateway's base URL, ``home`` holds the models. Raises ModelError when none of the languages
    has a model, NeighbourError when the AudioSocket port is taken.
    """
    await Worker(core_url, token, settings, home).run(stop or _stopped_by_signal())


def _stopped_by_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _serve(job: Job) -> None:
    stop = _stopped_by_signal()
    parent = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(parent), sys.stdin)
    parent_gone = asyncio.create_task(parent.read())
    parent_gone.add_done_callback(lambda _: stop.set())
    try:
        await run_worker(job.core_url, job.token, job.settings, Path(job.home), stop)
    finally:
        parent_gone.cancel()


def main() -> int:
    """Run the job given on standard input; 0 when it ended as told, 1 with one line on stderr otherwise."""
    job = msgspec.json.decode(sys.stdin.buffer.readline(), type=Job)
    logging.basicConfig(level=job.settings.log.level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        asyncio.run(_serve(job))
    except HotlineError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
