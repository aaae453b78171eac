"""Opens the journal's database: engine, migrations, and the one place that knows SQLite from PostgreSQL.

Commits of a ``durable`` engine are on disk when they return. Those of another one may be lost when the machine (not
the gateway) dies, whole and the newest first: for tables that are made of the journal, and quicker to the others.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool, Pool

from gateway.config import Settings
from gateway.errors import StoreError

CONNECT_SECONDS = 5
"""How long PostgreSQL may take to let us in."""
STATEMENT_SECONDS = 30
"""How long PostgreSQL may take for one statement, migrations aside."""
MIGRATION_LOCK = 0x686F746C696E6501
"""PostgreSQL's advisory lock that has two programs migrate one after the other."""

_MENDS = (
    ("locked", "Another program holds it; close that program"),
    ("readonly", "Make the file and its folder writable for the gateway's user"),
    ("unable to open", "Make the folder writable for the gateway's user"),
    ("disk is full", "Free some space on that disk"),
    ("No space left", "Free some space on that disk"),
    ("not a database", "The file is damaged or of another program; move it away or restore a backup"),
    ("'psycopg'", "Install PostgreSQL's driver: pip install 'psycopg[binary]'"),
    ("password", "Put user and password into store.url; HOTLINE_STORE_URL_FILE names a file that holds it"),
    ("permission denied", "Make the gateway's user the owner of the database"),
    ("does not exist", "Make it: createdb --encoding=UTF8 --owner=USER NAME"),
    ("resolve", "Mend the host in store.url"),
    ("connection", "Start PostgreSQL, or mend store.url"),
)


def database_url(settings: Settings) -> str:
    """The SQLAlchemy URL of the journal: ``store.url``, or SQLite at ``journal.db`` in the data folder."""
    return settings.store.url or f"sqlite:///{settings.home() / 'journal.db'}"


def open_engine(url: str, *, durable: bool = True) -> Engine:
    """Connect, and bring the tables to this version; a database that is already there is left as it is.

    Raises StoreError when the database cannot be written, is locked or away, or was written by a newer gateway.
    """
    try:
        path = sqlite_path(url)
        if path is not None:
            make_folder(path)
        engine = _engine(url, durable)
    except (SQLAlchemyError, OSError, ImportError) as error:
        raise store_error(url, error) from error
    try:
        _migrate(engine)
    except SQLAlchemyError as error:
        engine.dispose()
        raise store_error(url, error) from error
    except StoreError:
        engine.dispose()
        raise
    return engine


def open_reading(url: str) -> Engine:
    """Connect to a journal that is there, to read it only; its tables are left as they are.

    Raises StoreError when there is none, it cannot be read, or its tables are not of this version.
    """
    try:
        path = sqlite_path(url)
        if path is not None and not path.is_file():
            raise _no_journal(url)
        engine = _engine(url, durable=True, reading=True)
    except (SQLAlchemyError, ImportError) as error:
        raise store_error(url, error) from error
    try:
        current, newest = _version(engine), _script(Config()).get_current_head()
    except SQLAlchemyError as error:
        engine.dispose()
        raise store_error(url, error) from error
    if current != newest:
        engine.dispose()
        if current is None:
            raise _no_journal(url)
        raise StoreError(
            f"journal database {shown(url)}: its tables are of another gateway (version {current}, not {newest})",
            "A start of the newer one brings them to its version",
        )
    return engine


def connect_only(url: str) -> Engine:
    """An engine that keeps no connection and looks at no table."""
    return _engine(url, durable=True, poolclass=NullPool)


