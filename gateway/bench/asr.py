"""``hotline bench asr``: how far the words are behind the speech, what they cost, and how many legs a machine can take.

*Ours*: the worker processes as the gateway runs them, one for each core unless the settings say otherwise, behind a hub
that places the taps; every leg is fed through AudioSocket in real time. *Reference*, in the same run: for Vosk a plain
server of the usual kind with the same legs (see ``plain_vosk``); for Whisper faster-whisper's own ``transcribe`` on the
same lines, one after another, nothing else to do. The two sides take turns; who is not measured is not running.

The speech is that of the demo's calls in the language, Mandarin where it has none, or WAV files. A model of another
language hears nonsense in it, which costs it more, with both alike; the report names both languages.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from msgspec import Struct

from gateway.asr import models
from gateway.bench.asr_capacity import LIMIT_SECONDS, Most, most_legs
from gateway.bench.asr_direct import DecodeOnly, decode_only, direct_whisper
from gateway.bench.asr_server import Server, gateway_workers, plain_server
from gateway.bench.asr_sides import Side, side_at, speech_seconds
from gateway.bench.figures import Load, Machine, ratio
from gateway.bench.speech import ACTIVITY, Speech, demo_lines, own_lines
from gateway.config import Settings
from gateway.errors import InputError

WARM_UP_SECONDS = 30.0
"""Both sides hear so much, in as many legs as there will be, before anything is measured: a gateway that has been
running for a while has no new recognisers either.
"""
DECODED_LEGS, DECODED_SECONDS = 2, 60.0
"""The speech that is decoded directly, after as much other speech."""
WARM_UP, DECODED_WARM_UP, DECODED, AGAIN = 1001, 1002, 1003, 2000
"""Takes of the speech: that for a number of legs has this number, when they are played again ``AGAIN`` is added."""
HEADS = ("p50", "p95", "max", "p50", "p95", "p50", "p95")


class Plan(Struct, frozen=True):
    """What to measure. ``legs``: each number of them in turn, for ``seconds``. ``most``: the most that fit as well.

    ``lines``: a folder of WAV files in the language, in place of the demo's lines.
    """

    language: str
    legs: tuple[int, ...]
    seconds: float
    most: bool = False
    lines: Path | None = None


class Step(Struct, frozen=True):
    """Both sides with so many legs. The ratios are ours over the reference's."""

    legs: int
    lines: int
    speech_seconds: float
    activity: float
    ours: Side
    reference: Side
    chunk_lag_ratio: float | None
    end_to_final_ratio: float | None
    cpu_ratio: float | None
    ours_over_decode_only: float | None
    reference_over_decode_only: float | None


class MostLegs(Struct, frozen=True):
    """The most legs whose chunk lag has its 95th percentile within ``limit`` seconds."""

    limit: float
    ours: Most
    reference: Most
    ratio: float | None


class AsrReport(Struct, frozen=True):
    """What ``hotline bench asr --json`` prints. ``decode_only`` is None for an engine other than Vosk.

    ``distinct_speech_seconds``: of the lines that all legs are made of.
    """

    machine: Machine
    language: str
    engine: str
    model: str
    workers: int
    speech: str
    speech_language: str
    distinct_speech_seconds: float
    seconds: float
    steps: tuple[Step, ...]
    decode_only: DecodeOnly | None
    most: MostLegs | None
    bench: str = "asr"


async def measure(settings: Settings, config: Path, plan: Plan) -> AsrReport:
    """Measure both sides. Raises ModelError without a model or a voice, InputError, NeighbourError."""
    load = Load()
    home = settings.home()
    name = settings.speech.model if plan.language == settings.speech.language else ""
    model = models.choose(home, plan.language, settings.speech.engine, name).model
    if model.engine not in ("vosk", "whisper"):
        raise InputError(f"there is no reference for engine {model.engine}", "Set speech.engine to vosk or whisper")
    if plan.most and model.engine != "vosk":
        raise InputError(
            f"engine {model.engine} decodes whole utterances: there is no chunk lag to limit", "Leave --most out"
        )
    wanted = max(plan.legs) * plan.seconds * ACTIVITY
    speech = await speech_of(home, config, plan.language, plan.lines, wanted)
    folder = models.model_dir(home, model.name)
    limit = None
    if model.engine == "vosk":
        takes = [speech.legs(DECODED_LEGS, DECODED_SECONDS, take) for take in (DECODED_WARM_UP, DECODED)]
        limit = await asyncio.to_thread(decode_only, folder, *takes)
    workers = gateway_workers(settings, plan.language, max(plan.legs))
    ours, ours_most, count = await _measure(workers, speech, plan)
    if model.engine == "vosk":
        reference, reference_most, _ = await _measure(plain_server(folder), speech, plan)
    else:
        reference, reference_most = {}, None
        for legs in plan.legs:
            audio = speech.legs(legs, plan.seconds, legs)
            reference[legs] = await asyncio.to_thread(direct_whisper, folder, plan.language, audio)
    most = None
    if ours_most is not None and reference_most is not None:
        share = ratio(ours_most.legs, reference_most.legs)
        most = MostLegs(LIMIT_SECONDS, ours_most, reference_most, share)
    return AsrReport(
        machine=load.machine(),
        language=plan.language,
        engine=model.engine,
        model=model.name,
        workers=count,
        speech=speech.what,
        speech_language=speech.language,
        distinct_speech_seconds=speech.seconds,
        seconds=plan.seconds,
        steps=tuple(_step(speech, plan, legs, ours[legs], reference[legs], limit) for legs in plan.legs),
        decode_only=limit,
        most=most,
    )


