"""An ASR worker: a process of its own that taps connect to, so that an engine's crash takes no call down.

``python -m gateway.asr.worker`` reads a ``Job`` as one JSON line from standard input, and ends, after its last
words, on SIGTERM, SIGINT or the word for it on standard input. When its gateway dies without that word, it hears the
living legs to their end and tells the gateway that is started next.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import signal
import ssl
import sys
import time
import uuid
from itertools import count
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway.asr.chunk_trace import chunk_trace
from gateway.asr.ear import Ear
from gateway.asr.engines import Engines
from gateway.asr.leg import Lose, TappedLeg
from gateway.asr.link import CoreLink
from gateway.asr.listener import TapListener, never_opened
from gateway.asr.protocol import (
    RECORDED_PER_LIVE,
    CloseTap,
    ExpectTap,
    Hello,
    LivingTap,
    Load,
    SetLanguage,
    SetMode,
    SetPartials,
    ToWorker,
    Transcribe,
    Transcribed,
)
from gateway.asr.protocol import Vocabulary as VocabularyMessage
from gateway.asr.recordings.recording import Recordings
from gateway.asr.stream import DecoderPool, RecognizerStream
from gateway.asr.text.vocabulary import Vocabulary
from gateway.config import Settings, zone
from gateway.errors import HotlineError

log = logging.getLogger(__name__)

LOAD_SECONDS = 1.0
RELEASE_SECONDS = 60.0
"""Between two times that recognisers are given up: new ones take memory and time again."""
DRAIN_SECONDS = 3.0
MAX_WORK = 16
"""Recordings that may wait; a core asks for one at a time, a new core may ask while the old one's is done."""
ALONE_SECONDS = 60.0
"""A worker whose gateway died waits so long for another."""
WILDCARDS = ("0.0.0.0", "::")
STOP = b"stop\n"
"""Tells a local worker to end."""


class Job(Struct, frozen=True, kw_only=True):
    """What a worker process is told at its start."""

    core_url: str
    token: str
    home: str
    settings: Settings


