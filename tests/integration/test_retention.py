"""What is purged, and what never is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from gateway.cli import main
from gateway.config import Settings, Store
from gateway.events import (
    AgentStateChanged,
    AlertRaised,
    CallEnded,
    CallOffered,
    CallRinging,
    Clocks,
    Event,
    OutboundEnded,
    OutboundStarted,
)
from gateway.store.history import CURSOR, History
from gateway.store.journal import Journal
from gateway.store.retention import Retention, next_purge
from gateway.store.rows import FiguresRow
from gateway.store.status import status
from gateway.store.tables import journal as table
from tests.integration.test_history import running

DAY = 86400.0
NOW = 1_764_000_000.0
SETTINGS = Settings(store=Store(journal_days=10, history_days=100))


def call(call_id: str, at: float, *, ends: bool = True) -> list[Event]:
    events: list[Event] = [
        CallOffered(at=at, call_id=call_id, caller_number="13800000000"),
        CallRinging(at=at + 1, call_id=call_id, queue="hotline", agent="1001"),
        AgentStateChanged(at=at + 1, agent="1001", state="ringing", call_id=call_id),
    ]
    if ends:
        events += [
            CallEnded(at=at + 2, call_id=call_id, hung_up_by="caller", clocks=Clocks(arrived=at)),
            AgentStateChanged(at=at + 2, agent="1001", state="available"),
        ]
    return events


async def fill(url: str, events: Sequence[Event]) -> None:
    """Journal and history as they are after the events happened and were committed at once."""
    async with Journal(url) as journal, running(History(url, journal)) as history:
        journal.append(events)
        await journal.flush()
        await history.reached(journal.seq)
        with journal.engine.begin() as connection:
            connection.execute(update(table).values(stream_ms=table.c.at * 1000))


async def kept(url: str) -> list[Event]:
    async with Journal(url) as journal:
        return [entry.event for entry in await journal.read(0, 100_000)]


async def test_the_journal_loses_what_is_too_old_but_no_call_that_lives(store_url: str):
    old, living = call("old", NOW - 12 * DAY), call("living", NOW - 11 * DAY, ends=False)
    placed: list[Event] = [OutboundStarted(at=NOW - 11 * DAY + 9, call_id="out", agent="1001", number="110")]
    young = call("young", NOW - 9 * DAY)
    await fill(store_url, [*old, *living, *placed, *young])
    retention = Retention(store_url, SETTINGS, (CURSOR,))
    planned = retention.purge(NOW, dry_run=True)
    assert await kept(store_url) == [*old, *living, *placed, *young]
    removed = retention.purge(NOW)
    assert removed.rows == planned.rows
    assert (planned.dry_run, removed.dry_run, removed.kept_for) == (True, False, "")
    assert removed.rows == {
        "journal": 5, "legs": 0, "calls": 0, "agent_states": 0, "outbound": 0, "alerts": 0, "figures": 0
    }  # fmt: skip
    assert await kept(store_url) == [*living, *placed, *young]
    assert retention.purge(NOW).rows["journal"] == 0


async def test_of_the_last_two_days_nothing_goes(store_url: str):
    events = [*call("old", NOW - 2.1 * DAY), *call("young", NOW - 1.9 * DAY)]
    await fill(store_url, events)
    settings = Settings(store=Store(journal_days=0.001, history_days=1000))
    assert Retention(store_url, settings, ()).purge(NOW).rows["journal"] == 5
    assert await kept(store_url) == events[5:]


@pytest.mark.parametrize("cursor", [None, 3])
async def test_what_a_reader_has_not_finished_stays(store_url: str, cursor: int | None):
    events = call("old", NOW - 50 * DAY)
    await fill(store_url, events)
    if cursor is not None:
        async with Journal(store_url) as journal:
            await journal.set_cursor("redis", cursor)
    removed = Retention(store_url, SETTINGS, ("redis", CURSOR)).purge(NOW)
    assert removed.kept_for == "redis"
    assert await kept(store_url) == events[cursor or 0 :]
    async with Journal(store_url) as journal:
        await journal.set_cursor("redis", 5)
    assert Retention(store_url, SETTINGS, ("redis", CURSOR)).purge(NOW).kept_for == ""
    assert await kept(store_url) == []


async def test_numbers_and_stamps_go_on_when_all_is_gone(store_url: str):
    future = (NOW + 5000 * DAY) * 1000
    await fill(store_url, [*call("a", NOW - 50 * DAY), *call("b", NOW - 49 * DAY)])
    async with Journal(store_url) as journal:
        with journal.engine.begin() as connection:
            connection.execute(update(table).where(table.c.seq == 10).values(stream_ms=future))
    Retention(store_url, SETTINGS, (CURSOR,)).purge(NOW)
    Retention(store_url, SETTINGS, (CURSOR,)).purge(future / 1000 + 11 * DAY)
    async with Journal(store_url) as journal:
        assert (await journal.last(), journal.seq) == (None, 10)
        with journal.subscribe("old reader", after=4) as entries:
            journal.append(call("c", NOW)[:1])
            entry = await anext(entries)
        assert (entry.seq, entry.stream_ms) == (11, future)


async def test_a_reader_that_starts_before_the_oldest_goes_on_with_it(store_url: str):
    await fill(store_url, [*call("old", NOW - 50 * DAY), *call("young", NOW - DAY)])
    Retention(store_url, SETTINGS, (CURSOR,)).purge(NOW)
    async with Journal(store_url) as journal:
        assert await journal.seq_at(NOW - 49 * DAY) == 0
        with journal.subscribe("late", after=2) as entries:
            assert [(await anext(entries)).seq for _ in range(5)] == [6, 7, 8, 9, 10]


async def test_the_history_loses_what_is_too_old_in_batches(store_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gateway.store.retention.BATCH", 2)
    monkeypatch.setattr("gateway.store.retention.PAUSE", 0.0)
    events: list[Event] = []
    for number in range(5):
        events += call(f"old{number}", NOW - (130 - number) * DAY)
        events.append(OutboundStarted(at=NOW - 120 * DAY, call_id=f"out{number}", agent="1001", number="110"))
        events.append(
            OutboundEnded(at=NOW - 120 * DAY, call_id=f"out{number}", agent="1001", number="110", answered=False)
        )
        events.append(AlertRaised(at=NOW - 110 * DAY, alert_id=f"a{number}", kind="ami_lost", severity="critical"))
    events += [*call("never ended", NOW - 101 * DAY, ends=False), *call("young", NOW - 99 * DAY)]
    await fill(store_url, events)
    async with Journal(store_url) as journal, running(History(store_url, journal)) as history:
        await history.keep_figures(
            [FiguresRow(queue="hotline", start=NOW - days * DAY, seconds=900) for days in range(98, 103)]
        )
    removed = Retention(store_url, SETTINGS, (CURSOR,)).purge(NOW)
    # An agent's state goes by its end: the one that began before the 99th day and ended on it stays.
    assert removed.rows == {
        "journal": len(events) - 3, "legs": 6, "calls": 6, "agent_states": 10, "outbound": 5, "alerts": 5, "figures": 2
    }  # fmt: skip
    again = Retention(store_url, SETTINGS, (CURSOR,)).purge(NOW)
    assert again.rows == {**dict.fromkeys(removed.rows, 0), "journal": 3}
    left = {one.name: one.rows for one in status(store_url).tables}
    assert left == {"journal": 0, "legs": 1, "calls": 1, "agent_states": 3, "outbound": 0, "alerts": 0, "figures": 3}


async def test_the_journal_is_written_while_it_is_purged(store_url: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("gateway.store.retention.BATCH", 50)
    monkeypatch.setattr("gateway.store.retention.PAUSE", 0.0)
    url = store_url.partition("?")[0]
    await fill(url, [event for number in range(300) for event in call(f"old{number}", NOW - 50 * DAY)])
    written: list[Event] = []
    async with Journal(url, commit_interval=0.0) as journal, running(History(url, journal)) as history:
        purging = asyncio.create_task(asyncio.to_thread(Retention(url, SETTINGS, (CURSOR,)).purge, NOW))
        while not purging.done():
            written += call(f"young{len(written)}", NOW)
            journal.append(written[-5:])
            await journal.flush()
        assert purging.result().rows["journal"] == 1500
        assert [entry.event for entry in await journal.read(0, 100_000)] == written
        await history.reached(journal.seq)


async def test_a_purge_ends_when_told(store_url: str):
    await fill(store_url, call("old", NOW - 50 * DAY))
    stop = threading.Event()
    stop.set()
    assert Retention(store_url, SETTINGS, (CURSOR,)).purge(NOW, stop=stop).rows["journal"] == 0
    assert len(await kept(store_url)) == 5


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-01T18:59", "2026-03-01T19:00"),
        ("2026-03-01T19:00", "2026-03-02T19:00"),
        ("2026-03-01T20:00", "2026-03-02T19:00"),
    ],
)
def test_a_purge_is_due_at_the_hour_of_the_hotlines_own_clock(now: str, due: str):
    instants = [datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in (now, due)]
    assert next_purge(Settings(timezone="Asia/Shanghai", store=Store(purge_hour=3)), instants[0]) == instants[1]


async def test_the_command_shows_and_purges(
    store_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    await fill(store_url, call("old", 1_600_000_000.0))
    monkeypatch.setenv("HOTLINE_STORE_URL", store_url)
    monkeypatch.setenv("HOTLINE_CONFIG", "")  # the command sets it
    asked = ["--config", str(tmp_path)]
    assert main(["store", "status", *asked]) == 0
    shown = capsys.readouterr().out
    assert "journal                  5  since 2020-09-13 20:26" in shown
    assert "reader history: at 5, 0 behind" in shown
    assert "13800000000" not in shown
    assert main(["store", "purge", "--dry-run", *asked]) == 0
    told = capsys.readouterr()
    assert "calls                    1  would be removed" in told.out
    assert "redis has not read them yet" in told.err
    assert main(["store", "purge", "--json", *asked]) == 0
    assert '"calls": 1' in capsys.readouterr().out
    assert [one.rows for one in status(store_url).tables if one.name in ("journal", "calls")] == [5, 0]
