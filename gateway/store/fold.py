"""What each event changes in the rows of the history: no I/O here.

``Fold`` holds the rows that a batch of entries touches: those that stand in the tables were put in before, new ones
come up on the way. The same entries give the same rows however they are cut into batches.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec import Struct, field

from gateway.events import (
    AgentStateChanged,
    AlertAcknowledged,
    AlertEnded,
    AlertEscalated,
    AlertEvent,
    AlertRaised,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallRinging,
    CallTransferred,
    Clocks,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
    PartyJoined,
    PartyLeft,
)
from gateway.store.entry import Entry, clean
from gateway.store.rows import AgentStateRow, AlertRow, CallRow, LegRow, OutboundRow

Inbound = (
    CallOffered
    | CallQueued
    | CallRinging
    | CallAnswered
    | CallAbandoned
    | CallOverflowed
    | CallTransferred
    | CallEnded
    | AttemptMissed
    | PartyJoined
    | PartyLeft
)
"""Events that change a citizen's call or its legs."""
Outbound = OutboundStarted | OutboundAnswered | OutboundEnded

GREATEST_CAUSE = 999
"""Q.850 ends at 127; what the wire says beyond belief is not kept."""


class Touched(Struct):
    """The keys of the rows that some entries touch."""

    calls: set[str] = field(default_factory=set)
    agents: set[str] = field(default_factory=set)
    outbound: set[str] = field(default_factory=set)
    alerts: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.calls or self.agents or self.outbound or self.alerts)


def touched(entries: Iterable[Entry]) -> Touched:
    """The keys of all rows that ``Fold.take`` will want for these entries."""
    keys = Touched()
    for entry in entries:
        match entry.event:
            case AgentStateChanged():
                keys.agents.add(clean(entry.event.agent))
            case AlertEvent():
                keys.alerts.add(clean(entry.event.alert_id))
            case OutboundStarted() | OutboundAnswered() | OutboundEnded():
                keys.outbound.add(clean(entry.event.call_id))
            case event if isinstance(event, Inbound):
                keys.calls.add(clean(event.call_id))
            case _:
                pass
    return keys


