"""Whose words they are: on hold, after a transfer, with three in the call; and the recording of it.

The model is Korean, the voices speak Mandarin: that they are heard, and as whose, is what counts.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from gateway.asr.recordings.playback import blocks
from gateway.events import CallHeld, CallResumed, PartyJoined, PartyLeft, RecordingCompleted
from tests.integration.hotline import Hotline, answer, hotline
from tests.integration.speech import need_models
from tests.integration.talk import talk, voice_line

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

RATE = 8000
ALIGNED = 0.1
"""Seconds between what the transcript says and the recording."""
HANGOVER = 0.4
"""Seconds by which the detector takes a voice for longer than it is loud."""


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("recorded") / "recordings"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory, recordings: Path) -> AsyncIterator[Hotline]:
    need_models("vosk-ko", "kokoro-82m")
    speech = {
        "HOTLINE_SPEECH_ENABLED": "true",
        "HOTLINE_SPEECH_LANGUAGE": "ko",
        "HOTLINE_SPEECH_WORKERS": "1",
        "HOTLINE_RECORDING_ENABLED": "true",
        "HOTLINE_RECORDING_FOLDER": str(recordings),
    }
    async with hotline(tmp_path_factory.mktemp("people"), speech) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def here(house: Hotline) -> AsyncIterator[Hotline]:
    async with house.scene() as here:
        yield here


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def line() -> Path:
    return await voice_line()


def loud(samples: bytes) -> NDArray[np.bool_]:
    """Which hundredths of a second are loud: the detector hears the line begin 0.09 s before it reaches 300."""
    values = np.frombuffer(samples, "<i2").astype(np.float64)
    whole = values[: len(values) // 80 * 80].reshape(-1, 80)
    return np.sqrt((whole**2).mean(axis=1)) > 100.0


async def test_hold_and_transfer_leave_each_word_to_who_said_it(here: Hotline, recordings: Path, line: Path) -> None:
    talking = await talk(here, line)
    (colleague,) = await here.agents("1003")
    await talking.understood(line, "agent")
    said = len(talking.words("agent", "1001"))
    await talking.agent.hold()
    await here.seen.first(CallHeld, "on hold", call_id=talking.call_id)
    await talking.agent.say(line)
    await talking.understood(line)
    assert len(talking.words("agent", "1001")) == said
    await talking.agent.resume()
    await here.seen.first(CallResumed, "off hold", call_id=talking.call_id)
    await talking.understood(line, "agent")
    await talking.agent.consult("1003")
    await answer(colleague)
    await talking.agent.wait_established()
    await talking.agent.say(line)
    await talking.agent.hand_over("1003")
    await here.seen.first(PartyJoined, "the colleague", call_id=talking.call_id, party="1003")
    await talking.agent.wait_closed()
    await talking.understood(line, "agent", colleague, "1003")
    await talking.understood(line)
    whole = await talking.end()
    recorded = await here.seen.first(RecordingCompleted, "the recording", call_id=talking.call_id)

    assert talking.gaps() == []
    assert whole.share == 1.0
    assert [(leg.speaker, leg.agent) for leg in whole.legs] == [("caller", ""), ("agent", "1001"), ("agent", "1003")]
    left = here.seen.all(PartyLeft, call_id=talking.call_id, party="1001")[0].at
    assert max(final.at for final in talking.words("agent", "1001")) <= left
    file = recordings / recorded.file
    sides = [b"".join(parts) for parts in zip(*blocks(file, RATE), strict=True)]
    assert recorded.seconds == pytest.approx(len(sides[0]) / 2 / RATE, abs=0.05)
    for speaker, agent, side in (("caller", "", sides[0]), ("agent", "1001", sides[1]), ("agent", "1003", sides[1])):
        heard = loud(side)
        for final in talking.words(speaker, agent):  # type: ignore[arg-type]
            start, end = (round((instant - recorded.start) * 100) for instant in (final.start, final.end))
            near = round(ALIGNED * 100)
            assert heard[max(0, start - near) : start + near].any()
            assert heard[max(0, end - round(HANGOVER * 100)) : end + near].any()
            assert heard[start:end].mean() > 0.5
    assert file.stat().st_mode & 0o077 == 0
    assert file.parent.stat().st_mode & 0o077 == 0


async def test_three_speak_under_their_own_names(here: Hotline, line: Path) -> None:
    talking = await talk(here, line)
    (expert,) = await here.agents("1003")
    await talking.agent.press("*2")
    await talking.agent.press("1003")
    await answer(expert)
    await expert.wait_established()
    await talking.agent.press("*3")
    await here.seen.first(PartyJoined, "the expert", call_id=talking.call_id, party="1003")
    await talking.understood(line, "agent", expert, "1003")
    await talking.understood(line, "agent")
    await talking.understood(line)
    whole = await talking.end()
    assert {(leg.speaker, leg.agent) for leg in whole.legs} == {("caller", ""), ("agent", "1001"), ("agent", "1003")}
    assert whole.share is not None
    assert whole.share >= 0.98
