"""Real neighbours: one Asterisk, one Redis and one PostgreSQL for the whole run."""

from __future__ import annotations

import signal
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.demo.stage import AsteriskInstance, RedisInstance
from tests.integration.postgresql import PostgresqlInstance
from tests.integration.prompts import lay_prompts

# A shell that runs tests in the background has them ignore Ctrl-C, and with them every command they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def asterisk() -> AsyncIterator[AsteriskInstance]:
    """A PBX with the hotline's dialplan and noises for prompts; nobody listens at its ``agi_port``."""
    async with AsteriskInstance() as instance:
        lay_prompts(instance)
        yield instance


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def redis() -> AsyncIterator[RedisInstance]:
    """A Redis that keeps nothing on disk."""
    async with RedisInstance() as instance:
        yield instance


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgresql() -> AsyncIterator[PostgresqlInstance]:
    """A PostgreSQL server; each test makes a database of its own."""
    async with PostgresqlInstance() as instance:
        yield instance


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A new and empty database for a journal, once of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'journal.db'}?timeout=0.05"
        return
    server = request.getfixturevalue("postgresql")
    name = f"journal_{uuid.uuid4().hex}"
    yield server.make_database(name)
    server.drop_database(name)
