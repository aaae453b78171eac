"""Missed callers: who rang in vain, how often and how long, until somebody speaks with them. PURE.

A call is missed when its line is down and no person ever spoke with the caller: abandoned, or overflowed and never
answered. Callers are told apart by number (``plain_number``); a withheld number cannot be called back and is only
counted. One leaves the list when somebody spoke with that number, whether they rang again or were called. While they
are on the line again, or are being called, they stay and are marked.

The instant of a miss is that at which the caller was gone; the wait is the caller's (arrival until then), whatever
clock the queue promises by.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from msgspec.structs import replace

from gateway.answer_sla.caller_number import plain_number
from gateway.answer_sla.missed_caller import MissedCall, MissedCaller, MissedList, Outcome, with_call
from gateway.answer_sla.policy import short_abandon
from gateway.config import Settings
from gateway.errors import InputError
from gateway.events import (
    CallAbandoned,
    CallAnswered,
    CallbackRequested,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    Event,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
    PartyJoined,
)

EVENTS: tuple[type[Event], ...] = (
    CallOffered,
    CallQueued,
    CallAnswered,
    CallAbandoned,
    CallOverflowed,
    PartyJoined,
    CallEnded,
    OutboundStarted,
    OutboundAnswered,
    OutboundEnded,
    CallbackRequested,
)
"""What a list is made of; others do not matter to it."""
KEPT = 7 * 86400.0
"""Seconds after which a missed caller can no longer be asked to be called back."""
LONGEST_CALL = 86400.0
"""Seconds after which a call whose end was never told is taken for over."""
MAX_CALLERS = 10_000
"""Callers on a list; beyond it the one missed longest ago is forgotten and counted."""
MAX_LIVING = 5_000
"""Calls followed at once; beyond it the oldest is forgotten."""


class NotMissedError(InputError):
    """The caller is not on the list, or not any more."""

    def __init__(self) -> None:
        super().__init__(
            "This is not the latest call of anybody on the list of missed callers",
            f"Look at the list again; callers stay on it for {KEPT / 86400:.0f} days",
        )


class AlreadyRequestedError(InputError):
    """Somebody asked for this call-back before."""

    def __init__(self, by: str) -> None:
        super().__init__(f"A call-back was requested already, by {by}")


@dataclass(slots=True, kw_only=True)
class _Line:
    """A call that is not over. ``key``: the citizen's plain number, empty when withheld."""

    key: str
    since: float


@dataclass(slots=True, kw_only=True)
class _Inbound(_Line):
    """A citizen's call; ``number`` and ``name`` as shown on the telephone."""

    number: str
    name: str
    queues: dict[str, None] = field(default_factory=dict)
    overflowed: bool = False
    spoken: bool = False
    missed: bool = False


@dataclass(slots=True, kw_only=True)
class _Outbound(_Line):
    """A call of ours."""

    agent: str


L = TypeVar("L", bound=_Line)


