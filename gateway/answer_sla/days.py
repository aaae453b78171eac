"""The local calendar of figures: days and intervals, aligned to local midnight. PURE."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo


def day_of(instant: float, zone: tzinfo) -> tuple[float, float]:
    """The local day an instant falls into: its midnight and the next one, Unix seconds. Not always 24 h apart."""
    midnight = datetime.fromtimestamp(instant, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    return midnight.timestamp(), (midnight + timedelta(days=1)).timestamp()


def intervals(since: float, until: float, seconds: float, zone: tzinfo) -> Iterator[tuple[float, float]]:
    """``[since, until)`` cut at every ``seconds`` after each local midnight, and at each midnight."""
    start = since
    while start < until:
        midnight, next_midnight = day_of(start, zone)
        past = int((start - midnight) // seconds)
        end = min(midnight + (past + 1) * seconds, next_midnight, until)
        yield start, end
        start = end
