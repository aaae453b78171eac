"""A real Asterisk that is stopped (SIGSTOP) and goes on: noticed, measured, and nothing done twice."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
import pytest_asyncio

from gateway.ami import messages
from gateway.ami.client import AmiClient
from gateway.demo.stage import AsteriskInstance
from gateway.errors import AmiError
from gateway.events import GatewayHealth
from tests.integration.relay import FaultyRelay
from tests.integration.test_ami_client import Heard, running, settings

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pbx() -> AsyncIterator[AsteriskInstance]:
    """A PBX of our own: others must not find theirs frozen."""
    async with AsteriskInstance() as instance:
        yield instance


@contextmanager
def frozen(pbx: AsteriskInstance) -> Iterator[None]:
    pid = int((pbx.folder / "run" / "asterisk.pid").read_text())
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


class CountingRelay(FaultyRelay):
    """Counts how often an action went through it, and the most connections there were at once."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.most = 0
        self.made = 0
        self.said = b""
        self._news = asyncio.Event()

    async def connections(self, count: int) -> None:
        """Wait until so many were made in all."""
        async with asyncio.timeout(30):
            while self.made < count:
                self._news.clear()
                await self._news.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.made += 1
        self._news.set()
        self.most = max(self.most, 1 + len(self._writers) // 2)
        await super()._serve(reader, writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        copy = asyncio.StreamReader()

        async def listen() -> None:
            while data := await reader.read(65536):
                self.said += data
                copy.feed_data(data)
            copy.feed_eof()

        listening = asyncio.create_task(listen())
        try:
            await super()._pass(copy, writer)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def test_with_the_default_settings_it_is_noticed_within_15_seconds_and_found_again(pbx: AsteriskInstance) -> None:
    heard = Heard()
    client = AmiClient(settings(pbx), heard)
    async with running(client):
        await heard.until(lambda: client.connected)
        with frozen(pbx):
            async with asyncio.timeout(15):
                lost = await heard.count(messages.ConnectionLost)
        assert isinstance(lost, messages.ConnectionLost)
        assert "silent for 10 s" in lost.reason
        await heard.count(messages.ResyncCompleted, 2)


async def test_a_short_stop_is_a_lag_that_is_reported_and_ends(pbx: AsteriskInstance) -> None:
    told: list[GatewayHealth] = []
    news = asyncio.Event()

    def hear(health: GatewayHealth) -> None:
        told.append(health)
        news.set()

    async def status(wanted: str) -> None:
        async with asyncio.timeout(20):
            while not told or told[-1].status != wanted:
                news.clear()
                await news.wait()

    heard = Heard()
    client = AmiClient(settings(pbx, ping_interval=0.2, lag_limit=0.5), heard, on_health=hear, name="pbx-1")
    async with running(client):
        await heard.until(lambda: client.connected)
        with frozen(pbx):
            await status("degraded")
        await status("ok")
        assert not heard.of(messages.ConnectionLost)
    assert {health.component for health in told} == {"ami.lag:pbx-1"}
    assert [health.status for health in told] == ["degraded", "ok"]
    assert told[0].value is not None
    assert told[0].value >= 0.5  # rounded
    assert client.lag is not None
    assert abs(client.lag) < 0.25


async def test_an_action_times_out_and_is_never_repeated(pbx: AsteriskInstance) -> None:
    heard = Heard()
    async with CountingRelay(pbx.host, pbx.ami_port) as relay:
        hasty = settings(pbx, port=relay.port, ping_interval=0.2, silence_limit=1.0, action_timeout=0.5)
        client = AmiClient(hasty, heard)
        async with running(client):
            await heard.until(lambda: client.connected)
            with frozen(pbx):
                with pytest.raises(AmiError, match=r"Originate got no answer within 0\.5 s"):
                    await client.action(
                        "Originate", Channel="Local/12345@from-trunk/n", Application="Wait", Data="20", Async="true"
                    )
                await heard.count(messages.ConnectionLost, 2)
                with pytest.raises(AmiError, match="was not sent"):
                    await client.action("Originate", Channel="Local/12345@from-trunk/n")
                await relay.connections(4)
            await heard.count(messages.ResyncCompleted, 2)
            await heard.until(lambda: client.connected)
            assert (await client.action("Ping"))[0]["Response"] == "Success"
            assert relay.said.count(b"Action: Originate") == 1
            assert relay.most == 1, "connections piled up"
            halves = [line for line in (await pbx.cli("core show channels concise")).splitlines() if ";1!" in line]
            assert len(halves) <= 1
            sessions = (await pbx.cli("manager show connected")).splitlines()
            assert len([line for line in sessions if line.strip().startswith(pbx.ami_username)]) == 1
