"""The journal in real databases: durable, numbered, and alive again after what can happen to it.

What only PostgreSQL can do is in test_postgresql.py.
"""

import asyncio
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import event, inspect, text, update

from gateway.errors import StoreError
from gateway.events import CallQueued, GatewayHealth
from gateway.store.database import open_engine
from gateway.store.journal import Journal, JournalFullError
from gateway.store.reader import JournalReader
from gateway.store.tables import journal as table
from gateway.store.tables import metadata


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}?timeout=0.05"


def queued(number: int) -> CallQueued:
    return CallQueued(at=1764000000.0 + number, call_id=f"1764.{number}", queue="hotline", position=number)


async def test_events_are_numbered_in_order_and_come_back(store_url: str):
    events = [queued(n) for n in range(1, 2501)]
    async with Journal(store_url) as journal:
        with journal.subscribe("test", max_queue=5000) as entries:
            for start in range(0, 2500, 100):
                journal.append(events[start : start + 100])
            heard = [await anext(entries) for _ in events]
        assert [entry.seq for entry in heard] == list(range(1, 2501))
        assert [entry.event for entry in heard] == events
        assert await journal.read(0, 5000) == heard
        assert await journal.read(1200, 3) == heard[1200:1203]
        assert await journal.last() == heard[-1]
        assert journal.waiting == 0
    stamps = [entry.stream_ms for entry in heard]
    assert stamps == sorted(stamps)


async def test_numbers_and_stamps_go_on_after_a_restart_even_when_the_clock_was_set_back(store_url: str):
    future = 32503680000000
    async with Journal(store_url) as journal:
        journal.append([queued(1), queued(2)])
        await journal.flush()
        with journal.engine.begin() as connection:
            connection.execute(update(table).where(table.c.seq == 2).values(stream_ms=future))
    async with Journal(store_url) as journal:
        assert journal.seq == 2
        journal.append([queued(3)])
        await journal.flush()
        last = await journal.last()
    assert last is not None
    assert (last.seq, last.stream_ms, last.event) == (3, future, queued(3))


async def test_closing_writes_everything_appended(store_url: str):
    async with Journal(store_url, commit_interval=1.0) as journal:
        journal.append([queued(1)])
        await journal.flush()
        journal.append([queued(n) for n in range(2, 4001)])
    async with Journal(store_url) as journal:
        assert journal.seq == 4000
    with pytest.raises(StoreError, match="closed"):
        journal.append([queued(1)])


async def test_a_reader_that_starts_in_the_past_gets_everything_once(store_url: str):
    async with Journal(store_url) as journal:
        journal.append([queued(n) for n in range(1, 51)])
        await journal.flush()
        with journal.subscribe("test", after=20, max_queue=7) as entries:
            journal.append([queued(n) for n in range(51, 101)])
            assert [(await anext(entries)).seq for _ in range(80)] == list(range(21, 101))
            assert entries.seq == 100


async def test_subscribers_end_with_the_journal(store_url: str):
    async with Journal(store_url) as journal:
        entries = journal.subscribe("test")
        waiter = asyncio.create_task(journal.wait(1))
        journal.append([queued(1)])
    assert [entry.seq async for entry in entries] == [1]
    with pytest.raises(StoreError, match="closed"):
        await waiter


async def test_cursors_are_kept(store_url: str):
    async with Journal(store_url) as journal:
        assert await journal.cursor("redis") == 0
        await journal.set_cursor("redis", 7)
        await journal.set_cursor("redis", 9)
        await journal.set_cursor("other", 1)
    async with Journal(store_url) as journal:
        assert (await journal.cursor("redis"), await journal.cursor("other")) == (9, 1)


async def test_a_locked_database_holds_events_says_so_and_loses_none(url: str, path: Path):
    heard: asyncio.Queue[GatewayHealth] = asyncio.Queue()
    async with Journal(url, max_queue=10, on_health=heard.put_nowait) as journal:
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            journal.append([queued(n) for n in range(1, 9)])
            degraded = await heard.get()
            assert (degraded.component, degraded.status, degraded.value) == ("journal", "degraded", 8.0)
            assert "locked" in degraded.detail
            with pytest.raises(JournalFullError) as full:
                journal.append([queued(n) for n in range(9, 12)])
            assert (full.value.refused, full.value.waiting, journal.refused) == (3, 8, 3)
            lost = await heard.get()
            assert (lost.status, lost.value) == ("lost", 3.0)
            journal.append([queued(9)])
            assert journal.seq == 0
            other.execute("ROLLBACK")
        await journal.flush()
        assert [entry.event for entry in await journal.read(0, 100)] == [queued(n) for n in range(1, 10)]
        assert (await heard.get()).status == "ok"


async def test_a_full_disk_is_named_and_waited_for(url: str):
    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA max_page_count=1")

    heard: asyncio.Queue[GatewayHealth] = asyncio.Queue()
    async with Journal(url, on_health=heard.put_nowait) as journal:
        event.listen(journal.engine, "connect", limit)
        journal.engine.dispose()
        journal.append([queued(n) for n in range(1, 1001)])
        degraded = await heard.get()
        assert degraded.status == "degraded"
        assert "full. Free some space" in degraded.detail
        event.remove(journal.engine, "connect", limit)
        journal.engine.dispose()
        await journal.flush()
        assert journal.seq == 1000
        assert (await heard.get()).status == "ok"


