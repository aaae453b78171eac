"""Keeps a second gateway from writing into the same journal."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from gateway.errors import StoreError
from gateway.store.database import connect_only, make_folder, shown, sqlite_path, store_error

WRITER = 0x686F746C696E6500
"""PostgreSQL's advisory lock of the one writer; it is of one database."""


def other_writer(url: str) -> StoreError:
    """The error for a journal that another gateway writes."""
    return StoreError(f"journal database {shown(url)}: another gateway writes it", "Stop that one, or set store.url")


class WriterLock:
    """For SQLite a locked file beside it, for PostgreSQL an advisory lock on a connection of its own.

    Freed by the system or the server when the process dies.
    """

    def __init__(self, url: str) -> None:
        """Take the lock. Raises StoreError when another gateway holds it or the database cannot be reached."""
        self._url = url
        self._fd: int | None = None
        self._engine: Engine | None = None
        self._session: Connection | None = None
        try:
            backend, path = make_url(url).get_backend_name(), sqlite_path(url)
            if path is not None:
                self._lock_file(path)
            elif backend == "postgresql":
                self._engine = connect_only(url)
                self.hold()
        except (SQLAlchemyError, OSError, ImportError) as error:
            self.release()
            raise store_error(url, error) from error
        except StoreError:
            self.release()
            raise

    def hold(self) -> None:
        """Make sure that the lock is held still: PostgreSQL frees it when that connection is lost.

        Raises StoreError when another gateway has taken it meanwhile or the server is away.
        """
        if self._engine is None:
            return
        try:
            if self._session is not None:
                with suppress(SQLAlchemyError):
                    self._session.execute(text("SELECT 1"))
                    return
                self._session.invalidate()
                self._session.close()
                self._session = None
            session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            if not session.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": WRITER}).scalar():
                session.close()
                raise other_writer(self._url)
            self._session = session
        except SQLAlchemyError as error:
            raise store_error(self._url, error) from error

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
        if self._session is not None:
            self._session.close()
            self._session = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _lock_file(self, path: Path) -> None:
        make_folder(path)
        self._fd = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise other_writer(self._url) from error
