"""What a PBX would answer to CoreShowChannels and QueueStatus, worked out from the messages of a trace so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.ami import messages as ami
from gateway.ami.messages import Message


@dataclass
class Channel:
    """A living channel."""

    born: float
    last: ami.ChannelMessage
    context: str = ""
    number: str = ""
    state: int = 0
    bridge: str = ""
    application: str = ""
    linkedid: str = ""


@dataclass
class Exchange:
    """Fed with a trace's messages; ``resync`` gives a whole resync at an instant."""

    channels: dict[str, Channel] = field(default_factory=dict)
    queued: dict[str, ami.QueueCallerJoin] = field(default_factory=dict)
    members: dict[tuple[str, str], ami.QueueMemberMessage] = field(default_factory=dict)

    def feed(self, message: Message) -> None:
        """Take one message."""
        match message:
            case ami.QueueMemberRemoved():
                self.members.pop((message.queue, message.interface), None)
            case ami.QueueMemberMessage():
                self.members[message.queue, message.interface] = message
            case ami.NewChannel():
                self.channels[message.uniqueid] = Channel(
                    message.at, message, message.context, message.caller_number, message.state
                )
            case ami.DialBegin() if message.called_uniqueid in self.channels:
                self.channels[message.called_uniqueid].number = message.dialled.rpartition("/")[2].partition("@")[0]
                dialling = self.channels.get(message.uniqueid)
                if dialling is not None and not dialling.application:
                    dialling.application = "Dial"
            case ami.Hangup():
                self.channels.pop(message.uniqueid, None)
                self.queued.pop(message.uniqueid, None)
            case ami.ChannelMessage() if message.uniqueid in self.channels:
                self._living(self.channels[message.uniqueid], message)

    def _living(self, channel: Channel, message: ami.ChannelMessage) -> None:
        channel.last = message
        channel.state = message.state if message.state >= 0 else channel.state
        match message:
            case ami.BridgeEnter():
                channel.bridge = message.bridge
            case ami.BridgeLeave():
                channel.bridge = ""
            case ami.QueueCallerJoin():
                self.queued[message.uniqueid] = message
                channel.application = "Queue"
            case ami.QueueCallerLeave():
                self.queued.pop(message.uniqueid, None)
            case ami.AgentCalled() if message.agent_uniqueid in self.channels:
                self.channels[message.agent_uniqueid].application = "AppQueue"

    def resync(self, at: float, since: float | None = None) -> list[Message]:
        """What a client hears that connects at ``at`` and had heard everything up to ``since``."""
        entries: list[Message] = [ami.ResyncStarted(at=at, since=since)]
        for uniqueid, channel in self.channels.items():
            what = {"channel": channel.last.channel, "uniqueid": uniqueid, "linkedid": channel.last.linkedid}
            entries.append(
                ami.ChannelEntry(
                    at=at,
                    **what,
                    state=channel.state,
                    context=channel.context,
                    exten="s",
                    caller_number=channel.number,
                    caller_name="",
                    application=channel.application,
                    application_data="",
                    duration=float(int(at - channel.born)),
                    bridge=channel.bridge,
                )
            )
        for uniqueid, join in self.queued.items():
            what = {"channel": join.channel, "uniqueid": uniqueid, "linkedid": join.linkedid}
            wait = float(int(at - join.at))
            entries.append(ami.QueueEntry(at=at, **what, queue=join.queue, position=1, wait=wait))
        for member in self.members.values():
            values = {name: getattr(member, name) for name in ami.QueueMemberEntry.__struct_fields__ if name != "at"}
            entries.append(ami.QueueMemberEntry(at=at, **values))
        return [*entries, ami.ResyncCompleted(at=at)]
