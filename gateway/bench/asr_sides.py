"""One side of ``hotline bench asr`` at one number of legs: what it told of the speech, and what that cost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from msgspec import Struct

from gateway.asr.protocol import Leg
from gateway.bench.asr_lag import CHUNK_SECONDS, LegHeard, chunk_lags, final_lags, first_word_lags
from gateway.bench.asr_server import Server
from gateway.bench.figures import Percentiles, percentiles
from gateway.bench.speech import LegAudio, Played
from gateway.events import Speaker

LEGS_PER_CALL = 2
SPEAKERS: tuple[Speaker, ...] = ("caller", "agent")
MEGABYTE = 1 << 20


class Side(Struct, frozen=True):
    """What one side did with some legs. Seconds, but for shares and counts.

    ``chunk_lag``: of each 0.2 s of speech, from the instant its last sample was due until it had been decoded; not of
    an engine that decodes whole utterances. ``end_to_final``: from the end of a line until its last final words had
    come; ``first_words``: from its beginning until its first words had. ``unheard``: lines of which no word came.
    ``covered``: share of the speech whose chunks were decoded. ``lost`` and ``deferred``: seconds that were not heard,
    and that were left for after the call. ``sender_late``: the worst that a frame was sent behind its time; lags count
    from the time it was due. ``real_time_factor``: processor seconds a second of speech.
    ``cpu_seconds_per_call_minute``: two legs, their silence included. ``peak_memory_mb``: resident, of all processes
    since their start.
    """

    what: str
    chunk_lag: Percentiles
    end_to_final: Percentiles
    first_words: Percentiles
    unheard: int
    covered: float
    lost: float
    deferred: float
    sender_late: float
    real_time_factor: float
    cpu_seconds_per_call_minute: float
    peak_memory_mb: float | None


def speech_seconds(audio: Sequence[LegAudio]) -> float:
    """Seconds in which somebody speaks, over all legs."""
    return sum(leg.speech_seconds for leg in audio)


def call_minutes(audio: Sequence[LegAudio]) -> float:
    """Minutes of calls, two legs each."""
    return sum(leg.seconds for leg in audio) / LEGS_PER_CALL / 60


async def side_at(server: Server, audio: Sequence[LegAudio]) -> Side:
    """Play all legs at once, the first two as one call and so on. Raises NeighbourError."""
    await server.settle()
    now = time.time()
    cpu = server.cpu()
    legs = [leg_of(f"bench-{i // LEGS_PER_CALL}", i % LEGS_PER_CALL, now) for i in range(len(audio))]
    heard = await asyncio.gather(*map(server.hear, audio, legs))
    cpu = server.cpu() - cpu
    return _side(server, audio, heard, cpu)


def leg_of(call: str, side: int, arrived: float) -> Leg:
    """How the core names one of a call's two legs."""
    return Leg(call_id=call, speaker=SPEAKERS[side], arrived=arrived)


def _side(server: Server, audio: Sequence[LegAudio], heard: Sequence[tuple[Played, LegHeard]], cpu: float) -> Side:
    chunks: list[float] = []
    finals: list[float | None] = []
    first: list[float | None] = []
    for leg, (played, told) in zip(audio, heard, strict=True):
        chunks += chunk_lags(leg.lines, played.began, told.chunks)
        finals += final_lags(leg.lines, played.began, told.finals)
        first += first_word_lags(leg.lines, played.began, [*told.partials, *told.finals])
    speech = speech_seconds(audio)
    return Side(
        what=server.what,
        chunk_lag=percentiles(chunks),
        end_to_final=percentiles([lag for lag in finals if lag is not None]),
        first_words=percentiles([lag for lag in first if lag is not None]),
        unheard=finals.count(None),
        covered=len(chunks) * CHUNK_SECONDS / speech,
        lost=sum(told.lost for _, told in heard),
        deferred=sum(told.deferred for _, told in heard),
        sender_late=max(played.late for played, _ in heard),
        real_time_factor=cpu / speech,
        cpu_seconds_per_call_minute=cpu / call_minutes(audio),
        peak_memory_mb=server.peak() / MEGABYTE,
    )
