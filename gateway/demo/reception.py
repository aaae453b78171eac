"""Whoever rings the demo himself is answered too: agents take calls that are in no script and say their greeting."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Collection, Sequence

from gateway.demo.phones import AgentPhone
from gateway.demo.voices import Voices
from gateway.demo.watcher import Watcher
from gateway.errors import NeighbourError
from gateway.events import CallAnswered, CallOffered, CallRinging

RINGS = 3.0
ANSWER_SECONDS = 20.0
GREETING = "您好，一二三四五热线，请问有什么可以帮您？"


class Reception:
    """``await attend()`` until cancelled. ``scripted``: numbers of the callers that somebody else answers."""

    def __init__(
        self, watcher: Watcher, voices: Voices, agents: Sequence[AgentPhone], scripted: Collection[str]
    ) -> None:
        self._watcher, self._voices, self._scripted = watcher, voices, frozenset(scripted)
        self._agents = {phone.agent: phone for phone in agents}

    async def attend(self) -> None:
        """Answer every visitor."""
        seen = 0
        async with asyncio.TaskGroup() as visits:
            while True:
                ringing = await self._watcher.wait(CallRinging, self._visits, "a visitor rings", None, seen)
                seen = 1 + next(i for i, (_, event) in enumerate(self._watcher.entries) if event is ringing)
                visits.create_task(self._receive(ringing.call_id, self._agents[ringing.agent]))

    def _visits(self, ringing: CallRinging) -> bool:
        offered = [event for _, event in self._watcher.of_call(ringing.call_id) if isinstance(event, CallOffered)]
        return ringing.agent in self._agents and all(event.caller_number not in self._scripted for event in offered)

    async def _receive(self, call_id: str, agent: AgentPhone) -> None:
        await asyncio.sleep(RINGS)
        # The visitor may ring off, or another agent be faster: then there is nobody to greet.
        with contextlib.suppress(NeighbourError):
            await agent.wait_ringing(1.0)
            await agent.answer()
            await self._watcher.wait(CallAnswered, lambda e: e.call_id == call_id, "he is answered", ANSWER_SECONDS)
            await agent.say(await self._voices.line(GREETING, "female"))
