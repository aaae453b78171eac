"""A whole hotline for tests that break it: real Asterisk, Redis, gateway (without speech) and phones, and a witness.

The witness is a plain AMI session that nothing ever happens to: its instants are the truth.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import msgspec
from redis.asyncio import Redis

from gateway.bus.cloudevents import parse
from gateway.demo.gateway import GatewayInstance
from gateway.demo.phones import Caller, Phone
from gateway.demo.stage import RedisInstance
from gateway.demo.watcher import Watcher
from gateway.events import (
    AlertEnded,
    AlertRaised,
    AnswerAtRisk,
    AnswerBreached,
    CallAbandoned,
    CallEnded,
    CallEvent,
    CallOffered,
    CallQueued,
    Event,
    GatewayHealth,
    TicketDrafted,
)
from gateway.store.reader import JournalReader
from gateway.views import Wallboard
from tests.integration.plots.scene import PlotPbx, Scene, Setting
from tests.integration.recorder import AmiRecorder
from tests.integration.relay import FaultyRelay
from tests.integration.truth import figures_agree

CONFIG = Path(__file__).parents[2] / "config"
STREAM = "hotline:events"
PATIENCE = 40.0
POLL = 0.1
AT_RISK, TARGET, WRAP_UP = 7.0, 10.0, 5.0
"""Seconds that the queue hotline has in these tests."""
CALM = Setting(ring_seconds=60, queue_seconds=120)

ONCE = (CallOffered, CallAbandoned, CallEnded, AnswerAtRisk, AnswerBreached, TicketDrafted)
"""What is said of a call at most once."""
PLOT = ("gateway.events.calls", "gateway.events.answer")

E = TypeVar("E", bound=Event)
C = TypeVar("C", bound=CallEvent)


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for what has no news."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if await condition():
                return
            await asyncio.sleep(POLL)


class Watched:
    """One gateway, what it published, and the passwords for its pages."""

    events: Watcher
    """What stands in its stream; read within a scene."""

    def __init__(self, gateway: GatewayInstance, stream: str, passwords: Mapping[str, str]) -> None:
        self.gateway = gateway
        self.stream = stream
        self.passwords = passwords

    async def first(self, struct: type[E], what: str, after: int = 0, /, **values: object) -> E:
        """The first such event with these values, from the stream's entry number ``after`` on; waits for it."""

        def matches(event: E) -> bool:
            return all(getattr(event, name) == value for name, value in values.items())

        return await self.events.wait(struct, matches, what, PATIENCE, after)

    def all(self, struct: type[E], /, **values: object) -> list[E]:
        """Such events so far."""
        events = [event for _, event in self.events.entries if isinstance(event, struct)]
        return [event for event in events if all(getattr(event, name) == value for name, value in values.items())]

    def plot(self, call_id: str) -> list[str]:
        """The kinds of one call's own events and warnings, in order; without alerts and its ticket."""
        events = [event for _, event in self.events.of_call(call_id)]
        return [type(event).__name__ for event in events if type(event).__module__ in PLOT]

    async def health(self, component: str, status: str, after: int = 0) -> GatewayHealth:
        """Wait until the gateway says so."""
        return await self.first(GatewayHealth, f"{component} is {status}", after, component=component, status=status)

    def all_health(self, component: str, status: str) -> list[GatewayHealth]:
        """What the gateway said of it so far."""
        return self.all(GatewayHealth, component=component, status=status)

    async def wallboard(self) -> Wallboard:
        """What a supervisor's page gets when it is opened."""
        async with await self.page("supervisor") as browser, browser.ws_connect("/ws?view=wallboard") as page:
            message = await page.receive_json(timeout=PATIENCE)
        return msgspec.convert(message["data"], Wallboard)

    async def page(self, name: str) -> aiohttp.ClientSession:
        """A browser in which ``name`` has logged in."""
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        headers = {"X-Requested-With": "hotline", "Origin": self.gateway.url}
        browser = aiohttp.ClientSession(
            self.gateway.url, timeout=timeout, headers=headers, cookie_jar=aiohttp.CookieJar(unsafe=True)
        )
        answer = await browser.post("/api/login", json={"name": name, "password": self.passwords[name]})
        assert answer.status == 200, await answer.text()
        return browser

    async def ticket(self, agent: str, call_id: str, values: Mapping[str, str]) -> None:
        """The agent changes fields of his call's draft; without values he sends it off."""
        path = f"/api/tickets/{call_id}"
        async with await self.page(agent) as browser:
            if values:
                answer = await browser.patch(path, json={"fields": dict(values)})
            else:
                answer = await browser.post(f"{path}/submit")
            assert answer.status == 200, await answer.text()


