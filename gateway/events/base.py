"""What all events share. PURE."""

from __future__ import annotations

from msgspec import Struct


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all events. ``at``: the instant the thing happened, not the instant we learnt of it."""

    at: float


class CallEvent(Event, frozen=True, kw_only=True):
    """Base of all events that belong to one call."""

    call_id: str


class Rate(Struct, frozen=True, kw_only=True):
    """A share with its parts. ``value`` is None for an empty interval: no data, not 100 %."""

    numerator: int
    denominator: int
    value: float | None = None