class MissedCallers:
    """The list, kept up to date by ``feed``.

    ``since``: calls missed before it do not count, though one that arrived before may be missed after. ``kept``:
    seconds after which a caller is dropped. ``forgotten`` counts those dropped for want of room.
    """

    def __init__(
        self, settings: Settings, *, since: float = 0.0, kept: float = float("inf"), limit: int = MAX_CALLERS
    ) -> None:
        self.forgotten = 0
        self._settings = settings
        self._since = since
        self._kept = kept
        self._limit = limit
        self._callers: dict[str, MissedCaller] = {}  # by plain number, in the order of their latest miss
        self._withheld: deque[float] = deque(maxlen=limit)
        self._inbound: dict[str, _Inbound] = {}
        self._outbound: dict[str, _Outbound] = {}

    def feed(self, event: Event) -> None:
        """Take one event in, in the order in which they were told."""
        match event:
            case CallOffered() if event.call_id not in self._inbound:
                self.forget(event.at)
                key = plain_number(event.caller_number)
                _add(
                    self._inbound,
                    event.call_id,
                    _Inbound(key=key, since=event.at, number=event.caller_number, name=event.caller_name),
                )
            case CallQueued() if event.call_id in self._inbound:
                self._inbound[event.call_id].queues[event.queue] = None
            case CallAnswered() | PartyJoined() if event.call_id in self._inbound:
                self._spoken_with(self._inbound[event.call_id])
            case CallOverflowed() if event.call_id in self._inbound:
                self._inbound[event.call_id].overflowed = True
            case CallAbandoned() if event.call_id in self._inbound:
                self._miss(self._inbound[event.call_id], event)
            case CallEnded() if event.call_id in self._inbound:
                self._end(self._inbound.pop(event.call_id), event)
            case OutboundStarted():
                key = plain_number(event.number)
                _add(self._outbound, event.call_id, _Outbound(key=key, since=event.at, agent=event.agent))
            case OutboundAnswered():
                self._callers.pop(plain_number(event.number), None)
            case OutboundEnded():
                self._outbound.pop(event.call_id, None)
                self._called(plain_number(event.number), event)
            case CallbackRequested() if caller := self._callers.get(key := plain_number(event.number)):
                self._callers[key] = replace(caller, callback_at=event.at, callback_by=event.by)

    def request_callback(self, call_id: str, by: str, now: float) -> CallbackRequested:
        """What to tell when ``by`` wants the caller whose latest missed call this is to be called back.

        Raises NotMissedError or AlreadyRequestedError.
        """
        self.forget(now)
        caller = next((each for each in self._callers.values() if each.call_id == call_id), None)
        if caller is None:
            raise NotMissedError
        if caller.callback_at is not None:
            raise AlreadyRequestedError(caller.callback_by)
        queue = caller.calls[-1].queues[-1] if caller.calls[-1].queues else ""
        return CallbackRequested(at=now, call_id=call_id, number=caller.number, queue=queue, tried=caller.tried, by=by)

    def between(self, start: float = 0.0, end: float = float("inf")) -> MissedList:
        """The callers whose latest miss lies in [start, end), the latest first."""
        on_line = {call.key for call in self._inbound.values() if not call.missed}
        being_called = {call.key: call.agent for call in self._outbound.values()}
        callers = tuple(
            replace(caller, calling_again=key in on_line, being_called_by=being_called.get(key, ""))
            if key in on_line or key in being_called
            else caller
            for key, caller in reversed(self._callers.items())
            if start <= caller.missed_at < end
        )
        withheld = sum(start <= at < end for at in self._withheld)
        return MissedList(start=start, end=end, callers=callers, withheld=withheld, forgotten=self.forgotten)

    def forget(self, now: float) -> None:
        """Drop what is too old at ``now``."""
        _drop_old(self._inbound, now)
        _drop_old(self._outbound, now)
        while self._withheld and self._withheld[0] + self._kept <= now:
            self._withheld.popleft()
        while (expiry := self.next_expiry()) is not None and expiry <= now:
            del self._callers[next(iter(self._callers))]

    def next_expiry(self) -> float | None:
        """When the caller missed longest ago will be too old to be kept; None for an empty list."""
        oldest = next(iter(self._callers.values()), None)
        return None if oldest is None else oldest.missed_at + self._kept

    def _spoken_with(self, call: _Inbound) -> None:
        call.spoken = True
        self._callers.pop(call.key, None)

    def _end(self, call: _Inbound, event: CallEnded) -> None:
        """A conversation lasted until now, whatever was missed of this number meanwhile."""
        if call.spoken or event.agent or event.talk_seconds > 0:
            self._spoken_with(call)
        else:
            self._miss(call, event)

    def _miss(self, call: _Inbound, event: CallAbandoned | CallEnded) -> None:
        """Put the call on the list, once: at the first word of its end."""
        if call.spoken or call.missed:
            return
        call.missed = True
        if event.at < self._since:
            return
        if not call.key:
            self._withheld.append(event.at)
            return
        before = self._callers.pop(call.key, None)
        if len(self._callers) >= self._limit:
            del self._callers[next(iter(self._callers))]
            self.forgotten += 1
        policy = self._settings.policy_at(event.queue, call.since)
        outcome: Outcome = "overflowed" if call.overflowed and isinstance(event, CallEnded) else "abandoned"
        missed = MissedCall(
            call_id=event.call_id,
            arrived=call.since,
            missed_at=event.at,
            queues=tuple(call.queues),
            wait=event.clocks.caller_wait,
            provenance=event.clocks.provenance,
            outcome=outcome,
            short=outcome == "abandoned" and short_abandon(event.clocks, policy),
        )
        self._callers[call.key] = with_call(before, missed, call.number, call.name)

    def _called(self, key: str, event: OutboundEnded) -> None:
        if event.answered:
            self._callers.pop(key, None)
        elif caller := self._callers.get(key):
            times = caller.called_in_vain + 1
            self._callers[key] = replace(caller, called_in_vain=times, called_in_vain_at=event.at)


def missed_between(events: Iterable[Event], settings: Settings, start: float, end: float) -> MissedList:
    """The list for a time: of events told since some while before ``start`` (a call may arrive before) until now."""
    missed = MissedCallers(settings, since=start)
    for event in events:
        missed.feed(event)
    return missed.between(start, end)


def _add(calls: dict[str, L], call_id: str, call: L) -> None:
    while len(calls) >= MAX_LIVING:
        del calls[next(iter(calls))]
    calls[call_id] = call


def _drop_old(calls: dict[str, L], now: float) -> None:
    while calls and next(iter(calls.values())).since + LONGEST_CALL <= now:
        del calls[next(iter(calls))]
