"""What is done when people join a caller, leave him, hold him or send him on: actions of the transition table. PURE."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from gateway.ami.agents import Agents
from gateway.ami.call import Call, Hold, Leg, between
from gateway.ami.register import Register
from gateway.ami.transitions import Happening, Kind
from gateway.events import (
    CallHeld,
    CallResumed,
    CallTransferred,
    PartyJoined,
    PartyLeft,
)


class Conversations(Register):
    """The living calls, with the people who speak in them."""

    def __init__(self, agents: Agents) -> None:
        super().__init__()
        self._agents = agents

    def let_go(self, call: Call, leg: Leg, at: float) -> None:
        """The leg's channel is gone: its person is free, unless another of his channels is still on the call."""
        self._legs.pop(leg.uniqueid, None)
        call.people.pop(leg.uniqueid, None)
        call.apart.pop(leg.uniqueid, None)
        if call.leg is leg:
            call.leg = None
        self._end_hold_of(call, leg, at)
        if leg.kind == "agent" and all(other.agent != leg.agent for other in call.bound()):
            self.out += self._agents.free(leg.agent, call.call_id, call.queue, at)

    def join(self, call: Call, happening: Happening) -> None:
        """One more person speaks with the caller."""
        at, leg = happening.at, happening.leg
        known = _is_among(leg, call.people.values())
        call.people[leg.uniqueid], leg.joined = leg, at
        call.apart.pop(leg.uniqueid, None)
        self.bind(call, leg)
        if leg.kind == "agent":
            self.out += self._agents.talking(leg.agent, call.call_id, at)
        if not known:
            self.out.append(PartyJoined(at=at, call_id=call.call_id, party=leg.agent, kind=leg.kind))
        self._reached(call, at, "completed")

    def part(self, call: Call, happening: Happening) -> None:
        """A person left; others still speak with the caller."""
        at, leg = happening.at, happening.leg
        if happening.hung_up:
            self._end_hold_of(call, leg, at)
        call.people.pop(leg.uniqueid, None)
        if not _is_among(leg, call.people.values()):
            self.out.append(
                PartyLeft(
                    at=at,
                    call_id=call.call_id,
                    party=leg.agent,
                    kind=leg.kind,
                    seconds=between(leg.joined, at) or 0.0,
                    hung_up=happening.hung_up,
                )
            )
        if happening.hung_up:
            self.let_go(call, leg, at)
        else:
            call.apart[leg.uniqueid] = leg

    def part_from_last(self, call: Call, happening: Happening) -> None:
        """Nobody speaks with the caller now: a survey, a transfer, or the end."""
        call.stop_talking(happening.at)
        if happening.hung_up and call.transfer is None:
            call.hung_up_by = "agent"
        self.part(call, happening)

    def hold(self, call: Call, happening: Happening) -> None:
        """One side put the other on hold."""
        at, leg = happening.at, happening.leg
        by_agent = leg.uniqueid != call.call_id
        agent = leg.agent if by_agent else call.agent
        call.hold = Hold(leg.uniqueid, agent, "agent" if by_agent else "caller", at)
        call.stop_talking(at)
        self.out.append(CallHeld(at=at, call_id=call.call_id, agent=agent, by=call.hold.by))
        if by_agent and leg.kind == "agent":
            self.out += self._agents.holding(agent, call.call_id, at)

    def resume(self, call: Call, happening: Happening) -> None:
        """They speak again."""
        self._resume(call, happening.at)

    def _resume(self, call: Call, at: float) -> None:
        hold = call.hold
        if hold is None:
            return
        seconds = self._stop_hold(call, at)
        call.talk_start = at if call.people else None
        self.out.append(CallResumed(at=at, call_id=call.call_id, agent=hold.agent, by=hold.by, held_seconds=seconds))
        holder = (hold.agent, "agent")
        if hold.by == "agent" and any((leg.agent, leg.kind) == holder for leg in call.bound()):
            self.out += self._agents.talking(hold.agent, call.call_id, at)

    def send_on(self, call: Call, happening: Happening) -> None:
        """An agent sends the caller on. Whether he reaches anybody is told when it is known."""
        call.transfer = happening.transfer
        if call.transfer is not None and any(leg.agent != call.transfer.agent for leg in call.people.values()):
            self._reached(call, happening.at, "completed")

    def be_refused(self, call: Call, happening: Happening) -> None:
        """Whom the caller was sent to cannot or will not take him."""
        self._reached(call, happening.at, "failed")

    # --- what actions share --------------------------------------------------------------------------------

    def _part_from_all(self, call: Call, at: float) -> None:
        call.stop_talking(at)
        self._stop_hold(call, at)
        for leg in list(call.people.values()):
            self.part(call, Happening(Kind.PERSON_LEAVES, at, leg))
        self._free_all(call, at)

    def _end_hold_of(self, call: Call, leg: Leg, at: float) -> None:
        """Who hangs up holds nobody any more."""
        if call.hold is not None and call.hold.uniqueid == leg.uniqueid:
            self._resume(call, at)

    def _stop_hold(self, call: Call, at: float) -> float:
        if call.hold is None:
            return 0.0
        seconds = between(call.hold.since, at) or 0.0
        call.held, call.hold = call.held + seconds, None
        return seconds

    def _free_all(self, call: Call, at: float) -> None:
        """Everybody is free of this call, and their channels no more ours."""
        for leg in call.bound():
            self.let_go(call, leg, at)

    def _reached(self, call: Call, at: float, outcome: Literal["completed", "failed"]) -> None:
        """A transfer came to its end."""
        transfer, call.transfer = call.transfer, None
        if transfer is not None:
            self.out.append(
                CallTransferred(
                    at=at,
                    call_id=call.call_id,
                    agent=transfer.agent,
                    target=transfer.target,
                    kind=transfer.kind,
                    outcome=outcome,
                )
            )


def _is_among(leg: Leg, others: Iterable[Leg]) -> bool:
    """Does the same person speak with the caller by another channel?"""
    return any(other is not leg and (other.agent, other.kind) == (leg.agent, leg.kind) for other in others)