async def speech_of(home: Path, config: Path, language: str, folder: Path | None, seconds: float) -> Speech:
    """The lines to play, ``seconds`` of the demo's if it has so many. Raises ModelError, SettingError, InputError."""
    if folder is not None:
        return await asyncio.to_thread(own_lines, folder, language)
    return await demo_lines(home, config, language, seconds)


async def _measure(
    side: AbstractAsyncContextManager[Server], speech: Speech, plan: Plan
) -> tuple[dict[int, Side], Most | None, int]:
    """One side: each number of legs, then the most that fit; and how many processes it is."""
    async with side as server:

        async def at(legs: int, attempt: int = 0) -> Side:
            return await side_at(server, speech.legs(legs, plan.seconds, legs + AGAIN * attempt))

        await side_at(server, speech.legs(max(plan.legs), min(WARM_UP_SECONDS, plan.seconds), WARM_UP))
        found = {legs: await at(legs) for legs in plan.legs}
        return found, await most_legs(at, found) if plan.most else None, len(server.pids())


def _step(speech: Speech, plan: Plan, legs: int, ours: Side, reference: Side, limit: DecodeOnly | None) -> Step:
    audio = speech.legs(legs, plan.seconds, legs)
    spoken = speech_seconds(audio)
    least = limit.real_time_factor if limit is not None else None
    return Step(
        legs=legs,
        lines=sum(len(leg.lines) for leg in audio),
        speech_seconds=spoken,
        activity=spoken / sum(leg.seconds for leg in audio),
        ours=ours,
        reference=reference,
        chunk_lag_ratio=ratio(ours.chunk_lag.p95, reference.chunk_lag.p95),
        end_to_final_ratio=ratio(ours.end_to_final.p95, reference.end_to_final.p95),
        cpu_ratio=ratio(ours.real_time_factor, reference.real_time_factor),
        ours_over_decode_only=ratio(ours.real_time_factor, least),
        reference_over_decode_only=ratio(reference.real_time_factor, least),
    )


def table(report: AsrReport) -> str:
    """The report for people."""
    processes = "process" if report.workers == 1 else "processes"
    lines = [
        f"{report.language} by {report.engine}, {report.model}, {report.workers} worker {processes}; "
        f"speech: {report.speech}, {report.speech_language}; {report.seconds:g} s each",
        f"{'legs':<22}{'chunk lag, s':>21}{'end to final':>14}{'first words':>14}{'unheard':>11}{'CPU s/min':>11}",
        f"{'':22}{''.join(f'{head:>7}' for head in HEADS)}{'':11}{'of a call':>11}{'MB':>7}",
    ]
    for step in report.steps:
        lines += (_row(step.legs, side, step.lines) for side in (step.ours, step.reference))
    if report.decode_only is not None:
        limit = report.decode_only
        lines.append(
            f"decode only, one core: {limit.cpu_seconds_per_call_minute:.1f} CPU s a call minute, "
            f"{limit.real_time_factor:.2f} a second of speech; over that "
            + ", ".join(_over(step) for step in report.steps)
        )
    if report.most is not None:
        most = report.most
        lines.append(
            f"most legs with p95 of the chunk lag within {most.limit:g} s: {most.ours.legs} "
            f"(plain server {most.reference.legs}; {_number(most.ratio, 1).strip()} times as many)"
        )
    return "\n".join(lines)


def _row(legs: int, side: Side, lines: int) -> str:
    lag, final, first = side.chunk_lag, side.end_to_final, side.first_words
    figures = (lag.p50, lag.p95, lag.max, final.p50, final.p95, first.p50, first.p95)
    return (
        f"{legs:>3} {side.what:<18}{''.join(_number(figure, 7) for figure in figures)}{side.unheard:>4} of {lines:>3}"
        f"{side.cpu_seconds_per_call_minute:>11.1f}{side.peak_memory_mb or 0.0:>7.0f}"
    )


def _over(step: Step) -> str:
    ours, reference = step.ours_over_decode_only, step.reference_over_decode_only
    return f"{step.legs} legs {_number(ours, 1)} (plain {_number(reference, 1)})"


def _number(value: float | None, width: int) -> str:
    return f"{'-':>{width}}" if value is None else f"{value:>{width}.2f}"
