"""The people around a call: who is rung for its caller, picks up, speaks with him, sends him on, and leaves. PURE.

Tells each of it to the call in the words of the transition table.
"""

from __future__ import annotations

from collections.abc import Mapping

from gateway.ami import messages as ami
from gateway.ami.agents import Agents, agent_id
from gateway.ami.bridges import Bridges
from gateway.ami.call import Call, Leg, State, Transfer
from gateway.ami.calls import Calls
from gateway.ami.consultations import Consultations
from gateway.ami.outgoing import Outgoing
from gateway.ami.transitions import NOBODY, Happening, Kind

TAP_PREFIX = "hltap-"
"""Uniqueids of the gateway's own listening channels begin so; they are nobody."""


class People:
    """Works on the living calls, the bridges, the agents and the calls we place."""

    def __init__(
        self, calls: Calls, bridges: Bridges, agents: Agents, outgoing: Outgoing, consultations: Consultations
    ) -> None:
        self._calls = calls
        self._bridges = bridges
        self._agents = agents
        self._outgoing = outgoing
        self._consultations = consultations

    def apply(
        self,
        call: Call,
        kind: Kind,
        at: float,
        *,
        leg: Leg | None = None,
        queue: str = "",
        position: int = 1,
        cause: int = 0,
        hung_up: bool = False,
        transfer: Transfer | None = None,
    ) -> None:
        """Something of this kind happened to the call."""
        self._calls.apply(call, Happening(kind, at, leg or NOBODY, queue, position, cause, hung_up, transfer))

    # --- rung for a caller ---------------------------------------------------------------------------------

    def hangs_up(self, call: Call, leg: Leg, at: float) -> None:
        """A person who picked up, or speaks with the caller, hung up."""
        call.dead_legs.add(leg.uniqueid)
        if leg.uniqueid in call.people:
            self._leaves(call, leg, at)
        elif call.leg is leg and call.state is State.PICKED_UP:
            self.apply(call, Kind.AGENT_LEAVES, at, leg=leg)

    def leg_of(self, call: Call, message: ami.AgentMessage) -> Leg:
        """The leg a queue speaks of; a new one is being called."""
        if call.leg is not None and call.leg.uniqueid == message.agent_uniqueid:
            return call.leg
        known = call.legs.get(message.agent_uniqueid) or call.people.get(message.agent_uniqueid)
        if known is not None:
            return known
        agent = agent_id(message.interface or message.agent_channel)
        self._agents.meet(agent, message.member_name, message.queue)
        leg = Leg(message.agent_uniqueid, message.agent_channel, agent, called=message.at)
        self.apply(call, Kind.AGENT_CALLED, message.at, leg=leg)
        if leg.uniqueid in call.early_rings:
            self.rings(call, leg, message.at)
        return leg

    def rings(self, call: Call, leg: Leg, at: float) -> None:
        """The phone rings, unless it did."""
        if leg.rang is None and leg.joined is None:
            self.apply(call, Kind.AGENT_RINGS, call.early_rings.pop(leg.uniqueid, at), leg=leg)

    def picks_up(self, call: Call, leg: Leg, at: float) -> None:
        """He picks up, unless he did."""
        if leg is not call.leg and leg.joined is None:
            self.rings(call, leg, leg.called)  # a phone that never said it rings rang since it was called
            self.apply(call, Kind.AGENT_PICKS_UP, at, leg=leg)

    def ring_ends(self, call: Call, leg: Leg, at: float, cause: int) -> None:
        """The phone was rung in vain."""
        others = any(other.rang is not None for other in call.legs.values() if other is not leg)
        self.apply(call, Kind.RING_ENDS if others else Kind.LAST_RING_ENDS, at, leg=leg, cause=cause)

    def leaves_queue(self, call: Call, at: float) -> None:
        """The queue lets the caller go. It is quicker to say so than a colleague who picks up from a ringing phone."""
        if call.state is State.RINGING and not call.gave_up:
            call.leaves_queue = at
        else:
            self.apply(call, Kind.LEAVES_QUEUE, at)

    def settle(self, call: Call) -> None:
        """There is more news of the call: if nobody has picked it up by now, it left the queue unanswered."""
        at, call.leaves_queue = call.leaves_queue, None
        if at is not None:
            self.apply(call, Kind.LEAVES_QUEUE, at)

    # --- in conversation -----------------------------------------------------------------------------------

    def enter_bridge(self, message: ami.BridgeEnter) -> None:
        """The channel is in this bridge now."""
        uniqueid, at = message.uniqueid, message.at
        around = self._bridges.around(uniqueid)
        answered = message.state in (ami.CHANNEL_UP, ami.STATE_NOT_TOLD)
        self._bridges.enter(message.bridge, uniqueid, message.channel, answered=answered)
        self._look_around(around, uniqueid, at)
        self._calls.out += self._outgoing.meet(uniqueid, self._bridges, at)

    def answer_in_bridge(self, message: ami.NewState) -> None:
        """Somebody answered a channel; when it was in a bridge already, he is heard there from now on."""
        if message.state == ami.CHANNEL_UP and self._bridges.answer(message.uniqueid):
            self._look_around({}, message.uniqueid, message.at)

    def leave_bridge(self, uniqueid: str, at: float) -> None:
        """The channel is in no bridge any more."""
        around = self._bridges.around(uniqueid)
        if around:
            self._bridges.leave(uniqueid)
            self._look_around(around, uniqueid, at)

    def _look_around(self, before: Mapping[str, str], uniqueid: str, at: float) -> None:
        """A channel moved: whoever heard it before or hears it now may hear others now."""
        for caller in {uniqueid: "", **before, **self._bridges.around(uniqueid)}:
            call = self._calls.of_caller(caller)
            if call is not None:
                self.look(call, at)

    def look(self, call: Call, at: float) -> None:
        """Compare who is connected with the caller to who was."""
        around = self._bridges.around(call.call_id)
        people = {
            uniqueid: channel
            for uniqueid, channel in around.items()
            if uniqueid not in call.dead_legs
            and not uniqueid.startswith(TAP_PREFIX)
            and self._calls.of_caller(uniqueid) is None
        }
        if call.state is State.CLOSING or call.optimising:
            return
        for uniqueid, channel in people.items():
            if uniqueid not in call.people:
                self._joins(call, uniqueid, channel, at)
        for uniqueid in [uniqueid for uniqueid in call.people if uniqueid not in people]:
            self._leaves(call, call.people[uniqueid], at)

    def _joins(self, call: Call, uniqueid: str, channel: str, at: float) -> None:
        if uniqueid in call.legs:
            self.picks_up(call, call.legs[uniqueid], at)
        known = [*([call.leg] if call.leg else []), *call.apart.values()]
        leg = next((leg for leg in known if leg.uniqueid == uniqueid), None) or self._new_leg(uniqueid, channel, at)
        if call.leg is not None and call.state is State.PICKED_UP and call.leg.agent == leg.agent:
            leg.rang, leg.kind = call.leg.rang, call.leg.kind
            call.leg = leg  # the phone behind his Local channel
        self._calls.out += self._outgoing.end(uniqueid, at)
        self.apply(call, Kind.PERSON_JOINS, at, leg=leg)

    def _new_leg(self, uniqueid: str, channel: str, at: float) -> Leg:
        number = self._outgoing.number(uniqueid)
        if number is not None:
            return Leg(uniqueid, channel, number, called=at, kind="external")
        return Leg(
            uniqueid,
            channel,
            agent_id(channel),
            called=at,
            kind="agent" if self._agents.knows(channel) else "extension",
        )

    def _leaves(self, call: Call, leg: Leg, at: float) -> None:
        kind = Kind.PERSON_LEAVES if len(call.people) > 1 else Kind.LAST_PERSON_LEAVES
        self.apply(call, kind, at, leg=leg, hung_up=leg.uniqueid in call.dead_legs)

    def hold(self, message: ami.Hold | ami.Unhold) -> None:
        """Somebody puts somebody on hold, or takes him back."""
        call = self._calls.of_caller(message.uniqueid) or self._calls.of_leg(message.uniqueid)
        call = call or self._calls.of_linkedid(message.linkedid)
        if call is None:
            return
        by_caller = Leg(call.call_id, call.channel, "", called=message.at)
        leg = by_caller if message.uniqueid == call.call_id else self.person(call, message)
        if leg is None:
            return
        if isinstance(message, ami.Hold) and call.hold is None:
            self.apply(call, Kind.HELD, message.at, leg=leg)
        elif isinstance(message, ami.Unhold) and call.hold is not None and call.hold.uniqueid == leg.uniqueid:
            self.apply(call, Kind.RESUMED, message.at, leg=leg)

    def person(self, call: Call, message: ami.ChannelMessage) -> Leg | None:
        """Who in the conversation this channel belongs to: himself, or the phone behind his Local channel."""
        who = agent_id(message.channel)
        return call.people.get(message.uniqueid) or next(
            (leg for leg in call.people.values() if leg.agent == who), None
        )

    # --- sent on, taken over -------------------------------------------------------------------------------

    def transferred(self, message: ami.BlindTransfer | ami.AttendedTransfer) -> None:
        """An agent sends a citizen on."""
        call = self._calls.of_caller(message.transferee) or self._calls.of_leg(message.transferer)
        if call is None or call.call_id == message.transferer or call.sent_on == message.at:
            return
        call.sent_on = message.at
        agent = next((leg.agent for leg in call.bound() if leg.uniqueid == message.transferer), call.agent)
        if isinstance(message, ami.BlindTransfer):
            transfer = Transfer(agent, message.extension, "blind")
        elif message.destination == "Threeway":
            return  # nobody is sent on: there is one more in the conversation
        else:
            rings = message.destination == "App" or message.target_state == ami.CHANNEL_RINGING
            transfer = Transfer(agent, self._target(message), "blonde" if rings else "attended")
        self.apply(call, Kind.SENT_ON, message.at, transfer=transfer)
        if message.result not in ("Success", ""):
            self.apply(call, Kind.TARGET_REFUSES, message.at)
        elif isinstance(message, ami.AttendedTransfer) and message.destination == "App":
            self._take_over(call, message)

    def _target(self, message: ami.AttendedTransfer) -> str:
        """Whom the agent asked: as he dialled, or, if he did it on the same channel, who answered."""
        return self._consultations.get(message.second).dialled or agent_id(message.target_channel)

    def _take_over(self, call: Call, message: ami.AttendedTransfer) -> None:
        """The citizen takes the agent's place in the queue where he waited for him, and the phones ring on."""
        asked = self._consultations.get(message.second)
        if not asked.queue:
            return
        self.apply(call, Kind.JOINS_QUEUE, message.at, queue=asked.queue)
        for leg in asked.legs.values():
            self.apply(call, Kind.AGENT_CALLED, message.at, leg=leg)
            self.rings(call, leg, message.at)

    def pick_up_for(self, message: ami.Pickup) -> None:
        """Somebody takes the call that rings on a colleague's phone, or on the phone behind his Local channel."""
        call = self._calls.of_leg(message.picked_up) or self._calls.of_linkedid(message.picked_up_linkedid)
        if call is None:
            return
        owner = agent_id(message.picked_up_channel)
        behind = next((leg for leg in call.legs.values() if leg.agent == owner), None)
        rung = call.legs.get(message.picked_up, behind)
        if rung is None:
            return
        uniqueid, channel = message.uniqueid, message.channel
        if rung.uniqueid != message.picked_up:
            uniqueid, channel = rung.uniqueid, rung.channel
            self._calls.rename(call, rung, message.picked_up, message.picked_up_channel)
        leg = Leg(uniqueid, channel, agent_id(message.channel), called=message.at, rang=rung.rang)
        self.apply(call, Kind.AGENT_CALLED, message.at, leg=leg)
        self.apply(call, Kind.AGENT_PICKS_UP, message.at, leg=leg)

    def optimise(self, message: ami.LocalOptimization) -> None:
        """A Local channel goes: until it is gone, nobody comes or goes."""
        call = self._calls.of_linkedid(message.local_linkedid)
        if call is None:
            return
        if isinstance(message, ami.LocalOptimizationBegin):
            call.optimising.add(message.local)
        else:
            call.optimising.discard(message.local)
            self.look(call, message.at)

    def gone(self, message: ami.Hangup) -> None:
        """The channel is gone, out of its bridge and out of the way."""
        self.leave_bridge(message.uniqueid, message.at)
        call = self._calls.of_linkedid(message.linkedid)
        if call is not None and message.channel[:-2] in call.optimising:
            call.optimising.discard(message.channel[:-2])
            self.look(call, message.at)
