"""Somebody who rang in vain, told for a list: their calls, and what was done about it. PURE."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from gateway.events import Provenance

MAX_CALLS = 20
"""Calls of one caller that are told one by one; earlier ones only count."""

Outcome: TypeAlias = Literal["abandoned", "overflowed"]


class MissedCall(Struct, frozen=True, kw_only=True):
    """One call in vain. ``short``: abandoned within its queue's short-abandon limit."""

    call_id: str
    arrived: float
    missed_at: float
    queues: tuple[str, ...]
    wait: float | None
    provenance: Provenance
    outcome: Outcome
    short: bool


class MissedCaller(Struct, frozen=True, kw_only=True):
    """Somebody who rang in vain and was not spoken with since. Numbers and names are personal data.

    ``call_id``, ``latest_at`` (arrival) and ``missed_at`` are the latest missed call's. ``tried``: missed calls since
    somebody last spoke with them, or since the list's start; ``calls`` tells the latest ``MAX_CALLS`` of them, the
    oldest first. ``short``: every one was a short abandon. ``callback_by`` asked at ``callback_at`` for a call-back;
    ``called_in_vain`` counts our calls that did not reach them. ``calling_again``: on the line now;
    ``being_called_by``: the agent who rings them.
    """

    call_id: str
    number: str
    name: str
    queues: tuple[str, ...]
    first_at: float
    latest_at: float
    missed_at: float
    tried: int
    longest_wait: float | None
    short: bool
    calls: tuple[MissedCall, ...]
    callback_at: float | None = None
    callback_by: str = ""
    called_in_vain: int = 0
    called_in_vain_at: float | None = None
    calling_again: bool = False
    being_called_by: str = ""


class MissedList(Struct, frozen=True, kw_only=True):
    """Callers whose latest miss lies in [start, end), the latest first, as things stand at the newest event.

    ``withheld``: calls missed in that time without a number. ``forgotten``: callers left out for want of room.
    """

    start: float
    end: float
    callers: tuple[MissedCaller, ...]
    withheld: int
    forgotten: int


def with_call(before: MissedCaller | None, missed: MissedCall, number: str, name: str) -> MissedCaller:
    """The caller with one more missed call; ``before`` is None at the first. ``number`` and ``name`` as seen now."""
    if before is None:
        return MissedCaller(
            call_id=missed.call_id,
            number=number,
            name=name,
            queues=missed.queues,
            first_at=missed.arrived,
            latest_at=missed.arrived,
            missed_at=missed.missed_at,
            tried=1,
            longest_wait=missed.wait,
            short=missed.short,
            calls=(missed,),
        )
    return replace(
        before,
        call_id=missed.call_id,
        number=number,
        name=name or before.name,
        queues=tuple(dict.fromkeys((*before.queues, *missed.queues))),
        latest_at=missed.arrived,
        missed_at=missed.missed_at,
        tried=before.tried + 1,
        longest_wait=max((each for each in (before.longest_wait, missed.wait) if each is not None), default=None),
        short=before.short and missed.short,
        calls=(*before.calls, missed)[-MAX_CALLS:],
    )
