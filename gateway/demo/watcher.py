"""What the ticketing system would see: the events in the Redis stream, read as they come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar

from redis.asyncio import Redis

from gateway.bus.cloudevents import parse
from gateway.errors import NeighbourError
from gateway.events import CallEvent, Event

E = TypeVar("E", bound=Event)
BLOCK_MS = 500


class Watcher:
    """Reads a stream from its beginning, within an ``async with`` block."""

    def __init__(self, url: str, stream: str) -> None:
        self.entries: list[tuple[str, Event]] = []
        """Stream id and event, in stream order."""
        self._redis = Redis.from_url(url)
        self._stream = stream
        self._leaving = False
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._reading = asyncio.create_task(self._read())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Not cancelled: a client that is cancelled in the middle of a blocking read may swallow it.
        self._leaving = True
        await self._reading
        await self._redis.aclose()

    async def _read(self) -> None:
        last = "0-0"
        while not self._leaving:
            answer: Any = await self._redis.xread({self._stream: last}, block=BLOCK_MS)
            for _, entries in answer or ():
                for stream_id, fields in entries:
                    last = stream_id.decode()
                    self.entries.append((last, parse(fields[b"event"]).data))
                self._news.set()
                self._news = asyncio.Event()

    async def wait(
        self, kind: type[E], matches: Callable[[E], bool], what: str, timeout: float | None, after: int = 0
    ) -> E:
        """The first event of this kind that matches, among the entries from number ``after`` on, or the next to come.

        Raises NeighbourError naming ``what`` when the seconds are over; ``timeout`` None waits for ever.
        """
        try:
            async with asyncio.timeout(timeout):
                while True:
                    news = self._news
                    for _, event in self.entries[after:]:
                        if isinstance(event, kind) and matches(event):
                            return event
                    after = len(self.entries)
                    await news.wait()
        except TimeoutError:
            raise NeighbourError(f"no event within {timeout} s that says: {what}") from None

    def of_call(self, call_id: str) -> list[tuple[str, CallEvent]]:
        """One call's events with their stream ids, in stream order."""
        return [
            (stream_id, event)
            for stream_id, event in self.entries
            if isinstance(event, CallEvent) and event.call_id == call_id
        ]
