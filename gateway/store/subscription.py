"""One reader's view of the journal: entries as they become durable, none lost and none twice."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self

from gateway.store.entry import Entry

Read = Callable[[int, int], Awaitable[list[Entry]]]


class Subscription:
    """``with journal.subscribe("web") as entries: async for entry in entries: ...``

    Holds at most ``max_queue`` entries. A reader that falls further behind is served from the database until it has
    caught up. Iteration ends when the journal or the subscription is closed; a StoreError of the database comes
    through, and iterating on tries again.
    """

    def __init__(
        self,
        name: str,
        read: Read,
        *,
        after: int,
        behind: bool,
        max_queue: int,
        on_close: Callable[[Subscription], None],
    ) -> None:
        self.name = name
        self.seq = after
        """Number of the last entry handed out."""
        self.overflows = 0
        """How often the reader fell more than ``max_queue`` entries behind."""
        self._read = read
        self._behind = behind
        self._max_queue = max_queue
        self._on_close = on_close
        self._queue: deque[Entry] = deque()
        self._wake = asyncio.Event()
        self._ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """No more entries, please. Harmless when repeated."""
        self.end()
        self._queue.clear()
        self._on_close(self)

    def end(self) -> None:
        """The journal has no more entries; what is queued is still handed out."""
        self._ended = True
        self._wake.set()

    def offer(self, entries: Sequence[Entry]) -> None:
        """Called by the journal with each commit, in order."""
        if not self._behind:
            if len(self._queue) + len(entries) > self._max_queue:
                self._behind = True
                self.overflows += 1
            else:
                self._queue.extend(entries)
        self._wake.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Entry:
        entries = await self.take(1)
        if not entries:
            raise StopAsyncIteration
        return entries[0]

    async def take(self, most: int) -> list[Entry]:
        """Wait for entries and take at most so many of those that are there; none when iteration has ended."""
        while not self._queue:
            if self._ended:
                return []
            if self._behind:
                await self._catch_up()
            else:
                self._wake.clear()
                await self._wake.wait()
        entries = [self._queue.popleft() for _ in range(min(most, len(self._queue)))]
        self.seq = entries[-1].seq
        return entries

    async def _catch_up(self) -> None:
        # Entries committed while we read are offered to the queue again, so that none falls between.
        self._behind = False
        try:
            stored = await self._read(self.seq, self._max_queue)
        except BaseException:
            self._queue.clear()
            self._behind = True
            raise
        if len(stored) == self._max_queue:
            self._queue = deque(stored)
            self._behind = True
        else:
            reached = stored[-1].seq if stored else self.seq
            self._queue = deque([*stored, *(entry for entry in self._queue if entry.seq > reached)])
