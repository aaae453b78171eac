"""``hotline bench asr --soak``: calls come and go for hours; nothing may be lost, and memory must stay what it is.

So many calls at a time, each of two legs and a length of its own; when one ends another begins, with new taps. The
workers are those that the gateway runs. Meanwhile their memory is read from the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from pathlib import Path

from msgspec import Struct

from gateway.asr import models
from gateway.bench.asr import speech_of
from gateway.bench.asr_lag import LegHeard, chunk_lags, final_lags
from gateway.bench.asr_memory import Memory, Sample, memory_of
from gateway.bench.asr_server import GatewayWorkers, gateway_workers
from gateway.bench.asr_sides import LEGS_PER_CALL, leg_of
from gateway.bench.figures import Load, Machine, Percentiles, percentiles, proportional_bytes, resident_bytes
from gateway.bench.speech import ACTIVITY, LegAudio, Played, Speech
from gateway.config import Settings

CALL_SECONDS = (60.0, 180.0)
"""Between these is the length of a call."""
LAST_CALL_SECONDS = 5.0
"""No call begins when less than this is left."""
SAMPLE_SECONDS = 10.0
FEWEST_SAMPLES = 20
TOLERANCE_SECONDS = 0.5
"""By so much a leg's heard seconds may differ from those that were sent: connecting takes its time."""
LINES_SECONDS = 300.0


class Plan(Struct, frozen=True):
    """``calls`` at a time for ``seconds``; ``lines``: a folder of WAV files in place of the demo's lines."""

    language: str
    calls: int
    seconds: float
    lines: Path | None = None


class SoakReport(Struct, frozen=True):
    """What ``hotline bench asr --soak S --json`` prints. Seconds over all legs.

    ``sent``: what was played; ``short_legs``: those of which less was heard than was sent. ``gaps``: seconds lost by
    reason. ``finals``: utterances with words. ``lines`` were spoken, ``unheard`` of them without a word.
    ``memory``: all workers together, then each by itself (``workers``). ``restarts``: how often a worker had to be
    started again.
    """

    machine: Machine
    language: str
    engine: str
    model: str
    speech: str
    speech_language: str
    seconds: float
    calls_at_a_time: int
    calls: int
    legs: int
    sent: float
    expected: float
    heard: float
    lost: float
    deferred: float
    short_legs: int
    gaps: dict[str, float]
    lines: int
    unheard: int
    finals: int
    chunk_lag: Percentiles
    end_to_final: Percentiles
    sender_late: float
    memory: Memory
    workers: tuple[Memory, ...]
    restarts: int
    bench: str = "asr-soak"

    def passed(self) -> bool:
        """Not a second lost, memory flat, and no worker crashed."""
        return self.lost == 0 and self.short_legs == 0 and self.restarts == 0 and self.memory.flat()


class _Totals:
    """What the legs that are over add up to."""

    def __init__(self) -> None:
        self.calls = self.legs = self.short = self.lines = self.finals = 0
        self.sent = self.expected = self.lost = self.deferred = self.late = 0.0
        self.chunks: list[float] = []
        self.endings: list[float | None] = []

    def add(self, audio: LegAudio, played: Played, heard: LegHeard) -> None:
        """One leg is over."""
        self.legs += 1
        self.sent += audio.seconds
        self.expected += heard.expected
        self.lost += heard.lost
        self.deferred += heard.deferred
        self.short += heard.expected - heard.lost < audio.seconds - TOLERANCE_SECONDS
        self.lines += len(audio.lines)
        self.finals += len(heard.finals)
        self.late = max(self.late, played.late)
        self.chunks += chunk_lags(audio.lines, played.began, heard.chunks)
        self.endings += final_lags(audio.lines, played.began, heard.finals)


