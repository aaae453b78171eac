"""How far behind the speech something was: pure arithmetic over what was sent and what was told about it, and when.

A *position* is a number of seconds since a leg's first sample, by its samples; sample and position ``p`` were spoken at
``began + p``. The same for both sides, so that both are measured by the same clock, that of the speaker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from gateway.asr.chunk_trace import DecodedTo
from gateway.bench.speech import Spoken

CHUNK_SECONDS = 0.2
"""What both sides hand to a recogniser at once."""
SLACK = 0.001
"""Seconds by which positions may differ through rounding."""


class Told(Struct, frozen=True):
    """Something became known about a leg up to ``position`` at the Unix instant ``at``."""

    position: float
    at: float


class LegHeard(Struct):
    """What was told about one leg: chunks as they had been decoded, words so far and final words as they arrived.

    ``lost`` and ``deferred``: seconds that were not heard, and that were left for after the call. ``complete``: that
    was all.
    """

    chunks: list[Told] = []
    partials: list[Told] = []
    finals: list[Told] = []
    lost: float = 0.0
    deferred: float = 0.0
    expected: float = 0.0
    complete: bool = False


def chunks_of(trace: Iterable[DecodedTo], opened: float) -> list[Told]:
    """The chunks of a leg that was ``opened`` at this instant, in order; what a decoder still holds is not decoded."""
    found: list[Told] = []
    start = done = 0.0
    for piece in trace:
        if piece.start != start:
            start, done = piece.start, 0.0
        length = piece.end - piece.start
        while done + CHUNK_SECONDS <= length + SLACK:
            done += CHUNK_SECONDS
            found.append(Told(start + done - opened, piece.at))
        if piece.over and done + SLACK < length:
            found.append(Told(piece.end - opened, piece.at))
    return found


def chunk_lags(lines: Sequence[Spoken], began: float, chunks: Sequence[Told]) -> list[float]:
    """For each chunk whose last sample is speech: seconds from that sample until the chunk had been decoded."""
    spoken = [c for c in chunks if any(line.start < c.position <= line.end + SLACK for line in lines)]
    return [chunk.at - began - chunk.position for chunk in spoken]


def final_lags(lines: Sequence[Spoken], began: float, finals: Sequence[Told]) -> list[float | None]:
    """For each line, seconds from its end to the arrival of its last words; None for a line nobody heard."""
    found: list[float | None] = []
    for line, words in zip(lines, _by_line(lines, finals), strict=True):
        found.append(max(told.at for told in words) - began - line.end if words else None)
    return found


def first_word_lags(lines: Sequence[Spoken], began: float, words: Sequence[Told]) -> list[float | None]:
    """For each line, seconds from its beginning to the arrival of its first words; None for a line nobody heard."""
    found: list[float | None] = []
    for line, told in zip(lines, _by_line(lines, words), strict=True):
        found.append(min(word.at for word in told) - began - line.start if told else None)
    return found


def _by_line(lines: Sequence[Spoken], words: Sequence[Told]) -> list[list[Told]]:
    """Words belong to the last line that had begun when they ended."""
    ends = [line.start for line in lines[1:]] + [float("inf")]
    return [
        [word for word in words if line.start < word.position <= end] for line, end in zip(lines, ends, strict=True)
    ]
