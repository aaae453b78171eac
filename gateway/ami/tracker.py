"""AMI messages in, events out: follows every citizen's call from arrival to the end of its line. PURE.

A call is a channel that arrives in a trunk context; it is keyed by that channel's Uniqueid, and the Linkedids it is
seen with are its aliases. The tracker names what a message means for a call; the table in ``transitions`` says what
comes of it. Traps of Asterisk that are answered here and there:

* ``QueueCallerAbandon`` also comes when the queue gives up and the caller goes on in the dialplan. Only a hang-up
  request of the caller's far end, or the end of his channel, makes an abandoned call.
* After a caller hung up during the announcement, both channels still enter the bridge: nobody was answered.
* The phone may ring before the queue says whose phone it is, or never say that it rings.
* A busy or declining agent is reported as "ring no answer"; the cause of his channel's end knows better.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from gateway.ami import messages as ami
from gateway.ami.agents import Agents, agent_id
from gateway.ami.call import Call, Leg, State
from gateway.ami.transitions import NOBODY, Calls, Happening, Kind
from gateway.events import Event

TAP_PREFIX = "hltap-"
"""Uniqueids of the gateway's own listening channels begin so; they are invisible here."""

WAITING_IN_QUEUE = (State.QUEUED, State.RINGING)


class Legs(NamedTuple):
    """The channels of a call by full name. ``agent_channel`` and ``agent`` are empty while nobody picked up."""

    caller_channel: str
    agent_channel: str
    agent: str


class _Resync:
    """What one resync told, and what happened while it was told."""

    def __init__(self) -> None:
        self.present: set[str] = set()
        self.gone: set[str] = set()
        self.queued: set[str] = set()
        self.channels: list[ami.ChannelEntry] = []

    def hear(self, message: ami.ChannelMessage) -> None:
        if isinstance(message, ami.Hangup):
            self.gone.add(message.uniqueid)
            self.present.discard(message.uniqueid)
            return
        if message.uniqueid not in self.gone:
            self.present.add(message.uniqueid)
        if isinstance(message, ami.QueueEntry | ami.QueueCallerJoin):
            self.queued.add(message.uniqueid)
        if isinstance(message, ami.ChannelEntry):
            self.channels.append(message)


def _starts_a_call(message: ami.NewChannel | ami.ChannelEntry) -> bool:
    """The first channel of a call that came to us. One that starts Down is called by us: outbound, or an agent's."""
    return message.linkedid in ("", message.uniqueid) and message.state != ami.CHANNEL_DOWN


