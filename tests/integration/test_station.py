"""A station on a real sound server; Asterisk's side of the call is played by hand."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from gateway.asr.audiosocket import Audio, Frame, FrameDecoder, Hangup, encode_audio, encode_hangup, encode_uuid
from gateway.config import Ivr
from gateway.errors import DeviceError
from gateway.headset import line, station, stream
from gateway.headset.device import FRAME_BYTES, RATE, backend
from gateway.headset.line import StationCall
from gateway.headset.station import PatientAgent, Station
from gateway.headset.stream import Headset
from tests.integration.prompts import noise, share_heard
from tests.integration.sound import SoundServer

HEADER = b"agi_network: yes\nagi_network_script: station\nagi_uniqueid: 1764.2\n\n"
HEARD = 0.6


class ToldAgent:
    """An agent who does what the test says."""

    def __init__(self) -> None:
        self.take = asyncio.Event()
        self.leave = asyncio.Event()
        self.ringing = asyncio.Event()

    async def accepts(self) -> None:
        self.ringing.set()
        await self.take.wait()

    async def hangs_up(self) -> None:
        await self.leave.wait()


class Desk:
    """A running station, and what it reported."""

    def __init__(self, agent: ToldAgent | PatientAgent) -> None:
        self.calls: asyncio.Queue[StationCall] = asyncio.Queue(10)
        self.station = Station(Ivr(port=0), lambda: Headset.choose(backend()), agent, self.calls.put_nowait)

    async def ring(self) -> Ringing:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.station.agi.port)
        writer.write(HEADER)
        return Ringing(reader, writer)

    async def free(self) -> None:
        """Wait until the station takes a call again, from an agent who accepts at once."""
        async with asyncio.timeout(5):
            while not await (await self.ring()).accepted():
                pass

    async def ended(self) -> StationCall:
        return await asyncio.wait_for(self.calls.get(), 5)


class Ringing:
    """Asterisk asking the station whether it takes a call."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def accepted(self) -> dict[str, str]:
        """The variables set until the station lets the dialplan go on; none when it refuses."""
        variables = {}
        async with asyncio.timeout(10):
            while command := (await self._reader.readline()).decode().strip():
                verb, name, value = command.rsplit(" ", 2)
                assert verb == "SET VARIABLE"
                variables[name] = value.strip('"')
                self._writer.write(b"200 result=1\n")
        return variables

    async def talk(self) -> Talk:
        """Wait for the agent, then bring the call."""
        variables = await self.accepted()
        return await Talk.bring(variables["STATION_SOCKET"], variables["STATION_UUID"])

    def give_up(self) -> None:
        self._writer.close()


