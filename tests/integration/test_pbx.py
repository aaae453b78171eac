"""Real calls through the PBX alone: no gateway is there."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from gateway.demo.phones import AgentPhone, Caller
from gateway.demo.stage import AsteriskInstance
from gateway.errors import NeighbourError
from tests.integration.prompts import noise, place_heard, prompt, read, share_heard, write
from tests.integration.recorder import AmiRecorder, TapReader

# Share of the tenths of a second of a sound that must arrive whole: a busy machine delays packets.
HEARD = 0.6
HOTLINE = "12345"
NUMBER = "13800000001"
STATION = "Local/2001@station/n"


class AgiRequest:
    """One FastAGI request from the dialplan."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.headers: dict[str, str] = {}

    async def read_headers(self) -> None:
        while line := (await self._reader.readline()).decode().strip():
            key, _, value = line.partition(": ")
            self.headers[key] = value

    async def command(self, text: str) -> str:
        self._writer.write(text.encode() + b"\n")
        return (await asyncio.wait_for(self._reader.readline(), 10)).decode().strip()

    def done(self) -> None:
        self._writer.close()


@asynccontextmanager
async def agi_server(port: int) -> AsyncIterator[asyncio.Queue[AgiRequest]]:
    """A FastAGI server; requests come out of the queue."""
    requests: asyncio.Queue[AgiRequest] = asyncio.Queue(4)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = AgiRequest(reader, writer)
        await request.read_headers()
        requests.put_nowait(request)

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield requests
    finally:
        server.close()


@asynccontextmanager
async def conversation(pbx: AsteriskInstance) -> AsyncIterator[tuple[Caller, AgentPhone, AmiRecorder]]:
    """A citizen and agent 1001, talking."""
    async with Caller(pbx, NUMBER, "张建国") as caller, AgentPhone(pbx, "1001") as agent, AmiRecorder(pbx) as ami:
        await agent.wait_registered()
        await caller.call(HOTLINE)
        await agent.wait_ringing()
        await agent.answer()
        await ami.seen("BridgeEnter", 2)
        yield caller, agent, ami


