"""How the journal is read, in whatever transaction the caller has open: by number, type and instant; and its cursors.

After a purge the numbers have holes; nothing here counts on the next number being there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Select, func, insert, select, union_all, update

from gateway.store.entry import COLUMNS, Entry, from_row
from gateway.store.tables import cursors, journal, purged


def read(connection: Connection, after: int, limit: int, types: Sequence[str] | None = None) -> Iterator[Entry]:
    """At most ``limit`` entries newer than ``after``, in order; of the given ``types`` only, such as ``call.ended``.

    Raises StoreError for an entry that this gateway does not know.
    """
    query = select(*COLUMNS).where(journal.c.seq > after).order_by(journal.c.seq).limit(limit)
    if types is not None:
        if not types:
            return iter(())
        query = select(*COLUMNS).where(journal.c.seq.in_(_numbers(after, limit, types))).order_by(journal.c.seq)
    return (from_row(*row) for row in connection.execute(query))


def _numbers(after: int, limit: int, types: Sequence[str]) -> Select[tuple[int]]:
    """The next numbers of some types, each from the index: ``IN`` would have all later ones sorted for every read."""
    each = [
        select(
            select(journal.c.seq)
            .where(journal.c.type == one, journal.c.seq > after)
            .order_by(journal.c.seq)
            .limit(limit)
            .subquery()
            .c.seq
        )
        for one in dict.fromkeys(types)
    ]
    found = union_all(*each).subquery()
    return select(found.c.seq).order_by(found.c.seq).limit(limit)


def seq_at(connection: Connection, instant: float) -> int:
    """Number of the last entry committed before this instant (Unix seconds); 0 when none that is kept was.

    Numbers are looked up by halves, since ``stream_ms`` never decreases with them.
    """
    low = connection.execute(select(func.min(journal.c.seq))).scalar() or 0
    high = connection.execute(select(func.max(journal.c.seq))).scalar() or -1
    found = 0
    while low <= high:
        middle = (low + high) // 2
        seq, stream_ms = connection.execute(
            select(journal.c.seq, journal.c.stream_ms).where(journal.c.seq >= middle).order_by(journal.c.seq).limit(1)
        ).one()
        if stream_ms < instant * 1000:
            found, low = seq, seq + 1
        else:
            high = middle - 1
    return found


def newest(connection: Connection) -> tuple[int, int]:
    """The highest number and stamp (Unix ms) that were ever given; zeros for a journal that never had an entry."""
    last = connection.execute(
        select(journal.c.seq, journal.c.stream_ms).order_by(journal.c.seq.desc()).limit(1)
    ).first()
    mark = connection.execute(select(purged.c.seq, purged.c.stream_ms)).first()
    seq, stream_ms = max(tuple(last or (0, 0)), tuple(mark or (0, 0)))
    return seq, stream_ms


def cursor(connection: Connection, name: str) -> int:
    """Where the reader ``name`` stands; 0 when it never finished an entry."""
    return connection.execute(select(cursors.c.seq).where(cursors.c.name == name)).scalar() or 0


def set_cursor(connection: Connection, name: str, seq: int) -> None:
    """Keep where the reader ``name`` stands."""
    changed = connection.execute(update(cursors).where(cursors.c.name == name).values(seq=seq))
    if changed.rowcount == 0:
        connection.execute(insert(cursors).values(name=name, seq=seq))
