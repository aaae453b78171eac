"""Reading the journal by instant and by type, beside the gateway that writes it."""

import time
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.errors import StoreError
from gateway.events import CallEnded, CallOffered, CallQueued, Clocks, Event
from gateway.store.database import open_engine
from gateway.store.journal import Journal
from gateway.store.reader import JournalReader
from gateway.store.tables import journal as table


def story(number: int) -> list[Event]:
    call_id, at = f"1764.{number}", 1764000000.0 + number
    return [
        CallOffered(at=at, call_id=call_id, caller_number="13800000000"),
        CallQueued(at=at, call_id=call_id, queue="hotline"),
        CallEnded(at=at, call_id=call_id, hung_up_by="caller", clocks=Clocks(arrived=at)),
    ]


async def test_an_instant_is_found_among_the_entries(store_url: str):
    async with Journal(store_url) as journal:
        assert await journal.seq_at(time.time()) == 0
        journal.append([event for n in range(7) for event in story(n)][:20])
        await journal.flush()
        assert await journal.seq_at(time.time() + 60) == 20
        with journal.engine.begin() as connection:
            for seq in range(1, 21):
                stamp = 1_000_000 + (seq - 1) // 2 * 10_000
                connection.execute(update(table).where(table.c.seq == seq).values(stream_ms=stamp))
        asked = (0.0, 1000.0, 1000.001, 1005.0, 1010.0, 1010.5, 1090.0, 1091.0)
        assert [await journal.seq_at(instant) for instant in asked] == [0, 0, 2, 2, 2, 4, 18, 20]
        with journal.engine.begin() as connection:
            connection.execute(table.delete().where(table.c.seq.in_([1, 2, 3, 7, 8, 9, 10, 20])))
        assert [await journal.seq_at(instant) for instant in asked] == [0, 0, 0, 0, 0, 4, 18, 19]


async def test_types_are_read_in_order_and_no_more_than_asked_for(store_url: str):
    async with Journal(store_url) as journal:
        journal.append([event for n in range(50) for event in story(n)])
        await journal.flush()
        wanted = ("call.ended", "call.offered", "call.offered")
        everything = [entry for entry in await journal.read(0, 1000) if not isinstance(entry.event, CallQueued)]
        assert await journal.read(0, 1000, wanted) == everything
        assert await journal.read(30, 7, wanted) == [entry for entry in everything if entry.seq > 30][:7]
        assert await journal.read(0, 1000, ("alert.raised",)) == []
        assert await journal.read(0, 1000, ()) == []


async def test_a_reader_beside_the_writer_has_what_was_there_when_it_was_asked(store_url: str):
    async with Journal(store_url) as journal:
        journal.append([event for n in range(800) for event in story(n)])
        await journal.flush()
        with JournalReader(store_url) as reader:
            entries = reader.entries()
            first = next(entries)
            journal.append(story(1000))
            await journal.flush()
            assert [first, *entries] == await journal.read(0, 2400)
            ended = list(reader.entries(types=("call.ended",)))
            assert [entry.seq for entry in ended] == list(range(3, 2404, 3))
            assert list(reader.entries(since=time.time() + 60)) == []
            assert len(list(reader.entries(since=time.time() - 60))) == 2403


def test_a_journal_that_is_not_there_is_not_made(tmp_path: Path):
    with pytest.raises(StoreError, match="no journal yet"):
        JournalReader(f"sqlite:///{tmp_path}/journal.db")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_writes_nothing(store_url: str):
    open_engine(store_url).dispose()
    with (
        JournalReader(store_url) as reader,
        pytest.raises(Exception, match=r"read-?only"),
        reader.engine.begin() as connection,
    ):
        connection.execute(table.delete())
