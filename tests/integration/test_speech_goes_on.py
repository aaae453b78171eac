"""A call's transcript over the loss of a worker, of the gateway, and of AMI: real phones, a real PBX, real engines.

The voices speak Mandarin and the model Korean: what it hears is nonsense, but quick, and that it hears is what counts.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.demo.phones import AgentPhone, Caller
from gateway.demo.voices import Voices
from gateway.events import (
    CallOffered,
    PartyJoined,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptGap,
)
from tests.integration.hotline import PATIENCE, Hotline, answer, hotline
from tests.integration.speech import need_models

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

NUMBER = "13900000011"
LINE = "你好，我要投诉，门口的路灯坏了一个多星期了，晚上走路很不安全。"
TRUTH = 0.5
"""Seconds by which a gap may differ from what was really not heard."""
LAST_WORDS = 1.5
"""Seconds before the end of what is said in which its last words end."""
AGAIN_WITHIN = 2.0
"""Seconds after which a leg is heard again whose worker died."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hotline]:
    need_models("vosk-ko", "kokoro-82m")
    speech = {"HOTLINE_SPEECH_ENABLED": "true", "HOTLINE_SPEECH_LANGUAGE": "ko", "HOTLINE_SPEECH_WORKERS": "2"}
    async with hotline(tmp_path_factory.mktemp("speech"), speech) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def here(house: Hotline) -> AsyncIterator[Hotline]:
    async with house.scene() as here:
        yield here


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line() -> Path:
    return await Voices(need_models("kokoro-82m")).line(LINE, "female")


class Talk:
    """A caller in conversation with an agent."""

    def __init__(self, here: Hotline, caller: Caller, agent: AgentPhone, call_id: str) -> None:
        self.here, self.caller, self.agent, self.call_id = here, caller, agent, call_id

    async def understood(self, line: Path, speaker: str = "caller") -> TranscriptFinal:
        """One of them says it; gives the last words that come of it."""
        await (self.caller if speaker == "caller" else self.agent).say(line)
        over = time.time() - LAST_WORDS
        return await self.here.seen.events.wait(
            TranscriptFinal,
            lambda event: (event.call_id, event.speaker) == (self.call_id, speaker) and event.at > over,
            f"words of the {speaker}",
            PATIENCE,
        )

    def gaps(self) -> list[TranscriptGap]:
        return self.here.seen.all(TranscriptGap, call_id=self.call_id)

    def names(self) -> list[str]:
        return [
            final.utterance_id for final in self.here.seen.all(TranscriptFinal, call_id=self.call_id, speaker="caller")
        ]

    async def end(self) -> TranscriptCompleted:
        await self.caller.hang_up()
        await self.caller.wait_closed()
        await self.agent.wait_closed()
        return await self.here.seen.first(TranscriptCompleted, "the whole transcript", call_id=self.call_id)


async def talk(here: Hotline, line: Path) -> Talk:
    (agent,) = await here.agents("1001")
    caller, call_id = await here.calls(NUMBER)
    await answer(agent)
    await here.seen.first(PartyJoined, "they talk", call_id=call_id)
    talking = Talk(here, caller, agent, call_id)
    await talking.understood(line)
    return talking


def workers(here: Hotline) -> dict[int, int]:
    """The gateway's speech workers: sockets that each has open, by process id."""
    parent = here.gateway.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {int(pid): sum("socket:" in str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()) for pid in children}


async def test_a_killed_worker_is_replaced_in_mid_call(here: Hotline, line: Path) -> None:
    talking = await talk(here, line)
    listening = workers(here)
    assert len(listening) == 2
    worker = max(listening, key=lambda pid: listening[pid])
    killed = time.time()
    os.kill(worker, signal.SIGKILL)
    gap = await here.seen.first(TranscriptGap, "the gap", call_id=talking.call_id, speaker="caller")
    before = talking.names()
    await talking.understood(line)
    await talking.understood(line, "agent")
    whole = await talking.end()

    arrived = here.seen.all(CallOffered, call_id=talking.call_id)[0].at
    assert gap.reason == "worker_lost"
    assert gap.start + arrived == pytest.approx(killed, abs=TRUTH)
    assert gap.end - gap.start <= AGAIN_WITHIN
    assert sorted((gap.speaker, gap.reason) for gap in talking.gaps()) == [
        ("agent", "worker_lost"),
        ("caller", "worker_lost"),
    ]
    names = talking.names()
    assert names[: len(before)] == before
    assert names == [f"c{number}" for number in range(1, len(names) + 1)]
    assert len(names) > len(before)
    lost = {leg.speaker: leg.lost for leg in whole.legs}
    assert lost["caller"] == pytest.approx(gap.end - gap.start, abs=0.01)
    assert whole.share is not None
    assert whole.share < 1.0


async def test_a_gateway_that_dies_and_starts_again_misses_nothing_its_workers_heard(here: Hotline, line: Path) -> None:
    talking = await talk(here, line)
    await here.gateway.kill()
    await talking.caller.say(line)
    await here.gateway.start()
    await talking.understood(line)
    whole = await talking.end()

    assert talking.gaps() == []
    names = talking.names()
    assert names == [f"c{number}" for number in range(1, len(names) + 1)]
    finals = here.seen.all(TranscriptFinal, call_id=talking.call_id, speaker="caller")
    starts = [final.start for final in finals]
    assert starts == sorted(set(starts))
    assert len(starts) >= 3
    assert whole.share == 1.0


async def test_a_gateway_whose_workers_die_with_it_says_what_was_not_heard(here: Hotline, line: Path) -> None:
    talking = await talk(here, line)
    doomed = workers(here)
    await here.gateway.kill()
    killed = time.time()
    for pid in doomed:
        os.kill(pid, signal.SIGKILL)
    await talking.caller.say(line)
    await here.gateway.start()
    gap = await here.seen.first(TranscriptGap, "the gap", call_id=talking.call_id, speaker="caller")
    said = time.time()
    await talking.understood(line)
    await talking.end()

    arrived = here.seen.all(CallOffered, call_id=talking.call_id)[0].at
    assert gap.reason == "gateway_restarted"
    assert gap.start + arrived == pytest.approx(killed, abs=TRUTH)
    assert gap.end + arrived == pytest.approx(said, abs=TRUTH)


async def test_ami_cut_in_mid_call_leaves_the_transcript_alone(here: Hotline, line: Path) -> None:
    talking = await talk(here, line)
    before = len(here.seen.events.entries)
    here.relay.cut()
    await here.seen.health("ami", "lost", before)
    await talking.understood(line)
    here.relay.mend()
    await here.seen.health("ami", "ok", before)
    await talking.understood(line)
    whole = await talking.end()
    assert talking.gaps() == []
    assert whole.share == 1.0