class Hotline(Scene):
    """The PBX with its phones, and every gateway that listens to it, the first of them as ``gateway`` and ``seen``."""

    def __init__(
        self,
        instance: PlotPbx,
        stack: AsyncExitStack,
        redis: RedisInstance,
        relay: FaultyRelay,
        watched: Sequence[Watched],
        config: Path,
    ) -> None:
        super().__init__(instance, stack)
        self.config = config
        self.redis = redis
        self.relay = relay
        self.watched = watched

    @property
    def seen(self) -> Watched:
        return self.watched[0]

    @property
    def gateway(self) -> GatewayInstance:
        return self.watched[0].gateway

    @asynccontextmanager
    async def scene(self) -> AsyncIterator[Hotline]:
        """The same house; phones, witnesses and readers of its streams are gone after the block."""
        async with AsyncExitStack() as stack:
            here = Hotline(self.instance, stack, self.redis, self.relay, self.watched, self.config)
            await here.watch()
            yield here

    async def watch(self) -> None:
        """Read every gateway's stream from its beginning, and go on."""
        for one in self.watched:
            one.events = await self.enter(Watcher(self.redis.url, one.stream))

    @asynccontextmanager
    async def without_redis(self) -> AsyncIterator[None]:
        """Redis dies and is back after the block. Within it nobody reads the streams."""
        for one in self.watched:
            await one.events.__aexit__(None, None, None)
        await self.redis.kill()
        yield
        await self.redis.start()
        await self.watch()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Asterisk stands still (SIGSTOP) within the block."""
        pid = self.asterisk_pid()
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    async def kill_asterisk(self) -> None:
        """It dies without a word."""
        os.kill(self.asterisk_pid(), signal.SIGKILL)
        await self.instance.stop()

    def asterisk_pid(self) -> int:
        return int((self.instance.folder / "run" / "asterisk.pid").read_text())

    async def calls(self, number: str) -> tuple[Caller, str]:
        """A citizen calls; gives his phone and the call's id when every gateway has said that he waits in the queue."""
        caller = await self.caller(number, "")
        since = len(self.seen.events.entries)
        await caller.call(self.instance.hotline_number)
        offered = await self.seen.first(CallOffered, "the call arrived", since, caller_number=number)
        for watched in self.watched:
            await watched.first(CallQueued, "the call waits", call_id=offered.call_id)
        return caller, offered.call_id

    async def pause(self, witness: AmiRecorder, agent: str, reason: str) -> None:
        """The agent gets no new call."""
        await witness.ask(Action="QueuePause", Interface=f"PJSIP/{agent}", Paused="true", Reason=reason)

    async def go_on(self, witness: AmiRecorder, agent: str) -> None:
        """The agent gets calls again."""
        await witness.ask(Action="QueuePause", Interface=f"PJSIP/{agent}", Paused="false")

    async def passes(self, instant: float) -> None:
        """Let this instant pass, and half a second more."""
        await asyncio.sleep(max(0.0, instant + 0.5 - time.time()))

    async def stream(self) -> list[tuple[int, Event]]:
        """All that stands in the first gateway's Redis stream, each with its number in the journal."""
        async with Redis.from_url(self.redis.url, decode_responses=True) as client:
            entries: Any = await client.xrange(STREAM)
        envelopes = [parse(fields["event"]) for _, fields in entries]
        return [(int(envelope.id), envelope.data) for envelope in envelopes]

    async def all_told_once(self) -> None:
        """All calls being over: the stream is the journal, each entry once and in order; what happens to a call once is
        said once; its alerts were raised once and ended; and the figures are those that the journal gives.
        """
        entries = await self.stream()
        assert [number for number, _ in entries] == list(range(1, len(entries) + 1))
        with JournalReader(self.gateway.store_url) as journal:
            written = [entry.event for entry in journal.entries()]
        told = [event for _, event in entries]
        assert written[: len(told)] == told
        once = Counter((type(event).__name__, event.call_id) for event in told if isinstance(event, ONCE))
        assert [key for key, count in once.items() if count > 1] == []
        calls = Counter(event for event in told if isinstance(event, CallEvent))
        assert [type(event).__name__ for event, count in calls.items() if count > 1] == []
        raised = Counter((event.kind, event.call_id) for event in told if isinstance(event, AlertRaised))
        ended = Counter((event.kind, event.call_id) for event in told if isinstance(event, AlertEnded))
        of_calls = {key: count for key, count in raised.items() if key[1]}
        assert set(of_calls.values()) <= {1}
        assert of_calls == {key: count for key, count in ended.items() if key[1]}
        figures_agree(told, self.config)


async def answer(phone: Phone) -> None:
    """Pick up as soon as it rings."""
    await phone.wait_ringing(PATIENCE)
    await phone.answer()


def config_folder(folder: Path) -> Path:
    """The repository's settings with shorter seconds for the queue hotline."""
    config = Path(shutil.copytree(CONFIG, folder / "config"))
    queues = (config / "queues.toml").read_text(encoding="utf-8")
    short = {"at_risk_seconds": AT_RISK, "target_seconds": TARGET, "wrap_up_seconds": WRAP_UP}
    for key, value in short.items():
        queues = re.sub(rf"^{key} = \S+", f"{key} = {value}", queues, flags=re.MULTILINE)
    (config / "queues.toml").write_text(queues, encoding="utf-8")
    return config


@asynccontextmanager
async def hotline(folder: Path, *gateways: Mapping[str, str]) -> AsyncIterator[Hotline]:
    """Start it all, with a gateway for each of ``gateways`` (further HOTLINE_ variables; ``{queue_log}`` is filled in)
    behind one relay. To be used by ``scene()``.
    """
    pbx = PlotPbx(CALM)
    config = config_folder(folder)
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(RedisInstance(persistent=True))
        relay = await stack.enter_async_context(FaultyRelay(pbx.host, pbx.ami_port))
        watched = []
        for number, own in enumerate(gateways):
            stream = STREAM if number == 0 else f"{STREAM}:{number}"
            extra = {key: value.format(queue_log=pbx.queue_log) for key, value in own.items()}
            extra = {"HOTLINE_SPEECH_ENABLED": "false", "HOTLINE_AMI_PORT": str(relay.port), **extra}
            gateway = GatewayInstance(pbx, redis, config, extra={**extra, "HOTLINE_REDIS_STREAM": stream})
            passwords = {"supervisor": await gateway.add_account("supervisor", "supervisor")}
            for agent in ("1001", "1002", "1003", "1004"):
                passwords[agent] = await gateway.add_account(agent, "agent", agent)
            watched.append(Watched(gateway, stream, passwords))
        await stack.enter_async_context(pbx)
        for one in watched:
            await stack.enter_async_context(one.gateway)
        yield Hotline(pbx, stack, redis, relay, watched, config)
