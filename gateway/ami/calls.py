"""What is done when something happens to a call: the actions of the transition table. PURE."""

from __future__ import annotations

from gateway.ami.call import Call, Leg
from gateway.ami.conversation import Conversations
from gateway.ami.transitions import TABLE, Happening, Kind
from gateway.events import (
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOverflowed,
    CallQueued,
    CallRinging,
    MissReason,
)


class Calls(Conversations):
    """The living calls, moved on by ``apply``; those in conversation are in the base."""

    def apply(self, call: Call, happening: Happening) -> None:
        """Look it up, move on, act."""
        transition = TABLE.get((call.state, happening.kind))
        if transition is None:
            self.odd[f"{call.state}: {happening.kind}"] += 1
            return
        call.state = transition.state
        getattr(self, transition.action)(call, happening)

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
            self._miss_leg(call, leg, at, leg.miss_reason(0))
        call.left_queue = at
        if call.bridged is None:
            reason = "gave_up" if call.gave_up else "left"
            self.out.append(
                CallOverflowed(at=at, call_id=call.call_id, queue=call.queue, reason=reason, clocks=call.clocks(at))
            )

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

    # --- rings in vain -------------------------------------------------------------------------------------

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
