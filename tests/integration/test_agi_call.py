"""The survey on a real call: after the agent hangs up, the caller rates the call by key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.config import Ivr
from gateway.demo.phones import AgentPhone, Caller
from gateway.demo.stage import AsteriskInstance
from gateway.ivr.agi import AgiServer
from tests.integration.prompts import noise, read, share_heard, write
from tests.integration.recorder import AmiRecorder

pytestmark = pytest.mark.asyncio(loop_scope="session")
SOUNDS = Path(__file__).parents[2] / "asterisk" / "sounds" / "hotline"


class Survey:
    """A served call whose caller is being asked to rate it."""

    def __init__(self, server: AgiServer, scores: asyncio.Queue[tuple[str, int]], caller: Caller) -> None:
        self.server = server
        self.scores = scores
        self.caller = caller
        self.call_id = ""


@asynccontextmanager
async def asking(asterisk: AsteriskInstance, folder: Path) -> AsyncIterator[Survey]:
    scores: asyncio.Queue[tuple[str, int]] = asyncio.Queue(10)
    server = AgiServer(
        Ivr(port=asterisk.agi_port, key_timeout=1.0), lambda call_id, score: scores.put_nowait((call_id, score))
    )
    running = asyncio.create_task(server.run())
    try:
        await asyncio.wait_for(server.ready.wait(), 5)
        async with (
            AmiRecorder(asterisk) as ami,
            AgentPhone(asterisk, "1001") as agent,
            Caller(asterisk, "13800138000") as caller,
        ):
            survey = Survey(server, scores, caller)
            await agent.wait_registered()
            await caller.call(asterisk.hotline_number)
            await agent.wait_ringing()
            await agent.answer()
            survey.call_id = (await ami.seen("QueueCallerJoin"))["Uniqueid"]
            await ami.seen("BridgeEnter", 2)
            await agent.say(write(folder / "word.wav", noise(301, 0.5)))
            await agent.hang_up()
            await until(asterisk, lambda channels: f"!AGI!agi://127.0.0.1:{asterisk.agi_port}/survey!" in channels)
            yield survey
            await until(asterisk, lambda channels: not channels.strip())
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def until(asterisk: AsteriskInstance, condition: Callable[[str], bool]) -> None:
    async with asyncio.timeout(15):
        while not condition(await asterisk.cli("core show channels concise")):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_the_callers_key_becomes_the_calls_score(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    async with asking(asterisk, tmp_path) as survey:
        await survey.caller.press("4")
        assert await asyncio.wait_for(survey.scores.get(), 10) == (survey.call_id, 4)
        await survey.caller.wait_closed()
        heard = read(survey.caller.heard())
    assert share_heard(read(SOUNDS / "survey-thanks.wav"), heard) > 0.5
    assert survey.server.outcomes == {"done": 1}


async def test_hanging_up_in_the_question_gives_no_score(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    async with asking(asterisk, tmp_path) as survey:
        await survey.caller.hang_up()
        await survey.caller.wait_closed()
    assert survey.scores.empty()
    assert survey.server.outcomes == {"hung_up": 1}


async def test_a_missing_prompt_is_logged_and_the_survey_goes_on(
    asterisk: AsteriskInstance, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    prompt = asterisk.folder / "data" / "sounds" / "hotline" / "survey-ask.wav"
    prompt.unlink()
    try:
        async with asking(asterisk, tmp_path) as survey:
            await survey.caller.press("5")
            assert await asyncio.wait_for(survey.scores.get(), 10) == (survey.call_id, 5)
            await survey.caller.wait_closed()
    finally:
        prompt.write_bytes((SOUNDS / prompt.name).read_bytes())
    assert "no sound file hotline/survey-ask" in caplog.text
