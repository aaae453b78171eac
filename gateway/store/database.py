"""Opens the journal's database: engine, migrations, and the one place that knows SQLite from the rest."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gateway.config import Settings
from gateway.errors import StoreError

_MENDS = (
    ("locked", "Another program holds it; close that program"),
    ("readonly", "Make the file and its folder writable for the gateway's user"),
    ("unable to open", "Make the folder writable for the gateway's user"),
    ("full", "Free some space on that disk"),
    ("not a database", "The file is damaged or of another program; move it away or restore a backup"),
)


def database_url(settings: Settings) -> str:
    """The SQLAlchemy URL of the journal: ``store.url``, or SQLite at ``journal.db`` in the data folder."""
    return settings.store.url or f"sqlite:///{settings.home() / 'journal.db'}"


def open_engine(url: str) -> Engine:
    """Connect, and bring the tables to this version; a database that is already there is left as it is.

    Raises StoreError when the file cannot be written, is locked, or was written by a newer gateway.
    """
    try:
        parsed = make_url(url)
        path = sqlite_path(parsed)
        if path is not None:
            _make_folder(path)
        # Parameters of a statement are personal data and must not stand in an exception's text.
        engine = create_engine(parsed, hide_parameters=True, pool_pre_ping=path is None)
    except (SQLAlchemyError, OSError, ImportError) as error:
        raise store_error(url, error) from error
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
    try:
        _migrate(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        raise store_error(url, error) from error
    except StoreError:
        engine.dispose()
        raise
    return engine


def store_error(url: str | URL, error: Exception) -> StoreError:
    """The one-line StoreError for a failure of the database at ``url``, without its password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = " ".join(str(cause).split())
    mend = next((mend for word, mend in _MENDS if word in text), "See store.url in gateway.toml")
    return StoreError(f"journal database {shown(url)}: {text}", mend)


def shown(url: str | URL) -> str:
    """The database's name for people: a SQLite file's path, else the URL without its password."""
    try:
        parsed = make_url(url)
    except SQLAlchemyError:
        return "(store.url)"
    path = sqlite_path(parsed)
    return str(path) if path is not None else parsed.render_as_string(hide_password=True)


def sqlite_path(url: str | URL) -> Path | None:
    """The file of a SQLite URL; None for other databases and for SQLite in memory."""
    parsed = make_url(url)
    name = parsed.database
    if parsed.get_backend_name() != "sqlite" or not name or name == ":memory:":
        return None
    return Path(name.removeprefix("file:"))


def _make_folder(path: Path) -> None:
    """The journal holds personal data: a folder made for it is its user's only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)


class WriterLock:
    """Keeps a second gateway from writing into the same SQLite journal. Freed by the system when a process dies."""

    def __init__(self, url: str) -> None:
        """Take the lock. Raises StoreError when another process holds it or the folder is not writable."""
        self._fd: int | None = None
        path = sqlite_path(url)
        if path is None:
            return
        try:
            _make_folder(path)
            self._fd = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.release()
            raise StoreError(
                f"journal database {path}: another gateway writes it", "Stop that one, or set store.url"
            ) from error
        except OSError as error:
            raise store_error(url, error) from error

    def release(self) -> None:
        """Give the lock back; harmless when it is not held."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own idea of transactions leaves CREATE TABLE outside them; ours are opened below.
        connection.isolation_level = None
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("writes_first", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _migrate(engine: Engine) -> None:
    config = Config()
    config.set_main_option("script_location", "gateway.store:migrations")
    script = ScriptDirectory.from_config(config)
    with engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    if current == script.get_current_head():
        return
    if current is not None and current not in {version.revision for version in script.walk_revisions()}:
        raise StoreError(
            f"journal database {shown(engine.url)}: written by a newer gateway (version {current})",
            "Install that gateway again, or restore a backup",
        )
    with engine.connect().execution_options(writes_first=True) as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
