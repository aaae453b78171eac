"""The journal: every event gets its number and is durable here before anyone hears of it.

``append`` only queues. One writer takes what has gathered, at most every ``commit_interval`` seconds, and commits it
as one transaction in a thread of its own; then the entries go to the subscribers. When the database fails the writer
tries again until it succeeds; meanwhile nothing is handed out. When the queue is full, ``append`` takes nothing of
what it was given and raises JournalFullError; the events it refused are counted in ``refused`` and shown as
GatewayHealth.

Partial transcripts are not journaled: ``append`` refuses them; give them to the bus and the pages directly.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Literal, Self, TypeVar

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from gateway.errors import StoreError
from gateway.events import Event, GatewayHealth
from gateway.store import reading
from gateway.store.database import open_engine, shown, store_error
from gateway.store.entry import COLUMNS, Draft, Entry, draft, from_row, rows
from gateway.store.lock import WriterLock, other_writer
from gateway.store.subscription import Subscription
from gateway.store.tables import journal

MAX_BATCH = 1000
"""Events in one transaction."""
FIRST_RETRY, LONGEST_RETRY = 0.05, 2.0
"""Seconds between attempts of a commit that fails."""
SILENCE_LIMIT = 5.0
"""Seconds after which a commit that does not return is reported."""
CLOSE_TIMEOUT = 10.0
"""Seconds that closing waits for a database that does not take the last events."""

T = TypeVar("T")


class JournalFullError(StoreError):
    """The queue before the database is full; the ``refused`` events of this call were not taken."""

    def __init__(self, refused: int, waiting: int) -> None:
        super().__init__(
            f"journal: {refused} events refused while {waiting} wait to be written",
            "Mend the database; its health names the fault",
        )
        self.refused = refused
        self.waiting = waiting


class Journal:
    """``async with Journal(url) as journal``. Use it only from the event loop that entered it.

    ``on_health`` hears, in that loop, of component ``journal``: "degraded" when commits fail but events are held
    (``value``: how many), "lost" when the queue is full (``value``: events refused so far), "ok" when all is written
    again.
    """

    def __init__(
        self,
        url: str,
        commit_interval: float = 0.02,
        *,
        max_queue: int = 100_000,
        on_health: Callable[[GatewayHealth], None] | None = None,
    ) -> None:
        self.refused = 0
        """Events refused because the queue was full, since start."""
        self.seq = 0
        """Number of the newest durable event; 0 when there is none."""
        self.waiting = 0
        """Events taken but not yet durable."""
        self._url = url
        self._commit_interval = commit_interval
        self._max_queue = max_queue
        self._on_health = on_health
        self._health: Literal["ok", "degraded", "lost"] = "ok"
        self._pending: deque[Draft] = deque()
        self._subscriptions: list[Subscription] = []
        self._taken = 0
        self._stream_ms = 0
        self._lock: WriterLock | None = None
        self._open = False
        self.closed = False
        """True once the journal was closed for good."""

    async def __aenter__(self) -> Self:
        """Open the database, bring it to this version and start the writer. Raises StoreError."""
        self._loop = asyncio.get_running_loop()
        self._arrived, self._closing, self._news = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._writer_thread = ThreadPoolExecutor(1, "journal-writer")
        self._reader_thread = ThreadPoolExecutor(1, "journal-reader")
        try:
            self._lock = await self._loop.run_in_executor(self._writer_thread, WriterLock, self._url)
            self.engine = await self._loop.run_in_executor(self._writer_thread, open_engine, self._url)
            self.seq, self._stream_ms = await self._reading(reading.newest)
        except BaseException:
            self._release()
            raise
        self._open = True
        self._writer = asyncio.create_task(self._write(), name="journal")
        self._writer.add_done_callback(lambda _writer: self._news.set())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Make everything appended durable, then close. Raises StoreError when the database does not take it."""
        self._open = False
        self._closing.set()
        self._arrived.set()
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await self._writer
        except TimeoutError as late:
            raise StoreError(
                f"journal database {shown(self._url)}: did not take the last {self.waiting} events", "They are lost"
            ) from late
        finally:
            for subscription in self._subscriptions:
                subscription.end()
            self._release()
            self.engine.dispose()

    def append(self, events: Sequence[Event]) -> None:
        """Take events to be written, in this order: all of them or none. Does not wait; see ``flush``.

        Raises JournalFullError when the queue is full, StoreError when the journal is closed, and TypeError for a
        partial transcript or an event whose values are not of their declared types (a mistake in the program).
        """
        if not self._open:
            raise StoreError("journal: closed", "Nothing can be appended while the gateway stops")
        drafts = [draft(event) for event in events]
        if self.waiting + len(drafts) > self._max_queue:
            self.refused += len(drafts)
            self._report("lost", "events refused so far: the queue before the database is full", self.refused)
            raise JournalFullError(len(drafts), self.waiting)
        self._pending.extend(drafts)
        self._taken += len(drafts)
        self.waiting += len(drafts)
        self._arrived.set()

    async def flush(self) -> None:
        """Wait until everything appended so far is durable. Raises StoreError when the journal closes before."""
        target = self._taken
        await self._until(lambda: self._taken - self.waiting >= target)

    async def wait(self, after: int) -> None:
        """Wait until an entry newer than ``after`` is durable. Raises StoreError when the journal closes before."""
        await self._until(lambda: self.seq > after)

    async def read(self, after: int, limit: int, types: Sequence[str] | None = None) -> list[Entry]:
        """At most ``limit`` durable entries newer than ``after``, in order; of these ``types`` only, such as
        ``("call.offered", "call.ended")``. Raises StoreError.
        """
        return await self._reading(lambda connection: list(reading.read(connection, after, limit, types)))

    async def last(self) -> Entry | None:
        """The newest entry that is kept, or None when there is none. Raises StoreError."""
        query = select(*COLUMNS).order_by(journal.c.seq.desc()).limit(1)
        row = await self._reading(lambda connection: connection.execute(query).first())
        return None if row is None else from_row(*row)

    async def seq_at(self, instant: float) -> int:
        """Number of the last entry committed before this instant (Unix seconds); 0 when none that is kept was.

        To read from an instant on: ``read(await seq_at(instant), ...)``. Raises StoreError.
        """
        return await self._reading(lambda connection: reading.seq_at(connection, instant))

    async def cursor(self, name: str) -> int:
        """Where the reader ``name`` stands: the last number it finished; 0 at first. Raises StoreError."""
        return await self._reading(lambda connection: reading.cursor(connection, name))

    async def set_cursor(self, name: str, seq: int) -> None:
        """Keep where the reader ``name`` stands. Raises StoreError."""
        await self._in_thread(self._writer_thread, lambda connection: reading.set_cursor(connection, name, seq))

    def subscribe(self, name: str, *, after: int | None = None, max_queue: int = 1000) -> Subscription:
        """Entries from now on, or all newer than ``after``. It is a context manager; leaving it ends it."""
        start = self.seq if after is None else after
        subscription = Subscription(
            name,
            self.read,
            after=start,
            behind=start < self.seq,
            max_queue=max_queue,
            on_close=self._forget,
        )
        self._subscriptions.append(subscription)
        return subscription

    def _forget(self, subscription: Subscription) -> None:
        with suppress(ValueError):
            self._subscriptions.remove(subscription)

    async def _write(self) -> None:
        started = float("-inf")
        while True:
            while not self._pending:
                if self._closing.is_set():
                    return
                self._arrived.clear()
                await self._arrived.wait()
            await self._pause(started + self._commit_interval - self._loop.time())
            batch = [self._pending.popleft() for _ in range(min(MAX_BATCH, len(self._pending)))]
            started = self._loop.time()
            entries = await self._commit(batch)
            self.seq, self._stream_ms = entries[-1].seq, entries[-1].stream_ms
            self.waiting -= len(entries)
            for subscription in self._subscriptions:
                subscription.offer(entries)
            self._news.set()
            self._news = asyncio.Event()

    async def _commit(self, batch: Sequence[Draft]) -> list[Entry]:
        retry = FIRST_RETRY
        doubtful = False
        while True:
            committing = self._loop.run_in_executor(self._writer_thread, self._store, batch, doubtful)
            try:
                _, late = await asyncio.wait([committing], timeout=SILENCE_LIMIT)
                if late:
                    self._hold(f"journal database {shown(self._url)}: does not answer")
                entries = await committing
            except StoreError as error:
                self._hold(str(error))
                doubtful = True
                await asyncio.sleep(retry)
                retry = min(retry * 2, LONGEST_RETRY)
            else:
                if not self._pending:
                    self._report("ok", "events refused since start", self.refused)
                return entries

    def _store(self, batch: Sequence[Draft], doubtful: bool) -> list[Entry]:
        """In the writer's thread: commit the batch under the next numbers."""
        stream_ms = max(self._stream_ms, time.time_ns() // 1_000_000)
        if doubtful and self._lock is not None:
            self._lock.hold()

        def write(connection: Connection) -> list[Entry]:
            # A commit that failed may have reached the disk all the same.
            if doubtful:
                query = select(*COLUMNS).where(journal.c.seq > self.seq).order_by(journal.c.seq)
                found = connection.execute(query).all()
                if found and [row.data for row in found] == [one.data for one in batch]:
                    return [from_row(*row) for row in found]
                if found:
                    raise other_writer(self._url)
            try:
                connection.execute(insert(journal), rows(batch, self.seq, stream_ms))
            except IntegrityError as error:
                raise other_writer(self._url) from error
            return [Entry(seq, stream_ms, one.event) for seq, one in enumerate(batch, self.seq + 1)]

        return self._transaction(write)

    def _hold(self, reason: str) -> None:
        if self._health == "ok":
            self._report("degraded", f"events held: {reason}", self.waiting)

    def _report(self, status: Literal["ok", "degraded", "lost"], detail: str, value: float) -> None:
        if status == self._health:
            return
        self._health = status
        if self._on_health is not None:
            health = GatewayHealth(at=time.time(), component="journal", status=status, detail=detail, value=value)
            # Not from within append, which the callback may well call.
            self._loop.call_soon(self._on_health, health)

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        try:
            with self.engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise store_error(self._url, error) from error

    async def _reading(self, work: Callable[[Connection], T]) -> T:
        # A thread of its own, so that readers do not wait for the disk behind the writer.
        return await self._in_thread(self._reader_thread, work)

    async def _in_thread(self, thread: ThreadPoolExecutor, work: Callable[[Connection], T]) -> T:
        if self.closed:
            raise StoreError("journal: closed", "The gateway is stopping")
        return await self._loop.run_in_executor(thread, self._transaction, work)

    async def _until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            if self._writer.done():
                raise StoreError("journal: closed", "The gateway is stopping")
            await self._news.wait()

    async def _pause(self, seconds: float) -> None:
        """Gather more events, unless the journal is closing."""
        if seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._closing.wait()

    def _release(self) -> None:
        self.closed = True
        self._writer_thread.shutdown(wait=False)
        self._reader_thread.shutdown(wait=False)
        if self._lock is not None:
            self._lock.release()
