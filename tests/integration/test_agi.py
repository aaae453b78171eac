"""FastAGI over loopback: a well-behaved Asterisk, and clients that are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from gateway.config import Ivr
from gateway.errors import SettingError
from gateway.ivr import agi
from gateway.ivr.agi import AgiCall, AgiServer, Outcome

HEADER = b"agi_network: yes\nagi_network_script: survey\nagi_uniqueid: 1764.1\nagi_callerid: 13800138000\n\n"
KEY_TIMEOUT = 0.2


@asynccontextmanager
async def serving(server: AgiServer) -> AsyncIterator[AgiServer]:
    task = asyncio.create_task(server.run())
    await asyncio.wait_for(server.ready.wait(), 5)
    try:
        yield server
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def settings(port: int = 0) -> Ivr:
    return Ivr(port=port, header_timeout=0.3, key_timeout=KEY_TIMEOUT)


@pytest.fixture
async def scores() -> list[tuple[str, int]]:
    return []


@pytest.fixture
async def server(scores: list[tuple[str, int]]) -> AsyncIterator[AgiServer]:
    async with serving(AgiServer(settings(), lambda call_id, score: scores.append((call_id, score)))) as running:
        yield running


class AsteriskClient:
    """The PBX's side of one request, played by hand."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, server: AgiServer, header: bytes = HEADER) -> AsteriskClient:
        client = cls(*await asyncio.open_connection("127.0.0.1", server.port))
        client.writer.write(header)
        return client

    async def command(self) -> str:
        return (await asyncio.wait_for(self.reader.readline(), 5)).decode().strip()

    def answer(self, line: str) -> None:
        self.writer.write(line.encode() + b"\n")

    async def closed(self) -> bool:
        """The server closed without another word."""
        try:
            return await asyncio.wait_for(self.reader.read(), 5) == b""
        except ConnectionResetError:
            return True


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def ended(server: AgiServer, outcome: Outcome, times: int = 1) -> None:
    await until(lambda: server.outcomes[outcome] >= times)
    assert server.outcomes == {outcome: times}


async def test_a_survey_is_asked_answered_and_thanked(server: AgiServer, scores: list[tuple[str, int]]) -> None:
    asterisk = await AsteriskClient.connect(server)
    assert await asterisk.command() == 'STREAM FILE hotline/survey-ask "0123456789*#"'
    asterisk.answer("200 result=0 endpos=136000")
    assert await asterisk.command() == f"WAIT FOR DIGIT {KEY_TIMEOUT * 1000:.0f}"
    asterisk.answer(f"200 result={ord('5')}")
    assert await asterisk.command() == 'STREAM FILE hotline/survey-thanks ""'
    asterisk.answer("200 result=0 endpos=14000")
    assert await asterisk.closed()
    assert scores == [("1764.1", 5)]
    await ended(server, "done")


async def test_silence_twice_is_no_rating(server: AgiServer, scores: list[tuple[str, int]]) -> None:
    asterisk = await AsteriskClient.connect(server)
    heard = []
    while command := await asterisk.command():
        heard.append(command.split()[2])
        asterisk.answer("200 result=0 endpos=8000")
    question = ["hotline/survey-ask", "DIGIT"]
    assert heard == [*question, "hotline/survey-invalid", *question, "hotline/goodbye"]
    assert scores == []
    await ended(server, "done")


DEAD = "511 Command Not Permitted on a dead channel or intercept routine"
HANG_UPS: dict[str, Callable[[AsteriskClient], None]] = {
    "the channel is dead": lambda client: client.answer(f"200 result=-1 endpos=4000\n{DEAD}"),
    "HANGUP comes in between": lambda client: client.answer("HANGUP"),
    "commands are refused on a dead channel": lambda client: client.answer(DEAD),
    "the connection closes": lambda client: client.writer.close(),
    "the connection is cut": lambda client: client.writer.transport.abort(),
}


@pytest.mark.parametrize("how", HANG_UPS)
async def test_hanging_up_in_the_question_is_ordinary(
    server: AgiServer, scores: list[tuple[str, int]], how: str, caplog: pytest.LogCaptureFixture
) -> None:
    asterisk = await AsteriskClient.connect(server)
    await asterisk.command()
    HANG_UPS[how](asterisk)
    await ended(server, "hung_up")
    assert scores == []
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_a_rating_given_before_hanging_up_stands(server: AgiServer, scores: list[tuple[str, int]]) -> None:
    asterisk = await AsteriskClient.connect(server)
    await asterisk.command()
    asterisk.answer(f"200 result={ord('2')} endpos=4000")
    await asterisk.command()
    asterisk.writer.close()
    await ended(server, "hung_up")
    assert scores == [("1764.1", 2)]


