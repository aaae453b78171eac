"""The agents' states, from what queues say of their members and from the calls themselves. PURE.

A call has the first word: who talks with a citizen, has him on hold or is rung for him is talking, on hold or ringing.
Else the member's device and pauses decide, and last the wrap-up: Asterisk never tells of it, so it lasts as long after
a conversation as the queue's policy says, or as the agent is paused with one of the reasons that mean wrap-up. A phone
that rings for something else than a hotline call does not change its agent's state; one that is in use for something
else makes its agent talking, without a call id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from gateway.ami.messages import (
    DEVICE_UNKNOWN,
    DEVICES_AWAY,
    DEVICES_IN_USE,
    QueueMemberMessage,
    QueueMemberRemoved,
)
from gateway.events import AgentState, AgentStateChanged

_CALL_STATES = ("talking", "hold", "ringing")
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
    wrap_up: tuple[str, float] | None = None
    """The call that is being wrapped up, and until when."""
    held_back: float | None = None
    """The instant of the latest change that a resync holds back."""
    shown: AgentStateChanged | None = None

    def state(self) -> tuple[AgentState, str, str]:
        """State, pause reason, call id."""
        for wanted in _CALL_STATES:
            for call_id, state in self.calls.items():
                if state == wanted:
                    return state, "", call_id
        if not self.queues or self.device in DEVICES_AWAY:
            return "offline", "", ""
        if self.device in DEVICES_IN_USE and not self.expected:
            return "talking", "", ""
        if all(membership.paused for membership in self.queues.values()):
            return "paused", next((m.reason for m in self.queues.values() if m.reason), ""), ""
        return ("available", "", "") if self.wrap_up is None else ("wrap_up", "", self.wrap_up[0])


class Agents:
    """All agents seen so far. Every method gives the changes it caused: at most one per agent, none without change.

    During a resync, when only part is known, changes are held back until ``resync_completed``.
    ``names`` (agent id to name) wins over the queue's member names. ``wrap_up`` gives the seconds of wrap-up after a
    call of a queue; a pause with one of ``wrap_up_reasons`` is wrap-up, too.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        wrap_up: Callable[[str], float] = lambda queue: 0.0,
        wrap_up_reasons: Iterable[str] = (),
    ) -> None:
        self._names = names
        self._wrap_up = wrap_up
        self._wrap_up_reasons = frozenset(wrap_up_reasons)
        self._agents: dict[str, _Agent] = {}
        self._wrapping: dict[str, _Agent] = {}
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
        return self.knows_number(agent_id(channel))

    def knows_number(self, number: str) -> bool:
        """Is this the number of a queue's member?"""
        agent = self._agents.get(number)
        return agent is not None and bool(agent.queues)

    def ringing(self, agent: str, call_id: str, at: float) -> list[AgentStateChanged]:
        """The agent's phone rings for a call."""
        return self._occupy(agent, call_id, "ringing", at)

    def talking(self, agent: str, call_id: str, at: float) -> list[AgentStateChanged]:
        """The agent picked up a call."""
        return self._occupy(agent, call_id, "talking", at)

    def holding(self, agent: str, call_id: str, at: float) -> list[AgentStateChanged]:
        """The agent put the caller on hold."""
        return self._occupy(agent, call_id, "hold", at)

    def free(self, agent: str, call_id: str, queue: str, at: float) -> list[AgentStateChanged]:
        """The call needs the agent no more. While his device still counts as in use, the device has the last word."""
        known = self._agent(agent)
        was = known.calls.pop(call_id, None)
        seconds = self._wrap_up(queue) if was in ("talking", "hold") else 0.0
        if seconds > 0:
            known.wrap_up = (call_id, at + seconds)
            self._wrapping[agent] = known
        if was is None or (not known.calls and known.device in DEVICES_IN_USE):
            return []
        return self._show(known, at)

    def tick(self, now: float) -> list[AgentStateChanged]:
        """Wrap-ups that are over."""
        changes = []
        for agent in list(self._wrapping.values()):
            if agent.wrap_up is None:
                del self._wrapping[agent.agent]
            elif agent.wrap_up[1] <= now:
                (_, until), agent.wrap_up = agent.wrap_up, None
                del self._wrapping[agent.agent]
                changes += self._show(agent, until)
        return changes

    def next_deadline(self) -> float | None:
        """The end of the first wrap-up that lasts."""
        return min((agent.wrap_up[1] for agent in self._wrapping.values() if agent.wrap_up is not None), default=None)

    def restore(self, event: AgentStateChanged) -> None:
        """What the journal knows of an agent; memberships and device follow with the next resync."""
        agent = self._agent(event.agent)
        agent.name, agent.shown = agent.name or event.name, event
        # A wrap-up with a reason is a pause, which no time ends.
        paused = event.state == "paused" or (event.state == "wrap_up" and event.reason != "")
        agent.queues = {queue: _Membership(paused, event.reason) for queue in event.queues}
        agent.calls = {event.call_id: event.state} if event.call_id and event.state in _CALL_STATES else {}
        if event.state == "wrap_up" and not paused:
            if agent.wrap_up is None or agent.wrap_up[0] != event.call_id:
                agent.wrap_up = (event.call_id, event.at + self._longest_wrap_up(agent))
                self._wrapping[event.agent] = agent
        elif not paused:
            agent.wrap_up = None

    def resync_started(self) -> None:
        """Entries of all members follow."""
        self._resync = set()

    def resync_completed(self, at: float) -> list[AgentStateChanged]:
        """Memberships that were not among the entries are gone; give everything that changed."""
        seen, self._resync = self._resync or set(), None
        changes = []
        for agent in self._agents.values():
            agent.queues = {name: m for name, m in agent.queues.items() if (agent.agent, name) in seen}
            since, agent.held_back = agent.held_back, None
            changes += self._show(agent, at if since is None else since)
        return changes

    def _agent(self, agent: str) -> _Agent:
        return self._agents.setdefault(agent, _Agent(agent, self._names.get(agent, "")))

    def _longest_wrap_up(self, agent: _Agent) -> float:
        return max((self._wrap_up(queue) for queue in agent.queues), default=0.0)

    def _occupy(self, agent: str, call_id: str, state: AgentState, at: float) -> list[AgentStateChanged]:
        known = self._agent(agent)
        known.calls[call_id] = state
        known.expected.clear()
        known.wrap_up = None
        return self._show(known, at)

    def _show(self, agent: _Agent, at: float) -> list[AgentStateChanged]:
        if self._resync is not None:
            agent.held_back = at
            return []
        state, reason, call_id = agent.state()
        if state == "paused" and reason in self._wrap_up_reasons:
            state = "wrap_up"
        before = agent.shown
        now = AgentStateChanged(
            at=at,
            agent=agent.agent,
            name=agent.name,
            state=state,
            reason=reason,
            call_id=call_id,
            queues=tuple(sorted(agent.queues)),
            previous=None if before is None else before.state,
            previous_seconds=0.0 if before is None else max(0.0, round(at - before.at, 6)),
            previous_reason="" if before is None else before.reason,
            previous_call_id="" if before is None else before.call_id,
        )
        same_call = not call_id or (before is not None and before.call_id == call_id)
        if before is not None and same_call and _looks(before) == _looks(now):
            return []
        agent.shown = now
        return [now]


def _looks(event: AgentStateChanged) -> tuple[str, str, str, tuple[str, ...]]:
    return event.state, event.reason, event.name, event.queues
