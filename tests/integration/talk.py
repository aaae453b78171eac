"""A citizen in conversation with an agent, and what the transcript says of it."""

from __future__ import annotations

import time
from pathlib import Path

from gateway.demo.phones import AgentPhone, Caller, Phone
from gateway.demo.voices import Voices
from gateway.events import (
    CallEnded,
    CallOffered,
    PartyJoined,
    Speaker,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptGap,
)
from tests.integration.hotline import PATIENCE, Hotline, answer
from tests.integration.speech import need_models

LINE = "门口的路灯坏了，请尽快来修。"
LAST_WORDS = 1.5
"""Seconds before the end of what is said in which its last words end."""


async def voice_line() -> Path:
    """A WAV of ``LINE``."""
    return await Voices(need_models("kokoro-82m")).line(LINE, "female")


class Talk:
    """Who speaks, and the call's id."""

    def __init__(self, here: Hotline, caller: Caller, agent: AgentPhone, call_id: str) -> None:
        self.here, self.caller, self.agent, self.call_id = here, caller, agent, call_id

    async def understood(
        self, line: Path, speaker: Speaker = "caller", phone: Phone | None = None, agent: str = ""
    ) -> TranscriptFinal:
        """One of them says it; gives the last words that come of it."""
        agent = agent or ("1001" if speaker == "agent" else "")
        await (phone or (self.caller if speaker == "caller" else self.agent)).say(line)
        over = time.time() - LAST_WORDS

        def are_last(event: TranscriptFinal) -> bool:
            return (event.call_id, event.speaker, event.agent) == (self.call_id, speaker, agent) and event.at > over

        return await self.here.seen.events.wait(TranscriptFinal, are_last, f"words of the {speaker}", PATIENCE)

    def gaps(self) -> list[TranscriptGap]:
        """What was not heard, so far."""
        return self.here.seen.all(TranscriptGap, call_id=self.call_id)

    def words(self, speaker: Speaker, agent: str = "") -> list[TranscriptFinal]:
        """What that person was heard to say, so far."""
        return self.here.seen.all(TranscriptFinal, call_id=self.call_id, speaker=speaker, agent=agent)

    @property
    def arrived(self) -> float:
        """When the call came in."""
        return self.here.seen.all(CallOffered, call_id=self.call_id)[0].at

    @property
    def ended(self) -> float:
        """When its line went down."""
        return self.here.seen.all(CallEnded, call_id=self.call_id)[0].at

    async def end(self) -> TranscriptCompleted:
        """The caller hangs up."""
        await self.caller.hang_up()
        await self.caller.wait_closed()
        return await self.here.seen.first(TranscriptCompleted, "the whole transcript", call_id=self.call_id)


async def talk(
    here: Hotline, line: Path, number: str = "13900000011", agent: AgentPhone | None = None, *, understood: bool = True
) -> Talk:
    """Somebody calls and is answered; he says ``line``, which is ``understood``."""
    if agent is None:
        (agent,) = await here.agents("1001")
    caller, call_id = await here.calls(number)
    await answer(agent)
    await here.seen.first(PartyJoined, "they talk", call_id=call_id)
    talking = Talk(here, caller, agent, call_id)
    if understood:
        await talking.understood(line)
    return talking
