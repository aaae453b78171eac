"""How many legs a side can take: two more, and two more, until it is too far behind."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec import Struct

from gateway.bench.asr_sides import LEGS_PER_CALL, Side

LIMIT_SECONDS = 0.5
"""The 95th percentile of the chunk lag that is still near enough to follow a conversation."""
MOST_LEGS = 64
TRIES = 2
"""A number of legs fails when it fails so often: something else may have had the processor once."""

Measure = Callable[[int, int], Awaitable[Side]]
"""(legs, attempt from 0) -> that side with so many; other speech with every attempt."""


class Tried(Struct, frozen=True):
    """A number of legs, and the chunk lag's 95th percentile with it."""

    legs: int
    p95: float | None


class Most(Struct, frozen=True):
    """The most legs that a side can take, and what was tried in the order it was."""

    legs: int
    tried: tuple[Tried, ...]


def fits(side: Side) -> bool:
    """Near enough to the speech, and nothing of it lost or put off."""
    p95 = side.chunk_lag.p95
    return p95 is not None and p95 <= LIMIT_SECONDS and side.lost == 0 and side.deferred == 0


async def most_legs(measure: Measure, known: Mapping[int, Side]) -> Most:
    """Go up from the most legs that are ``known`` to fit. 0 when not even one call fits."""
    tried: list[Tried] = []

    async def fit(legs: int) -> bool:
        for attempt in range(TRIES):
            side = known[legs] if legs in known and attempt == 0 else await measure(legs, attempt)
            tried.append(Tried(legs, side.chunk_lag.p95))
            if fits(side):
                return True
        return False

    legs = max((legs for legs, side in known.items() if fits(side)), default=0)
    while legs < MOST_LEGS and await fit(legs + LEGS_PER_CALL):
        legs += LEGS_PER_CALL
    return Most(legs, tuple(tried))