class Talk:
    """Asterisk's end of the call's AudioSocket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = FrameDecoder()

    @classmethod
    async def bring(cls, address: str, name: str) -> Talk:
        host, _, port = address.partition(":")
        talk = cls(*await asyncio.open_connection(host, int(port)))
        talk._writer.write(encode_uuid(name))
        return talk

    async def say(self, samples: NDArray[np.int16]) -> None:
        """Send frames of 20 ms as they come on a line."""
        sound = samples.tobytes()
        clock = asyncio.get_running_loop()
        begun = clock.time()
        for number, start in enumerate(range(0, len(sound), FRAME_BYTES)):
            self._writer.write(encode_audio(sound[start : start + FRAME_BYTES], RATE))
            await asyncio.sleep(begun + (number + 1) * 0.02 - clock.time())

    def send(self, frame: bytes) -> None:
        self._writer.write(frame)

    async def frames(self) -> list[Frame]:
        """All that comes until the station closes."""
        found: list[Frame] = []
        async with asyncio.timeout(10):
            while data := await self._reader.read(65536):
                found += self._decoder.feed(data)
        return found

    async def first_frame(self) -> Frame:
        async with asyncio.timeout(5):
            while not (frames := list(self._decoder.feed(await self._reader.read(4096)))):
                pass
        return frames[0]

    def close(self) -> None:
        self._writer.close()


@pytest.fixture
async def sound() -> AsyncIterator[SoundServer]:
    async with SoundServer() as server:
        yield server


@asynccontextmanager
async def staffed(agent: ToldAgent | PatientAgent) -> AsyncIterator[Desk]:
    desk = Desk(agent)
    running = asyncio.create_task(desk.station.run())
    try:
        await asyncio.wait_for(desk.station.agi.ready.wait(), 5)
        yield desk
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def heard(frames: list[Frame]) -> NDArray[np.int16]:
    return np.frombuffer(b"".join(frame.samples for frame in frames if isinstance(frame, Audio)), "<i2")


async def test_both_sides_hear_each_other_call_after_call(sound: SoundServer) -> None:
    async with staffed(PatientAgent()) as desk:
        for seed in (210, 220):
            asks, replies = np.repeat(noise(seed, 1.0), 2), np.repeat(noise(seed + 1, 1.0), 2)
            talk = await (await desk.ring()).talk()
            collecting = asyncio.create_task(talk.frames())
            async with sound.recording() as ears:
                await asyncio.gather(talk.say(asks), sound.speak(replies))
                await ears.gathered(0.5)
            talk.send(encode_hangup())
            frames = await collecting
            call = await desk.ended()
            assert share_heard(asks, ears.samples) > HEARD
            assert share_heard(replies, heard(frames)) > HEARD
            assert {frame.rate for frame in frames if isinstance(frame, Audio)} == {RATE}
            assert {len(frame.samples) for frame in frames if isinstance(frame, Audio)} == {FRAME_BYTES}
            assert (call.ended_by, call.received, call.unsent) == ("caller", 50, 0)
    assert desk.station.agi.outcomes == {"done": 2}


async def test_it_rings_until_the_queue_gives_up_and_is_ready_again(sound: SoundServer) -> None:
    agent = ToldAgent()
    async with staffed(agent) as desk:
        async with sound.recording() as ears:
            ringing = await desk.ring()
            await asyncio.wait_for(agent.ringing.wait(), 5)
            await ears.gathered(1.0)
        peak = np.argmax(np.abs(np.fft.rfft(ears.samples))) * RATE / len(ears.samples)
        assert peak == pytest.approx(450, abs=3)
        ringing.give_up()
        agent.take.set()
        talk = await (await desk.ring()).talk()
        talk.close()
        assert (await desk.ended()).ended_by == "caller"
    assert desk.station.agi.outcomes == {"hung_up": 1, "done": 1}


async def test_a_second_call_is_refused_while_one_rings_or_talks(sound: SoundServer) -> None:
    agent = ToldAgent()
    async with staffed(agent) as desk:
        first = await desk.ring()
        await asyncio.wait_for(agent.ringing.wait(), 5)
        assert await (await desk.ring()).accepted() == {}
        agent.take.set()
        talk = await first.talk()
        await talk.first_frame()
        assert await (await desk.ring()).accepted() == {}
        talk.close()
        await desk.ended()


async def test_the_agent_hangs_up(sound: SoundServer) -> None:
    agent = ToldAgent()
    agent.take.set()
    async with staffed(agent) as desk:
        talk = await (await desk.ring()).talk()
        await talk.first_frame()
        agent.leave.set()
        assert (await talk.frames())[-1] == Hangup()
        assert (await desk.ended()).ended_by == "agent"


async def test_a_lost_headset_ends_the_call(sound: SoundServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "LOST_AFTER", 0.5)
    async with staffed(PatientAgent()) as desk:
        talk = await (await desk.ring()).talk()
        await talk.first_frame()
        await sound.stop()
        assert (await talk.frames())[-1] == Hangup()
        assert (await desk.ended()).ended_by == "device"
        assert await (await desk.ring()).accepted() == {}
    assert desk.station.agi.outcomes == {"done": 1, "failed": 1}


async def test_only_the_announced_call_may_come_and_only_once(sound: SoundServer) -> None:
    async with staffed(PatientAgent()) as desk:
        variables = await (await desk.ring()).accepted()
        address, name = variables["STATION_SOCKET"], variables["STATION_UUID"]
        stranger = await Talk.bring(address, str(uuid.uuid4()))
        assert await stranger.frames() == [Hangup()]
        talk = await Talk.bring(address, name)
        await talk.first_frame()
        again = await Talk.bring(address, name)
        assert await again.frames() == [Hangup()]
        talk.close()
        assert (await desk.ended()).ended_by == "caller"
        assert desk.station.strangers == 2


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n\r\n", encode_audio(bytes(FRAME_BYTES), RATE)])
async def test_a_connection_without_a_name_is_closed(
    sound: SoundServer, sent: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "UUID_LIMIT", 0.2)
    async with staffed(PatientAgent()) as desk:
        variables = await (await desk.ring()).accepted()
        host, _, port = variables["STATION_SOCKET"].partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(sent)
        assert await asyncio.wait_for(reader.read(), 5) == encode_hangup()
        assert desk.station.strangers == 1


async def test_a_call_that_never_comes_frees_the_station(
    sound: SoundServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(station, "CONNECT_LIMIT", 0.2)
    async with staffed(PatientAgent()) as desk:
        assert (await (await desk.ring()).accepted())["STATION_UUID"]
        await desk.free()
    assert "did not bring the accepted call" in caplog.text


async def test_another_rate_names_the_dialplan(sound: SoundServer, caplog: pytest.LogCaptureFixture) -> None:
    async with staffed(PatientAgent()) as desk:
        talk = await (await desk.ring()).talk()
        talk.send(encode_audio(bytes(320), 8000))
        assert (await talk.frames())[-1] == Hangup()
        await desk.free()
    assert "c(slin16)" in caplog.text


async def test_a_station_without_a_headset_does_not_start(sound: SoundServer) -> None:
    await sound.stop()
    with pytest.raises(DeviceError, match="do not open"):
        await Desk(PatientAgent()).station.run()
