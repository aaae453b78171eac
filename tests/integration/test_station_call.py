"""A citizen's call through the queue to a sound device, on a real PBX and a real sound server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
import soxr

from gateway.config import Ivr
from gateway.demo.phones import Caller
from gateway.demo.process import free_port
from gateway.demo.stage import AsteriskInstance
from gateway.headset.device import RATE, backend
from gateway.headset.line import StationCall
from gateway.headset.station import PatientAgent, Station
from gateway.headset.stream import Headset
from tests.integration.prompts import noise, read, share_heard, write
from tests.integration.recorder import AmiRecorder
from tests.integration.sound import SoundServer

pytestmark = pytest.mark.asyncio(loop_scope="session")
MEMBER = "Local/2001@station/n"
# The call's audio passes a resampler, A-law and two jitter buffers.
HEARD = 0.5


@pytest_asyncio.fixture(loop_scope="session")
async def sound() -> AsyncIterator[SoundServer]:
    async with SoundServer() as server:
        yield server


async def test_a_citizen_and_a_headset_hear_each_other(
    asterisk: AsteriskInstance, sound: SoundServer, tmp_path: Path
) -> None:
    asks, replies = noise(231, 1.5), noise(232, 1.5)
    calls: asyncio.Queue[StationCall] = asyncio.Queue(4)
    station = Station(Ivr(port=free_port()), lambda: Headset.choose(backend()), PatientAgent(1.0), calls.put_nowait)
    running = asyncio.create_task(station.run())
    await asyncio.wait_for(station.agi.ready.wait(), 5)
    await asterisk.cli(f"dialplan set global STATION_AGI_2001 127.0.0.1:{station.agi.port}")
    await asterisk.cli(f"queue add member {MEMBER} to hotline")
    try:
        async with Caller(asterisk, "13800138000") as caller, AmiRecorder(asterisk) as ami:
            await caller.call(asterisk.hotline_number)
            connected = await ami.seen("AgentConnect")
            await ami.seen("BridgeEnter", 2)
            async with sound.recording() as ears:
                await caller.say(write(tmp_path / "asks.wav", asks))
                await sound.speak(np.repeat(replies, 2))
                await ears.gathered(0.5)
            await caller.hang_up()
            await caller.wait_closed()
            by_caller = read(caller.heard())
            completed = await ami.seen("AgentComplete")
            call = await asyncio.wait_for(calls.get(), 5)
    finally:
        await asterisk.cli(f"queue remove member {MEMBER} from hotline")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert (connected["Interface"], connected["RingTime"]) == (MEMBER, "1")
    assert completed["Reason"] == "caller"
    assert share_heard(soxr.resample(asks, 8000, RATE), ears.samples) > HEARD
    assert share_heard(replies, by_caller) > HEARD
    assert call.ended_by == "caller"
    assert call.unsent == 0