class Fold:
    """The rows a batch touches: legs by their call and states by their agent, those without an end and the new ones."""

    def __init__(self) -> None:
        self.calls: dict[str, CallRow] = {}
        self.legs: defaultdict[str, list[LegRow]] = defaultdict(list)
        self.states: defaultdict[str, list[AgentStateRow]] = defaultdict(list)
        self.outbound: dict[str, OutboundRow] = {}
        self.alerts: dict[str, AlertRow] = {}

    def take(self, entry: Entry) -> None:
        """Take one entry in; entries come in the journal's order."""
        match entry.event:
            case AgentStateChanged():
                self._state(entry.seq, entry.event)
            case AlertEvent():
                self._alert(entry.event)
            case OutboundStarted() | OutboundAnswered() | OutboundEnded():
                self._outbound(entry.event)
            case event if isinstance(event, Inbound):
                self._call(entry.seq, event)
            case _:
                pass

    # --- calls ---------------------------------------------------------------------------------------------------

    def _call(self, seq: int, event: Inbound) -> None:
        call_id = clean(event.call_id)
        call = self.calls.get(call_id)
        if call is None:
            call = self.calls[call_id] = CallRow(call_id, arrived=event.at)
        match event:
            case CallOffered():
                # A call that is found again after a lost connection may come without what was known of it.
                call.caller_number = clean(event.caller_number) or call.caller_number
                call.caller_name = clean(event.caller_name) or call.caller_name
                call.dialled, call.arrived = clean(event.dialled) or call.dialled, event.at
            case CallQueued():
                call.queue = clean(event.queue)
                call.queued = event.at if call.queued is None else call.queued
            case CallRinging():
                call.first_ring = event.at if call.first_ring is None else call.first_ring
                self.legs[call_id].append(_attempt(seq, event, event.at))
            case CallAnswered():
                self._answered(call, event)
            case CallAbandoned() | CallOverflowed():
                if call.outcome != "answered":
                    call.outcome = "abandoned" if isinstance(event, CallAbandoned) else "overflowed"
                _set_clocks(call, event.clocks)
            case CallTransferred():
                call.transfers += event.outcome == "completed"
            case AttemptMissed() if call.ended is None:
                self._missed(seq, event)
            case PartyJoined() | PartyLeft() if call.ended is None:
                self._party(seq, call, event)
            case CallEnded():
                self._ended(call, event)

    def _answered(self, call: CallRow, event: CallAnswered) -> None:
        call.outcome, call.agent = "answered", clean(event.agent)
        call.queue = clean(event.queue) or call.queue
        call.answered_at = event.at if call.answered_at is None else call.answered_at
        _set_clocks(call, event.clocks)
        leg = self._open_leg(call.call_id, "attempt", call.agent)
        if leg is not None:
            picked_up = event.clocks.picked_up
            _close(leg, event.at if picked_up is None or picked_up < leg.started else picked_up)
            leg.reason = "answered"

    def _missed(self, seq: int, event: AttemptMissed) -> None:
        leg = self._open_leg(clean(event.call_id), "attempt", clean(event.agent))
        if leg is None:
            leg = _attempt(seq, event, event.at - event.ring_seconds)
            self.legs[leg.call_id].append(leg)
        leg.ended, leg.seconds, leg.reason = event.at, event.ring_seconds, event.reason

    def _party(self, seq: int, call: CallRow, event: PartyJoined | PartyLeft) -> None:
        party = clean(event.party)
        if event.kind == "agent":
            call.agent = party
        leg = self._open_leg(call.call_id, "party", party)
        if leg is None:
            started = event.at - event.seconds if isinstance(event, PartyLeft) else event.at
            leg = LegRow(seq, call.call_id, "party", party, event.kind, call.queue, started)
            self.legs[call.call_id].append(leg)
        if isinstance(event, PartyLeft):
            leg.ended, leg.seconds = event.at, event.seconds

    def _ended(self, call: CallRow, event: CallEnded) -> None:
        _set_clocks(call, event.clocks)
        call.ended = event.at if event.clocks.ended is None else event.clocks.ended
        call.agent, call.queue = clean(event.agent) or call.agent, clean(event.queue) or call.queue
        call.talk_seconds, call.held_seconds = event.talk_seconds, event.held_seconds
        call.hung_up_by, call.cause = event.hung_up_by, _cause(event.cause)
        for leg in self.legs[call.call_id]:
            if leg.ended is None:
                _close(leg, call.ended)

    def _open_leg(self, call_id: str, kind: str, party: str) -> LegRow | None:
        """The last one: an agent's phone may ring for one call again."""
        found = (leg for leg in reversed(self.legs[call_id]) if leg.kind == kind and leg.party == party)
        return next((leg for leg in found if leg.ended is None), None)

    # --- agents, calls we place, alerts --------------------------------------------------------------------------

    def _state(self, seq: int, event: AgentStateChanged) -> None:
        agent = clean(event.agent)
        for state in self.states[agent]:
            if state.until is None:
                state.until = max(state.since, event.at)
        self.states[agent].append(
            AgentStateRow(seq, agent, event.state, clean(event.reason), clean(event.call_id), event.at)
        )

    def _outbound(self, event: Outbound) -> None:
        call_id = clean(event.call_id)
        row = self.outbound.get(call_id)
        if row is None:
            row = self.outbound[call_id] = OutboundRow(call_id, started=event.at)
        row.agent, row.number = clean(event.agent), clean(event.number)
        match event:
            case OutboundStarted():
                row.started = event.at
            case OutboundAnswered():
                row.answered = event.at
            case OutboundEnded():
                row.ended, row.talk_seconds, row.cause = event.at, event.talk_seconds, _cause(event.cause)

    def _alert(self, event: AlertEvent) -> None:
        alert_id = clean(event.alert_id)
        row = self.alerts.get(alert_id)
        if row is None:
            row = self.alerts[alert_id] = AlertRow(alert_id, raised=event.at)
        row.kind, row.queue = event.kind, clean(event.queue)
        row.call_id, row.component = clean(event.call_id), clean(event.component)
        match event:
            case AlertRaised():
                row.raised, row.severity, row.value, row.limit = event.at, event.severity, event.value, event.limit
            case AlertAcknowledged():
                row.acknowledged, row.acknowledged_by = event.at, clean(event.by)
            case AlertEscalated():
                row.severity, row.level = event.severity, event.level
            case AlertEnded():
                row.ended = event.at


def _attempt(seq: int, event: CallRinging | AttemptMissed, started: float) -> LegRow:
    return LegRow(seq, clean(event.call_id), "attempt", clean(event.agent), "agent", clean(event.queue), started)


def _close(leg: LegRow, at: float) -> None:
    leg.ended = max(leg.started, at)
    leg.seconds = round(leg.ended - leg.started, 6)


def _cause(cause: int) -> int:
    return cause if 0 <= cause <= GREATEST_CAUSE else 0


def _set_clocks(call: CallRow, clocks: Clocks) -> None:
    call.arrived, call.provenance = clocks.arrived, clocks.provenance
    for name in ("queued", "first_ring", "picked_up", "bridged", "caller_wait", "queue_wait", "ring_time"):
        value = getattr(clocks, name)
        if value is not None:
            setattr(call, name, value)