async def measure(settings: Settings, config: Path, plan: Plan) -> SoakReport:
    """Let calls come and go. Raises ModelError without a model or a voice, InputError, NeighbourError."""
    load = Load()
    home = settings.home()
    name = settings.speech.model if plan.language == settings.speech.language else ""
    model = models.choose(home, plan.language, settings.speech.engine, name).model
    speech = await speech_of(home, config, plan.language, plan.lines, min(plan.seconds * ACTIVITY, LINES_SECONDS))
    totals = _Totals()
    samples: list[Sample] = []
    async with gateway_workers(settings, plan.language, plan.calls * LEGS_PER_CALL) as workers:
        reading = asyncio.create_task(_read_memory(workers, samples, plan.seconds))
        until = time.monotonic() + plan.seconds
        callers = (_calls(workers, speech, number, until, totals) for number in range(plan.calls))
        try:
            await asyncio.gather(*callers)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
        restarts = workers.local.restarts
    pids = sorted({pid for sample in samples for pid in sample.workers})
    return SoakReport(
        machine=load.machine(),
        language=plan.language,
        engine=model.engine,
        model=model.name,
        speech=speech.what,
        speech_language=speech.language,
        seconds=plan.seconds,
        calls_at_a_time=plan.calls,
        calls=totals.calls,
        legs=totals.legs,
        sent=totals.sent,
        expected=totals.expected,
        heard=totals.expected - totals.lost,
        lost=totals.lost,
        deferred=totals.deferred,
        short_legs=totals.short,
        gaps=dict(workers.gaps),
        lines=totals.lines,
        unheard=totals.endings.count(None),
        finals=totals.finals,
        chunk_lag=percentiles(totals.chunks),
        end_to_final=percentiles([lag for lag in totals.endings if lag is not None]),
        sender_late=totals.late,
        memory=memory_of(samples, pids),
        workers=tuple(memory_of(samples, [pid]) for pid in pids),
        restarts=restarts,
    )


async def _calls(workers: GatewayWorkers, speech: Speech, number: int, until: float, totals: _Totals) -> None:
    """One call after another. Their lengths, and what is said, are the same in every run of the same calls."""
    chance = random.Random(number)
    while (left := until - time.monotonic()) >= LAST_CALL_SECONDS:
        seconds = min(chance.uniform(*CALL_SECONDS), left)
        audio = await asyncio.to_thread(speech.legs, LEGS_PER_CALL, seconds, chance.getrandbits(32))
        legs = [leg_of(f"soak-{number}", side, time.time()) for side in range(LEGS_PER_CALL)]
        heard = await asyncio.gather(*map(workers.hear, audio, legs))
        totals.calls += 1
        for leg, (played, told) in zip(audio, heard, strict=True):
            totals.add(leg, played, told)


async def _read_memory(workers: GatewayWorkers, samples: list[Sample], seconds: float) -> None:
    pause = min(SAMPLE_SECONDS, seconds / FEWEST_SAMPLES)
    while True:
        found: dict[int, tuple[int, int]] = {}
        for pid in workers.pids():
            with contextlib.suppress(OSError):  # it has just ended
                found[pid] = (resident_bytes(pid), proportional_bytes(pid))
        samples.append(Sample(time.monotonic(), found))
        await asyncio.sleep(pause)


def table(report: SoakReport) -> str:
    """The report for people."""
    lag, final = report.chunk_lag, report.end_to_final
    gaps = ", ".join(f"{reason} {seconds:.2f} s" for reason, seconds in report.gaps.items()) or "none"
    lines = [
        f"{report.calls} calls, {report.legs} legs, {report.calls_at_a_time} calls at a time for {report.seconds:g} s; "
        f"{report.language} by {report.engine}, {report.model}; speech: {report.speech}, {report.speech_language}",
        f"seconds sent {report.sent:.1f}, expected {report.expected:.1f}, heard {report.heard:.1f}, "
        f"lost {report.lost:.2f}, left for later {report.deferred:.1f}; short legs: {report.short_legs}; gaps: {gaps}",
        f"lines {report.lines}, without a word {report.unheard}; utterances {report.finals}; "
        f"chunk lag {_lag(lag)}, end to final {_lag(final)}",
        f"{'memory, MB':<12}{'first':>8}{'warm':>8}{'last':>8}{'highest':>9}{'PSS':>8}{'an hour':>9}{'grown':>8}",
    ]
    lines += (_row(f"worker {i}", memory) for i, memory in enumerate(report.workers, 1))
    lines.append(_row("all", report.memory))
    lines.append("passed" if report.passed() else "NOT passed: something was lost, a worker crashed, or memory grew")
    return "\n".join(lines)


def _lag(lag: Percentiles) -> str:
    return " ".join("-" if value is None else f"{value:.2f}" for value in (lag.p50, lag.p95, lag.max))


def _row(name: str, memory: Memory) -> str:
    figures = (memory.first_mb, memory.warm_mb, memory.last_mb)
    return (
        f"{name:<12}{''.join(f'{figure:>8.0f}' for figure in figures)}{memory.highest_mb:>9.0f}"
        f"{memory.last_pss_mb:>8.0f}{memory.slope_mb_per_hour:>9.0f}{memory.growth:>8.1%}"
    )