@pytest.mark.parametrize(
    ("sent", "outcome"),
    [
        (b"", "closed_early"),
        (b"agi_network: yes\nagi_", "closed_early"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n\n", "garbage"),
        (b"agi_network: yes\nagi_network_script: survey\n\n", "garbage"),
        (HEADER.replace(b"survey", b"../../etc/passwd"), "unknown_script"),
        (HEADER.replace(b"survey", b"station"), "unknown_script"),
    ],
)
async def test_a_bad_request_is_closed_and_counted(server: AgiServer, sent: bytes, outcome: Outcome) -> None:
    client = await AsteriskClient.connect(server, sent)
    client.writer.write_eof()
    assert await client.closed()
    await ended(server, outcome)


async def test_an_endless_header_is_cut(server: AgiServer) -> None:
    client = await AsteriskClient.connect(server, b"agi_arg_1: " + b"x" * (2 * agi.HEADER_LIMIT))
    assert await client.closed()
    await ended(server, "long_header")


async def test_a_slow_header_does_not_keep_others_waiting(server: AgiServer, scores: list[tuple[str, int]]) -> None:
    slow = await AsteriskClient.connect(server, b"agi_network: yes\n")
    quick = await AsteriskClient.connect(server)
    assert (await quick.command()).startswith("STREAM FILE")
    assert server.outcomes == {}
    assert await slow.closed()
    await ended(server, "slow_header")


async def test_an_answer_that_is_none_ends_the_request_only(server: AgiServer, scores: list[tuple[str, int]]) -> None:
    asterisk = await AsteriskClient.connect(server)
    await asterisk.command()
    asterisk.answer("what?")
    assert await asterisk.closed()
    await ended(server, "failed")
    again = await AsteriskClient.connect(server)
    assert (await again.command()).startswith("STREAM FILE")


async def test_a_line_without_end_ends_the_request_only(server: AgiServer) -> None:
    asterisk = await AsteriskClient.connect(server)
    await asterisk.command()
    asterisk.writer.write(b"200 result=" + b"0" * (3 * agi.HEADER_LIMIT))
    assert await asterisk.closed()
    await ended(server, "failed")


async def test_a_silent_asterisk_is_given_up() -> None:
    async with serving(AgiServer(settings(), lambda call_id, score: None, request_limit=0.2)) as server:
        asterisk = await AsteriskClient.connect(server)
        await asterisk.command()
        assert await asterisk.closed()
        await ended(server, "overdue")


async def test_too_many_requests_at_once_are_refused(server: AgiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agi, "CONNECTION_LIMIT", 2)
    held = [await AsteriskClient.connect(server) for _ in range(2)]
    for asterisk in held:
        await asterisk.command()
    refused = await AsteriskClient.connect(server, b"")
    assert await refused.closed()
    await ended(server, "busy")
    held[0].writer.close()
    await until(lambda: server.outcomes["hung_up"] > 0)
    assert (await (await AsteriskClient.connect(server)).command()).startswith("STREAM FILE")


async def test_nothing_a_caller_pressed_or_is_called_reaches_the_log(
    server: AgiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    asterisk = await AsteriskClient.connect(server)
    await asterisk.command()
    asterisk.answer(f"200 result={ord('9')} endpos=4000")
    await asterisk.command()
    asterisk.answer("500 nonsense")
    assert await asterisk.closed()
    await ended(server, "failed")
    assert "13800138000" not in caplog.text
    assert "57" not in caplog.text.replace(str(server.port), "")


async def test_a_fault_of_ours_takes_one_request_down() -> None:
    async def faulty_station(call: AgiCall) -> None:
        raise RuntimeError

    async with serving(AgiServer(settings(), station=faulty_station)) as server:
        for times in (1, 2):
            client = await AsteriskClient.connect(server, HEADER.replace(b"survey", b"station"))
            assert await client.closed()
            await ended(server, "failed", times)


async def test_a_taken_port_is_named(server: AgiServer) -> None:
    with pytest.raises(
        SettingError, match=f"ivr.port: cannot listen on 127.0.0.1:{server.port}: Address already in use"
    ):
        await AgiServer(settings(server.port)).run()


async def test_stopping_closes_what_is_running(scores: list[tuple[str, int]]) -> None:
    async with serving(AgiServer(settings(), lambda call_id, score: None)) as server:
        asterisk = await AsteriskClient.connect(server)
        await asterisk.command()
    assert await asterisk.closed()
