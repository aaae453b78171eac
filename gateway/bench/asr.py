"""``hotline bench asr``: how far the words are behind the speech, and what they cost.

*Ours*: a real worker process, its AudioSocket fed with legs in real time. *Reference*, in the same run: for Vosk a
plain server of the usual kind with the same legs (see ``plain_vosk``); for Whisper faster-whisper's own ``transcribe``
on the same lines, one after another, nothing else to do. The speech is Mandarin; a model of another language hears
nonsense in it, which costs it more, with both alike.
"""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import numpy as np
from aiohttp import web
from msgspec import Struct

from gateway.asr import models
from gateway.asr.hub import WorkerHub
from gateway.asr.local import LocalWorkers
from gateway.asr.protocol import ExpectTap, FromWorker, Gone, Heard, Leg, LegClosed
from gateway.bench.figures import Percentiles, cpu_seconds, helper, percentiles, ratio
from gateway.bench.speech import LegAudio, Spoken, leg_audio, load_lines, play
from gateway.config import Log, Settings, Web
from gateway.demo.process import free_port
from gateway.demo.voices import RATE
from gateway.errors import NeighbourError

START_SECONDS = 90.0
LAST_WORDS_SECONDS = 120.0
LEGS_PER_CALL = 2
WHISPER_RATE = 16_000


class Side(Struct, frozen=True):
    """One of the two. ``lag_seconds``: from the end of a line to its last final words (for Whisper's reference: the
    seconds of decoding it). ``unheard``: lines of which no word came. ``real_time_factor``: processor seconds a second
    of speech. ``cpu_seconds_per_call_minute``: two legs, their silence included.
    """

    what: str
    lag_seconds: Percentiles
    unheard: int
    real_time_factor: float
    cpu_seconds_per_call_minute: float


class AsrReport(Struct, frozen=True):
    """What ``hotline bench asr --json`` prints. The ratios are ours over the reference's."""

    language: str
    engine: str
    model: str
    legs: int
    seconds: float
    lines: int
    speech_seconds: float
    ours: Side
    reference: Side
    lag_ratio: float | None
    cpu_ratio: float | None
    bench: str = "asr"


Finals = Mapping[str, Sequence[tuple[float, float]]]
"""By tap: (end of the words, arrival), both in Unix seconds."""


async def measure(settings: Settings, config: Path, language: str, legs: int, seconds: float) -> AsrReport:
    """Feed ``legs`` legs for ``seconds``, twice for Vosk. Raises ModelError without a model or a voice."""
    home = settings.home()
    name = settings.speech.model if language == settings.speech.language else ""
    model = models.choose(home, language, settings.speech.engine, name).model
    lines = await load_lines(home, config)
    audio = [leg_audio(lines, leg, seconds) for leg in range(legs)]
    ours = await _ours(settings, language, audio)
    folder = models.model_dir(home, model.name)
    if model.engine == "vosk":
        reference = await _plain_vosk(folder, audio)
    else:
        reference = await asyncio.to_thread(_direct_whisper, folder, language, audio)
    return AsrReport(
        language=language,
        engine=model.engine,
        model=model.name,
        legs=legs,
        seconds=seconds,
        lines=sum(len(leg.lines) for leg in audio),
        speech_seconds=_speech(audio),
        ours=ours,
        reference=reference,
        lag_ratio=ratio(ours.lag_seconds.p95, reference.lag_seconds.p95),
        cpu_ratio=ratio(ours.real_time_factor, reference.real_time_factor),
    )


def table(report: AsrReport) -> str:
    """The report for people."""
    head = (
        f"{report.legs} legs of {report.seconds:g} s, {report.lines} lines; "
        f"{report.language} by {report.engine}, {report.model}"
    )
    lines = [head, f"{'':<26}{'lag p50':>9}{'p95':>8}{'max':>8}{'unheard':>9}{'real time':>11}{'s/call min':>12}"]
    for side in (report.ours, report.reference):
        lag = "".join(f"{f or 0.0:>8.2f}" for f in (side.lag_seconds.p50, side.lag_seconds.p95, side.lag_seconds.max))
        cost = f"{side.real_time_factor:>11.2f}{side.cpu_seconds_per_call_minute:>12.1f}"
        lines.append(f"{side.what:<26} {lag}{side.unheard:>9}{cost}")
    lines.append(f"ours / reference: lag p95 {report.lag_ratio or 0.0:.2f}, processor {report.cpu_ratio or 0.0:.2f}")
    return "\n".join(lines)


def lags(spoken: Sequence[Spoken], began: float, finals: Sequence[tuple[float, float]]) -> list[float | None]:
    """For each line, seconds from its end to the arrival of its last words; None for a line nobody heard.

    Words belong to the last line that had begun when they ended.
    """
    found: list[float | None] = []
    for i, line in enumerate(spoken):
        until = spoken[i + 1].start if i + 1 < len(spoken) else float("inf")
        arrivals = [at for end, at in finals if line.start < end - began <= until]
        found.append(max(arrivals) - began - line.end if arrivals else None)
    return found


def _side(what: str, audio: Sequence[LegAudio], found: Sequence[float | None], cpu: float) -> Side:
    minutes = sum(len(leg.samples) / 2 / RATE for leg in audio) / LEGS_PER_CALL / 60
    return Side(
        what=what,
        lag_seconds=percentiles([lag for lag in found if lag is not None]),
        unheard=sum(lag is None for lag in found),
        real_time_factor=cpu / _speech(audio),
        cpu_seconds_per_call_minute=cpu / minutes,
    )


