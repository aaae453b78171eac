"""The one table of what can happen to a call, and what is done about it. PURE.

Whatever happens is first named (``Kind``, by the tracker), then looked up in ``TABLE`` by the call's state; what is
not in the table changes nothing and is counted in ``Calls.odd``. docs/call-flow.md draws the table.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gateway.ami.agents import Agents
from gateway.ami.call import Call, Leg, State
from gateway.events import (
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallRinging,
    Event,
    MissReason,
)


class Kind(StrEnum):
    """What can happen to a call."""

    JOINS_QUEUE = "joins queue"
    AGENT_CALLED = "agent called"
    AGENT_RINGS = "agent rings"
    RING_ENDS = "a ring ends"
    LAST_RING_ENDS = "last ring ends"
    AGENT_PICKS_UP = "agent picks up"
    BRIDGED = "bridged with a person"
    AGENT_LEAVES = "agent leaves"
    QUEUE_GIVES_UP = "queue gives up"
    LEAVES_QUEUE = "leaves queue"
    CALLER_HANGS_UP = "caller hangs up"
    CALLER_GONE = "caller's channel gone"


class Transition(NamedTuple):
    """The next state, and the name of the method of ``Calls`` that acts."""

    state: State
    action: str


_S, _K, _T = State, Kind, Transition

TABLE: dict[tuple[State, Kind], Transition] = {
    (_S.OFFERED, _K.JOINS_QUEUE): _T(_S.QUEUED, "_join"),
    (_S.OFFERED, _K.BRIDGED): _T(_S.TALKING, "_answer"),
    (_S.OFFERED, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "_abandon"),
    (_S.OFFERED, _K.CALLER_GONE): _T(_S.ENDED, "_abandon_and_end"),
    (_S.QUEUED, _K.AGENT_CALLED): _T(_S.QUEUED, "_call_agent"),
    (_S.QUEUED, _K.AGENT_RINGS): _T(_S.RINGING, "_ring"),
    (_S.QUEUED, _K.LAST_RING_ENDS): _T(_S.QUEUED, "_miss"),
    (_S.QUEUED, _K.AGENT_PICKS_UP): _T(_S.PICKED_UP, "_pick_up"),
    (_S.QUEUED, _K.BRIDGED): _T(_S.TALKING, "_answer"),
    (_S.QUEUED, _K.QUEUE_GIVES_UP): _T(_S.QUEUED, "_give_up"),
    (_S.QUEUED, _K.LEAVES_QUEUE): _T(_S.OVERFLOWED, "_overflow"),
    (_S.QUEUED, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "_abandon"),
    (_S.QUEUED, _K.CALLER_GONE): _T(_S.ENDED, "_abandon_and_end"),
    (_S.RINGING, _K.AGENT_CALLED): _T(_S.RINGING, "_call_agent"),
    (_S.RINGING, _K.AGENT_RINGS): _T(_S.RINGING, "_ring"),
    (_S.RINGING, _K.RING_ENDS): _T(_S.RINGING, "_miss"),
    (_S.RINGING, _K.LAST_RING_ENDS): _T(_S.QUEUED, "_miss"),
    (_S.RINGING, _K.AGENT_PICKS_UP): _T(_S.PICKED_UP, "_pick_up"),
    (_S.RINGING, _K.BRIDGED): _T(_S.TALKING, "_answer"),
    (_S.RINGING, _K.QUEUE_GIVES_UP): _T(_S.RINGING, "_give_up"),
    (_S.RINGING, _K.LEAVES_QUEUE): _T(_S.OVERFLOWED, "_overflow"),
    (_S.RINGING, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "_abandon"),
    (_S.RINGING, _K.CALLER_GONE): _T(_S.ENDED, "_abandon_and_end"),
    (_S.PICKED_UP, _K.AGENT_CALLED): _T(_S.PICKED_UP, "_call_agent"),
    (_S.PICKED_UP, _K.AGENT_RINGS): _T(_S.PICKED_UP, "_ring"),
    (_S.PICKED_UP, _K.AGENT_PICKS_UP): _T(_S.PICKED_UP, "_pick_up"),
    (_S.PICKED_UP, _K.LEAVES_QUEUE): _T(_S.PICKED_UP, "_stay"),
    (_S.PICKED_UP, _K.BRIDGED): _T(_S.TALKING, "_answer"),
    (_S.PICKED_UP, _K.AGENT_LEAVES): _T(_S.AGENT_LOST, "_lose_agent"),
    (_S.PICKED_UP, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "_abandon"),
    (_S.PICKED_UP, _K.CALLER_GONE): _T(_S.ENDED, "_abandon_and_end"),
    (_S.AGENT_LOST, _K.LEAVES_QUEUE): _T(_S.AGENT_LOST, "_stay"),
    (_S.AGENT_LOST, _K.JOINS_QUEUE): _T(_S.QUEUED, "_rejoin"),
    (_S.AGENT_LOST, _K.AGENT_CALLED): _T(_S.QUEUED, "_call_agent"),
    (_S.AGENT_LOST, _K.BRIDGED): _T(_S.TALKING, "_answer"),
    (_S.AGENT_LOST, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "_abandon"),
    (_S.AGENT_LOST, _K.CALLER_GONE): _T(_S.ENDED, "_abandon_and_end"),
    (_S.TALKING, _K.LEAVES_QUEUE): _T(_S.TALKING, "_stay"),
    (_S.TALKING, _K.AGENT_PICKS_UP): _T(_S.TALKING, "_stay"),
    (_S.TALKING, _K.JOINS_QUEUE): _T(_S.QUEUED, "_requeue"),
    (_S.TALKING, _K.AGENT_LEAVES): _T(_S.AFTER_TALK, "_agent_leaves"),
    (_S.TALKING, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "_caller_hangs_up"),
    (_S.TALKING, _K.CALLER_GONE): _T(_S.ENDED, "_end"),
    (_S.AFTER_TALK, _K.JOINS_QUEUE): _T(_S.QUEUED, "_requeue"),
    (_S.AFTER_TALK, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "_caller_hangs_up"),
    (_S.AFTER_TALK, _K.CALLER_GONE): _T(_S.ENDED, "_end"),
    (_S.OVERFLOWED, _K.JOINS_QUEUE): _T(_S.QUEUED, "_join"),
    (_S.OVERFLOWED, _K.BRIDGED): _T(_S.TALKING, "_answer"),
    (_S.OVERFLOWED, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "_caller_hangs_up"),
    (_S.OVERFLOWED, _K.CALLER_GONE): _T(_S.ENDED, "_end"),
    **{(_S.CLOSING, kind): _T(_S.CLOSING, "_stay") for kind in Kind},
    (_S.CLOSING, _K.CALLER_GONE): _T(_S.ENDED, "_end"),
}


def diagram() -> str:
    """The table as a Mermaid state diagram; what leaves a call where it is, is left out."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.OFFERED}: arrives in a trunk context"]
    for (state, kind), (after, _) in TABLE.items():
        if state is not after:
            target = "[*]" if after is State.ENDED else after.value
            lines.append(f"    {state} --> {target}: {kind}")
    return "\n".join(lines)


