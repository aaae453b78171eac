"""Whether memory is flat: what samples of it, taken while calls come and go, say. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import median

from msgspec import Struct

WARM_UP_SHARE = 0.25
"""Part of the time in which recognisers still get to know speech."""
WINDOW_SHARE = 0.1
"""Part of the time over which memory is taken together, so that one sample decides nothing."""
FLAT = 0.10
MEGABYTE = 1 << 20


class Sample(Struct, frozen=True):
    """At this instant (seconds), by process: resident bytes, and proportional ones (pages shared counted in part)."""

    at: float
    workers: Mapping[int, tuple[int, int]]


class Memory(Struct, frozen=True):
    """Megabytes resident. ``warm``: right after the first quarter of the time; ``highest`` since then.

    ``slope_mb_per_hour``: of the straight line through all samples since then. ``growth``: of ``last`` over ``warm``,
    ``highest_growth``: of ``highest``.
    """

    first_mb: float
    warm_mb: float
    last_mb: float
    highest_mb: float
    last_pss_mb: float
    slope_mb_per_hour: float
    growth: float
    highest_growth: float

    def flat(self) -> bool:
        """Never more than ``FLAT`` above what it was when it was warm."""
        return self.highest_growth <= FLAT


def memory_of(samples: Sequence[Sample], pids: Collection[int]) -> Memory:
    """The memory of these processes together, over samples in the order they were taken (at least one).

    A process that is not in a sample was not there.
    """
    resident = [(s.at, sum(s.workers[pid][0] for pid in pids if pid in s.workers) / MEGABYTE) for s in samples]
    proportional = [sum(s.workers[pid][1] for pid in pids if pid in s.workers) / MEGABYTE for s in samples]
    warm = resident[int(len(resident) * WARM_UP_SHARE) :]
    window = max(1, int(len(resident) * WINDOW_SHARE))
    at_first, at_last = median(mb for _, mb in warm[:window]), median(mb for _, mb in warm[-window:])
    highest = max(mb for _, mb in warm)
    return Memory(
        first_mb=resident[0][1],
        warm_mb=at_first,
        last_mb=at_last,
        highest_mb=highest,
        last_pss_mb=median(proportional[-window:]),
        slope_mb_per_hour=slope(warm) * 3600,
        growth=at_last / at_first - 1 if at_first else 0.0,
        highest_growth=highest / at_first - 1 if at_first else 0.0,
    )


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the straight line with the least squared distances; 0 for fewer than two instants."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
