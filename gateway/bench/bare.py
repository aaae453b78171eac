"""The references on the wire: panoramisk by itself, on the same storms and lists as the gateway."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from panoramisk import Manager
from panoramisk.actions import Action

from gateway.bench.figures import within

LIST_SECONDS = 60.0


@asynccontextmanager
async def panoramisk(port: int, heard: Callable[[Any], None]) -> AsyncIterator[Manager]:
    """A Manager that is logged in with events on, and calls ``heard`` with each."""
    manager = Manager(
        loop=asyncio.get_running_loop(), host="127.0.0.1", port=port, username="bench", secret="bench", ping_delay=3600
    )
    manager.register_event("*", lambda _manager, message: heard(message))
    await manager.connect()
    try:
        await within(manager.authenticated_future, LIST_SECONDS, "panoramisk was not logged in")
        yield manager
    finally:
        manager.close()


async def receive_lists(port: int) -> float:
    """Connect and have all channels and queues listed; the instant (Unix seconds) at which both lists were complete."""
    async with panoramisk(port, lambda message: None) as manager:
        for name in ("CoreShowChannels", "QueueStatus"):
            action = Action({"Action": name})
            manager.send_action(action)
            await within(action.future, LIST_SECONDS, f"{name} was not answered")
        return time.time()