class Worker:
    """The engines of one process, its listener, its recordings and its line to the core."""

    def __init__(self, core_url: str, token: str, settings: Settings, home: Path) -> None:
        self._settings = settings.speech
        self._home = home
        self._id = uuid.uuid4().hex[:12]
        self._pool = DecoderPool(self._settings.threads)
        self._engines = Engines(settings, home, self._pool)
        tls = ssl.create_default_context(cafile=self._settings.worker_ca_file or None)
        self._link = CoreLink(core_url, token, self._hello, self._receive, tls)
        self._listener = TapListener(
            self._open_leg, self._link.send, time.time, self._settings.legs_per_worker * RECORDED_PER_LIVE
        )
        self._folder = settings.recordings()
        self._recordings = Recordings(
            self._folder, settings.recording, self._link.send, time.time, zone(settings.timezone)
        )
        self._vocabulary = Vocabulary(())
        self._partials = True
        self._terms: tuple[str, ...] = ()
        self._taught = asyncio.Event()
        self._work: asyncio.Queue[Transcribe] = asyncio.Queue(MAX_WORK)
        self._address = ("", 0)
        self._alone = False

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until ``stop``. Raises ModelError when no language has a model, NeighbourError without a port."""
        await asyncio.to_thread(self._engines.load)
        speech = self._settings
        self._address = await self._listener.start(speech.audiosocket_host, speech.audiosocket_port)
        log.info("worker %s listens for AudioSocket on %s:%d", self._id, *self._address)
        tasks = [
            asyncio.create_task(run) for run in (self._link.run(), self._report_load(), self._learn(), self._work_off())
        ]
        stopping = asyncio.create_task(stop.wait())
        try:
            done, _ = await asyncio.wait({stopping, *tasks}, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                task.result()
            await self._listener.close()
            await self._recordings.close()
            await self._link.drain(DRAIN_SECONDS)
        finally:
            for task in (stopping, *tasks):
                task.cancel()
            await asyncio.gather(stopping, *tasks, return_exceptions=True)
            self._pool.close()

    async def outlive_core(self) -> None:
        """The core is gone without a word: hear the living legs to their end, for the core that is started in its
        place, and take no new ones.
        """
        log.warning("worker %s: the gateway is gone; its %d legs are heard on", self._id, len(self._listener.legs))
        self._alone = True
        self._listener.take_no_more()
        try:
            async with asyncio.timeout(ALONE_SECONDS):
                await self._link.lost.wait()
                await self._link.connected.wait()
        except TimeoutError:
            return
        await self._listener.last_leg()

    def _hello(self, local_address: str) -> Hello:
        host, port = self._address
        if host in WILDCARDS:
            host = local_address
        return Hello(
            worker_id=self._id,
            audiosocket=f"{host}:{port}",
            engines=() if self._alone else self._engines.known(),
            capacity=self._settings.legs_per_worker,
            taps=tuple(
                LivingTap(tap_id=leg.tap_id, leg=leg.order.leg, opened=leg.opened)
                for leg in self._listener.legs.values()
            ),
        )

    def _receive(self, message: ToWorker) -> None:
        match message:
            case ExpectTap():
                if self._engines.has(message.language):
                    self._listener.expect(message)
                else:
                    self._link.send(never_opened(message.tap_id, time.time(), "no_language"))
            case CloseTap():
                self._listener.close_tap(message.tap_id)
            case SetLanguage() if (leg := self._listener.legs.get(message.tap_id)) is not None:
                if self._engines.has(message.language):
                    leg.set_language(message.language)
                else:
                    leg.stop("no_language")
            case SetMode() if (leg := self._listener.legs.get(message.tap_id)) is not None:
                leg.set_mode(message.mode)
            case SetPartials():
                self._partials = message.wanted
            case VocabularyMessage():
                self._terms = message.terms
                self._taught.set()
            case Transcribe() if self._work.full():
                self._link.send(Transcribed(call_id=message.call_id, error="too much waits to be transcribed"))
            case Transcribe():
                self._work.put_nowait(message)

    def _open_leg(self, order: ExpectTap) -> TappedLeg:
        numbers = count(1)

        def new_ear(language: str, rate: int, lose: Lose) -> Ear:
            engine, recognizer = self._engines.of(language)
            decoded = chunk_trace(order.tap_id, time.time)
            stream = RecognizerStream(
                recognizer, language, rate, self._pool, partials=lambda: self._partials, decoded=decoded
            )
            return Ear(order.tap_id, engine, stream, numbers, self._link.send, lose, lambda: self._vocabulary)

        return TappedLeg(order, new_ear, self._recordings, self._link.send, time.time, self._settings.flush_timeout)

    async def _report_load(self) -> None:
        loop = asyncio.get_running_loop()
        released = -RELEASE_SECONDS
        while True:
            legs = self._listener.legs.values()
            memory = resident_bytes()
            self._link.send(
                Load(
                    legs=len(legs),
                    lag=max((leg.lag for leg in legs), default=0.0),
                    refused=dict(self._listener.refused),
                    memory=memory,
                )
            )
            limit = self._settings.worker_memory_mb << 20
            if 0 < limit < memory and loop.time() - released >= RELEASE_SECONDS:
                released = loop.time()
                await asyncio.to_thread(self._engines.release)
            await asyncio.sleep(LOAD_SECONDS)

    async def _learn(self) -> None:
        """The operator's terms, as they were told last."""
        while True:
            await self._taught.wait()
            self._taught.clear()
            self._vocabulary = await asyncio.to_thread(Vocabulary, self._terms)

    async def _work_off(self) -> None:
        """Recordings of past calls, one after another."""
        while True:
            job = await self._work.get()
            self._link.send(await self._engines.transcribe(job, self._folder, self._vocabulary))


async def run_worker(
    core_url: str, token: str, settings: Settings, home: Path, stop: asyncio.Event | None = None
) -> None:
    """Run a worker until ``stop`` is set; without one, until SIGTERM or SIGINT. The last words are sent first.

    ``core_url`` is the gateway's base URL, ``home`` holds the models. Raises ModelError when none of the languages
    has a model, NeighbourError when the AudioSocket port is taken.
    """
    await Worker(core_url, token, settings, home).run(stop or _stopped_by_signal())


def resident_bytes() -> int:
    """Memory of this process that is in use now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def _stopped_by_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


async def _serve(job: Job) -> None:
    """Until told to stop. The end of standard input without that word means that the gateway died."""
    stop = _stopped_by_signal()
    parent = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(parent), sys.stdin)
    worker = Worker(job.core_url, job.token, job.settings, Path(job.home))

    async def follow_parent() -> None:
        if await parent.read() != STOP:
            await worker.outlive_core()
        stop.set()

    following = asyncio.create_task(follow_parent())
    try:
        await worker.run(stop)
    finally:
        following.cancel()


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
