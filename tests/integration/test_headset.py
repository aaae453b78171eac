"""Both back ends on a real sound server: what is played is heard outside, and what is said outside is heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.errors import DeviceError
from gateway.headset import stream
from gateway.headset.device import BACKENDS, FRAME_BYTES, RATE, BackendName, backend
from gateway.headset.stream import Headset, measure
from tests.integration.prompts import noise, share_heard
from tests.integration.sound import SoundServer

HEARD = 0.6


@pytest.fixture
async def sound() -> AsyncIterator[SoundServer]:
    async with SoundServer() as server:
        yield server


@pytest.fixture(params=BACKENDS)
def name(request: pytest.FixtureRequest) -> BackendName:
    chosen: BackendName = request.param
    return chosen


def wide_noise(seed: int, seconds: float) -> NDArray[np.int16]:
    """Telephone noise at 16 kHz."""
    return np.repeat(noise(seed, seconds), 2)


async def test_devices_are_listed(sound: SoundServer, name: BackendName) -> None:
    devices = backend(name).devices()
    default = next(device for device in devices if device.name == "default")
    assert default.microphone
    assert default.speaker
    assert [device.name for device in devices if device.default_speaker] == ["default"]


async def test_the_headset_plays_and_hears(sound: SoundServer, name: BackendName) -> None:
    said, played = wide_noise(201, 1.0), wide_noise(202, 1.0)
    async with Headset.choose(backend(name)) as headset:
        heard = bytearray()

        async def converse() -> None:
            """The microphone's frames are the clock."""
            frames = [played.tobytes()[i : i + FRAME_BYTES] for i in range(0, played.nbytes, FRAME_BYTES)]
            while True:
                heard.extend(await headset.heard())
                if frames and len(heard) > RATE:
                    headset.play(frames.pop(0))

        async with sound.recording() as ears:
            conversing = asyncio.create_task(converse())
            await sound.speak(said)
            await ears.gathered(2.0)
        conversing.cancel()
        await asyncio.gather(conversing, return_exceptions=True)
    assert share_heard(played, ears.samples) > HEARD
    assert share_heard(said, np.frombuffer(heard, "<i2")) > HEARD
    assert headset.counts.late == 0


async def test_the_level_of_a_silent_and_of_a_speaking_microphone(sound: SoundServer) -> None:
    async with Headset.choose(backend()) as headset, sound.recording() as ears:
        report = await measure(headset, 1.5, 440.0)
    assert report.silent
    assert report.seconds == pytest.approx(1.5)
    spectrum = np.abs(np.fft.rfft(ears.samples))
    assert np.argmax(spectrum) * RATE / len(ears.samples) == pytest.approx(440, abs=2)
    async with Headset.choose(backend()) as headset:
        speaking = asyncio.create_task(sound.speak(wide_noise(203, 2.0)))
        report = await measure(headset, 2.0, 440.0)
        await speaking
    assert not report.silent
    assert report.loudest == pytest.approx(20 * np.log10(3000 / 32768), abs=2)


async def test_a_lost_device_is_said(sound: SoundServer, name: BackendName, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LOST_AFTER", 0.5)
    async with Headset.choose(backend(name)) as headset:
        await headset.heard()
        await sound.stop()
        with pytest.raises(DeviceError, match=r"microphone 'default' (stopped|gave no sound)"):
            await measure(headset, 30.0, 440.0)


async def test_devices_that_do_not_open_are_named(sound: SoundServer, name: BackendName) -> None:
    headset = Headset.choose(backend(name))
    await sound.stop()
    with pytest.raises(DeviceError, match="'default' and 'default' do not open at 16000 Hz"):
        await headset.__aenter__()
