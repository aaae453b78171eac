"""The AMI client against a real Asterisk, also one that is frozen, killed, or that does not like us."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from gateway.ami import messages
from gateway.ami.client import AmiClient
from gateway.ami.inspection import inspect
from gateway.ami.messages import Message
from gateway.config import Ami
from gateway.demo.stage import AsteriskInstance
from gateway.errors import AmiError, InputError

WAIT = 30.0


def settings(asterisk: AsteriskInstance, **changes: object) -> Ami:
    values = {
        "host": asterisk.host,
        "port": asterisk.ami_port,
        "username": asterisk.ami_username,
        "secret": asterisk.ami_secret,
    }
    return Ami(**{**values, **changes})  # type: ignore[arg-type]


class Heard:
    """A sink that can be waited for."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self._news = asyncio.Event()

    def __call__(self, message: Message) -> None:
        self.messages.append(message)
        self._news.set()

    def of(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.messages if isinstance(message, kind)]

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT):
            while not done():
                self._news.clear()
                await self._news.wait()

    async def count(self, kind: type[Message], count: int = 1) -> Message:
        await self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)[count - 1]


@asynccontextmanager
async def running(client: AmiClient) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(client.run())
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.asyncio(loop_scope="session")
async def test_logs_in_and_reads_what_lives(asterisk: AsteriskInstance) -> None:
    heard = Heard()
    client = AmiClient(settings(asterisk), heard)
    async with running(client):
        await heard.count(messages.ResyncCompleted)
        kinds = [type(message) for message in heard.messages]
        start, end = kinds.index(messages.ResyncStarted), kinds.index(messages.ResyncCompleted)
        assert kinds[0] is messages.ConnectionUp
        assert messages.QueueMemberEntry in kinds[start:end]
        assert client.connected
        assert (await client.action("Ping"))[0]["Response"] == "Success"
    assert not client.connected


@pytest.mark.asyncio(loop_scope="session")
async def test_a_wrong_secret_is_said_with_the_user(asterisk: AsteriskInstance) -> None:
    heard = Heard()
    wrong = settings(asterisk, secret="wrong")
    async with running(AmiClient(wrong, heard)):
        lost = await heard.count(messages.ConnectionLost)
    assert isinstance(lost, messages.ConnectionLost)
    assert asterisk.ami_username in lost.reason
    problems = await inspect(wrong)
    assert [asterisk.ami_username in str(problem) for problem in problems] == [True]
    assert "wrong" not in str(problems[0]).replace("wrong user, secret or address", "")


@pytest.mark.asyncio(loop_scope="session")
async def test_check_finds_nothing_wrong_with_our_own_pbx(asterisk: AsteriskInstance) -> None:
    assert await inspect(settings(asterisk)) == []


@pytest.mark.asyncio(loop_scope="session")
async def test_an_action_needs_a_connection(asterisk: AsteriskInstance) -> None:
    with pytest.raises(AmiError, match="no connection"):
        await AmiClient(settings(asterisk), Heard()).action("Ping")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_line_break_in_a_value_is_refused(asterisk: AsteriskInstance) -> None:
    heard = Heard()
    client = AmiClient(settings(asterisk), heard)
    async with running(client):
        await heard.until(lambda: client.connected)
        for value in ("x\r\nAction: Originate", "x\ny", "x\r"):
            with pytest.raises(InputError, match="line break in Channel"):
                await client.action("Hangup", Channel=value)
        with pytest.raises(InputError, match="comma"):
            await client.tap("PJSIP/1001-00000001,q", str(uuid.uuid4()), "127.0.0.1:1")


@pytest.mark.asyncio(loop_scope="session")
async def test_what_the_user_may_not_do_is_named(asterisk: AsteriskInstance) -> None:
    heard = Heard()
    client = AmiClient(settings(asterisk), heard)
    async with running(client):
        await heard.until(lambda: client.connected)
        with pytest.raises(AmiError, match="may not send Command"):
            await client.action("Command", Command="core show version")
        with pytest.raises(AmiError, match="refused AMI action Hangup"):
            await client.action("Hangup", Channel="PJSIP/nobody")


@pytest.mark.asyncio(loop_scope="session")
async def test_a_tap_that_nobody_answers_fails_and_can_be_ended(asterisk: AsteriskInstance) -> None:
    heard = Heard()
    client = AmiClient(settings(asterisk), heard)
    tap_id = str(uuid.uuid4())
    async with running(client):
        await heard.until(lambda: client.connected)
        with pytest.raises(AmiError, match="Originate"):
            await client.tap("PJSIP/nobody-00000001", tap_id, "127.0.0.1:9")
        await client.untap(tap_id)


async def serve_tap(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A peer that only sends silence."""
    try:
        while await reader.read(4096):
            writer.write(b"\x10\x01\x40" + bytes(320))
    except ConnectionError:
        pass
    finally:
        writer.close()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_tap_listens_to_one_channel_until_it_is_ended(asterisk: AsteriskInstance) -> None:
    heard = Heard()
    client = AmiClient(settings(asterisk), heard)
    tap_id = str(uuid.uuid4())
    server = await asyncio.start_server(serve_tap, "127.0.0.1", 0)
    address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, running(client):
        await heard.until(lambda: client.connected)
        await client.action(
            "Originate",
            Channel=f"AudioSocket/{address}/{uuid.uuid4()}/c(slin)",
            ChannelId="heard-1",
            Application="Wait",
            Data="60",
            Async="true",
        )

        def channels() -> list[str]:
            born = [message for message in heard.messages if isinstance(message, messages.NewChannel)]
            return [message.channel for message in born if message.uniqueid == "heard-1"]

        # Asterisk answers the action by another way than it tells of the channel.
        await heard.until(lambda: bool(channels()))
        await client.tap(channels()[0], tap_id, address)
        await client.untap(tap_id)
        await heard.until(lambda: any(m.uniqueid == f"hltap-{tap_id}" for m in heard.of(messages.Hangup)))  # type: ignore[attr-defined]
        await client.action("Hangup", Channel="heard-1")
    assert client.lag is not None


async def test_a_restarted_asterisk_is_found_again() -> None:
    heard = Heard()
    async with AsteriskInstance() as asterisk:
        client = AmiClient(settings(asterisk), heard)
        async with running(client):
            await heard.until(lambda: client.connected)
            await asterisk.stop()
            await heard.count(messages.ConnectionLost)
            assert not client.connected
            await asterisk.start()
            await heard.count(messages.ResyncCompleted, 2)
            await heard.until(lambda: client.connected)
            assert (await client.action("Ping"))[0]["Response"] == "Success"
