"""After a lost connection: bring every call to where Asterisk says it is, and fill the gap from its queue_log. PURE.

What changed while nobody listened is marked reconstructed. The queue_log knows when a caller was answered, gave up or
was sent on, in whole seconds; without it a change counts from the instant of the resync.
"""

from __future__ import annotations

import math
from collections.abc import Collection

from gateway.ami import messages as ami
from gateway.ami.agents import Agents, agent_id
from gateway.ami.bridges import Bridges
from gateway.ami.call import Call, Leg, State
from gateway.ami.calls import Calls
from gateway.ami.outgoing import Outgoing
from gateway.ami.people import People
from gateway.ami.transitions import Kind

WAITING_IN_QUEUE = (State.QUEUED, State.RINGING)
ON_THE_WAY = ("Queue", "Dial")
"""Applications a channel is in while it waits for somebody."""
UNSEEN = "?"
"""Uniqueids of legs that only the journal or the queue_log knows begin so."""


def starts_a_call(message: ami.NewChannel | ami.ChannelEntry) -> bool:
    """The first channel of a call that came to us. One that starts Down is called by us: outbound, or an agent's."""
    return message.linkedid in ("", message.uniqueid) and message.state != ami.CHANNEL_DOWN


class Resync:
    """What one resync tells, and what happens while it tells it. ``since``: nothing was missed up to this instant."""

    def __init__(
        self,
        since: float | None,
        trunks: Collection[str],
        calls: Calls,
        bridges: Bridges,
        agents: Agents,
        outgoing: Outgoing,
        people: People,
    ) -> None:
        self._since = since
        self._trunks = trunks
        self._calls, self._bridges, self._agents, self._outgoing = calls, bridges, agents, outgoing
        self._people = people
        self._known = {call.call_id for call in calls.living()}
        self._present: set[str] = set()
        self._gone: set[str] = set()
        self._queued: set[str] = set()
        self._channels: list[ami.ChannelEntry] = []
        self._strangers: dict[str, ami.ChannelEntry] = {}
        self._log: list[ami.QueueLogEntry] = []
        self._names: dict[str, str] = {}

    def hear(self, message: ami.ChannelMessage) -> None:
        """Any message about a channel, before it is taken in."""
        if isinstance(message, ami.Hangup):
            self._gone.add(message.uniqueid)
            self._present.discard(message.uniqueid)
            self._strangers.pop(message.uniqueid, None)
            return
        if message.uniqueid not in self._gone:
            self._present.add(message.uniqueid)
        if isinstance(message, ami.QueueEntry | ami.QueueCallerJoin):
            self._queued.add(message.uniqueid)
            self._adopt(self._strangers.get(message.uniqueid))

    def channel(self, entry: ami.ChannelEntry) -> None:
        """A living channel."""
        if entry.uniqueid in self._gone:
            return
        self._channels.append(entry)
        if entry.bridge:
            self._bridges.enter(entry.bridge, entry.uniqueid, entry.channel)
        if entry.context in self._trunks:
            self._outgoing.found(entry)
        if starts_a_call(entry) and self._outgoing.number(entry.uniqueid) is None:
            self._strangers[entry.uniqueid] = entry
            if entry.context in self._trunks or entry.application == "Queue":
                self._adopt(entry)

    def member(self, message: ami.QueueMemberMessage) -> None:
        """A member, whom the queue_log calls by his name."""
        self._names[message.member_name] = agent_id(message.interface)

    def logged(self, entry: ami.QueueLogEntry) -> None:
        """A line of the queue_log."""
        self._log.append(entry)

    def complete(self, at: float) -> None:
        """Nothing more will be told: bring every call up to date; what was not named is gone."""
        for channel in self._channels:
            if not channel.bridge and channel.application in ON_THE_WAY:
                self._bridges.send_on(channel.channel)
        for entry in self._log:
            self._read(entry)
        for call in self._calls.living():
            self._meet_again(call)
            observed, call.provenance = call.provenance, "reconstructed"
            before = _stand(call)
            self._bring_up_to_date(call, at)
            if _stand(call) == before:
                call.provenance = observed
        for uniqueid in self._outgoing.living():
            if uniqueid not in self._present:
                self._calls.out += self._outgoing.end(uniqueid, at)
                self._outgoing.forget(uniqueid)
        self._calls.out += self._agents.resync_completed(at)

    # --- calls that arrived while nobody listened ------------------------------------------------------------

    def _adopt(self, entry: ami.ChannelEntry | None) -> None:
        """Its entry says where it is now, not where it arrived: what waits in a queue, and is no member of one, counts
        as a citizen."""
        if entry is None or self._calls.of_caller(entry.uniqueid) is not None or self._agents.knows(entry.channel):
            return
        call = Call(entry.uniqueid, entry.channel, entry.at - entry.duration, provenance="reconstructed")
        if entry.application == "Queue":
            call.queue = entry.application_data.partition(",")[0]
        dialled = entry.exten if entry.context in self._trunks else ""
        self._calls.offer(call, entry.caller_number, entry.caller_name, dialled)

    # --- the queue_log ---------------------------------------------------------------------------------------

    def _read(self, entry: ami.QueueLogEntry) -> None:
        """What the queue wrote down becomes what would have been heard. News that is none changes nothing."""
        if self._since is not None and entry.at < math.floor(self._since):
            return
        call = self._calls.of_caller(entry.uniqueid)
        if call is None and entry.verb == "ENTERQUEUE" and not self._calls.is_over(entry.uniqueid):
            call = self._missed_arrival(entry)
        if call is None:
            return
        at = max(entry.at, _latest(call))
        before = _stand(call)
        observed, call.provenance = call.provenance, "reconstructed"
        match entry.verb:
            case "ENTERQUEUE" if call.state not in WAITING_IN_QUEUE and call.state is not State.PICKED_UP:
                self._people.apply(call, Kind.JOINS_QUEUE, at, queue=entry.queue)
            case "RINGNOANSWER" if self._since is not None and entry.at > math.floor(self._since):
                self._rang_in_vain(call, entry, at)
            case "PICKUP" if call.state in WAITING_IN_QUEUE:
                self._people.apply(call, Kind.AGENT_PICKS_UP, at, leg=self._leg(call, entry, at))
            case "CONNECT" if call.state in (*WAITING_IN_QUEUE, State.PICKED_UP):
                leg = call.leg or self._leg(call, entry, at)
                if leg is not call.leg:
                    self._people.apply(call, Kind.AGENT_PICKS_UP, at, leg=leg)
                self._people.apply(call, Kind.PERSON_JOINS, at, leg=leg)
            case "COMPLETEAGENT" | "BLINDTRANSFER" | "ATTENDEDTRANSFER" if call.state is State.TALKING:
                for leg in list(call.people.values()):
                    self._people.hangs_up(call, leg, at)
            case "COMPLETECALLER" | "ABANDON" if call.call_id not in self._present:
                self._people.apply(call, Kind.CALLER_HANGS_UP, at)
            case "EXITWITHTIMEOUT" | "EXITEMPTY" | "EXITWITHKEY" if call.state in WAITING_IN_QUEUE:
                if entry.verb != "EXITWITHKEY":
                    self._people.apply(call, Kind.QUEUE_GIVES_UP, at)
                self._people.apply(call, Kind.LEAVES_QUEUE, at)
        if _stand(call) == before:
            call.provenance = observed

    def _missed_arrival(self, entry: ami.QueueLogEntry) -> Call | None:
        """A call that only the queue saw. Its Uniqueid begins with the second it arrived in."""
        number = entry.data[1] if len(entry.data) > 1 else ""
        if self._agents.knows_number(number) or any(entry.uniqueid == each.uniqueid for each in self._channels):
            return None  # an agent who asks another queue; a Local channel's half that he sent on
        arrived = _epoch(entry.uniqueid)
        call = Call(entry.uniqueid, "", min(entry.at, arrived or entry.at), provenance="reconstructed")
        self._calls.offer(call, number, "", "")
        return call

    def _leg(self, call: Call, entry: ami.QueueLogEntry, at: float) -> Leg:
        agent = self._names.get(entry.agent) or agent_id(entry.agent)
        known = next((leg for leg in call.legs.values() if leg.agent == agent), None)
        if known is not None:
            return known
        uniqueid = entry.data[1] if entry.verb == "CONNECT" and len(entry.data) > 1 else ""
        leg = Leg(uniqueid or f"{UNSEEN}{call.call_id}/{agent}", "", agent, called=at)
        self._people.apply(call, Kind.AGENT_CALLED, at, leg=leg)
        return leg

    def _rang_in_vain(self, call: Call, entry: ami.QueueLogEntry, at: float) -> None:
        leg = self._leg(call, entry, at)
        seconds = _milliseconds(entry.data[0] if entry.data else "")
        self._people.rings(call, leg, max(call.queued or at, at - seconds))
        self._people.ring_ends(call, leg, at, 0)

    # --- every living call -----------------------------------------------------------------------------------

    def _bring_up_to_date(self, call: Call, at: float) -> None:
        if call.call_id not in self._present:
            self._people.apply(call, Kind.CALLER_GONE, at)
            return
        for leg in [leg for leg in call.bound() if leg.uniqueid not in self._present]:
            self._people.hangs_up(call, leg, at)
            self._calls.let_go(call, leg, at)
        for leg in [leg for leg in call.legs.values() if leg.uniqueid not in self._present]:
            self._people.ring_ends(call, leg, at, 0)
        if call.state in WAITING_IN_QUEUE:
            self._find_legs(call, at)
        call.found_talking = call.state is State.OFFERED and call.call_id not in self._known
        self._people.look(call, at)
        call.found_talking = call.found_talking and call.state is State.TALKING
        if call.state in WAITING_IN_QUEUE and not self._waits(call):
            self._people.apply(call, Kind.LEAVES_QUEUE, at)

    def _waits(self, call: Call) -> bool:
        """Is it in a queue, itself or by the Local channel between it and the agent who sent it on?"""
        sent_on = (entry for entry in self._channels if entry.uniqueid in self._queued)
        return call.call_id in self._queued or any(
            call.call_id in self._bridges.beyond(entry.channel) for entry in sent_on
        )

    def _meet_again(self, call: Call) -> None:
        """Legs whose channels we do not know are those of the same agent that live now."""
        for leg in [leg for leg in (*call.legs.values(), *call.bound()) if leg.uniqueid.startswith(UNSEEN)]:
            his = [entry for entry in self._channels if self._is_of(entry, leg) and entry.uniqueid != call.call_id]
            heard = [entry for entry in his if entry.uniqueid in self._bridges.around(call.call_id)]
            ours = heard or [entry for entry in his if self._calls.of_linkedid(entry.linkedid) is call]
            for entry in ours[:1] or (his if len(his) == 1 else []):
                self._calls.rename(call, leg, entry.uniqueid, entry.channel)

    def _is_of(self, entry: ami.ChannelEntry, leg: Leg) -> bool:
        """Is it a channel of the leg's person?"""
        number = self._outgoing.number(entry.uniqueid)
        return (agent_id(entry.channel) if number is None else number) == leg.agent

    def _find_legs(self, call: Call, at: float) -> None:
        """Phones that ring for a waiting call, or were picked up, while we were not listening."""
        for entry in self._channels:
            ours = entry.application == "AppQueue" and self._calls.of_linkedid(entry.linkedid) is call
            if not ours or entry.uniqueid not in self._present or self._bridges.is_empty(entry.channel):
                continue
            leg = call.legs.get(entry.uniqueid)
            if leg is None:
                leg = Leg(entry.uniqueid, entry.channel, agent_id(entry.channel), called=at)
                self._people.apply(call, Kind.AGENT_CALLED, at, leg=leg)
            if entry.state == ami.CHANNEL_UP:
                self._people.apply(call, Kind.AGENT_PICKS_UP, at, leg=leg)
            elif entry.state == ami.CHANNEL_RINGING or leg.uniqueid in call.early_rings:
                self._people.rings(call, leg, at)
            else:
                self._agents.expect(leg.channel, leg.uniqueid)


def _stand(call: Call) -> tuple[object, ...]:
    """Where a call stands; the same before and after means that nothing was missed."""
    return call.state, call.leg, [leg.uniqueid for leg in call.legs.values() if leg.rang is not None], list(call.people)


def _latest(call: Call) -> float:
    """The latest instant the call is known to have seen."""
    known = (call.arrived, call.queued, call.first_ring, call.picked_up, call.bridged, call.left_queue)
    return max(instant for instant in known if instant is not None)


def _epoch(uniqueid: str) -> float | None:
    try:
        value = float(uniqueid.rpartition("-")[2].partition(".")[0])
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def _milliseconds(text: str) -> float:
    try:
        value = float(text) / 1000.0
    except ValueError:
        return 0.0
    return value if math.isfinite(value) and value >= 0 else 0.0
