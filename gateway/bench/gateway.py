"""The gateway itself under measurement: the whole App between a storm's server and a Redis of its own, watched."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from gateway.app import App
from gateway.bench.ami_events import CONTEXT, QUEUE
from gateway.bench.figures import within
from gateway.config import Ami, Ivr, QueuePolicy, Redis, Settings, Speech, Store, Web
from gateway.demo.process import free_port
from gateway.events import Event, GatewayHealth
from gateway.store.subscription import Subscription

READY_SECONDS = 60.0
COMMAND_SECONDS = 600.0


class Watched(App):
    """The App, telling ``watch`` of what it published and when (Unix seconds)."""

    def __init__(self, settings: Settings, config: Path, watch: Callable[[list[Event], float], None] | None) -> None:
        super().__init__(settings, config)
        self.in_step = asyncio.Event()
        """In step with Asterisk; to be cleared before a cut."""
        self.in_step_at = 0.0
        self._watch = watch

    @property
    def lost(self) -> int:
        """Messages the core had no room for, and events the journal refused."""
        return self._dropped + self._journal.refused

    def durable(self) -> Subscription:
        """Events as they become durable, from now on."""
        return self._journal.subscribe("bench", max_queue=1_000_000)

    def _publish(self, events: list[Event]) -> None:
        super()._publish(events)
        now = time.time()
        for event in events:
            if isinstance(event, GatewayHealth) and (event.component, event.status) == ("ami", "ok"):
                self.in_step_at = now
                self.in_step.set()
        if self._watch is not None:
            self._watch(events, now)


def settings_for(
    settings: Settings, ami_port: int, *, redis: Redis, queue: QueuePolicy | None = None, folder: Path
) -> Settings:
    """Settings that touch nothing of the operator's but the disk, and leave speech out."""
    return Settings(
        data_dir=str(folder),
        timezone=settings.timezone,
        ami=Ami(port=ami_port, username="bench", secret="bench", trunk_contexts=(CONTEXT,)),
        web=Web(port=free_port()),
        redis=redis,
        store=Store(commit_interval=settings.store.commit_interval),
        speech=Speech(enabled=False),
        ivr=Ivr(port=free_port()),
        queue=(queue or QueuePolicy(name=QUEUE),),
    )


@asynccontextmanager
async def gateway(
    settings: Settings,
    config: Path,
    ami_port: int,
    redis_url: str,
    *,
    stream: str = "bench",
    queue: QueuePolicy | None = None,
    watch: Callable[[list[Event], float], None] | None = None,
) -> AsyncIterator[Watched]:
    """A gateway in step with the storm's server. Its journal lies on the disk where the real one's does, and goes.

    Raises HotlineErrors in an ExceptionGroup, as the gateway does.
    """
    settings.home().mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=settings.home()) as folder:
        local = settings_for(
            settings, ami_port, redis=Redis(url=redis_url, stream=stream), queue=queue, folder=Path(folder)
        )
        watched = Watched(local, config, watch)
        async with asyncio.TaskGroup() as tasks:
            running = tasks.create_task(watched.run())
            try:
                await within(watched.in_step.wait(), READY_SECONDS, "the gateway was not in step with the server")
                yield watched
            finally:
                running.cancel()
                with suppress(asyncio.CancelledError):
                    await running


async def command(port: int, name: str, **headers: object) -> dict[str, str]:
    """Have the storm's server do something, over a connection of its own, and wait for its answer's headers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        lines = {"Action": name, "ActionID": "bench", **headers}
        writer.write(("".join(f"{header}: {value}\r\n" for header, value in lines.items()) + "\r\n").encode())
        await reader.readline()
        answer = await within(reader.readuntil(b"\r\n\r\n"), COMMAND_SECONDS, f"{name} was not over")
        return dict(line.split(": ", 1) for line in answer.decode().split("\r\n") if ": " in line)
    finally:
        writer.close()
