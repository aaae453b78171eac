"""The gateway starts again: living calls as the journal tells of them, until the first resync completes them. PURE."""

from __future__ import annotations

from gateway.ami.agents import Agents
from gateway.ami.call import Call, Hold, Leg, State
from gateway.ami.calls import Calls
from gateway.ami.outgoing import Outgoing
from gateway.ami.resync import UNSEEN
from gateway.events import (
    AgentStateChanged,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallHeld,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallResumed,
    CallRinging,
    Event,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
    PartyJoined,
    PartyKind,
    PartyLeft,
)


def restore(event: Event, calls: Calls, agents: Agents, outgoing: Outgoing) -> None:
    """Take in one event of the journal, in order."""
    match event:
        case CallOffered():
            calls.add(Call(event.call_id, "", event.at))
        case AgentStateChanged():
            agents.restore(event)
            call = calls.of_caller(event.call_id)
            if call is not None and event.state == "talking" and call.state in (State.QUEUED, State.RINGING):
                _pick_up(call, event.agent, event.at, calls)
        case OutboundStarted() | OutboundAnswered() | OutboundEnded():
            outgoing.restore(event)
        case CallEvent():
            call = calls.of_caller(event.call_id)
            if call is not None:
                _restore_call(call, event, calls)


def _restore_call(call: Call, event: CallEvent, calls: Calls) -> None:
    match event:
        case CallQueued():
            call.state, call.queue, call.queued = State.QUEUED, event.queue, event.at
            call.answered_here, call.left_queue, call.gave_up = False, None, False
            call.first_ring = call.first_ring if call.bridged is not None else None
        case CallRinging():
            leg = _leg(call, event.agent, "agent", event.at, calls)
            leg.rang = event.at
            call.legs[leg.uniqueid] = leg
            call.state = State.RINGING
            call.first_ring = event.at if call.first_ring is None else call.first_ring
        case AttemptMissed():
            call.legs.pop(_unseen(call, event.agent), None)
            if call.state is State.RINGING and not call.legs:
                call.state = State.QUEUED
            elif call.state is State.PICKED_UP and call.agent == event.agent:
                call.state, call.leg, call.picked_up, call.agent = State.AGENT_LOST, None, None, ""
        case CallAnswered():
            clocks = event.clocks
            call.provenance, call.agent = clocks.provenance, event.agent
            call.first_ring, call.picked_up, call.bridged = clocks.first_ring, clocks.picked_up, clocks.bridged
            call.found_talking = clocks.bridged is None
            call.answered_here = True
            call.legs.clear()
        case PartyJoined():
            _join(call, event, calls)
        case PartyLeft():
            _leave(call, event)
        case CallHeld():
            holder = _unseen(call, event.agent) if event.by == "agent" else call.call_id
            call.stop_talking(event.at)
            call.hold = Hold(holder, event.agent, event.by, event.at)
        case CallResumed():
            call.held, call.hold = call.held + event.held_seconds, None
            call.talk_start = event.at
        case CallOverflowed():
            call.state, call.left_queue = State.OVERFLOWED, event.at
            call.legs.clear()
        case CallAbandoned():
            call.state, call.ended, call.hung_up_by = State.CLOSING, event.at, "caller"
        case CallEnded():
            calls.remove(call)


def _pick_up(call: Call, agent: str, at: float, calls: Calls) -> None:
    leg = call.legs.get(_unseen(call, agent)) or _leg(call, agent, "agent", at, calls)
    call.legs.clear()
    call.state, call.leg, call.agent = State.PICKED_UP, leg, agent
    call.picked_up, call.ring_start = at, leg.rang


def _join(call: Call, event: PartyJoined, calls: Calls) -> None:
    known = call.leg if call.leg is not None and call.leg.agent == event.party else None
    leg = known or _leg(call, event.party, event.kind, event.at, calls)
    leg.joined = event.at
    if not call.people:
        call.talk_start = event.at
    if event.kind == "agent" and call.leg is None:
        call.leg = leg
    call.people[leg.uniqueid] = leg
    call.state, call.agent = State.TALKING, event.party if event.kind == "agent" else call.agent


def _leave(call: Call, event: PartyLeft) -> None:
    leg = call.people.pop(_unseen(call, event.party), None)
    if leg is not None and call.leg is leg:
        call.leg = None
    if not call.people and call.state is State.TALKING:
        call.stop_talking(event.at)
        call.state = State.ALONE
        call.hung_up_by = "agent" if event.hung_up else "system"


def _leg(call: Call, agent: str, kind: PartyKind, at: float, calls: Calls) -> Leg:
    leg = Leg(_unseen(call, agent), "", agent, called=at, kind=kind)
    calls.bind(call, leg)
    return leg


def _unseen(call: Call, agent: str) -> str:
    return f"{UNSEEN}{call.call_id}/{agent}"
