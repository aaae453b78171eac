"""``hotline serve`` while its neighbours die and come back, and when it is told to end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from itertools import groupby
from pathlib import Path

from redis.asyncio import Redis
from sqlalchemy import select

from gateway.asr.local import worker_count
from gateway.bus.cloudevents import parse
from gateway.config import Speech
from gateway.demo.gateway import GatewayInstance
from gateway.demo.process import Child
from gateway.demo.stage import AsteriskInstance, RedisInstance
from gateway.events import AgentStateChanged, GatewayHealth
from gateway.store.database import open_reading
from gateway.store.tables import agent_states
from tests.integration.speech import need_models

CONFIG = Path(__file__).parents[2] / "config"
NO_SPEECH = {"HOTLINE_SPEECH_ENABLED": "false"}
PATIENCE = 30.0
POLL = 0.1
STREAM = "hotline:events"
MEMBER = "Local/2001@station/n"
"""A member that is there without a phone."""


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if await condition():
                return
            await asyncio.sleep(POLL)


async def part_is(gateway: GatewayInstance, part: str, status: str) -> None:
    async def reached() -> bool:
        return (await gateway.parts()).get(part) == status

    await until(reached)


def children(pid: int) -> list[int]:
    """Process ids below ``pid``, all generations."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [child, *children(child)]
    return found


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def test_told_to_end_it_ends_well_with_its_workers() -> None:
    need_models("whisper-base")
    asterisk = AsteriskInstance()
    async with RedisInstance() as redis:
        gateway = GatewayInstance(asterisk, redis, CONFIG)
        async with asterisk, gateway:
            assert gateway.pid is not None
            workers = children(gateway.pid)
            assert len(workers) == worker_count(Speech())
            os.kill(gateway.pid, signal.SIGTERM)

            async def ended() -> bool:
                return gateway.pid is None

            await until(ended)
            assert gateway.status == 0
            assert not any(alive(worker) for worker in workers)
            assert "Traceback" not in gateway.log.read_text(encoding="utf-8")


async def test_a_worker_started_by_itself_serves_and_ends_when_told(tmp_path: Path) -> None:
    need_models("whisper-base")
    asterisk = AsteriskInstance()
    token = {"HOTLINE_SPEECH_WORKER_TOKEN": "a token of the site"}
    async with RedisInstance() as redis:
        gateway = GatewayInstance(asterisk, redis, CONFIG, extra={"HOTLINE_SPEECH_WORKERS": "0", **token})
        command = [sys.executable, "-m", "gateway", "worker", "--core", gateway.url, "--config", str(CONFIG)]
        worker = Child("hotline worker", command, tmp_path / "worker.log", token)

        async def speech_is_well() -> bool:
            return (await gateway.parts()).get("speech") == "ok"

        await worker.start()
        try:
            async with asterisk, gateway:
                await worker.until(speech_is_well, 60)
                await worker.stop()
        finally:
            await worker.stop()
        assert worker.status == 0


async def test_redis_dies_while_events_come_and_gets_each_once_in_order(store_url: str) -> None:
    asterisk = AsteriskInstance()
    store_url = store_url.partition("?")[0]
    async with RedisInstance(persistent=True) as redis:
        gateway = GatewayInstance(asterisk, redis, CONFIG, extra={"HOTLINE_STORE_URL": store_url, **NO_SPEECH})
        async with asterisk, gateway:

            async def pause(reasons: range) -> None:
                for reason in reasons:
                    await asterisk.cli(f"queue pause member {MEMBER} queue hotline reason r{reason}")
                    await asterisk.cli(f"queue unpause member {MEMBER} queue hotline")

            async def entries() -> list[dict[str, str]]:
                async with Redis.from_url(redis.url, decode_responses=True) as client:
                    return [fields for _, fields in await client.xrange(STREAM)]

            async def reasons() -> list[str]:
                events = [parse(fields["event"]).data for fields in await entries()]
                return [e.reason for e in events if isinstance(e, AgentStateChanged) and e.reason]

            async def all_there() -> bool:
                return len(await reasons()) >= 9

            pid = gateway.pid
            await asterisk.cli(f"queue add member {MEMBER} to hotline")
            await pause(range(3))
            await redis.kill()
            await pause(range(3, 6))
            await part_is(gateway, "redis", "lost")
            await redis.start()
            await part_is(gateway, "redis", "ok")
            await pause(range(6, 9))
            await until(all_there)
            assert await reasons() == [f"r{n}" for n in range(9)]
            ids = [int(parse(fields["event"]).id) for fields in await entries()]
            assert ids == list(range(1, len(ids) + 1))
            assert gateway.pid == pid
            engine = open_reading(store_url)
            paused = select(agent_states.c.reason).where(agent_states.c.state == "paused").order_by(agent_states.c.seq)

            async def told_in_the_history() -> bool:
                with engine.connect() as connection:
                    return list(connection.execute(paused).scalars()) == [f"r{n}" for n in range(9)]

            await until(told_in_the_history)
            engine.dispose()


async def test_asterisk_dies_and_comes_back_and_the_gateway_lives_on() -> None:
    asterisk = AsteriskInstance()
    async with RedisInstance() as redis:
        gateway = GatewayInstance(asterisk, redis, CONFIG, extra=NO_SPEECH)
        async with asterisk, gateway:
            pid = gateway.pid
            await asterisk.stop()
            await part_is(gateway, "ami", "lost")
            await asterisk.start()
            await part_is(gateway, "ami", "ok")
            assert gateway.pid == pid
            async with Redis.from_url(redis.url, decode_responses=True) as client:
                events = [parse(fields["event"]).data for _, fields in await client.xrange(STREAM)]
            told = [e.status for e in events if isinstance(e, GatewayHealth) and e.component == "ami"]
            assert [status for status, _ in groupby(told)] == ["ok", "lost", "ok"]