NOBODY = Leg("", "", "", called=0.0)
"""The leg of a happening that concerns no agent."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened, when, and with what."""

    kind: Kind
    at: float
    leg: Leg = NOBODY
    queue: str = ""
    position: int = 1
    cause: int = 0


class Calls:
    """The living calls by id, with their aliases (Linkedids) and legs. ``out`` collects what happened, in order."""

    def __init__(self, agents: Agents) -> None:
        self.odd: Counter[str] = Counter()
        self.out: list[Event] = []
        self._agents = agents
        self._calls: dict[str, Call] = {}
        self._aliases: dict[str, str] = {}
        self._legs: dict[str, str] = {}

    def living(self) -> tuple[Call, ...]:
        """In order of arrival."""
        return tuple(self._calls.values())

    def of_caller(self, uniqueid: str) -> Call | None:
        """The call whose caller's channel this is."""
        return self._calls.get(uniqueid)

    def of_leg(self, uniqueid: str) -> Call | None:
        """The call one of whose agents' channels this is."""
        return self._calls.get(self._legs.get(uniqueid, ""))

    def of_linkedid(self, linkedid: str) -> Call | None:
        """The call that a channel with this Linkedid has to do with."""
        return self._calls.get(self._aliases.get(linkedid, ""))

    def alias(self, call: Call, linkedid: str) -> None:
        """Remember that the call is also known by this Linkedid."""
        if linkedid and linkedid not in call.linkedids:
            call.linkedids.add(linkedid)
            self._aliases[linkedid] = call.call_id

    def offer(self, call: Call, number: str, name: str, dialled: str) -> None:
        """A new call. ``number`` and ``name`` are the caller's."""
        self._calls[call.call_id] = call
        self.alias(call, call.call_id)
        self.out.append(
            CallOffered(at=call.arrived, call_id=call.call_id, caller_number=number, caller_name=name, dialled=dialled)
        )

    def apply(self, call: Call, happening: Happening) -> None:
        """Look it up, move on, act."""
        transition = TABLE.get((call.state, happening.kind))
        if transition is None:
            self.odd[f"{call.state}: {happening.kind}"] += 1
            return
        call.state = transition.state
        getattr(self, transition.action)(call, happening)

    # --- the actions of the table --------------------------------------------------------------------------

    def _stay(self, call: Call, happening: Happening) -> None:
        """Expected, and of no consequence."""

    def _join(self, call: Call, happening: Happening) -> None:
        call.queue, call.queued = happening.queue, happening.at
        call.gave_up, call.left_queue = False, None
        self.out.append(
            CallQueued(at=happening.at, call_id=call.call_id, queue=call.queue, position=happening.position)
        )

    def _call_agent(self, call: Call, happening: Happening) -> None:
        call.legs[happening.leg.uniqueid] = happening.leg
        self._legs[happening.leg.uniqueid] = call.call_id

    def _ring(self, call: Call, happening: Happening) -> None:
        leg, at = happening.leg, happening.at
        leg.rang = at
        call.first_ring = at if call.first_ring is None else call.first_ring
        self.out.append(CallRinging(at=at, call_id=call.call_id, queue=call.queue, agent=leg.agent))
        self.out += self._agents.ringing(leg.agent, call.call_id, at)

    def _miss(self, call: Call, happening: Happening) -> None:
        self._miss_leg(call, happening.leg, happening.at, happening.leg.miss_reason(happening.cause))

    def _pick_up(self, call: Call, happening: Happening) -> None:
        leg, at = happening.leg, happening.at
        call.legs.pop(leg.uniqueid, None)
        self._miss_others(call, at, "answered_elsewhere")
        call.leg, call.agent = leg, leg.agent
        call.picked_up, call.ring_start = at, leg.rang
        self.out += self._agents.talking(leg.agent, call.call_id, at)

    def _rejoin(self, call: Call, happening: Happening) -> None:
        """Back in the queue that the lost agent took the caller from: the caller's wait there never ended."""
        if happening.queue != call.queue:
            self._join(call, happening)

    def _requeue(self, call: Call, happening: Happening) -> None:
        """To a queue again after a conversation. The call stays answered: its caller's wait ended at the first."""
        call.stop_talking(happening.at)
        self._release(call, happening.at)
        call.picked_up, call.ring_start, call.hung_up_by = None, None, "system"
        self._join(call, happening)

    def _lose_agent(self, call: Call, happening: Happening) -> None:
        """The agent was gone before the caller heard him: not answered; the caller goes on waiting."""
        self._miss_others(call, happening.at, "rejected")
        call.agent, call.picked_up, call.ring_start = "", None, None

    def _answer(self, call: Call, happening: Happening) -> None:
        at = happening.at
        if call.leg is not happening.leg:
            self._miss_others(call, at, "answered_elsewhere")
            call.leg, call.agent = happening.leg, happening.leg.agent
            call.picked_up, call.ring_start = at, None
            self._legs[call.leg.uniqueid] = call.call_id
            self.out += self._agents.talking(call.agent, call.call_id, at)
        call.talk_start = at
        call.bridged = at if call.bridged is None else call.bridged
        queue = call.queue if call.left_queue is None else ""
        self.out.append(CallAnswered(at=at, call_id=call.call_id, queue=queue, agent=call.agent, clocks=call.clocks()))

    def _agent_leaves(self, call: Call, happening: Happening) -> None:
        call.stop_talking(happening.at)
        call.hung_up_by = "agent"
        self._release(call, happening.at)

    def _give_up(self, call: Call, happening: Happening) -> None:
        call.gave_up = True

    def _overflow(self, call: Call, happening: Happening) -> None:
        at = happening.at
        for leg in list(call.legs.values()):
            self._miss_leg(call, leg, at, leg.miss_reason(0))
        call.left_queue = at
        reason = "gave_up" if call.gave_up else "left"
        if call.bridged is None:
            self.out.append(
                CallOverflowed(at=at, call_id=call.call_id, queue=call.queue, reason=reason, clocks=call.clocks(at))
            )

    def _abandon(self, call: Call, happening: Happening) -> None:
        at = happening.at
        call.ended = at
        call.agent = "" if call.bridged is None else call.agent
        if happening.kind is Kind.CALLER_HANGS_UP:
            call.hung_up_by = "caller"
        self._release(call, at)
        self._miss_others(call, at, "caller_left")
        if call.bridged is None:
            self.out.append(CallAbandoned(at=at, call_id=call.call_id, queue=call.queue, clocks=call.clocks(at)))

    def _caller_hangs_up(self, call: Call, happening: Happening) -> None:
        call.ended = happening.at
        if call.hung_up_by == "system":
            call.hung_up_by = "caller"
        call.stop_talking(happening.at)
        self._release(call, happening.at)

    def _abandon_and_end(self, call: Call, happening: Happening) -> None:
        self._abandon(call, happening)
        self._end(call, happening)

    def _end(self, call: Call, happening: Happening) -> None:
        at = happening.at
        if call.ended is None:
            call.ended = at
        call.stop_talking(at)
        self._release(call, at)
        del self._calls[call.call_id]
        for linkedid in call.linkedids:
            if self._aliases.get(linkedid) == call.call_id:
                del self._aliases[linkedid]
        self.out.append(
            CallEnded(
                at=at,
                call_id=call.call_id,
                hung_up_by=call.hung_up_by,
                clocks=call.clocks(call.ended),
                talk_seconds=round(call.talked, 6),
                cause=happening.cause,
                agent=call.agent,
                queue=call.queue,
            )
        )

    # --- legs ------------------------------------------------------------------------------------------------

    def _release(self, call: Call, at: float) -> None:
        """The agent who picked up is free again, and his channel no more ours."""
        if call.leg is not None:
            self._legs.pop(call.leg.uniqueid, None)
            self.out += self._agents.free(call.leg.agent, call.call_id, at)
            call.leg = None

    def _miss_others(self, call: Call, at: float, reason: MissReason) -> None:
        """All legs end without an answer, also one that had picked up."""
        if call.leg is not None:
            call.legs[call.leg.uniqueid], call.leg = call.leg, None
        for leg in list(call.legs.values()):
            self._miss_leg(call, leg, at, reason)

    def _miss_leg(self, call: Call, leg: Leg, at: float, reason: MissReason) -> None:
        call.legs.pop(leg.uniqueid, None)
        self._legs.pop(leg.uniqueid, None)
        at = at if leg.stopped is None else leg.stopped
        # A phone that had no time to ring was not missed by its agent.
        if leg.rang is not None or reason not in ("caller_left", "answered_elsewhere"):
            seconds = 0.0 if leg.rang is None else max(0.0, round(at - leg.rang, 6))
            self.out.append(
                AttemptMissed(
                    at=at,
                    call_id=call.call_id,
                    queue=call.queue,
                    agent=leg.agent,
                    reason=reason,
                    ring_seconds=seconds,
                )
            )
        self.out += self._agents.free(leg.agent, call.call_id, at)