WRITER = """
import asyncio, sys
from gateway.events import CallQueued
from gateway.store.journal import Journal

async def main():
    async with Journal(sys.argv[1], commit_interval=0.001) as journal:
        with journal.subscribe("acknowledge") as entries:
            async def write():
                number = 0
                while True:
                    number += 1
                    journal.append([CallQueued(at=float(number), call_id=str(number), queue="hotline")])
                    if number % 5 == 0:
                        await journal.flush()
            writing = asyncio.create_task(write())
            async for entry in entries:
                print(entry.seq, entry.event.call_id, flush=True)

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill_9(store_url: str):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, store_url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    acknowledged = [await process.stdout.readline() for _ in range(200)]
    process.send_signal(signal.SIGKILL)
    acknowledged += [line for line in (await process.stdout.read()).splitlines(keepends=True) if line.endswith(b"\n")]
    await process.wait()
    async with Journal(store_url) as journal:
        kept = await journal.read(0, 100_000)
        assert [entry.seq for entry in kept] == list(range(1, len(kept) + 1))
        numbered = [f"{entry.seq} {entry.event.call_id}\n".encode() for entry in kept]
        assert len(acknowledged) >= 200
        assert numbered[: len(acknowledged)] == acknowledged
        journal.append([queued(1)])
        await journal.flush()
        assert journal.seq == len(kept) + 1


async def test_two_gateways_do_not_write_one_journal(store_url: str):
    async with Journal(store_url):
        with pytest.raises(StoreError, match="another gateway writes it"):
            async with Journal(store_url):
                pass
    async with Journal(store_url) as journal:
        assert journal.seq == 0


class FaultyCommitJournal(Journal):
    """Its first commit reaches the disk, but the writer is told that it failed."""

    failed = False

    def _transaction(self, work):  # type: ignore[no-untyped-def]
        result = super()._transaction(work)
        if isinstance(result, list) and not self.failed:
            self.failed = True
            raise StoreError("the answer was lost")
        return result


async def test_a_commit_of_doubtful_outcome_is_not_repeated(store_url: str):
    async with FaultyCommitJournal(store_url) as journal:
        journal.append([queued(1), queued(2)])
        await journal.flush()
        assert journal.failed
        journal.append([queued(3)])
        await journal.flush()
        assert [entry.event for entry in await journal.read(0, 10)] == [queued(1), queued(2), queued(3)]


def test_the_tables_are_those_of_the_migrations(store_url: str):
    for _ in range(2):
        engine = open_engine(store_url)
        with engine.connect() as connection:
            # SQLite has no longest text; the first version gave one all the same.
            opts = {"compare_type": engine.dialect.name != "sqlite"}
            context = MigrationContext.configure(connection, opts=opts)
            assert compare_metadata(context, metadata) == []
        engine.dispose()


async def test_a_database_of_the_first_version_keeps_what_it_holds(store_url: str):
    async with Journal(store_url) as journal:
        journal.append([queued(1), queued(2)])
        await journal.flush()
        kept = await journal.read(0, 10)
    engine = open_engine(store_url)
    config = Config()
    config.set_main_option("script_location", "gateway.store:migrations")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    assert set(inspect(engine).get_table_names()) == {"journal", "cursors", "accounts", "alembic_version"}
    engine.dispose()
    async with Journal(store_url) as journal:
        assert await journal.read(0, 10) == kept


def test_a_database_of_a_newer_gateway_is_refused(store_url: str):
    engine = open_engine(store_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(StoreError, match=r"newer gateway \(version 9999\)"):
        open_engine(store_url)
    with pytest.raises(StoreError, match=r"another gateway \(version 9999, not 0002\)"):
        JournalReader(store_url)


async def test_what_a_database_refuses_in_a_key_is_left_out_of_it(store_url: str):
    strange = CallQueued(at=1.0, call_id="1764\0.1" + "x" * 5000, queue="ho\0tline")
    async with Journal(store_url) as journal:
        journal.append([strange])
        await journal.flush()
        assert [entry.event for entry in await journal.read(0, 10)] == [strange]


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path):
    (tmp_path / "file").write_text("")
    (tmp_path / "other.db").write_text("this is a shopping list, not a database" * 50)
    open_engine(f"sqlite:///{tmp_path}/empty.db").dispose()
    for url, named in (
        (f"sqlite:///{tmp_path}/file/journal.db", "file/journal.db"),
        (f"sqlite:///{tmp_path}", "folder writable"),
        (f"sqlite:///{tmp_path}/other.db", "not a database"),
        (f"sqlite:///file:{tmp_path}/new.db?mode=ro&uri=true", "unable to open"),
        ("journal.db", "store.url"),
    ):
        with pytest.raises(StoreError, match=named) as refused:
            open_engine(url)
        assert "\n" not in str(refused.value)


def test_a_locked_file_is_named(url: str, path: Path):
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="locked"):
            open_engine(url)
