"""What can happen to a PostgreSQL under the gateway, and what it says of a wrong ``store.url``."""

from __future__ import annotations

import asyncio
import os
import signal
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from gateway.demo.process import free_port
from gateway.errors import StoreError
from gateway.events import CallOffered, CallQueued, GatewayHealth
from gateway.store import journal as journal_module
from gateway.store.database import open_engine
from gateway.store.history import History
from gateway.store.journal import Journal
from gateway.store.lock import WriterLock
from tests.integration.postgresql import PostgresqlInstance


@pytest.fixture
def url(postgresql: PostgresqlInstance) -> Iterator[str]:
    name = f"journal_{uuid.uuid4().hex}"
    yield postgresql.make_database(name)
    postgresql.drop_database(name)


def queued(number: int) -> CallQueued:
    return CallQueued(at=1764000000.0 + number, call_id=f"1764.{number}", queue="hotline", position=number)


async def until(heard: asyncio.Queue[GatewayHealth], component: str, status: str) -> GatewayHealth:
    while True:
        health = await heard.get()
        if (health.component, health.status) == (component, status):
            return health


async def test_a_server_that_crashes_in_mid_run_gets_every_event_once():
    heard: asyncio.Queue[GatewayHealth] = asyncio.Queue()
    async with PostgresqlInstance() as server:
        url = server.make_database("journal")
        async with Journal(url, commit_interval=0.001, on_health=heard.put_nowait) as journal:
            history = History(url, journal, on_health=heard.put_nowait)
            following = asyncio.create_task(history.run())
            crashing = asyncio.create_task(server.crash())
            number = 0
            while not crashing.done():
                number += 1
                journal.append([queued(number)])
                await asyncio.sleep(0.001)
            journal.append([queued(number + 1)])
            held = await until(heard, "journal", "degraded")
            assert "Start PostgreSQL, or mend store.url" in held.detail
            await server.start()
            await until(heard, "journal", "ok")
            await journal.flush()
            kept = [entry.event for entry in await journal.read(0, 1_000_000)]
            assert kept == [queued(n) for n in range(1, number + 2)]
            await history.reached(number + 1)
            with pytest.raises(StoreError, match="another gateway writes it"):
                await asyncio.to_thread(WriterLock, url)
            following.cancel()
            await asyncio.wait([following])


async def test_a_server_that_hangs_is_named_and_waited_for(url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(journal_module, "SILENCE_LIMIT", 0.5)
    heard: asyncio.Queue[GatewayHealth] = asyncio.Queue()
    async with Journal(url, on_health=heard.put_nowait) as journal:
        journal.append([queued(1)])
        await journal.flush()
        with journal.engine.connect() as connection:
            backends = connection.execute(
                text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
            ).scalars()
            pids = [*backends, connection.execute(text("SELECT pg_backend_pid()")).scalar_one()]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            journal.append([queued(2)])
            held = await until(heard, "journal", "degraded")
            assert "does not answer" in held.detail
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        await journal.flush()
        assert [entry.event for entry in await journal.read(0, 10)] == [queued(1), queued(2)]


async def test_a_second_gateway_that_got_in_while_the_lock_was_lost_loses_nothing(
    url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(journal_module, "CLOSE_TIMEOUT", 0.5)
    heard: asyncio.Queue[GatewayHealth] = asyncio.Queue()
    journal = await Journal(url, on_health=heard.put_nowait).__aenter__()
    with journal.engine.begin() as connection:
        connection.execute(text("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"))
    async with Journal(url) as other:
        other.append([queued(1)])
        await other.flush()
        journal.append([queued(2)])
        assert "another gateway writes it" in (await until(heard, "journal", "degraded")).detail
        with pytest.raises(StoreError, match="did not take the last 1 events"):
            await journal.__aexit__(None, None, None)
        assert [entry.event for entry in await other.read(0, 10)] == [queued(1)]


async def test_the_journal_does_not_wait_for_a_history_that_cannot_write(url: str):
    offered = CallOffered(at=1764000000.0, call_id="1764.1", caller_number="")
    async with Journal(url) as journal:
        history = History(url, journal)
        following = asyncio.create_task(history.run())
        journal.append([offered])
        await journal.flush()
        await history.reached(1)
        with journal.engine.begin() as connection:
            connection.execute(text("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE"))
            for number in range(100):
                journal.append([queued(number)])
                await journal.flush()
            assert (journal.seq, history.seq) == (101, 1)
        await history.reached(101)
        following.cancel()
        await asyncio.wait([following])


def test_a_wrong_url_is_named_without_its_password(postgresql: PostgresqlInstance, url: str):
    at = f"postgresql+psycopg://gateway:geheim@127.0.0.1:{postgresql.port}"
    postgresql.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    postgresql.execute("CREATE ROLE stranger LOGIN")
    try:
        for wrong, named in (
            (f"postgresql://gateway:geheim@127.0.0.1:{free_port()}/journal", "Start PostgreSQL, or mend store.url"),
            (f"{at}/journal", 'role "gateway" does not exist'),
            (postgresql.url("nobody"), "Make it: createdb"),
            (postgresql.url("latin"), "its encoding is LATIN1"),
            (url.replace("postgres@", "stranger@"), "Make the gateway's user the owner"),
            ("postgresql://gateway:geheim@db.invalid/journal", "Mend the host in store.url"),
        ):
            with pytest.raises(StoreError, match=named) as refused:
                open_engine(wrong)
            assert "\n" not in str(refused.value)
            assert "geheim" not in str(refused.value)
    finally:
        postgresql.execute("DROP DATABASE latin")
        postgresql.execute("DROP ROLE stranger")


def test_two_programs_bring_one_database_to_this_version(url: str):
    with ThreadPoolExecutor(4) as threads:
        for engine in threads.map(open_engine, [url] * 4):
            engine.dispose()
