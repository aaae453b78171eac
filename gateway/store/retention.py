"""What is removed when its days are over: personal data are kept no longer than needed, and a disk has an end.

Of the journal never goes: an entry that a reader (Redis, the history) has not finished, one of a call whose line is
not down, and one of the last two days, which a restart reads. Rows go a few at a time with a pause between, so that
the journal's writer hardly waits. A call without an end counts as living until the history drops it for its own age.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Engine, Table, delete, func, insert, select, tuple_, union_all, update
from sqlalchemy.exc import SQLAlchemyError

from gateway.config import Settings, zone
from gateway.errors import StoreError
from gateway.store import reading
from gateway.store.database import open_engine, open_reading, store_error
from gateway.store.tables import agent_states, alerts, calls, cursors, figures, journal, legs, outbound, purged

DAY = 86400.0
LEAST_JOURNAL_DAYS = 2.0
"""Entries younger than this stay, whatever the settings say."""
BATCH = 500
"""Rows in one transaction."""
PAUSE = 0.05
"""Seconds between two of them."""
RETRY_SECONDS = 600.0
"""After a purge that the database did not let through."""

log = logging.getLogger(__name__)


class Purge(Struct, frozen=True):
    """Rows removed, or with ``dry_run`` to be removed, by table.

    ``kept_for``: the reader for whom older entries of the journal stay, since it has not finished them; mostly empty.
    """

    rows: dict[str, int]
    dry_run: bool = False
    kept_for: str = ""


class Retention:
    """Removes what is older than ``settings.store`` allows.

    ``readers`` are the names of cursors that must be there: until such a reader has finished an entry, all stay.
    """

    def __init__(self, url: str, settings: Settings, readers: Sequence[str]) -> None:
        self._url = url
        self._settings = settings
        self._readers = tuple(readers)

    async def run(self) -> None:
        """Purge every day at ``store.purge_hour``, until cancelled. A failure is logged and tried again later."""
        wait = self._until_hour()
        stop = threading.Event()
        try:
            while True:
                await asyncio.sleep(wait)
                try:
                    removed = await asyncio.to_thread(self.purge, time.time(), stop=stop)
                except StoreError as error:
                    log.warning("purge put off: %s", error)
                    wait = RETRY_SECONDS
                else:
                    waits = f"; older entries stay for {removed.kept_for}" if removed.kept_for else ""
                    log.info("purged %s%s", removed.rows, waits)
                    wait = self._until_hour()
        finally:
            stop.set()

    def purge(self, now: float, *, dry_run: bool = False, stop: threading.Event | None = None) -> Purge:
        """Remove what is too old at ``now`` (Unix seconds), or count it; ends early at ``stop``. Raises StoreError."""
        store, stop = self._settings.store, stop or threading.Event()
        engine = open_reading(self._url) if dry_run else open_engine(self._url, durable=False)
        try:
            with engine.begin() as connection:
                last, kept_for = self._last(connection, now - max(store.journal_days, LEAST_JOURNAL_DAYS) * DAY)
                chosen = {"journal": _removable(last), **_old(now - store.history_days * DAY)}
                if dry_run:
                    return Purge(
                        {name: _count(connection, name, where) for name, where in chosen.items()}, True, kept_for
                    )
            removed = {name: sum(_remove(engine, name, where, stop)) for name, where in chosen.items()}
            return Purge(removed, False, kept_for)
        except SQLAlchemyError as error:
            raise store_error(self._url, error) from error
        finally:
            engine.dispose()

    def _last(self, connection: Connection, before: float) -> tuple[int, str]:
        """The last entry that may go, and for whom it is not a later one."""
        standing = dict.fromkeys(self._readers, 0)
        standing.update((name, seq) for name, seq in connection.execute(select(cursors.c.name, cursors.c.seq)))
        by_age = reading.seq_at(connection, before)
        slowest = min(standing, key=lambda name: standing[name], default="")
        if slowest and standing[slowest] < by_age:
            return standing[slowest], slowest
        return by_age, ""

    def _until_hour(self) -> float:
        now = time.time()
        return next_purge(self._settings, now) - now


def next_purge(settings: Settings, now: float) -> float:
    """The first instant after ``now`` at which the day's purge is due."""
    local = datetime.fromtimestamp(now, zone(settings.timezone))
    due = local.replace(hour=settings.store.purge_hour, minute=0, second=0, microsecond=0, fold=0)
    return due.timestamp() if due.timestamp() > now else (due + timedelta(days=1)).timestamp()


def _removable(last: int) -> ColumnElement[bool]:
    living = union_all(
        select(calls.c.call_id).where(calls.c.ended.is_(None)),
        select(outbound.c.call_id).where(outbound.c.ended.is_(None)),
    )
    return (journal.c.seq <= last) & journal.c.call_id.not_in(living)


def _old(before: float) -> dict[str, ColumnElement[bool]]:
    """Rows of the history that are older than ``before``, legs before their calls."""
    of_call = legs.c.call_id.in_(select(calls.c.call_id).where(calls.c.arrived < before))
    return {
        "legs": of_call,
        "calls": calls.c.arrived < before,
        "agent_states": agent_states.c.until < before,
        "outbound": outbound.c.started < before,
        "alerts": alerts.c.raised < before,
        "figures": figures.c.start < before,
    }


def _count(connection: Connection, name: str, where: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(_table(name)).where(where)).scalar_one()


def _remove(engine: Engine, name: str, where: ColumnElement[bool], stop: threading.Event) -> Iterator[int]:
    """Delete the rows, a batch in a transaction; gives how many each time."""
    table = _table(name)
    key = list(table.primary_key.columns)
    while not stop.is_set():
        # Looked up before: in SQLite a transaction that read something may write only if nobody else did meanwhile.
        with engine.begin() as connection:
            found = connection.execute(select(*key).where(where).limit(BATCH)).all()
        if not found:
            return
        chosen = key[0].in_([row[0] for row in found]) if len(key) == 1 else tuple_(*key).in_(found)
        with engine.begin() as connection:
            if table is journal:
                _mark(connection, max(row[0] for row in found))
            connection.execute(delete(table).where(chosen))
        yield len(found)
        stop.wait(PAUSE)


def _mark(connection: Connection, seq: int) -> None:
    """Remember the newest entry that goes, so that its number and stamp are never given again."""
    stamp = select(journal.c.stream_ms).where(journal.c.seq == seq).scalar_subquery()
    connection.execute(update(purged).where(purged.c.seq < seq).values(seq=seq, stream_ms=stamp))
    if connection.execute(select(purged.c.id)).first() is None:
        connection.execute(insert(purged).values(id=1, seq=seq, stream_ms=stamp))


def _table(name: str) -> Table:
    return journal.metadata.tables[name]
