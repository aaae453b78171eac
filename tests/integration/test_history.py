"""The history's tables follow the journal: whole, once, whatever happens in between."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, Row, delete, select

from gateway.ami.trace import replay
from gateway.config import Settings
from gateway.errors import StoreError
from gateway.events import AlertRaised, CallTransferred, Event, GatewayHealth, OutboundEnded, OutboundStarted
from gateway.store.history import CURSOR, MAX_QUEUE, History
from gateway.store.journal import Journal
from gateway.store.rows import FiguresRow
from gateway.store.tables import agent_states, alerts, calls, cursors, figures, legs, outbound

TABLES = (calls, legs, agent_states, outbound, alerts)
TRACES = Path(__file__).parents[1] / "traces"


def day() -> list[Event]:
    """All that ever happened to our phones, and a little that cannot be seen at a PBX."""
    events = [event for path in sorted(TRACES.glob("*.jsonl")) for event in replay(path, Settings())]
    call_id = next(event.call_id for event in events if hasattr(event, "call_id") and event.call_id)
    at = events[-1].at
    events += [
        CallTransferred(at=at, call_id=call_id, agent="1001", target="1002", kind="blind"),
        OutboundStarted(at=at, call_id="out", agent="1001", number="13800000000"),
        OutboundEnded(at=at + 1, call_id="out", agent="1001", number="13800000000", answered=False, cause=17),
        AlertRaised(at=at, alert_id="a", kind="longest_wait", queue="hotline", severity="warning"),
    ]
    return events


def tables(engine: Engine) -> dict[str, list[Row[Any]]]:
    with engine.connect() as connection:
        return {
            table.name: list(connection.execute(select(table).order_by(*table.primary_key.columns))) for table in TABLES
        }


def forget(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in TABLES:
            connection.execute(delete(table))
        connection.execute(delete(cursors).where(cursors.c.name == CURSOR))


@asynccontextmanager
async def running(history: History) -> AsyncIterator[History]:
    task = asyncio.create_task(history.run())
    try:
        yield history
    finally:
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.store.history.GATHER_SECONDS", 0.0)
    monkeypatch.setattr("gateway.store.history.CATCH_UP_SECONDS", 0.0)


async def test_made_anew_from_the_journal_the_tables_are_the_same(store_url: str):
    async with Journal(store_url) as source:
        async with running(History(store_url, source)) as history:
            for event in day():
                source.append([event])
                await asyncio.sleep(0)
            await source.flush()
            await history.reached(source.seq)
            lived = tables(source.engine)
        for batch in (1, 7, 5000):
            forget(source.engine)
            async with running(History(store_url, source, batch=batch)) as history:
                await history.reached(source.seq)
                assert tables(source.engine) == lived
            assert await source.cursor(CURSOR) == source.seq
    outcomes = {row.outcome for row in lived["calls"]}
    assert outcomes == {"answered", "abandoned", "overflowed"}
    assert all(row.ended is not None for row in lived["calls"])
    assert {row.kind for row in lived["legs"]} >= {"attempt"}
    assert all(len(lived[name]) > 0 for name in lived)


class FaultyCommitHistory(History):
    """Of seven transactions one fails before it reached the disk, and one after."""

    transactions = 0

    def _transaction(self, work):  # type: ignore[no-untyped-def]
        self.transactions += 1
        if self.transactions % 7 == 3:
            raise StoreError("the database was away")
        result = super()._transaction(work)
        if self.transactions % 7 == 6:
            raise StoreError("the answer was lost")
        return result


async def test_a_transaction_of_doubtful_outcome_counts_once(store_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gateway.store.history.FIRST_RETRY", 0.001)
    monkeypatch.setattr("gateway.store.history.LONGEST_RETRY", 0.001)
    heard: list[GatewayHealth] = []
    async with Journal(store_url) as source:
        source.append(day())
        await source.flush()
        async with running(History(store_url, source)) as history:
            await history.reached(source.seq)
            lived = tables(source.engine)
        forget(source.engine)
        faulty = FaultyCommitHistory(store_url, source, batch=40, on_health=heard.append)
        async with running(faulty):
            await faulty.reached(source.seq)
            assert tables(source.engine) == lived
    assert len(heard) > 2
    assert [health.status for health in heard] == [("degraded", "ok")[n % 2] for n in range(len(heard))]
    assert heard[0].component == "history"
    assert "the database was away" in heard[0].detail
    assert heard[0].value == float(source.seq)


FOLLOWER = """
import asyncio, sys
from gateway.store.history import History
from gateway.store.journal import Journal

async def main():
    async with Journal(sys.argv[1]) as journal:
        history = History(sys.argv[1], journal, batch=20)
        following = asyncio.create_task(history.run())
        for seq in range(1, journal.seq + 1):
            await history.reached(seq)
            print(seq, flush=True)

asyncio.run(main())
"""


async def test_killed_on_the_way_it_goes_on_where_it_was(store_url: str):
    async with Journal(store_url) as source:
        source.append(day())
        await source.flush()
        async with running(History(store_url, source)) as history:
            await history.reached(source.seq)
        lived = tables(source.engine)
        forget(source.engine)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FOLLOWER, store_url, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    for _ in range(50):
        await process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    await process.communicate()
    async with Journal(store_url) as source:
        assert 40 <= await source.cursor(CURSOR) < source.seq
        async with running(History(store_url, source)) as history:
            await history.reached(source.seq)
            assert tables(source.engine) == lived


async def test_sums_of_an_interval_are_written_over_the_older_ones(store_url: str):
    def sums(answered: int, longest: float | None) -> FiguresRow:
        return FiguresRow(queue="hotline", start=900.0, seconds=900, answered=answered, longest_wait=longest)

    async with Journal(store_url) as source, running(History(store_url, source)) as history:
        await history.keep_figures([sums(1, None), FiguresRow(queue="night", start=900.0, seconds=900)])
        await history.keep_figures([sums(3, 14.5)])
        await history.keep_figures([])
        with source.engine.connect() as connection:
            kept = connection.execute(select(figures).order_by(figures.c.queue))
            assert [FiguresRow(**row._mapping) for row in kept] == [
                sums(3, 14.5),
                FiguresRow(queue="night", start=900.0, seconds=900),
            ]


async def test_it_ends_with_the_journal_and_takes_in_what_was_written_before(store_url: str):
    events = day()[:MAX_QUEUE]  # what is still in the journal alone is taken in after the next start
    async with Journal(store_url) as source:
        history = History(store_url, source)
        following = asyncio.create_task(history.run())
        source.append(events[:1])
        await source.flush()
        await history.reached(1)
        source.append(events[1:])
    await following
    assert history.seq == source.seq == len(events)
