"""Periods as people give them: from one instant to another, in the hotline's time zone. PURE."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from gateway.errors import InputError

FIRST_SECONDS = 1e8
"""A smaller number is no instant in Unix seconds but a date, as in 20261124."""
LAST_SECONDS = 253_402_300_800.0
"""Unix seconds of the year 10000."""


class Span(NamedTuple):
    """From ``start``, included, to ``end``, not included: Unix seconds."""

    start: float
    end: float


def span(start: str, end: str, now: float, zone: ZoneInfo) -> Span:
    """From and to as given; empty: the beginning and the end of today.

    Raises InputError for what is no instant, and for an end that is not after the start.
    """
    midnight = datetime.fromtimestamp(now, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    found = Span(
        instant("from", start, zone) if start else midnight.timestamp(),
        instant("to", end, zone) if end else (midnight + timedelta(days=1)).timestamp(),
    )
    if found.start >= found.end:
        raise InputError("to: not later than from", "A period ends after it begins; its end is not part of it")
    return found


def instant(name: str, text: str, zone: ZoneInfo) -> float:
    """An ISO 8601 time or date (in ``zone``, if it names none) or Unix seconds.

    Raises InputError, which says ``name``.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if FIRST_SECONDS <= seconds < LAST_SECONDS:
        return seconds
    try:
        at = datetime.fromisoformat(text)
        seconds = (at if at.tzinfo is not None else at.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        seconds = -1.0
    if not 0 <= seconds < LAST_SECONDS:
        raise InputError(f"{name}: not an instant", "Give it as 2026-11-24T08:00, 2026-11-24, or in Unix seconds")
    return seconds
