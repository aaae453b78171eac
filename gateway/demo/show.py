"""``hotline demo``: PBX, Redis, gateway, agents and citizens on this machine, all ended with it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gateway.config import Settings
from gateway.demo.asterisk import AsteriskInstance
from gateway.demo.citizens import ScriptedCall
from gateway.demo.director import Director
from gateway.demo.gateway import GatewayInstance
from gateway.demo.phones import AgentPhone
from gateway.demo.reception import Reception
from gateway.demo.redis import RedisInstance
from gateway.demo.report import Report, report_call, summarise
from gateway.demo.voices import Voices
from gateway.demo.watcher import Watcher
from gateway.errors import NeighbourError
from gateway.events import TranscriptFinal

AGENTS = ("1001", "1002")
BETWEEN_CALLS = 3.0


@dataclass(frozen=True)
class Stage:
    """Everything that runs, and the passwords for the pages."""

    asterisk: AsteriskInstance
    redis: RedisInstance
    gateway: GatewayInstance
    watcher: Watcher
    agents: tuple[AgentPhone, ...]
    passwords: dict[str, str]


def say(text: str) -> None:
    """A line of progress."""
    print(text, file=sys.stderr, flush=True)


@contextlib.asynccontextmanager
async def stage(
    settings: Settings,
    config: Path,
    web_port: int = 0,
    extra: Mapping[str, str] | None = None,
    asterisk: AsteriskInstance | None = None,
) -> AsyncIterator[Stage]:
    """Start it all, in order; end it all, whatever happens. ``extra``: further variables for the gateway.

    ``asterisk``: a PBX that is not started yet, for those who must know its ports beforehand.
    """
    asterisk = asterisk or AsteriskInstance()
    async with contextlib.AsyncExitStack() as stack:
        say("Redis …")
        redis = await stack.enter_async_context(RedisInstance())
        gateway = GatewayInstance(asterisk, redis, config, web_port=web_port, extra=extra)
        passwords = {"supervisor": await gateway.add_account("supervisor", "supervisor")}
        for agent in AGENTS:
            passwords[agent] = await gateway.add_account(agent, "agent", agent)
        say("Asterisk …")
        await stack.enter_async_context(asterisk)
        say("gateway …")
        await stack.enter_async_context(gateway)
        say("agents' phones …")
        agents = [await stack.enter_async_context(AgentPhone(asterisk, agent)) for agent in AGENTS]
        for phone in agents:
            await phone.wait_registered()
        watcher = await stack.enter_async_context(Watcher(redis.url, settings.redis.stream))
        yield Stage(asterisk, redis, gateway, watcher, tuple(agents), passwords)


async def run(
    settings: Settings,
    config: Path,
    script: Sequence[ScriptedCall],
    *,
    calls: int | None = None,
    exit_after: bool = False,
    report: Path | None = None,
    web_port: int = 0,
) -> bool:
    """Play the script, over and over, or ``calls`` of it; True when every call went as scripted.

    With ``exit_after`` it ends after them, else it keeps running until cancelled.
    """
    async with stage(settings, config, web_port) as on:
        _welcome(on)
        voices = Voices(settings.home())
        reception = Reception(on.watcher, voices, on.agents, {call.number for call in script})
        attending = asyncio.create_task(reception.attend())
        try:
            count = calls if calls is not None else (len(script) if exit_after else None)
            whole = await _play(on, settings, voices, itertools.islice(itertools.cycle(script), count))
            _write(whole, report)
            if not exit_after:
                say("All calls are done; the hotline runs on. Ctrl-C ends it.")
                await attending
        finally:
            attending.cancel()
            await asyncio.gather(attending, return_exceptions=True)
        return whole.ok


async def _play(on: Stage, settings: Settings, voices: Voices, script: Iterable[ScriptedCall]) -> Report:
    """One call after another."""
    director = Director(on.asterisk, on.watcher, voices, on.agents)
    target = settings.policy("hotline").target_seconds
    reports, played = [], []
    for number, call in enumerate(script, 1):
        await director.rehearse(call)
        say(f"call {number}: {call.outcome}, {len(call.caller_says)} lines of a citizen")
        try:
            call_id = await director.play(call)
        except NeighbourError as error:
            say(f"call {number} failed: {error}")
            call_id = ""
        done = report_call(call, call_id, on.watcher.of_call(call_id), hold_seconds(on.asterisk, call_id), target)
        say(f"call {number}: {'; '.join(done.problems) or 'as scripted'}")
        reports.append(done)
        played.append(call)
        await asyncio.sleep(BETWEEN_CALLS)
    engines = {f"{event.engine} {event.model}" for _, event in on.watcher.entries if isinstance(event, TranscriptFinal)}
    return summarise(reports, played, sorted(engines))


def _welcome(on: Stage) -> None:
    print(f"\nPages:       {on.gateway.url}")
    for name, password in on.passwords.items():
        what = "wallboard" if name == "supervisor" else "desk"
        print(f"  {what:<10} name {name:<11} one-time password {password}")
    server = f"{on.asterisk.host}:{on.asterisk.sip_port}"
    citizen = on.asterisk.agent_password("9001")
    print(f"Ring it:     any softphone on this machine: server {server} (UDP), user 9001, password {citizen},")
    print(f"             then dial {on.asterisk.hotline_number}; the agents answer")
    print(f"Events:      {on.redis.url}\nLog:         {on.gateway.log}\n", flush=True)


def hold_seconds(asterisk: AsteriskInstance, call_id: str) -> float | None:
    """Asterisk's own account of the call's wait in the queue, from its queue_log: whole seconds until pick-up."""
    path = asterisk.folder / "log" / "queue_log"
    held = None
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        _, caller, _, _, event, *data = line.split("|")
        if caller == call_id and event == "PICKUP":
            held = float(data[0])
        elif caller == call_id and event == "ABANDON":
            held = float(data[2])
    return held


def _write(report: Report, path: Path | None) -> None:
    text = msgspec.json.format(msgspec.json.encode(report), indent=2).decode()
    if path is None:
        print(text)
    else:
        path.write_text(text + "\n", encoding="utf-8")
