"""A PostgreSQL server of our own, of the newest version that is installed."""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from sqlalchemy import create_engine, text

from gateway.demo.process import Child, Ephemeral, free_port, program
from gateway.errors import SettingError

VERSIONS = Path("/usr/lib/postgresql")
USER = "postgres"
START_SECONDS = 30.0


class PostgresqlInstance(Ephemeral):
    """Async context manager: a server on a loopback port, gone with its folder on exit; it trusts who asks there.

    Commits do not wait for the disk: a machine's crash is not what the tests are about. PostgreSQL refuses to run as
    root, so for root it runs as the user ``postgres``.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self._folder = tempfile.TemporaryDirectory(prefix="hotline-postgresql-")
        self.folder = Path(self._folder.name)
        self._data = self.folder / "data"
        self._bin = _newest()
        command = [*_as_user(), str(self._bin / "postgres"), "-D", str(self._data), "-p", str(self.port)]
        command += ["-h", "127.0.0.1", "-k", str(self.folder), "-F", "-c", "max_connections=40"]
        self._child = Child("postgres", command, self.folder / "postgresql.log")

    def url(self, database: str = "postgres") -> str:
        """As the setting ``store.url`` takes it."""
        return f"postgresql+psycopg://{USER}@127.0.0.1:{self.port}/{database}"

    def make_database(self, name: str) -> str:
        """A new and empty database; gives its URL."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE template0')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove it, also when somebody is still connected."""
        self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def execute(self, statement: str) -> None:
        """Run a statement in the server's own database."""
        engine = create_engine(self.url(), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))
        engine.dispose()

    async def start(self) -> None:
        """Start the server and wait until it answers."""
        if not self._data.exists():
            await asyncio.to_thread(self._make_cluster)
        await self._child.start()
        await self._child.until(self._answers, START_SECONDS)

    async def stop(self) -> None:
        """End the server and its sessions in order; ``start()`` may follow."""
        await self._end(signal.SIGINT)

    async def crash(self) -> None:
        """End the server at once, its sessions in the middle of what they do; ``start()`` may follow."""
        await self._end(signal.SIGQUIT)

    def forget(self) -> None:
        """Remove what it left on disk."""
        self._folder.cleanup()

    async def _end(self, how: signal.Signals) -> None:
        if self._child.pid is not None:
            os.kill(self._child.pid, how)
        await self._child.stop(10.0)

    def _make_cluster(self) -> None:
        if os.geteuid() == 0:
            shutil.chown(self.folder, USER, USER)
        command = [*_as_user(), str(self._bin / "initdb"), "-D", str(self._data), "-U", USER, "-A", "trust"]
        command += ["--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        subprocess.run(command, check=True, capture_output=True, timeout=START_SECONDS, cwd="/")

    async def _answers(self) -> bool:
        ready = await asyncio.create_subprocess_exec(
            str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)
        )
        return await ready.wait() == 0


def _newest() -> Path:
    found = [path for path in VERSIONS.glob("*/bin") if (path / "initdb").exists()]
    if not found:
        raise SettingError("postgresql", "PostgreSQL is not installed", "Install it, e.g. apt-get install postgresql")
    return max(found, key=lambda path: float(path.parent.name))


def _as_user() -> list[str]:
    if os.geteuid() != 0:
        return []
    pwd.getpwnam(USER)
    # Another user takes the signal at the parent's death away, so it is asked for again.
    return [program("setpriv"), f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--pdeathsig", "KILL"]
