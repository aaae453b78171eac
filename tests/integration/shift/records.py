"""One shift played, and everything that was written down of it."""

from __future__ import annotations

import asyncio
import json
import math
import os
import random
import shutil
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import msgspec

from gateway.ami.messages import QueueLogEntry
from gateway.ami.queue_log import parse_line
from gateway.config import Settings, zone
from gateway.demo.gateway import GatewayInstance
from gateway.demo.redis import RedisInstance
from gateway.demo.watcher import Watcher
from gateway.errors import NeighbourError
from gateway.events import AgentStateChanged, CallEnded, CallOffered, Event, ServiceLevelChanged
from tests.integration.recorder import AmiRecorder, Headers
from tests.integration.shift.house import ShiftPbx, environment, lay_config, settings
from tests.integration.shift.plan import plans
from tests.integration.shift.shift import Shift

E = TypeVar("E", bound=Event)
SETTLE_SECONDS = 30.0
POLL = 1.0


@dataclass
class Records:
    """Of one shift. ``seconds``: how long the calls took. ``cpu``: seconds of the gateway's.

    ``figures`` are what ``hotline figures --json`` said of ``[since, until)``, twice; ``board`` is the wallboard's
    snapshot; ``members`` are AMI's QueueMember events, all of them after the last call.
    """

    settings: Settings
    events: list[Event]
    queue_log: list[QueueLogEntry]
    ami: Path
    taken_out: set[str]
    members: list[Headers]
    board: dict[str, Any]
    since: float
    until: float
    figures: list[dict[str, Any]]
    seconds: float
    cpu: float
    surprises: list[str] = field(default_factory=list)

    def of(self, kind: type[E]) -> list[E]:
        """Events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]


async def play(calls: int, seed: int, folder: Path) -> Records:
    """Play a shift and gather its records in ``folder``. Raises NeighbourError, or an ExceptionGroup of them."""
    pbx, config, ami = ShiftPbx(), lay_config(folder / "config"), folder / "ami.jsonl"
    async with RedisInstance() as redis:
        gateway = GatewayInstance(pbx, redis, config, extra=environment(), arguments=("--record-ami", str(ami)))
        async with pbx, gateway, Watcher(redis.url, "hotline:events") as watcher:
            chance = random.Random(seed)
            async with Shift(pbx, chance) as shift:
                begun = time.monotonic()
                await shift.play(plans(calls, chance))
                seconds = time.monotonic() - begun
                events = await _settled(watcher, shift.ami)
                chosen = settings(config, gateway.store_url)
                until = float(math.ceil(time.time()))
                since = next(event.since for event in reversed(events) if isinstance(event, ServiceLevelChanged))
                records = Records(
                    settings=chosen,
                    events=events,
                    queue_log=[e for e in map(parse_line, pbx.queue_log.read_text("utf-8").splitlines()) if e],
                    ami=ami,
                    taken_out=shift.taken_out,
                    members=await _members(shift.ami),
                    board=await _wallboard(gateway),
                    since=since,
                    until=until,
                    figures=[await _figures(config, gateway, chosen, since, until) for _ in range(2)],
                    seconds=seconds,
                    cpu=_cpu(gateway.pid),
                    surprises=shift.surprises,
                )
                for file in (gateway.log, pbx.queue_log, pbx.log):
                    shutil.copy(file, folder)
    (folder / "events.jsonl").write_bytes(b"\n".join(map(msgspec.json.encode, records.events)))
    return records


async def _settled(watcher: Watcher, ami: AmiRecorder) -> list[Event]:
    """What was said, once every call has ended, every agent is where Asterisk says, and nothing more is said.

    When that does not come, what was said by then: the tests say what is wrong.
    """
    said, waited = -1, 0.0
    while True:
        events = [event for _, event in watcher.entries]
        kinds = Counter(map(type, events))
        at_rest = agents_told(events) == agents_seen(await _members(ami))
        all_over = at_rest and kinds[CallOffered] == kinds[CallEnded]
        if (all_over and len(events) == said) or waited > SETTLE_SECONDS:
            return events
        said, waited = len(events), waited + POLL
        await asyncio.sleep(POLL)


def agents_told(events: list[Event]) -> dict[str, str]:
    """The last state of each agent who is there, by the gateway."""
    states = {event.agent: event.state for event in events if isinstance(event, AgentStateChanged)}
    return {agent: state for agent, state in states.items() if state != "offline"}


def agents_seen(members: list[Headers]) -> dict[str, str]:
    """The state of each agent who is in a queue, by Asterisk."""
    by_agent: dict[str, list[Headers]] = {}
    for member in members:
        by_agent.setdefault(member["StateInterface"].removeprefix("PJSIP/"), []).append(member)
    return {agent: _state(rows) for agent, rows in by_agent.items()}


def _state(rows: list[Headers]) -> str:
    if all(row["Paused"] == "1" for row in rows):
        return "wrap_up" if rows[0]["PausedReason"] == "话后整理" else "paused"
    return "available" if rows[0]["Status"] == "1" else f"device state {rows[0]['Status']}"


async def _members(ami: AmiRecorder) -> list[Headers]:
    begin, asked = len(ami.lines), ami.count("QueueStatusComplete")
    await ami.ask(Action="QueueStatus")
    await ami.seen("QueueStatusComplete", asked + 1)
    return [event for _, event in ami.lines[begin:] if event["Event"] == "QueueMember"]


async def _wallboard(gateway: GatewayInstance) -> dict[str, Any]:
    """What a supervisor's page gets when it opens."""
    password = await gateway.add_account("supervisor", "supervisor")
    headers = {"X-Requested-With": "hotline"}
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(gateway.url, headers=headers, cookie_jar=jar) as browser:
        login = await browser.post("/api/login", json={"name": "supervisor", "password": password})
        login.raise_for_status()
        async with (
            browser.ws_connect("/ws", params={"view": "wallboard"}, origin=gateway.url, max_msg_size=0) as page,
            asyncio.timeout(SETTLE_SECONDS),
        ):
            board: dict[str, Any] = (await page.receive_json())["data"]
            return board


async def _figures(
    config: Path, gateway: GatewayInstance, chosen: Settings, since: float, until: float
) -> dict[str, Any]:
    """What the command says. Raises NeighbourError when it fails."""
    local = zone(chosen.timezone)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "figures", "--json", "--config", str(config),
        "--from", datetime.fromtimestamp(since, local).isoformat(),
        "--to", datetime.fromtimestamp(until, local).isoformat(),
        env={**os.environ, **environment(), "HOTLINE_STORE_URL": gateway.store_url},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, errors = await process.communicate()
    if process.returncode:
        raise NeighbourError(f"hotline figures failed: {errors.decode(errors='replace')}")
    figures: dict[str, Any] = json.loads(out)
    return figures


def _cpu(pid: int | None) -> float:
    """Seconds of CPU time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