def _speech(audio: Sequence[LegAudio]) -> float:
    return sum(leg.speech_seconds for leg in audio)


async def _play_all(
    what: str,
    audio: Sequence[LegAudio],
    pid: int,
    address: Callable[[str], Awaitable[str]],
    finals: Callable[[Sequence[str]], Awaitable[Finals]],
) -> Side:
    """Play every leg at once; ``address`` of a tap, then ``finals`` of all of them."""
    taps = [str(uuid.uuid4()) for _ in audio]
    addresses = [await address(tap) for tap in taps]
    cpu = cpu_seconds(pid)
    began = await asyncio.gather(*map(play, addresses, taps, (leg.samples for leg in audio)))
    heard = await finals(taps)
    cpu = cpu_seconds(pid) - cpu
    found = [lag for leg, tap, at in zip(audio, taps, began, strict=True) for lag in lags(leg.lines, at, heard[tap])]
    return _side(what, audio, found, cpu)


class _Core:
    """A hub on loopback that keeps what its one worker says, and when it said it."""

    def __init__(self) -> None:
        self.token = secrets.token_urlsafe(32)
        self.hub = WorkerHub(self.token, self._note)
        self.said: list[tuple[float, FromWorker | Gone]] = []
        self._changed = asyncio.Event()

    def _note(self, worker_id: str, message: FromWorker | Gone) -> None:
        self.said.append((time.time(), message))
        if isinstance(message, LegClosed):
            self._changed.set()

    async def address(self, tap_id: str, language: str) -> str:
        """Where to connect for an announced tap. Raises NeighbourError."""
        leg = Leg(call_id=tap_id, speaker="caller", arrived=time.time())
        found = self.hub.expect(ExpectTap(tap_id=tap_id, language=language, leg=leg))
        if found is None:
            raise NeighbourError("the speech worker takes no tap", "Its lines in the log say why")
        return found

    async def finals(self, taps: Sequence[str]) -> Finals:
        """Wait for the end of all taps; their final words. Raises NeighbourError."""
        try:
            async with asyncio.timeout(LAST_WORDS_SECONDS):
                while set(taps) - {m.tap_id for _, m in self.said if isinstance(m, LegClosed)}:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise NeighbourError(f"the last words did not come within {LAST_WORDS_SECONDS:g} s") from None
        heard = [(at, m) for at, m in self.said if isinstance(m, Heard) and m.final and m.text]
        return {tap: [(m.end, at) for at, m in heard if m.tap_id == tap] for tap in taps}


@asynccontextmanager
async def _worker(settings: Settings, language: str, legs: int) -> AsyncIterator[tuple[_Core, int]]:
    """A core and the process id of its one worker, which is ready."""
    model = settings.speech.model if language == settings.speech.language else ""
    speech = msgspec.structs.replace(
        settings.speech,
        language=language,
        model=model,
        workers=1,
        legs_per_worker=legs,
        audiosocket_host="127.0.0.1",
        audiosocket_port=0,
    )
    local = msgspec.structs.replace(
        settings, speech=speech, queue=(), web=Web(port=free_port()), log=Log(level="error")
    )
    core = _Core()
    app = web.Application()
    app.router.add_get("/workers", core.hub.handle)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, local.web.host, local.web.port).start()
    workers = LocalWorkers(local, core.token)
    running = asyncio.create_task(workers.run())
    try:
        if not await core.hub.wait_for(language, START_SECONDS):
            raise NeighbourError(f"no speech worker within {START_SECONDS:g} s", "Its lines in the log say why")
        yield core, workers.pids()[0]
    finally:
        await core.hub.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await runner.cleanup()


async def _ours(settings: Settings, language: str, audio: Sequence[LegAudio]) -> Side:
    async with _worker(settings, language, len(audio)) as (core, pid):
        return await _play_all("gateway's worker", audio, pid, lambda tap: core.address(tap, language), core.finals)


class _PlainFinal(Struct, frozen=True):
    tap: str
    at: float
    end: float | None


async def _plain_vosk(folder: Path, audio: Sequence[LegAudio]) -> Side:
    async with helper("gateway.bench.plain_vosk", str(folder)) as server:

        async def address(tap: str) -> str:
            return f"127.0.0.1:{server.hello}"

        async def finals(taps: Sequence[str]) -> Finals:
            heard: dict[str, list[tuple[float, float]]] = {tap: [] for tap in taps}
            living = set(taps)
            async for line in server.lines():
                final = msgspec.json.decode(line, type=_PlainFinal)
                if final.end is not None:
                    heard[final.tap].append((final.end, final.at))
                    continue
                living.discard(final.tap)
                if not living:
                    return heard
            raise NeighbourError("the plain server ended before its streams")

        return await _play_all("plain server", audio, server.pid, address, finals)


def _direct_whisper(folder: Path, language: str, audio: Sequence[LegAudio]) -> Side:
    """faster-whisper as its users run it: beam search, all cores for one utterance."""
    import soxr
    from faster_whisper import WhisperModel

    model = WhisperModel(str(folder), device="cpu", compute_type="int8")
    found: list[float | None] = []
    cpu = time.process_time()
    for leg in audio:
        for line in leg.lines:
            wave = np.frombuffer(leg.of_line(line), "<i2").astype(np.float32) / np.float32(32768)
            start = time.monotonic()
            segments, _ = model.transcribe(soxr.resample(wave, RATE, WHISPER_RATE), language=language, beam_size=5)
            text = "".join(segment.text for segment in segments)
            found.append(time.monotonic() - start if text.strip() else None)
    return _side("direct decoding", audio, found, time.process_time() - cpu)
