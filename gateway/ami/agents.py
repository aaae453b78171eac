"""The agents' states, from what queues say of their members and from the calls themselves. PURE.

A call has the first word: who rings for or talks with a citizen is ringing or talking. Else the member's device and
pauses decide. A phone that rings for something else than a hotline call does not change its agent's state; one that
is in use for something else makes its agent talking, without a call id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.ami.messages import (
    DEVICE_UNKNOWN,
    DEVICES_AWAY,
    DEVICES_IN_USE,
    QueueMemberMessage,
    QueueMemberRemoved,
)
from gateway.events import AgentState, AgentStateChanged

_CHANNEL_SERIAL = re.compile(r"-[0-9a-f]+(;[12])?$")


def agent_id(name: str) -> str:
    """The agent's id in an interface or a channel name.

    ``PJSIP/1001``, ``Local/1001@station/n`` and ``PJSIP/1001-0000002a`` are all agent 1001.
    """
    _, slash, rest = name.partition("/")
    bare = _CHANNEL_SERIAL.sub("", rest if slash else name)
    return bare.partition("@")[0].partition("/")[0]


@dataclass(slots=True)
class _Membership:
    paused: bool
    reason: str


@dataclass(slots=True)
class _Agent:
    agent: str
    name: str
    device: int = DEVICE_UNKNOWN
    queues: dict[str, _Membership] = field(default_factory=dict)
    calls: dict[str, AgentState] = field(default_factory=dict)
    expected: set[str] = field(default_factory=set)
    """The agent's channels that were made for a waiting call and have not rung yet, by Uniqueid."""
    shown: AgentStateChanged | None = None

    def state(self) -> tuple[AgentState, str, str]:
        """State, pause reason, call id."""
        for wanted in ("talking", "ringing"):
            for call_id, state in self.calls.items():
                if state == wanted:
                    return state, "", call_id
        if not self.queues or self.device in DEVICES_AWAY:
            return "offline", "", ""
        if self.device in DEVICES_IN_USE and not self.expected:
            return "talking", "", ""
        if all(membership.paused for membership in self.queues.values()):
            return "paused", next((m.reason for m in self.queues.values() if m.reason), ""), ""
        return "available", "", ""


class Agents:
    """All agents seen so far. Every method gives the changes it caused: at most one per agent, none without change.

    During a resync, when only part is known, changes are held back until ``resync_completed``.
    ``names`` (agent id to name) wins over the queue's member names.
    """

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._agents: dict[str, _Agent] = {}
        self._resync: set[tuple[str, str]] | None = None

    def member(self, message: QueueMemberMessage) -> list[AgentStateChanged]:
        """A queue told of one of its members."""
        agent = self._agent(agent_id(message.interface))
        if isinstance(message, QueueMemberRemoved):
            agent.queues.pop(message.queue, None)
        else:
            agent.queues[message.queue] = _Membership(message.paused, message.pause_reason)
            if message.status >= 0:
                agent.device = message.status
            if not self._names.get(agent.agent):
                agent.name = message.member_name or agent.name
        if self._resync is not None:
            self._resync.add((agent.agent, message.queue))
        return self._show(agent, message.at)

    def expect(self, channel: str, uniqueid: str) -> None:
        """A channel was made to ring the agent for a waiting call: his device being in use is no news of its own."""
        self._agent(agent_id(channel)).expected.add(uniqueid)

    def forget(self, channel: str, uniqueid: str, at: float) -> list[AgentStateChanged]:
        """The channel is gone."""
        agent = self._agents.get(agent_id(channel))
        if agent is None or uniqueid not in agent.expected:
            return []
        agent.expected.discard(uniqueid)
        return self._show(agent, at)

    def meet(self, agent: str, name: str, queue: str) -> None:
        """A queue calls the agent: so he is its member, whatever else is known of him."""
        known = self._agent(agent)
        known.name = known.name or name
        if not known.queues:
            known.queues[queue] = _Membership(paused=False, reason="")

    def knows(self, channel: str) -> bool:
        """Is this the channel of a queue's member?"""
        agent = self._agents.get(agent_id(channel))
        return agent is not None and bool(agent.queues)

    def ringing(self, agent: str, call_id: str, at: float) -> list[AgentStateChanged]:
        """The agent's phone rings for a call."""
        return self._occupy(agent, call_id, "ringing", at)

    def talking(self, agent: str, call_id: str, at: float) -> list[AgentStateChanged]:
        """The agent picked up a call."""
        return self._occupy(agent, call_id, "talking", at)

    def free(self, agent: str, call_id: str, at: float) -> list[AgentStateChanged]:
        """The call needs the agent no more. While his device still counts as in use, the device has the last word."""
        known = self._agent(agent)
        if known.calls.pop(call_id, None) is None or (not known.calls and known.device in DEVICES_IN_USE):
            return []
        return self._show(known, at)

    def resync_started(self) -> None:
        """Entries of all members follow."""
        self._resync = set()

    def resync_completed(self, at: float) -> list[AgentStateChanged]:
        """Memberships that were not among the entries are gone; give everything that changed."""
        seen, self._resync = self._resync or set(), None
        changes = []
        for agent in self._agents.values():
            agent.queues = {name: m for name, m in agent.queues.items() if (agent.agent, name) in seen}
            changes += self._show(agent, at)
        return changes

    def _agent(self, agent: str) -> _Agent:
        return self._agents.setdefault(agent, _Agent(agent, self._names.get(agent, "")))

    def _occupy(self, agent: str, call_id: str, state: AgentState, at: float) -> list[AgentStateChanged]:
        known = self._agent(agent)
        known.calls[call_id] = state
        known.expected.clear()
        return self._show(known, at)

    def _show(self, agent: _Agent, at: float) -> list[AgentStateChanged]:
        if self._resync is not None:
            return []
        state, reason, call_id = agent.state()
        now = AgentStateChanged(
            at=at,
            agent=agent.agent,
            name=agent.name,
            state=state,
            reason=reason,
            call_id=call_id,
            queues=tuple(sorted(agent.queues)),
        )
        before, same_call = agent.shown, not call_id or (agent.shown is not None and agent.shown.call_id == call_id)
        if before is not None and same_call and _looks(before) == _looks(now):
            return []
        agent.shown = now
        return [now]


def _looks(event: AgentStateChanged) -> tuple[str, str, str, tuple[str, ...]]:
    return event.state, event.reason, event.name, event.queues
