"""The journal for programs that only read it, also while a gateway writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Self, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from gateway.store import reading
from gateway.store.database import open_reading, store_error
from gateway.store.entry import Entry

CHUNK = 1000
"""Entries in one transaction: a longer one would keep the database from tidying up behind the writer."""

T = TypeVar("T")


class JournalReader:
    """``with JournalReader(database_url(settings)) as journal: for entry in journal.entries(...): ...``

    Changes nothing and takes no lock that a gateway would notice. Every method raises StoreError when the database
    fails.
    """

    def __init__(self, url: str) -> None:
        """Raises StoreError when there is no journal, or it was written by a newer gateway."""
        self.engine = open_reading(url)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.engine.dispose()

    def entries(self, since: float | None = None, types: Sequence[str] | None = None) -> Iterator[Entry]:
        """What the journal holds at this moment, in order, from those committed at ``since`` (Unix seconds) on.

        ``types``: only these, such as ``("call.offered", "call.ended")``. An event is committed after it happened
        (``at``), as a rule milliseconds, after a lost connection to the PBX much later.
        """
        last, _ = self._run(reading.newest)
        after = 0 if since is None else self._run(lambda connection: reading.seq_at(connection, since))
        while after < last:
            chunk = self._chunk(after, types)
            yield from (entry for entry in chunk if entry.seq <= last)
            if len(chunk) < CHUNK:
                return
            after = chunk[-1].seq

    def _chunk(self, after: int, types: Sequence[str] | None) -> list[Entry]:
        return self._run(lambda connection: list(reading.read(connection, after, CHUNK, types)))

    def _run(self, work: Callable[[Connection], T]) -> T:
        try:
            with self.engine.begin() as connection:
                return work(connection)
        except SQLAlchemyError as error:
            raise store_error(self.engine.url, error) from error
