"""How much stands in the journal's database, how old it is, and how far its readers are."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Column, Connection, func, select, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.store import reading
from gateway.store.database import open_reading, shown, store_error
from gateway.store.tables import agent_states, alerts, calls, cursors, figures, journal, legs, outbound

OLDEST: dict[str, Column[float]] = {
    "journal": journal.c.at,
    "calls": calls.c.arrived,
    "legs": legs.c.started,
    "agent_states": agent_states.c.since,
    "outbound": outbound.c.started,
    "alerts": alerts.c.raised,
    "figures": figures.c.start,
}
"""Tables that grow, each with the instant that its rows are of."""


class TableStatus(Struct, frozen=True):
    """One table. ``oldest``: Unix seconds, None when it is empty."""

    name: str
    rows: int
    oldest: float | None


class ReaderStatus(Struct, frozen=True):
    """A reader of the journal. ``behind``: entries that it has not finished."""

    name: str
    seq: int
    behind: int


class StoreStatus(Struct, frozen=True):
    """What ``hotline store status --json`` prints. ``size``: bytes on disk, ``reusable``: those of removed rows."""

    database: str
    size: int
    reusable: int | None
    seq: int
    """The journal's newest number."""
    tables: list[TableStatus]
    readers: list[ReaderStatus]


def status(url: str) -> StoreStatus:
    """Look. Raises StoreError when there is no journal or it cannot be read."""
    engine = open_reading(url)
    try:
        with engine.begin() as connection:
            size, reusable = _size(connection)
            seq, _ = reading.newest(connection)
            standing = connection.execute(select(cursors.c.name, cursors.c.seq).order_by(cursors.c.name))
            return StoreStatus(
                database=shown(url),
                size=size,
                reusable=reusable,
                seq=seq,
                tables=[_table(connection, name, instant) for name, instant in OLDEST.items()],
                readers=[ReaderStatus(name, done, seq - done) for name, done in standing],
            )
    except SQLAlchemyError as error:
        raise store_error(url, error) from error
    finally:
        engine.dispose()


def _table(connection: Connection, name: str, instant: Column[float]) -> TableStatus:
    rows = connection.execute(select(func.count()).select_from(instant.table)).scalar_one()
    if instant.table is journal:
        first = select(instant).order_by(journal.c.seq).limit(1)
        return TableStatus(name, rows, connection.execute(first).scalar())
    return TableStatus(name, rows, connection.execute(select(func.min(instant))).scalar())


def _size(connection: Connection) -> tuple[int, int | None]:
    if connection.dialect.name == "postgresql":
        return connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one(), None
    page, pages, free = (
        connection.execute(text(f"PRAGMA {name}")).scalar_one()
        for name in ("page_size", "page_count", "freelist_count")
    )
    return page * pages, page * free