class Tracker:
    """Follows calls and agents. ``feed`` never raises, whatever the input and wherever it is cut.

    ``trunk_contexts``: the dialplan contexts in which citizens' calls arrive. ``agent_names``: names by agent id,
    instead of the queue's member names.
    """

    def __init__(self, trunk_contexts: tuple[str, ...], agent_names: Mapping[str, str] | None = None) -> None:
        self._trunks = frozenset(trunk_contexts)
        self._agents = Agents(agent_names or {})
        self._calls = Calls(self._agents)
        self._bridges: dict[str, dict[str, str]] = {}
        self._strangers: dict[str, ami.ChannelEntry] = {}
        self._resync: _Resync | None = None

    @property
    def odd(self) -> Counter[str]:
        """Input that made no sense, counted by what it was: ``state: kind``, or a few words."""
        return self._calls.odd

    def living(self) -> tuple[str, ...]:
        """Ids of the calls whose line is not down yet, in order of arrival."""
        return tuple(call.call_id for call in self._calls.living())

    def legs(self, call_id: str) -> Legs | None:
        """The living call's channels, to tap them; None for a call that is not living."""
        call = self._calls.of_caller(call_id)
        if call is None:
            return None
        return Legs(call.channel, call.leg.channel if call.leg else "", call.leg.agent if call.leg else "")

    def feed(self, message: ami.Message) -> list[Event]:
        """Take one message; give what happened, in order."""
        self._calls.out = []
        match message:
            case ami.ChannelMessage():
                if not message.uniqueid.startswith(TAP_PREFIX):
                    self._channel_message(message)
            case ami.QueueMemberMessage():
                self._calls.out += self._agents.member(message)
            case ami.ResyncStarted():
                self._resync = _Resync()
                self._bridges.clear()
                self._strangers.clear()
                self._agents.resync_started()
            case ami.ResyncCompleted():
                self._resync_completed(message.at)
        return self._calls.out

    # --- messages, named -----------------------------------------------------------------------------------

    def _channel_message(self, message: ami.ChannelMessage) -> None:
        uniqueid = message.uniqueid
        if not uniqueid:
            if not isinstance(message, ami.AgentComplete):  # it has none when the caller's channel went first
                self.odd["no uniqueid"] += 1
            return
        if self._resync is not None:
            self._resync.hear(message)
        if isinstance(message, ami.QueueCallerJoin | ami.QueueEntry):
            self._adopt(self._strangers.get(uniqueid))
        call = self._calls.of_caller(uniqueid)
        if call is not None:
            call.channel = message.channel or call.channel
            self._calls.alias(call, message.linkedid)
        match message:
            case ami.NewChannel() if call is not None:
                self.odd["channel born twice"] += 1
            case ami.NewChannel():
                self._new_channel(message)
            case ami.ChannelEntry():
                self._channel_entry(message)
            case ami.BridgeEnter():
                self._bridges.setdefault(message.bridge, {})[uniqueid] = message.channel
                self._look_into_bridge(message.bridge, message.at)
            case ami.BridgeLeave():
                self._leave_bridge(message.bridge, uniqueid)
            case _ if call is not None:
                self._caller_message(call, message)
            case _:
                self._leg_message(message)
        if isinstance(message, ami.Hangup):
            self._strangers.pop(uniqueid, None)
            self._calls.out += self._agents.forget(message.channel, uniqueid, message.at)
            for bridge in [name for name, members in self._bridges.items() if uniqueid in members]:
                self._leave_bridge(bridge, uniqueid)

    def _new_channel(self, message: ami.NewChannel) -> None:
        """Is it a citizen's call?"""
        if message.context in self._trunks and _starts_a_call(message):
            call = Call(message.uniqueid, message.channel, message.at)
            self._calls.offer(call, message.caller_number, message.caller_name, message.exten)
            return
        related = self._calls.of_linkedid(message.linkedid)
        if related is not None and related.state in WAITING_IN_QUEUE:
            self._agents.expect(message.channel, message.uniqueid)

    def _caller_message(self, call: Call, message: ami.ChannelMessage) -> None:
        at = message.at
        match message:
            case ami.QueueCallerJoin():
                self._apply(call, Kind.JOINS_QUEUE, at, queue=message.queue, position=message.position)
            case ami.QueueEntry() if call.state in (State.OFFERED, State.OVERFLOWED):
                call.provenance = "reconstructed"
                since = max(call.arrived, at - message.wait)
                self._apply(call, Kind.JOINS_QUEUE, since, queue=message.queue, position=message.position)
            case ami.AgentMessage() if message.agent_uniqueid in call.dead_legs:
                pass
            case ami.AgentCalled():
                leg = self._leg_of(call, message)
                if message.agent_state in (ami.CHANNEL_RINGING, ami.CHANNEL_UP):
                    self._rings(call, leg, at)
                if message.agent_state == ami.CHANNEL_UP:
                    self._picks_up(call, leg, at)
            case ami.AgentConnect():
                self._picks_up(call, self._leg_of(call, message), at)
            case ami.AgentRingNoAnswer():
                leg = call.legs.get(message.agent_uniqueid, Leg("", "", "", at))
                leg.stopped = at if leg.stopped is None else leg.stopped
            case ami.AgentComplete(reason="agent"):
                if call.leg is not None and call.leg.uniqueid == message.agent_uniqueid:
                    self._apply(call, Kind.AGENT_LEAVES, at, leg=call.leg)
            case ami.QueueCallerAbandon():
                self._apply(call, Kind.QUEUE_GIVES_UP, at)
            case ami.QueueCallerLeave():
                self._apply(call, Kind.LEAVES_QUEUE, at)
            case ami.HangupRequest():
                self._apply(call, Kind.CALLER_HANGS_UP, at)
            case ami.Hangup():
                self._apply(call, Kind.CALLER_GONE, at, cause=message.cause)

    def _leg_message(self, message: ami.ChannelMessage) -> None:
        """Of a channel that is not a caller's: perhaps an agent's."""
        at = message.at
        call = self._calls.of_leg(message.uniqueid)
        if call is None:
            related = self._calls.of_linkedid(message.linkedid)
            if related is not None and isinstance(message, ami.NewState) and message.state == ami.CHANNEL_RINGING:
                related.early_rings.setdefault(message.uniqueid, at)
            return
        leg = call.legs.get(message.uniqueid) or call.leg
        if leg is None:
            return
        leg.channel = message.channel or leg.channel
        if isinstance(message, ami.HangupRequest | ami.Hangup):
            call.dead_legs.add(leg.uniqueid)
        match message:
            case ami.HangupRequest() | ami.Hangup() if leg is call.leg:
                self._apply(call, Kind.AGENT_LEAVES, at, leg=leg)
            case ami.NewState(state=ami.CHANNEL_RINGING):
                self._rings(call, leg, at)
            case ami.NewState(state=ami.CHANNEL_UP):
                self._picks_up(call, leg, at)
            case ami.HangupRequest():
                leg.cause = message.cause
                leg.stopped = at if leg.stopped is None else leg.stopped
            case ami.Hangup():
                self._ring_ends(call, leg, at, message.cause)

    def _leg_of(self, call: Call, message: ami.AgentMessage) -> Leg:
        if call.leg is not None and call.leg.uniqueid == message.agent_uniqueid:
            return call.leg
        known = call.legs.get(message.agent_uniqueid)
        if known is not None:
            return known
        agent = agent_id(message.interface or message.agent_channel)
        self._agents.meet(agent, message.member_name, message.queue)
        leg = Leg(message.agent_uniqueid, message.agent_channel, agent, called=message.at)
        self._apply(call, Kind.AGENT_CALLED, message.at, leg=leg)
        if leg.uniqueid in call.early_rings:
            self._rings(call, leg, message.at)
        return leg

    def _rings(self, call: Call, leg: Leg, at: float) -> None:
        if leg.rang is None:
            self._apply(call, Kind.AGENT_RINGS, call.early_rings.pop(leg.uniqueid, at), leg=leg)

    def _picks_up(self, call: Call, leg: Leg, at: float) -> None:
        if leg is not call.leg:
            self._rings(call, leg, leg.called)  # a phone that never said it rings rang since it was called
            self._apply(call, Kind.AGENT_PICKS_UP, at, leg=leg)

    def _ring_ends(self, call: Call, leg: Leg, at: float, cause: int) -> None:
        others = any(other.rang is not None for other in call.legs.values() if other is not leg)
        self._apply(call, Kind.RING_ENDS if others else Kind.LAST_RING_ENDS, at, leg=leg, cause=cause)

    def _look_into_bridge(self, bridge: str, at: float) -> None:
        """Answered is: the caller and a person's channel in the same bridge."""
        members = self._bridges.get(bridge, {})
        strangers = [uniqueid for uniqueid in members if self._calls.of_caller(uniqueid) is None]
        for call in [call for call in map(self._calls.of_caller, members) if call is not None]:
            people = [uniqueid for uniqueid in strangers if uniqueid not in call.dead_legs]
            if not people or call.state in (State.TALKING, State.AFTER_TALK):
                continue
            if call.leg is None or call.leg.uniqueid not in members:
                for leg in [call.legs[uniqueid] for uniqueid in people if uniqueid in call.legs][:1]:
                    self._picks_up(call, leg, at)
            stranger = members[people[0]]
            leg = call.leg or Leg(people[0], stranger, agent_id(stranger), called=at)
            self._apply(call, Kind.BRIDGED, at, leg=leg)

    def _leave_bridge(self, bridge: str, uniqueid: str) -> None:
        members = self._bridges.get(bridge, {})
        members.pop(uniqueid, None)
        if not members:
            self._bridges.pop(bridge, None)

    def _apply(
        self,
        call: Call,
        kind: Kind,
        at: float,
        *,
        leg: Leg | None = None,
        queue: str = "",
        position: int = 1,
        cause: int = 0,
    ) -> None:
        self._calls.apply(call, Happening(kind, at, leg or NOBODY, queue, position, cause))

    # --- resync --------------------------------------------------------------------------------------------

    def _channel_entry(self, entry: ami.ChannelEntry) -> None:
        if self._resync is None or entry.uniqueid in self._resync.gone:
            return
        if entry.bridge:
            self._bridges.setdefault(entry.bridge, {})[entry.uniqueid] = entry.channel
        if _starts_a_call(entry):
            self._strangers[entry.uniqueid] = entry
            if entry.context in self._trunks or entry.application == "Queue":
                self._adopt(entry)

    def _adopt(self, entry: ami.ChannelEntry | None) -> None:
        """A call that arrived while we were not listening. Its entry says where it is now, not where it arrived: what
        waits in a queue, and is no member of one, counts as a citizen."""
        if entry is None or self._calls.of_caller(entry.uniqueid) is not None or self._agents.knows(entry.channel):
            return
        call = Call(entry.uniqueid, entry.channel, entry.at - entry.duration, provenance="reconstructed")
        if entry.application == "Queue":
            call.queue = entry.application_data.partition(",")[0]
        self._calls.offer(call, entry.caller_number, entry.caller_name, entry.exten)

    def _resync_completed(self, at: float) -> None:
        """Bring every living call to where the entries say it is; what they do not name is gone."""
        resync, self._resync = self._resync, None
        if resync is None:
            self.odd["resync without start"] += 1
            return
        for call in self._calls.living():
            observed, call.provenance = call.provenance, "reconstructed"
            before = (call.state, call.leg, list(call.legs))
            self._bring_up_to_date(call, resync, at)
            if (call.state, call.leg, list(call.legs)) == before:
                call.provenance = observed
        self._calls.out += self._agents.resync_completed(at)

    def _bring_up_to_date(self, call: Call, resync: _Resync, at: float) -> None:
        if call.call_id not in resync.present:
            self._apply(call, Kind.CALLER_GONE, at)
            return
        if call.leg is not None and call.leg.uniqueid not in resync.present:
            self._apply(call, Kind.AGENT_LEAVES, at, leg=call.leg)
        for leg in [leg for leg in call.legs.values() if leg.uniqueid not in resync.present]:
            self._ring_ends(call, leg, at, 0)
        if call.state in WAITING_IN_QUEUE:
            self._find_legs(call, resync, at)
        call.found_talking = call.state is State.OFFERED
        for bridge in [name for name, members in self._bridges.items() if call.call_id in members]:
            self._look_into_bridge(bridge, at)
        call.found_talking = call.found_talking and call.state is State.TALKING
        if call.state in WAITING_IN_QUEUE and call.call_id not in resync.queued:
            self._apply(call, Kind.LEAVES_QUEUE, at)

    def _find_legs(self, call: Call, resync: _Resync, at: float) -> None:
        """Phones that ring for a waiting call, or were picked up, while we were not listening."""
        for entry in resync.channels:
            ours = entry.application == "AppQueue" and self._calls.of_linkedid(entry.linkedid) is call
            if not ours or entry.uniqueid not in resync.present:
                continue
            leg = call.legs.get(entry.uniqueid)
            if leg is None:
                leg = Leg(entry.uniqueid, entry.channel, agent_id(entry.channel), called=at)
                self._apply(call, Kind.AGENT_CALLED, at, leg=leg)
            if entry.state == ami.CHANNEL_UP:
                self._apply(call, Kind.AGENT_PICKS_UP, at, leg=leg)
            elif entry.state == ami.CHANNEL_RINGING or leg.uniqueid in call.early_rings:
                self._rings(call, leg, at)
            else:
                self._agents.expect(leg.channel, leg.uniqueid)
