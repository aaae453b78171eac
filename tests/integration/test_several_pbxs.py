"""One gateway beside two real PBXs: their calls are told apart, and the loss of one does not disturb the other."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from msgspec.structs import replace

from gateway.ami import trace
from gateway.ami.client import AmiClient
from gateway.ami.inspection import inspect
from gateway.asr.protocol import ExpectTap
from gateway.config import load
from gateway.core import FromPbx, Gateway, Input
from gateway.demo.gateway import GatewayInstance
from gateway.demo.phones import AgentPhone, Caller
from gateway.demo.stage import RedisInstance
from gateway.events import AgentStateChanged, CallAnswered, CallEnded, CallEvent, Event, GatewayHealth
from gateway.tickets.load import load_drafts
from tests.integration.pbxs import NamedPbx
from tests.integration.prompts import lay_prompts
from tests.integration.recorder import TapReader
from tests.integration.test_ami_client import settings
from tests.integration.test_serving import NO_SPEECH, part_is

CONFIG = Path(__file__).parents[2] / "config"
WAIT = 30.0


@dataclass
class Pair:
    """Two PBXs, a client for each, and the core that follows both."""

    pbxs: dict[str, NamedPbx]
    clients: dict[str, AmiClient]
    events: list[Event]
    taps: list[ExpectTap]
    news: asyncio.Event

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT):
            while not done():
                self.news.clear()
                await self.news.wait()

    def health(self, component: str) -> list[str]:
        return [e.status for e in self.events if isinstance(e, GatewayHealth) and e.component == component]

    def call_ids(self, kind: type[CallEvent]) -> list[str]:
        return [e.call_id for e in self.events if isinstance(e, kind)]


@asynccontextmanager
async def two_pbxs() -> AsyncIterator[dict[str, NamedPbx]]:
    pbxs = {name: NamedPbx(name, agent) for name, agent in (("east", "1001"), ("west", "1002"))}
    async with AsyncExitStack() as stack:
        for pbx in pbxs.values():
            await stack.enter_async_context(pbx)
            lay_prompts(pbx)
        yield pbxs


@asynccontextmanager
async def followed(pbxs: dict[str, NamedPbx]) -> AsyncIterator[Pair]:
    east, west = (settings(pbx, name=name) for name, pbx in pbxs.items())
    ours = replace(load(CONFIG, {}), ami=east, pbx=(west,))
    core = Gateway(ours, load_drafts(CONFIG, ours), lambda: str(uuid.uuid4()))
    pair = Pair(pbxs, {}, [], [], asyncio.Event())

    def feed(item: Input) -> None:
        pair.events += core.feed(item, time.time())
        pair.taps += core.taps(time.time())
        pair.news.set()

    def client(name: str) -> AmiClient:
        return AmiClient(ours.pbxs_by_name()[name], lambda message: feed(FromPbx(name, message)), name=name)

    pair.clients = {name: client(name) for name in pbxs}
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(client.run()) for client in pair.clients.values()]
        await pair.until(lambda: all(client.connected for client in pair.clients.values()))
        try:
            yield pair
        finally:
            for task in running:
                task.cancel()


async def test_calls_on_both_are_followed_and_tapped_and_losing_one_harms_no_other() -> None:
    async with (
        two_pbxs() as pbxs,
        followed(pbxs) as pair,
        TapReader() as worker,
        AgentPhone(pbxs["east"], "1001") as east_agent,
        AgentPhone(pbxs["west"], "1002") as west_agent,
        Caller(pbxs["east"], "13800000001") as east_caller,
        Caller(pbxs["west"], "13800000002") as west_caller,
    ):
        for agent, caller, pbx in ((east_agent, east_caller, "east"), (west_agent, west_caller, "west")):
            await agent.wait_registered()
            await caller.call(pbxs[pbx].hotline_number)
            await agent.wait_ringing()
            await agent.answer()
        await pair.until(lambda: len(pair.call_ids(CallAnswered)) == 2 and len(pair.taps) == 4)
        east, west = pair.call_ids(CallAnswered)
        assert (east.partition("-")[0], west.partition("-")[0]) == ("east", "west")
        assert {(tap.leg.pbx, tap.leg.call_id, tap.leg.speaker) for tap in pair.taps} == {
            (pbx, call_id, speaker)
            for pbx, call_id in (("east", east), ("west", west))
            for speaker in ("caller", "agent")
        }
        for tap in pair.taps:
            tap_id = str(uuid.uuid4())
            await pair.clients[tap.leg.pbx].tap(tap.leg.channel, tap_id, worker.address)
            await worker.gathered(tap_id, 320)
        agents = {e.agent for e in pair.events if isinstance(e, AgentStateChanged) and e.state == "talking"}
        assert agents == {"1001", "1002"}

        os.kill(int((pbxs["west"].folder / "run" / "asterisk.pid").read_text()), signal.SIGKILL)
        await pair.until(lambda: pair.health("ami:west")[-1] == "lost")
        assert pair.health("ami:east") == ["ok"]
        assert pair.clients["east"].connected
        await east_caller.hang_up()
        await pair.until(lambda: east in pair.call_ids(CallEnded))
        assert west not in pair.call_ids(CallEnded)
        await pbxs["west"].start()
        await pair.until(lambda: west in pair.call_ids(CallEnded))
        assert pair.health("ami:west")[-1] == "ok"
        assert pair.health("ami:east") == ["ok"]


async def test_the_gateway_checks_their_names_serves_both_and_records_each(tmp_path: Path) -> None:
    async with two_pbxs() as pbxs, RedisInstance() as redis:
        east, west = pbxs.values()
        assert await inspect(settings(east, name="east"), one_of_several=True) == []
        (problem,) = await inspect(settings(east, name="north"), one_of_several=True)
        assert "is named 'north' here, but its systemname is 'east'" in str(problem)
        config = tmp_path / "config"
        config.mkdir()
        for path in CONFIG.iterdir():
            (config / path.name).symlink_to(path)
        (config / "gateway.toml").unlink()
        (config / "gateway.toml").write_text(
            f'[ami]\nname = "east"\n[[pbx]]\nname = "west"\nport = {west.ami_port}\nsecret = "{west.ami_secret}"\n'
        )
        trace_file = tmp_path / "ami.jsonl"
        gateway = GatewayOfTwo(east, redis, config, extra=NO_SPEECH, arguments=("--record-ami", str(trace_file)))
        async with gateway:
            async with aiohttp.ClientSession() as client, client.get(f"{gateway.url}/metrics") as answer:
                figures = await answer.text()
            for pbx in ("east", "west"):
                (lag,) = [
                    line for line in figures.splitlines() if line.startswith(f'hotline_ami_lag_seconds{{pbx="{pbx}"')
                ]
                assert abs(float(lag.split()[1])) < 1.0
            await west.stop()
            await part_is(gateway, "ami:west", "lost")
            assert (await gateway.parts())["ami:east"] == "ok"
        for pbx, last in (("east", "HotlineResyncCompleted"), ("west", "HotlineConnectionLost")):
            path = tmp_path / f"ami.{pbx}.jsonl"
            assert path.stat().st_mode & 0o777 == 0o600
            events = [line.event["Event"] for line in trace.read(path)]
            assert events[0] == "HotlineConnectionUp"
            assert last in events
            assert "QueueMember" in events


class GatewayOfTwo(GatewayInstance):
    """Ready once it knows both PBXs."""

    def _awaited(self) -> tuple[str, ...]:
        return ("core", "ami:east", "ami:west", "redis")
