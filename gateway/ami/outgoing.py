"""Calls that we place: an agent dials, clicks to call, or a missed caller is called back. PURE.

A line to the trunk that starts Down is called by us. One that belongs to a citizen's call is a transfer of his and no
call of its own; when it joins such a call later, as an agent connects the two, its own story ends there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from gateway.ami import messages as ami
from gateway.ami.agents import Agents, agent_id
from gateway.ami.bridges import Bridges
from gateway.ami.call import between
from gateway.events import Event, OutboundAnswered, OutboundEnded, OutboundStarted


@dataclass(slots=True, eq=False)
class Line:
    """One channel to the trunk. ``call_id`` is the Uniqueid of the first channel of the call it belongs to."""

    uniqueid: str
    call_id: str
    number: str = ""
    agent: str = ""
    started: bool = False
    answered: float | None = None


class Outgoing:
    """Follows the lines we dial. ``trunks``: contexts of the trunks' channels."""

    def __init__(self, trunks: Collection[str], agents: Agents) -> None:
        self._trunks = trunks
        self._agents = agents
        self._lines: dict[str, Line] = {}

    def number(self, uniqueid: str) -> str | None:
        """The number dialled on this channel (may be empty); None when it is no line of ours."""
        line = self._lines.get(uniqueid)
        return None if line is None else line.number

    def new_channel(self, message: ami.NewChannel) -> None:
        """Is it a line to the trunk that we dial?"""
        if message.context in self._trunks and message.state == ami.CHANNEL_DOWN:
            self._lines[message.uniqueid] = Line(message.uniqueid, message.linkedid or message.uniqueid)

    def dial(self, message: ami.DialBegin, citizens: bool) -> list[Event]:
        """A line is dialled. ``citizens``: for a citizen who is on the line already."""
        line = self._lines.get(message.called_uniqueid)
        if line is None or line.number:
            return []
        line.number = message.dialled.rpartition("/")[2].partition("@")[0]
        line.agent = "" if message.channel.startswith("Local/") else agent_id(message.channel)
        if citizens:
            return []
        line.started = True
        return [OutboundStarted(at=message.at, call_id=line.call_id, agent=line.agent, number=line.number)]

    def meet(self, uniqueid: str, bridges: Bridges, at: float) -> list[Event]:
        """Something entered a bridge: does somebody speak with a line of ours?"""
        around = bridges.around(uniqueid)
        events: list[Event] = []
        for line in [self._lines[one] for one in around if one in self._lines]:
            others = [channel for one, channel in around.items() if one != line.uniqueid]
            if line.started and line.answered is None and others:
                line.answered = at
                line.agent = line.agent or next((agent for agent in map(self._agent, others) if agent), "")
                if line.agent:
                    events += self._agents.talking(line.agent, line.call_id, at)
                events.append(OutboundAnswered(at=at, call_id=line.call_id, agent=line.agent, number=line.number))
        return events

    def end(self, uniqueid: str, at: float, cause: int = 0) -> list[Event]:
        """The line is down, or became part of a citizen's call."""
        line = self._lines.get(uniqueid)
        if line is None or not line.started:
            return []
        line.started = False
        ended = OutboundEnded(
            at=at,
            call_id=line.call_id,
            agent=line.agent,
            number=line.number,
            answered=line.answered is not None,
            talk_seconds=between(line.answered, at) or 0.0,
            cause=cause,
        )
        return [ended, *(self._agents.free(line.agent, line.call_id, "", at) if line.agent else [])]

    def forget(self, uniqueid: str) -> None:
        """The channel is gone."""
        self._lines.pop(uniqueid, None)

    def living(self) -> list[str]:
        """The lines' Uniqueids."""
        return list(self._lines)

    def restore(self, event: OutboundStarted | OutboundAnswered | OutboundEnded) -> None:
        """What the journal knows; the line's own channel is found by the next resync."""
        if isinstance(event, OutboundEnded):
            self._lines.pop(event.call_id, None)
            return
        line = self._lines.setdefault(event.call_id, Line(event.call_id, event.call_id))
        line.number, line.agent, line.started = event.number, event.agent, True
        if isinstance(event, OutboundAnswered):
            line.answered = event.at

    def found(self, entry: ami.ChannelEntry) -> None:
        """Resync: a living channel of the trunk. One that did not begin its call was dialled by us."""
        line = self._lines.get(entry.linkedid)
        if line is not None and line.uniqueid == line.call_id:
            self._lines[entry.uniqueid] = self._lines.pop(entry.linkedid)
            line.uniqueid = entry.uniqueid
        elif entry.uniqueid not in self._lines and entry.linkedid not in ("", entry.uniqueid):
            self._lines[entry.uniqueid] = Line(entry.uniqueid, entry.linkedid, entry.caller_number)

    def _agent(self, channel: str) -> str:
        return agent_id(channel) if channel and self._agents.knows(channel) else ""
