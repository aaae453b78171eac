"""What a real Asterisk's queues wrote down while the connection was away reaches the sink after it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.ami import messages
from gateway.ami.client import AmiClient
from gateway.ami.inspection import inspect
from gateway.ami.messages import QueueLogEntry, ResyncCompleted, ResyncStarted
from gateway.demo.phones import Caller
from gateway.demo.stage import AsteriskInstance
from gateway.events import GatewayHealth
from tests.integration.relay import FaultyRelay
from tests.integration.test_ami_client import Heard, running, settings

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def until(written: Callable[[], bool]) -> None:
    """A file has no news to wait for."""
    async with asyncio.timeout(20):
        while True:
            if written():
                return
            await asyncio.sleep(0.05)


async def abandon(asterisk: AsteriskInstance, number: str) -> None:
    """A citizen calls, waits in the queue, and leaves; until the queue wrote it down."""
    queue_log = asterisk.folder / "log" / "queue_log"

    def written() -> str:
        return queue_log.read_text(encoding="utf-8") if queue_log.exists() else ""

    left = written().count("|ABANDON|")
    async with Caller(asterisk, number) as caller:
        await caller.call(asterisk.hotline_number)
        await until(lambda: f"|{number}|" in written())
        await caller.hang_up()
        await until(lambda: written().count("|ABANDON|") > left)


def gaps(heard: Heard) -> list[tuple[ResyncStarted, list[QueueLogEntry]]]:
    """Each resync's beginning, and what queue_log had for it."""
    found: list[tuple[ResyncStarted, list[QueueLogEntry]]] = []
    for message in heard.messages:
        if isinstance(message, ResyncStarted):
            found.append((message, []))
        elif isinstance(message, QueueLogEntry):
            found[-1][1].append(message)
    return found


def verbs(entries: list[QueueLogEntry]) -> list[str]:
    return [entry.verb for entry in entries if entry.uniqueid]


async def test_the_gap_is_filled_also_when_the_file_was_rotated_in_it(asterisk: AsteriskInstance) -> None:
    heard = Heard()
    path = asterisk.folder / "log" / "queue_log"
    async with FaultyRelay(asterisk.host, asterisk.ami_port) as relay:
        client = AmiClient(settings(asterisk, port=relay.port, queue_log=str(path)), heard)
        async with running(client):
            await heard.until(lambda: client.connected)
            await abandon(asterisk, "13800000001")
            await heard.count(messages.QueueCallerAbandon)
            relay.cut()
            await heard.count(messages.ConnectionLost)
            await abandon(asterisk, "13800000002")
            await asterisk.cli("logger rotate")
            await abandon(asterisk, "13800000003")
            relay.mend()
            await heard.count(ResyncCompleted, 2)
    (first, nothing), (second, entries) = gaps(heard)
    assert (first.since, nothing) == (None, [])
    joined = heard.of(messages.QueueCallerJoin)
    assert second.since is not None
    assert joined[-1].at <= second.since <= second.at
    missed = [entry for entry in entries if entry.verb == "ENTERQUEUE" and "13800000001" not in entry.data]
    assert [entry.data[1] for entry in missed] == ["13800000002", "13800000003"]
    assert verbs(entries)[-4:] == ["ENTERQUEUE", "ABANDON", "ENTERQUEUE", "ABANDON"]
    kinds = [type(message) for message in heard.messages]
    last_completed = len(kinds) - 1 - kinds[::-1].index(ResyncCompleted)
    assert messages.QueueMemberEntry in kinds[: kinds.index(QueueLogEntry)]
    assert QueueLogEntry not in kinds[last_completed:]


async def test_a_new_client_is_told_since_when_it_knows(asterisk: AsteriskInstance) -> None:
    path = asterisk.folder / "log" / "queue_log"
    await abandon(asterisk, "13800000004")
    entered = float(path.read_text(encoding="utf-8").splitlines()[-2].partition("|")[0])
    heard = Heard()
    client = AmiClient(settings(asterisk, queue_log=str(path)), heard)
    task = asyncio.create_task(client.run(entered + 0.9))
    try:
        await heard.count(ResyncCompleted)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    ((start, entries),) = gaps(heard)
    assert start.since == entered + 0.9
    assert verbs(entries)[-2:] == ["ENTERQUEUE", "ABANDON"]


async def test_calls_go_on_without_a_readable_queue_log(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    heard = Heard()
    told: list[GatewayHealth] = []
    async with FaultyRelay(asterisk.host, asterisk.ami_port) as relay:
        here = settings(asterisk, port=relay.port, queue_log=str(path))
        (problem,) = await inspect(here)
        assert f"{path} cannot be read" in str(problem)
        client = AmiClient(here, heard, on_health=told.append)
        async with running(client):
            await heard.until(lambda: client.connected)
            for times in (1, 2):
                relay.cut()
                await heard.count(messages.ConnectionLost, times)
                if times == 2:
                    path.write_text("1764000000|NONE|NONE|NONE|QUEUESTART|\n", encoding="utf-8")
                relay.mend()
                await heard.count(ResyncCompleted, times + 1)
                await heard.until(lambda: client.connected)
        assert [(health.component, health.status) for health in told] == [
            ("queue_log", "degraded"),
            ("queue_log", "ok"),
        ]
        assert "No such file" in told[0].detail
        assert await inspect(here) == []
        path.write_text("something else\n", encoding="utf-8")
        (problem,) = await inspect(here)
        assert "is no queue_log" in str(problem)
