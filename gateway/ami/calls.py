"""What is done when something happens to a call: the actions of the transition table. PURE."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from gateway.ami.agents import Agents
from gateway.ami.call import Call, Hold, Leg, between
from gateway.ami.register import Register
from gateway.ami.transitions import TABLE, Happening, Kind
from gateway.events import (
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallOverflowed,
    CallQueued,
    CallResumed,
    CallRinging,
    CallTransferred,
    MissReason,
    PartyJoined,
    PartyLeft,
)


class Calls(Register):
    """The living calls, moved on by ``apply``."""

    def __init__(self, agents: Agents) -> None:
        super().__init__()
        self._agents = agents

    def apply(self, call: Call, happening: Happening) -> None:
        """Look it up, move on, act."""
        transition = TABLE.get((call.state, happening.kind))
        if transition is None:
            self.odd[f"{call.state}: {happening.kind}"] += 1
            return
        call.state = transition.state
        getattr(self, transition.action)(call, happening)

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

    # --- the way to a person -------------------------------------------------------------------------------

    def stay(self, call: Call, happening: Happening) -> None:
        """Expected, and of no consequence."""

    def join_queue(self, call: Call, happening: Happening) -> None:
        """The wait in a queue begins."""
        call.queue, call.queued = happening.queue, happening.at
        call.gave_up, call.left_queue, call.answered_here = False, None, False
        call.first_ring = call.first_ring if call.bridged is not None else None
        self.out.append(
            CallQueued(at=happening.at, call_id=call.call_id, queue=call.queue, position=happening.position)
        )

    def change_queue(self, call: Call, happening: Happening) -> None:
        """From one queue into another without a word that the first one lost him."""
        if happening.queue != call.queue:
            self.overflow(call, happening)
            self.join_queue(call, happening)

    def rejoin_queue(self, call: Call, happening: Happening) -> None:
        """Back in the queue that the lost agent took the caller from: the caller's wait there never ended."""
        if happening.queue != call.queue:
            self.join_queue(call, happening)

    def requeue(self, call: Call, happening: Happening) -> None:
        """To a queue again after a conversation. The call stays answered: its caller's wait ended at the first."""
        self._part_from_all(call, happening.at)
        # A target that cannot take him sends him back to the queue he came from.
        self._reached(call, happening.at, "failed" if happening.queue == call.queue else "completed")
        call.picked_up, call.ring_start, call.hung_up_by = None, None, "system"
        self.join_queue(call, happening)

    def call_agent(self, call: Call, happening: Happening) -> None:
        """The queue calls an agent."""
        call.legs[happening.leg.uniqueid] = happening.leg
        self.bind(call, happening.leg)

    def ring(self, call: Call, happening: Happening) -> None:
        """His phone rings."""
        leg, at = happening.leg, happening.at
        leg.rang = at
        call.first_ring = at if call.first_ring is None else call.first_ring
        self.out.append(CallRinging(at=at, call_id=call.call_id, queue=call.queue, agent=leg.agent))
        self.out += self._agents.ringing(leg.agent, call.call_id, at)

    def miss(self, call: Call, happening: Happening) -> None:
        """It stopped ringing without him."""
        self._miss_leg(call, happening.leg, happening.at, happening.leg.miss_reason(happening.cause))

    def pick_up(self, call: Call, happening: Happening) -> None:
        """He picked up; the caller does not hear him yet."""
        leg, at = happening.leg, happening.at
        call.legs.pop(leg.uniqueid, None)
        self._miss_others(call, at, "answered_elsewhere")
        call.leg, call.agent = leg, leg.agent
        call.picked_up, call.ring_start = at, leg.rang
        self.out += self._agents.talking(leg.agent, call.call_id, at)

    def lose_agent(self, call: Call, happening: Happening) -> None:
        """The agent was gone before the caller heard him: not answered; the caller goes on waiting."""
        self._miss_others(call, happening.at, "rejected")
        call.agent, call.picked_up, call.ring_start = "", None, None

    def give_up(self, call: Call, happening: Happening) -> None:
        """The queue will let him go."""
        call.gave_up = True

    def overflow(self, call: Call, happening: Happening) -> None:
        """The queue let him go; he goes on in the dialplan."""
        at = happening.at
        for leg in list(call.legs.values()):
            self._miss_leg(call, leg, at, "caller_left" if leg.stopped is None else leg.miss_reason(0))
        call.left_queue = at
        if call.bridged is None:
            reason = "gave_up" if call.gave_up else "left"
            self.out.append(
                CallOverflowed(at=at, call_id=call.call_id, queue=call.queue, reason=reason, clocks=call.clocks(at))
            )

    # --- conversation --------------------------------------------------------------------------------------

    def answer(self, call: Call, happening: Happening) -> None:
        """A caller who heard nobody hears a person."""
        at, leg = happening.at, happening.leg
        if call.leg is not leg and not call.answered_here:
            self._miss_others(call, at, "answered_elsewhere")
            call.leg, call.picked_up, call.ring_start = leg, at, None
        call.agent, call.hung_up_by = leg.agent, "system"
        self._resume(call, at)
        call.bridged = at if call.bridged is None else call.bridged
        call.talk_start = at
        if not call.answered_here:
            call.answered_here = True
            queue = call.queue if call.left_queue is None else ""
            self.out.append(
                CallAnswered(at=at, call_id=call.call_id, queue=queue, agent=call.agent, clocks=call.clocks())
            )
        self.join(call, happening)

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
        if by_agent:
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
        if hold.by == "agent" and any(leg.agent == hold.agent for leg in call.bound()):
            self.out += self._agents.talking(hold.agent, call.call_id, at)

    def send_on(self, call: Call, happening: Happening) -> None:
        """An agent sends the caller on. Whether he reaches anybody is told when it is known."""
        call.transfer = happening.transfer
        if call.transfer is not None and any(leg.agent != call.transfer.agent for leg in call.people.values()):
            self._reached(call, happening.at, "completed")

    def be_refused(self, call: Call, happening: Happening) -> None:
        """Whom the caller was sent to cannot or will not take him."""
        self._reached(call, happening.at, "failed")

    # --- the end -------------------------------------------------------------------------------------------

    def abandon(self, call: Call, happening: Happening) -> None:
        """The caller left before anybody answered, or before anybody did again."""
        at = happening.at
        call.ended = at
        call.agent = "" if call.bridged is None else call.agent
        if happening.kind is Kind.CALLER_HANGS_UP:
            call.hung_up_by = "caller"
        self._free_all(call, at)
        self._miss_others(call, at, "caller_left")
        self._reached(call, at, "failed")
        if call.bridged is None:
            self.out.append(CallAbandoned(at=at, call_id=call.call_id, queue=call.queue, clocks=call.clocks(at)))

    def hang_up(self, call: Call, happening: Happening) -> None:
        """The caller hung up after an answer, or after the queue let him go."""
        at = happening.at
        call.ended = at
        if call.hung_up_by == "system":
            call.hung_up_by = "caller"
        self._part_from_all(call, at)
        self._reached(call, at, "failed")

    def abandon_and_end(self, call: Call, happening: Happening) -> None:
        """As ``abandon``, without a hang-up that was seen."""
        self.abandon(call, happening)
        self.end(call, happening)

    def end(self, call: Call, happening: Happening) -> None:
        """The caller's line is down."""
        at = happening.at
        call.ended = at if call.ended is None else call.ended
        self._part_from_all(call, at)
        self._reached(call, at, "failed")
        self.remove(call)
        self.out.append(
            CallEnded(
                at=at,
                call_id=call.call_id,
                hung_up_by=call.hung_up_by,
                clocks=call.clocks(call.ended),
                talk_seconds=round(call.talked, 6),
                held_seconds=round(call.held, 6),
                cause=happening.cause,
                agent=call.agent,
                queue=call.queue,
            )
        )

    # --- what several actions share ------------------------------------------------------------------------

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
        self.out += self._agents.free(leg.agent, call.call_id, "", at)


def _is_among(leg: Leg, others: Iterable[Leg]) -> bool:
    """Does the same person speak with the caller by another channel?"""
    return any(other is not leg and (other.agent, other.kind) == (leg.agent, leg.kind) for other in others)