def store_error(url: str | URL, error: Exception) -> StoreError:
    """The one-line StoreError for a failure of the database at ``url``, without its password."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    lines = str(cause).splitlines() or [type(cause).__name__]
    # Further lines of PostgreSQL's own answers repeat a row's values, which are personal data.
    named = " ".join(" ".join(lines[:1] if getattr(cause, "sqlstate", None) else lines).split())
    mend = next((mend for word, mend in _MENDS if word in named), "See store.url in gateway.toml")
    return StoreError(f"journal database {shown(url)}: {named.rstrip('.')}", mend)


def shown(url: str | URL) -> str:
    """The database's name for people: a SQLite file's path, else the URL without its password."""
    try:
        parsed = make_url(url)
    except SQLAlchemyError:
        return "(store.url)"
    path = sqlite_path(parsed)
    return str(path) if path is not None else parsed.set(query={}).render_as_string(hide_password=True)


def sqlite_path(url: str | URL) -> Path | None:
    """The file of a SQLite URL; None for other databases and for SQLite in memory."""
    parsed = make_url(url)
    name = parsed.database
    if parsed.get_backend_name() != "sqlite" or not name or name == ":memory:":
        return None
    return Path(name.removeprefix("file:"))


def make_folder(path: Path) -> None:
    """The journal holds personal data: a folder made for it is its user's only."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)


def _no_journal(url: str) -> StoreError:
    return StoreError(f"journal database {shown(url)}: there is no journal yet", "`hotline serve` makes it")


def _engine(url: str, durable: bool, reading: bool = False, poolclass: type[Pool] | None = None) -> Engine:
    parsed = make_url(url)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    arguments: dict[str, Any] = {}
    if parsed.get_backend_name() == "postgresql":
        arguments = {key: value for key, value in _postgresql(durable, reading).items() if key not in parsed.query}
    # Parameters of a statement are personal data and must not stand in an exception's text.
    engine = create_engine(
        parsed,
        hide_parameters=True,
        pool_pre_ping=parsed.get_backend_name() != "sqlite",
        poolclass=poolclass,
        connect_args=arguments,
    )
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, durable, reading)
    return engine


def _postgresql(durable: bool, reading: bool) -> dict[str, Any]:
    """What each connection asks of PostgreSQL; libpq's names. Either side notices within some 10 s that the other is
    gone, so that a dead gateway does not keep the writer's lock.
    """
    options = [f"statement_timeout={STATEMENT_SECONDS}s", "idle_in_transaction_session_timeout=60s"]
    options += ["tcp_keepalives_idle=5", "tcp_keepalives_interval=2", "tcp_keepalives_count=3"]
    options += [f"synchronous_commit={'on' if durable else 'off'}"]
    options += ["default_transaction_read_only=on"] if reading else []
    return {
        "connect_timeout": CONNECT_SECONDS,
        "application_name": "hotline",
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
        "client_encoding": "utf8",
        "options": " ".join(f"-c {option}" for option in options),
    }


def _prepare_sqlite(engine: Engine, durable: bool, reading: bool) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: sqlite3.Connection, _record: object) -> None:
        # The driver's own idea of transactions leaves CREATE TABLE outside them; ours are opened below.
        connection.isolation_level = None
        if reading:
            connection.execute("PRAGMA query_only=ON")
            return
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        connection.execute("PRAGMA secure_delete=ON")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("writes_first", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _script(config: Config) -> ScriptDirectory:
    config.set_main_option("script_location", "gateway.store:migrations")
    return ScriptDirectory.from_config(config)


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _migrate(engine: Engine) -> None:
    config = Config()
    script = _script(config)
    current = _version(engine)
    if current == script.get_current_head():
        return
    if current is not None and current not in {version.revision for version in script.walk_revisions()}:
        raise StoreError(
            f"journal database {shown(engine.url)}: written by a newer gateway (version {current})",
            "Install that gateway again, or restore a backup",
        )
    with engine.connect().execution_options(writes_first=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            _prepare_migration(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _prepare_migration(connection: Connection) -> None:
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise StoreError(
            f"journal database {shown(connection.engine.url)}: its encoding is {encoding}",
            "Make one with createdb --encoding=UTF8 --template=template0",
        )
