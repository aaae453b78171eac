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

from gateway.events import TranscriptGap
from tests.integration.hotline import Hotline, hotline
from tests.integration.speech import need_models
from tests.integration.talk import Talk, talk, voice_line

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

TRUTH = 0.5
"""Seconds by which a gap may differ from what was really not heard."""
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
    return await voice_line()


def workers(here: Hotline) -> dict[int, int]:
    """The gateway's speech workers: sockets that each has open, by process id."""
    parent = here.gateway.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return {
        int(pid): sum("socket:" in str(fd.readlink()) for fd in Path(f"/proc/{pid}/fd").iterdir()) for pid in children
    }


def names_of(talking: Talk) -> list[str]:
    return [final.utterance_id for final in talking.words("caller")]


async def test_a_killed_worker_is_replaced_in_mid_call(here: Hotline, line: Path) -> None:
    talking = await talk(here, line)
    listening = workers(here)
    assert len(listening) == 2
    worker = max(listening, key=lambda pid: listening[pid])
    killed = time.time()
    os.kill(worker, signal.SIGKILL)
    gap = await here.seen.first(TranscriptGap, "the gap", call_id=talking.call_id, speaker="caller")
    before = names_of(talking)
    await talking.understood(line)
    await talking.understood(line, "agent")
    whole = await talking.end()

    arrived = talking.arrived
    assert gap.reason == "worker_lost"
    assert gap.start + arrived == pytest.approx(killed, abs=TRUTH)
    assert gap.end - gap.start <= AGAIN_WITHIN
    assert sorted((gap.speaker, gap.reason) for gap in talking.gaps()) == [
        ("agent", "worker_lost"),
        ("caller", "worker_lost"),
    ]
    names = names_of(talking)
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
    names = names_of(talking)
    assert names == [f"c{number}" for number in range(1, len(names) + 1)]
    starts = [final.start for final in talking.words("caller")]
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

    arrived = talking.arrived
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
