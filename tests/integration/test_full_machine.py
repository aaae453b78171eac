"""A machine that is full: new calls are recorded only, and transcribed when they are over. And workers elsewhere."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.demo.process import Child
from gateway.events import SpeechLevelChanged, TranscriptFinal, TranscriptRevised
from tests.integration.hotline import hotline
from tests.integration.network import TwoHosts, two_hosts
from tests.integration.speech import need_models
from tests.integration.talk import talk, voice_line

pytestmark = pytest.mark.timeout(180)

SPEECH = {"HOTLINE_SPEECH_ENABLED": "true", "HOTLINE_SPEECH_LANGUAGE": "ko"}


async def test_a_call_too_many_is_recorded_and_transcribed_after_its_end(tmp_path: Path) -> None:
    need_models("vosk-ko", "kokoro-82m")
    line = await voice_line()
    recordings = tmp_path / "recordings"
    full = {"HOTLINE_SPEECH_WORKERS": "1", "HOTLINE_SPEECH_LEGS_PER_WORKER": "2"}
    settings = {**SPEECH, **full, "HOTLINE_RECORDING_FOLDER": str(recordings)}
    async with hotline(tmp_path, settings) as house, house.scene() as here:
        first = await talk(here, line)
        level = await here.seen.first(SpeechLevelChanged, "the machine is full")
        assert (level.level, level.legs, level.capacity) == ("recorded_only", 2, 2)
        (colleague,) = await here.agents("1002")
        second = await talk(here, line, "13900000012", colleague, understood=False)
        await second.caller.say(line)
        await colleague.say(line)
        whole = await second.end()
        assert here.seen.all(TranscriptFinal, call_id=second.call_id) == []
        assert [(leg.speaker, leg.deferred > 2.0, leg.lost) for leg in whole.legs] == [
            ("caller", True, 0.0),
            ("agent", True, 0.0),
        ]
        assert (await first.end()).share == 1.0
        revised = await here.seen.first(TranscriptRevised, "the transcript", call_id=second.call_id)
        assert (revised.reason, revised.engine) == ("deferred", "vosk")
        assert {utterance.speaker for utterance in revised.utterances} == {"caller", "agent"}
        starts = [utterance.start for utterance in revised.utterances]
        assert starts == sorted(starts)
        assert all(second.arrived + start < second.ended for start in starts)
        assert all(utterance.text for utterance in revised.utterances)
        # Nobody wanted a recording: it only served the transcript.
        assert await asyncio.to_thread(lambda: list(recordings.rglob("*.ogg"))) == []


@pytest.fixture
def hosts() -> Iterator[TwoHosts]:
    with two_hosts() as hosts:
        yield hosts


@asynccontextmanager
async def remote_worker(hosts: TwoHosts, core: str, token: str, folder: Path) -> AsyncIterator[Child]:
    """``hotline worker`` on the other host."""
    environment = {
        "HOTLINE_SPEECH_WORKER_TOKEN": token,
        "HOTLINE_SPEECH_LANGUAGE": "ko",
        "HOTLINE_SPEECH_AUDIOSOCKET_HOST": hosts.there_address,
    }
    command = hosts.command(sys.executable, "-m", "gateway", "worker", "--core", core)
    child = Child("hotline worker", command, folder / "worker.log", environment)
    await child.start()
    try:
        yield child
    finally:
        await child.stop()


async def test_a_worker_on_another_host_hears_the_calls(hosts: TwoHosts, tmp_path: Path) -> None:
    need_models("vosk-ko", "kokoro-82m")
    line = await voice_line()
    token = "a token for both hosts"
    alone = {**SPEECH, "HOTLINE_SPEECH_WORKERS": "0", "HOTLINE_SPEECH_WORKER_TOKEN": token}
    web = {"HOTLINE_WEB_HOST": "0.0.0.0"}
    async with hotline(tmp_path, {**alone, **web}) as house:
        core = f"http://{hosts.here_address}:{house.gateway.web_port}"
        async with remote_worker(hosts, core, token, tmp_path), house.scene() as here:
            await here.seen.health("speech", "ok")
            talking = await talk(here, line)
            await talking.understood(line, "agent")
            assert (await talking.end()).share == 1.0
            assert talking.gaps() == []
            late = await talk(here, line, "13900000013", talking.agent)
            hosts.unplug()
            await late.caller.say(line)
            whole = await late.end()
            assert {gap.reason for gap in late.gaps()} == {"worker_lost"}
            assert whole.share is not None
            assert whole.share < 1.0
