"""AMI messages in, events out: follows every citizen's call from arrival to the end of its line. PURE.

A call is a channel that arrives in a trunk context; it is keyed by that channel's Uniqueid, and the Linkedids it is
seen with are its aliases. The tracker names what a message means for a call; the table in ``transitions`` says what
comes of it. Traps of Asterisk that are answered here and there:

* ``QueueCallerAbandon`` also comes when the queue gives up and the caller goes on in the dialplan. Only a hang-up
  request of the caller's far end, or the end of his channel, makes an abandoned call.
* After a caller hung up during the announcement, both channels still enter the bridge: nobody was answered.
* The phone may ring before the queue says whose phone it is, or never say that it rings.
* A busy or declining agent is reported as "ring no answer"; the cause of his channel's end knows better.
* An agent who transfers leaves the bridge before anything says that it is a transfer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from gateway.ami import messages as ami
from gateway.ami.agents import Agents
from gateway.ami.bridges import Bridges
from gateway.ami.call import Call, State
from gateway.ami.calls import Calls
from gateway.ami.consultations import Consultations
from gateway.ami.outgoing import Outgoing
from gateway.ami.people import TAP_PREFIX, People
from gateway.ami.restore import restore
from gateway.ami.resync import WAITING_IN_QUEUE, Resync, starts_a_call
from gateway.ami.transitions import NOBODY, Kind
from gateway.events import Event

PICKS_UP = (ami.NewState, ami.DialEnd, ami.AgentConnect)
"""Messages that may tell that a phone was picked up."""


class Legs(NamedTuple):
    """The channels of a call by full name; ``people`` are those who speak, or are about to speak, with the caller,
    with their agent's id (empty for who is no agent).
    """

    caller_channel: str
    people: dict[str, str]


class Tracker:
    """Follows calls and agents. ``feed`` never raises, whatever the input and wherever it is cut.

    ``trunk_contexts``: the dialplan contexts in which citizens' calls arrive. ``agent_names``: names by agent id,
    instead of the queue's member names. ``wrap_up``: seconds of wrap-up after a call of a queue; ``wrap_up_reasons``:
    pauses that are wrap-up.
    """

    def __init__(
        self,
        trunk_contexts: Collection[str],
        agent_names: Mapping[str, str] | None = None,
        wrap_up: Callable[[str], float] = lambda queue: 0.0,
        wrap_up_reasons: Collection[str] = (),
    ) -> None:
        self._trunks = frozenset(trunk_contexts)
        self._agents = Agents(agent_names or {}, wrap_up, wrap_up_reasons)
        self._calls = Calls(self._agents)
        self._outgoing = Outgoing(self._trunks, self._agents)
        self._bridges = Bridges()
        self._consultations = Consultations()
        self._people = People(self._calls, self._bridges, self._agents, self._outgoing, self._consultations)
        self._resync: Resync | None = None

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
        people = ([call.leg] if call.leg else []) + list(call.people.values())
        return Legs(
            call.channel, {leg.channel: leg.agent if leg.kind == "agent" else "" for leg in people if leg.channel}
        )

    def restore(self, event: Event) -> None:
        """Take in what the journal knows, in order, before the first message; the next resync completes it."""
        restore(event, self._calls, self._agents, self._outgoing)

    def tick(self, now: float) -> list[Event]:
        """Wrap-ups that are over."""
        return list(self._agents.tick(now))

    def next_deadline(self) -> float | None:
        """When ``tick`` has something to say."""
        return self._agents.next_deadline()

    def feed(self, message: ami.Message) -> list[Event]:
        """Take one message; give what happened, in order."""
        self._calls.out = []
        match message:
            case ami.ChannelMessage():
                if not message.uniqueid.startswith(TAP_PREFIX):
                    self._channel_message(message)
            case ami.QueueMemberMessage():
                self._calls.out += self._agents.member(message)
                if self._resync is not None:
                    self._resync.member(message)
            case ami.DialBegin():
                related = self._calls.of_linkedid(message.linkedid)
                self._calls.out += self._outgoing.dial(message, citizens=related is not None)
            case ami.BlindTransfer() | ami.AttendedTransfer():
                self._people.transferred(message)
            case ami.LocalOptimization():
                self._people.optimise(message)
            case ami.ResyncStarted():
                self._bridges.clear()
                self._agents.resync_started()
                self._resync = self._begin_resync(message.since)
            case ami.QueueLogEntry() if self._resync is not None:
                self._resync.logged(message)
            case ami.ResyncCompleted():
                self._complete_resync(message.at)
        return self._calls.out

    # --- messages, named -----------------------------------------------------------------------------------

    def _channel_message(self, message: ami.ChannelMessage) -> None:
        uniqueid = message.uniqueid
        if not uniqueid:
            # AgentComplete has none when the caller went first, DialEnd none when the gateway itself dialled.
            if not isinstance(message, ami.AgentComplete | ami.DialEnd):
                self.odd["no uniqueid"] += 1
            return
        if self._resync is not None:
            self._resync.hear(message)
        call = self._calls.of_caller(uniqueid)
        concerned = call or self._calls.of_leg(uniqueid)
        if concerned is not None and not isinstance(message, PICKS_UP):
            self._people.settle(concerned)
        if call is not None:
            call.channel = message.channel or call.channel
            self._calls.alias(call, message.linkedid)
        if isinstance(message, ami.NewState):
            self._people.answer_in_bridge(message)
        match message:
            case ami.NewChannel() if call is not None:
                self.odd["channel born twice"] += 1
            case ami.NewChannel():
                self._new_channel(message)
            case ami.ChannelEntry():
                if self._resync is not None:
                    self._resync.channel(message)
            case ami.BridgeEnter():
                self._people.enter_bridge(message)
            case ami.BridgeLeave():
                self._people.leave_bridge(uniqueid, message.at)
            case ami.Pickup():
                self._people.pick_up_for(message)
            case ami.Hold() | ami.Unhold():
                self._people.hold(message)
            case _ if call is not None:
                self._caller_message(call, message)
            case ami.AgentMessage() | ami.QueueMessage() | ami.DialEnd() if (
                sent := self._sent_on(message)
            ) is not None:
                self._caller_message(sent, message)
            case _:
                self._leg_message(message)
        if isinstance(message, ami.Hangup):
            self._gone(message)

    def _sent_on(self, message: ami.ChannelMessage) -> Call | None:
        """The call that an agent behind a Local channel sent on: Asterisk sends the channel's own far half."""
        around = self._bridges.beyond(message.channel)
        return next((call for call in map(self._calls.of_caller, around) if call is not None), None)

    def _new_channel(self, message: ami.NewChannel) -> None:
        """Is it a citizen's call?"""
        if message.context in self._trunks and starts_a_call(message):
            call = Call(message.uniqueid, message.channel, message.at)
            self._calls.offer(call, message.caller_number, message.caller_name, message.exten)
            return
        self._outgoing.new_channel(message)
        self._consultations.feed(message)
        related = self._calls.of_linkedid(message.linkedid)
        if related is not None and related.state in WAITING_IN_QUEUE:
            self._agents.expect(message.channel, message.uniqueid)

    def _gone(self, message: ami.Hangup) -> None:
        uniqueid, at = message.uniqueid, message.at
        self._calls.out += self._agents.forget(message.channel, uniqueid, at)
        self._people.gone(message)
        self._calls.out += self._outgoing.end(uniqueid, at, message.cause)
        self._outgoing.forget(uniqueid)

    def _caller_message(self, call: Call, message: ami.ChannelMessage) -> None:
        at = message.at
        match message:
            case ami.QueueCallerJoin():
                self._people.apply(call, Kind.JOINS_QUEUE, at, queue=message.queue, position=message.position)
            case ami.QueueEntry() if call.state in (State.OFFERED, State.OVERFLOWED):
                call.provenance = "reconstructed"
                since = max(call.arrived, at - message.wait)
                self._people.apply(call, Kind.JOINS_QUEUE, since, queue=message.queue, position=message.position)
            case ami.AgentMessage() if message.agent_uniqueid in call.dead_legs:
                pass
            case ami.AgentCalled():
                leg = self._people.leg_of(call, message)
                if message.agent_state in (ami.CHANNEL_RINGING, ami.CHANNEL_UP):
                    self._people.rings(call, leg, at)
                if message.agent_state == ami.CHANNEL_UP:
                    self._people.picks_up(call, leg, at)
            case ami.AgentConnect():
                self._people.picks_up(call, self._people.leg_of(call, message), at)
            case ami.AgentRingNoAnswer():
                ringing = call.legs.get(message.agent_uniqueid, NOBODY)
                if ringing is not NOBODY and ringing.stopped is None:
                    ringing.stopped = at
            case ami.DialEnd() if message.status_word not in ("ANSWER", "") and call.transfer is not None:
                if call.state is State.ALONE:
                    self._people.apply(call, Kind.TARGET_REFUSES, at)
            case ami.QueueCallerAbandon():
                self._people.apply(call, Kind.QUEUE_GIVES_UP, at)
            case ami.QueueCallerLeave():
                self._people.leaves_queue(call, at)
            case ami.HangupRequest():
                self._people.apply(call, Kind.CALLER_HANGS_UP, at)
            case ami.Hangup():
                self._people.apply(call, Kind.CALLER_GONE, at, cause=message.cause)

    def _leg_message(self, message: ami.ChannelMessage) -> None:
        """Of a channel that is not a caller's: perhaps that of a person on a call."""
        at = message.at
        call = self._calls.of_leg(message.uniqueid)
        if call is None:
            self._stranger_message(message)
            return
        leg = call.legs.get(message.uniqueid) or next((b for b in call.bound() if b.uniqueid == message.uniqueid), None)
        if leg is None:
            return
        leg.channel = message.channel or leg.channel
        match message:
            case ami.HangupRequest() | ami.Hangup() if leg.uniqueid not in call.legs:
                self._people.hangs_up(call, leg, at)
                if isinstance(message, ami.Hangup):
                    self._calls.let_go(call, leg, at)
            case ami.NewState(state=ami.CHANNEL_RINGING):
                self._people.rings(call, leg, at)
            case ami.NewState(state=ami.CHANNEL_UP):
                self._people.picks_up(call, leg, at)
            case ami.HangupRequest():
                call.dead_legs.add(leg.uniqueid)
                leg.cause = message.cause
                leg.stopped = at if leg.stopped is None else leg.stopped
            case ami.Hangup():
                call.dead_legs.add(leg.uniqueid)
                self._people.ring_ends(call, leg, at, message.cause)

    def _stranger_message(self, message: ami.ChannelMessage) -> None:
        """Of a phone that rings before the queue named it, of one behind a Local channel, or of an agent who asks."""
        self._consultations.feed(message)
        related = self._calls.of_linkedid(message.linkedid)
        match message:
            case ami.NewState(state=ami.CHANNEL_RINGING) if related is not None and related.state in WAITING_IN_QUEUE:
                related.early_rings.setdefault(message.uniqueid, message.at)
            case ami.HangupRequest() if related is not None and not message.channel.startswith("Local/"):
                behind = self._people.person(related, message)
                if behind is not None:
                    related.dead_legs.add(behind.uniqueid)

    def _begin_resync(self, since: float | None) -> Resync:
        for call in self._calls.living():
            self._people.settle(call)
        parts = (self._calls, self._bridges, self._agents, self._outgoing, self._people)
        return Resync(since, self._trunks, *parts)

    def _complete_resync(self, at: float) -> None:
        resync, self._resync = self._resync, None
        if resync is None:
            self.odd["resync without start"] += 1
        else:
            resync.complete(at)
