"""An agent's second call, by which he asks somebody before he connects the citizen with him. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.ami import messages as ami
from gateway.ami.agents import agent_id
from gateway.ami.call import Leg


@dataclass(slots=True, eq=False)
class Consultation:
    """``dialled`` as the agent did it; ``queue`` while he waits in one, and the phones that it rings."""

    dialled: str
    queue: str = ""
    legs: dict[str, Leg] = field(default_factory=dict)


class Consultations:
    """Calls from inside the house, by their first channel's Uniqueid."""

    def __init__(self) -> None:
        self._calls: dict[str, Consultation] = {}

    def get(self, uniqueid: str) -> Consultation:
        """What is known of it."""
        return self._calls.get(uniqueid, Consultation(""))

    def feed(self, message: ami.ChannelMessage) -> None:
        """A message about a channel that is no citizen's."""
        match message:
            case ami.NewChannel() if message.linkedid == message.uniqueid:
                self._calls[message.uniqueid] = Consultation(message.exten)
            case ami.QueueCallerJoin() if message.uniqueid in self._calls:
                self._calls[message.uniqueid].queue = message.queue
            case ami.QueueCallerLeave() if message.uniqueid in self._calls:
                self._calls[message.uniqueid].queue = ""
            case ami.AgentCalled() if message.uniqueid in self._calls:
                agent = agent_id(message.interface or message.agent_channel)
                leg = Leg(message.agent_uniqueid, message.agent_channel, agent, called=message.at)
                self._calls[message.uniqueid].legs[leg.uniqueid] = leg
            case ami.AgentRingNoAnswer() if message.uniqueid in self._calls:
                self._calls[message.uniqueid].legs.pop(message.agent_uniqueid, None)
            case ami.Hangup():
                self._calls.pop(message.uniqueid, None)
