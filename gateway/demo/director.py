"""Lets scripted citizens call and agents answer, with real phones, as their scripts say."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence

from msgspec import Struct

from gateway.demo.asterisk import AsteriskInstance
from gateway.demo.citizens import ScriptedCall
from gateway.demo.phones import AgentPhone, Caller, Phone
from gateway.demo.voices import Voices
from gateway.demo.watcher import Watcher
from gateway.events import (
    AttemptMissed,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallQueued,
    CallRinging,
    Speaker,
    TranscriptCompleted,
)

ARRIVAL_SECONDS = 15.0
NOTICE_SECONDS = 30.0
ANSWER_SECONDS = 60.0
SETTLE_SECONDS = 90.0
TURN_PAUSE = 0.6
"""Between one's last word and the other's first."""
THINKING = 3.0
"""From the survey's question to the caller's key."""
OTHER_VOICE = {"female": "male", "male": "female"}
"""The agent speaks in the other voice, so that a listener can tell the two apart."""


class SaidLine(Struct, frozen=True):
    """A line that a phone has played; ``start`` and ``end`` in Unix seconds, its last packet has left by ``end``."""

    call_id: str
    speaker: Speaker
    text: str
    voice: str
    start: float
    end: float


class Director:
    """Plays calls one by one with the agents who are on duty. ``said`` grows by every line somebody has said."""

    def __init__(
        self, asterisk: AsteriskInstance, watcher: Watcher, voices: Voices, agents: Sequence[AgentPhone]
    ) -> None:
        self._asterisk, self._watcher, self._voices = asterisk, watcher, voices
        self._agents = {phone.agent: phone for phone in agents}
        self.said: list[SaidLine] = []

    async def rehearse(self, call: ScriptedCall) -> None:
        """Have all its lines spoken beforehand."""
        if call.outcome == "answered":
            for line in call.caller_says:
                await self._voices.line(line, call.voice)
            for line in call.agent_says:
                await self._voices.line(line, OTHER_VOICE[call.voice])

    async def play(self, call: ScriptedCall) -> str:
        """One call from dialling until its last word is transcribed; gives its call id. Raises NeighbourError."""
        seen = len(self._watcher.entries)
        async with Caller(self._asterisk, call.number) as citizen:
            await citizen.call(self._asterisk.hotline_number)
            offered = await self._watcher.wait(
                CallOffered, lambda e: e.caller_number == call.number, "the call arrived", ARRIVAL_SECONDS, seen
            )
            call_id = offered.call_id
            await self._watcher.wait(
                CallQueued, lambda e: e.call_id == call_id, "the call is queued", NOTICE_SECONDS, seen
            )
            if call.outcome == "abandoned":
                await asyncio.sleep(call.hang_up_after or 0)
                await citizen.hang_up()
            else:
                await self._converse(call, call_id, citizen, seen)
            await citizen.wait_closed(NOTICE_SECONDS)
        await self._watcher.wait(CallEnded, lambda e: e.call_id == call_id, "the call ended", ARRIVAL_SECONDS, seen)
        await self._watcher.wait(
            TranscriptCompleted, lambda e: e.call_id == call_id, "the transcript is complete", SETTLE_SECONDS, seen
        )
        return call_id

    async def _converse(self, call: ScriptedCall, call_id: str, citizen: Caller, seen: int) -> None:
        await asyncio.sleep(call.answer_after)
        agent = await self._ringing_for(call_id)
        await agent.answer()
        await self._watcher.wait(
            CallAnswered, lambda e: e.call_id == call_id, "the call is answered", ANSWER_SECONDS, seen
        )
        for asks, answers in itertools.zip_longest(call.agent_says, call.caller_says):
            if asks:
                await self._say(call_id, "agent", agent, asks, OTHER_VOICE[call.voice])
            if answers:
                await self._say(call_id, "caller", citizen, answers, call.voice)
        if call.survey is None:
            await asyncio.sleep(TURN_PAUSE if call.hang_up_after is None else call.hang_up_after)
            await citizen.hang_up()
        else:
            await asyncio.sleep(TURN_PAUSE)
            await agent.hang_up()
            await asyncio.sleep(THINKING)
            await citizen.press(str(call.survey))
        await agent.wait_closed()

    async def _say(self, call_id: str, speaker: Speaker, phone: Phone, line: str, voice: str) -> None:
        sound = await self._voices.line(line, voice)
        await asyncio.sleep(TURN_PAUSE)
        start = time.time()
        await phone.say(sound)
        self.said.append(SaidLine(call_id, speaker, line, voice, start, time.time()))

    async def _ringing_for(self, call_id: str) -> AgentPhone:
        """The agent on duty whose phone rings for this call now, or next."""
        while True:
            seen, ringing = len(self._watcher.entries), ""
            for _, event in self._watcher.of_call(call_id):
                match event:
                    case CallRinging():
                        ringing = event.agent
                    case AttemptMissed() if event.agent == ringing:
                        ringing = ""
            if ringing in self._agents:
                await self._agents[ringing].wait_ringing(ANSWER_SECONDS)
                return self._agents[ringing]
            await self._watcher.wait(
                CallRinging, lambda e: e.call_id == call_id, "an agent's phone rings", ANSWER_SECONDS, seen
            )
