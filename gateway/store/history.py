"""The history: tables of calls, legs, agents' states and alerts, made of the journal's events alone.

It follows the journal as any reader does, in a thread and on a connection of its own, and may lag. Rows and cursor
are written in one transaction, so that whatever happens in between an entry counts once; the tables can be made anew
from the journal at any time. A commit need not be on disk when it returns: what the machine loses in a crash it loses
with the cursor, and takes it in again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Literal, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Engine, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import StoreError
from gateway.events import GatewayHealth
from gateway.store import reading
from gateway.store.database import open_engine, store_error
from gateway.store.entry import Entry
from gateway.store.fold import Fold, touched
from gateway.store.journal import Journal
from gateway.store.rows import AgentStateRow, AlertRow, CallRow, FiguresRow, LegRow, OutboundRow
from gateway.store.tables import agent_states, alerts, calls, figures, legs, outbound

CURSOR = "history"
"""Name of this reader's cursor in the journal."""
BATCH = 200
"""Entries in one transaction: few enough that the journal's writer, who has to wait for it in SQLite, waits shortly."""
MAX_QUEUE = 2_000
"""Entries held for us; beyond them they are read again from the journal."""
GATHER_SECONDS, CATCH_UP_SECONDS = 0.25, 0.05
"""Pause after a transaction, and after a full one."""
FIRST_RETRY, LONGEST_RETRY = 0.1, 5.0
"""Seconds between attempts while the tables cannot be written."""

A = TypeVar("A")
R = TypeVar("R", bound=Struct)
T = TypeVar("T")


class History:
    """``await history.run()`` in a task of its own, beside the ``journal`` that it reads; ``url`` is that journal's.

    ``on_health`` hears of component ``history``: "degraded" while the tables cannot be written, "ok" when they can
    again. ``value`` is the number of entries that wait.
    """

    def __init__(
        self,
        url: str,
        journal: Journal,
        *,
        batch: int = BATCH,
        on_health: Callable[[GatewayHealth], None] | None = None,
    ) -> None:
        self.seq = 0
        """Number of the newest entry that is in the tables."""
        self._url = url
        self._journal = journal
        self._batch = batch
        self._on_health = on_health
        self._health: Literal["ok", "degraded"] = "ok"
        self._engine: Engine | None = None
        self._thread = ThreadPoolExecutor(1, "history")
        self._advanced = asyncio.Event()

    async def run(self) -> None:
        """Follow the journal until cancelled or the journal is closed. A fault is reported as health and waited out."""
        retry = FIRST_RETRY
        try:
            while True:
                try:
                    await self._follow()
                    return
                except StoreError as error:
                    if self._journal.closed:
                        return
                    retry = FIRST_RETRY if self._health == "ok" else min(retry * 2, LONGEST_RETRY)
                    self._report("degraded", f"entries waiting: {error}")
                    await asyncio.sleep(retry)
        finally:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._dispose)
            self._thread.shutdown(wait=False)

    async def reached(self, seq: int) -> None:
        """Wait until the entry ``seq`` is in the tables."""
        while self.seq < seq:
            await self._advanced.wait()

    async def keep_figures(self, rows: Sequence[FiguresRow]) -> None:
        """Write sums of intervals, over those of the same queue, start and length. Raises StoreError."""
        await self._in_thread(self._transaction, partial(_upsert, table=figures, rows=rows))

    async def _follow(self) -> None:
        self._advance(await self._in_thread(self._transaction, partial(reading.cursor, name=CURSOR)))
        with self._journal.subscribe(CURSOR, after=self.seq, max_queue=MAX_QUEUE) as subscription:
            while entries := await subscription.take(self._batch):
                await self._in_thread(self._take, entries)
                self._advance(entries[-1].seq)
                self._report("ok", "entries waiting")
                await asyncio.sleep(CATCH_UP_SECONDS if len(entries) == self._batch else GATHER_SECONDS)

    def _take(self, entries: Sequence[Entry]) -> None:
        """Take the entries in, all or none; those that are in already are passed over.

        What is read and thought over first keeps nobody from writing.
        """

        def look(connection: Connection) -> tuple[list[Entry], Fold]:
            done = reading.cursor(connection, CURSOR)
            new = [entry for entry in entries if entry.seq > done]
            return new, load(connection, new)

        def write(connection: Connection) -> None:
            _upsert(connection, calls, fold.calls.values())
            _upsert(connection, legs, (row for rows in fold.legs.values() for row in rows))
            _upsert(connection, agent_states, (row for rows in fold.states.values() for row in rows))
            _upsert(connection, outbound, fold.outbound.values())
            _upsert(connection, alerts, fold.alerts.values())
            reading.set_cursor(connection, CURSOR, new[-1].seq)

        new, fold = self._transaction(look)
        for entry in new:
            fold.take(entry)
        if new:
            self._transaction(write)

    def _advance(self, seq: int) -> None:
        self.seq = seq
        self._advanced.set()
        self._advanced = asyncio.Event()

    async def _in_thread(self, work: Callable[[A], T], argument: A) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, argument)

    def _transaction(self, work: Callable[[Connection], T]) -> T:
        try:
            if self._engine is None:
                self._engine = open_engine(self._url, durable=False)
            with self._engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise store_error(self._url, error) from error

    def _dispose(self) -> None:
        if self._engine is not None:
            self._engine.dispose()

    def _report(self, status: Literal["ok", "degraded"], detail: str) -> None:
        if status == self._health:
            return
        self._health = status
        if self._on_health is not None:
            waiting = float(self._journal.seq - self.seq)
            self._on_health(
                GatewayHealth(at=time.time(), component="history", status=status, detail=detail, value=waiting)
            )


def load(connection: Connection, entries: Iterable[Entry]) -> Fold:
    """The rows in the tables that these entries touch."""
    keys, fold = touched(entries), Fold()
    if keys.calls:
        fold.calls = {row.call_id: row for row in _rows(connection, CallRow, calls, calls.c.call_id.in_(keys.calls))}
        living = legs.c.call_id.in_(keys.calls) & legs.c.ended.is_(None)
        for leg in _rows(connection, LegRow, legs, living):
            fold.legs[leg.call_id].append(leg)
    if keys.agents:
        lasting = agent_states.c.until.is_(None) & agent_states.c.agent.in_(keys.agents)
        for state in _rows(connection, AgentStateRow, agent_states, lasting):
            fold.states[state.agent].append(state)
    if keys.outbound:
        chosen = outbound.c.call_id.in_(keys.outbound)
        fold.outbound = {row.call_id: row for row in _rows(connection, OutboundRow, outbound, chosen)}
    if keys.alerts:
        named = alerts.c.alert_id.in_(keys.alerts)
        fold.alerts = {row.alert_id: row for row in _rows(connection, AlertRow, alerts, named)}
    return fold


def _rows(connection: Connection, kind: type[R], table: Table, where: ColumnElement[bool]) -> list[R]:
    query = select(table).where(where).order_by(*table.primary_key.columns)
    return [kind(*row) for row in connection.execute(query)]


def _upsert(connection: Connection, table: Table, rows: Iterable[Struct]) -> None:
    """Write whole rows, new ones and others over those of the same key."""
    values = [msgspec.structs.asdict(row) for row in rows]
    if not values:
        return
    new = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    key = [column.name for column in table.primary_key.columns]
    rest = {column.name: new.excluded[column.name] for column in table.columns if column.name not in key}
    connection.execute(new.on_conflict_do_update(index_elements=key, set_=rest), values)