async def test_caller_and_agent_hear_each_other(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    asks, replies = noise(101, 1.0), noise(102, 1.0)
    async with conversation(asterisk) as (caller, agent, ami):
        joined = await ami.seen("QueueCallerJoin")
        await caller.say(write(tmp_path / "asks.wav", asks))
        await agent.say(write(tmp_path / "replies.wav", replies))
        await caller.hang_up()
        await agent.wait_closed()
        await caller.wait_closed()
        by_caller, by_agent = read(caller.heard()), read(agent.heard())

    assert (joined["CallerIDNum"], joined["CallerIDName"]) == (NUMBER, "张建国")
    assert share_heard(asks, by_agent) > HEARD
    assert share_heard(replies, by_caller) > HEARD
    assert share_heard(asks, by_caller) == 0, "the caller hears himself"


async def test_the_caller_is_told_who_serves_him_and_without_a_gateway_is_bidden_farewell(
    asterisk: AsteriskInstance, tmp_path: Path
) -> None:
    word = noise(103, 0.5)
    async with conversation(asterisk) as (caller, agent, _):
        await agent.say(write(tmp_path / "word.wav", word))
        await agent.hang_up()
        await caller.wait_closed()
        heard = read(caller.heard())

    expected = [prompt(name) for name in ("recording-notice", "digit-0", "agent-serves")]
    expected += [word, prompt("goodbye")]
    shares = [share_heard(sound, heard) for sound in expected]
    assert min(shares) > HEARD, shares
    assert share_heard(prompt("digit-1"), heard) > HEARD
    places = [place_heard(sound, heard) for sound in expected]
    assert places == sorted(places)


async def test_the_recording_notice_is_left_out_where_it_is_switched_off(asterisk: AsteriskInstance) -> None:
    await asterisk.cli("dialplan set global RECORDING_NOTICE_hotline no")
    try:
        async with conversation(asterisk) as (caller, _, _):
            await caller.hang_up()
            await caller.wait_closed()
            heard = read(caller.heard())
    finally:
        await asterisk.cli("dialplan set global RECORDING_NOTICE_hotline yes")

    assert share_heard(prompt("recording-notice"), heard) == 0
    assert share_heard(prompt("agent-serves"), heard) > HEARD


async def test_after_the_agent_hangs_up_the_survey_gets_the_callers_keys(
    asterisk: AsteriskInstance, tmp_path: Path
) -> None:
    async with agi_server(asterisk.agi_port) as requests, conversation(asterisk) as (caller, agent, ami):
        joined = await ami.seen("QueueCallerJoin")
        await agent.say(write(tmp_path / "word.wav", noise(105, 0.5)))
        await agent.hang_up()
        survey = await asyncio.wait_for(requests.get(), 10)
        pressed = asyncio.create_task(survey.command("WAIT FOR DIGIT 5000"))
        await caller.press("5")
        answer = await pressed
        member = await survey.command("GET VARIABLE MEMBERINTERFACE")
        survey.done()
        await caller.wait_closed()

    assert survey.headers["agi_network_script"] == "survey"
    assert survey.headers["agi_uniqueid"] == joined["Uniqueid"]
    assert answer == f"200 result={ord('5')}"
    assert member == "200 result=1 (PJSIP/1001)"


async def test_a_station_answers_and_gets_wideband_audio(asterisk: AsteriskInstance) -> None:
    call = str(uuid.uuid4())
    await asterisk.cli(f"dialplan set global STATION_AGI_2001 {asterisk.host}:{asterisk.agi_port}")
    await asterisk.cli(f"queue add member {STATION} to hotline")
    try:
        async with (
            agi_server(asterisk.agi_port) as requests,
            TapReader() as station,
            Caller(asterisk, NUMBER) as caller,
            AmiRecorder(asterisk) as ami,
        ):
            await caller.call(HOTLINE)
            request = await asyncio.wait_for(requests.get(), 10)
            await request.command(f"SET VARIABLE STATION_UUID {call}")
            await request.command(f"SET VARIABLE STATION_SOCKET {station.address}")
            request.done()
            connect = await ami.seen("AgentConnect")
            await station.gathered(call, 32000)
            await caller.hang_up()
            await caller.wait_closed()
    finally:
        await asterisk.cli(f"queue remove member {STATION} from hotline")

    assert request.headers["agi_network_script"] == "station"
    assert connect["Interface"] == STATION
    assert station.frames[call] == {(0x12, 640)}


async def test_a_tap_hears_its_leg_only(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    asks = noise(104, 1.0)
    async with conversation(asterisk) as (caller, _, ami), TapReader() as taps:
        connect = await ami.seen("AgentConnect")
        legs = {leg: ami.tap(connect[leg], taps) for leg in ("Channel", "DestChannel")}
        await ami.seen("ChanSpyStart", 2)
        await caller.say(write(tmp_path / "asks.wav", asks))
        await caller.hang_up()
        await ami.seen("ChanSpyStop", 2)
        heard = {leg: np.frombuffer(bytes(taps.heard[tap]), dtype=np.int16) for leg, tap in legs.items()}

    assert share_heard(asks, heard["Channel"]) > HEARD
    assert share_heard(asks, heard["DestChannel"]) == 0


@pytest.mark.parametrize(
    ("action", "allowed"),
    [
        ({"Action": "Ping"}, True),
        ({"Action": "CoreShowChannels"}, True),
        ({"Action": "Status"}, True),
        ({"Action": "BridgeList"}, True),
        ({"Action": "QueueStatus"}, True),
        ({"Action": "QueuePause", "Interface": "PJSIP/1004", "Paused": "false"}, True),
        ({"Action": "Command", "Command": "core show version"}, False),
        ({"Action": "Reload"}, False),
        ({"Action": "GetConfig", "Filename": "manager.conf"}, False),
        ({"Action": "DBGet", "Family": "a", "Key": "b"}, False),
        ({"Action": "Originate", "Channel": "Local/s@hotline", "Application": "System", "Data": "true"}, False),
    ],
    ids=lambda value: value["Action"] if isinstance(value, dict) else "",
)
async def test_the_gateways_account_can_do_what_it_needs_and_no_more(
    asterisk: AsteriskInstance, action: dict[str, str], allowed: bool
) -> None:
    async with AmiRecorder(asterisk) as ami:
        answer = await ami.ask(**action)
    assert (answer["Response"] == "Success") is allowed, answer.get("Message")


async def test_a_phone_that_is_not_rung_says_so_in_time(asterisk: AsteriskInstance) -> None:
    async with AgentPhone(asterisk, "1002") as agent:
        await agent.wait_registered()
        with pytest.raises(NeighbourError, match="agent 1002 did not ring after"):
            await agent.wait_ringing(0.2)


async def test_a_wrong_password_is_refused(asterisk: AsteriskInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asterisk, "agent_password", lambda agent: "wrong")
    async with AgentPhone(asterisk, "1003") as agent:
        with pytest.raises(NeighbourError, match=r"agent 1003 was not registered .*401"):
            await agent.wait_registered(1.0)
