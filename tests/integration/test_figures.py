"""``hotline figures`` as typed: beside a gateway's journal that is open for writing, and with all that can be wrong."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from gateway.answer_sla.figures import compute
from gateway.answer_sla.report import Figures
from gateway.config import load
from gateway.events import Event, TranscriptFinal
from gateway.store.journal import Journal
from tests.unit.answer_sla.test_figures import EIGHT, HOUR, morning

CONFIG = Path(__file__).parents[2] / "config"
WORDS = TranscriptFinal(
    at=EIGHT + 700,
    call_id="A",
    utterance_id="u1",
    speaker="caller",
    text="路灯坏了",
    start=1.0,
    end=2.0,
    language="zh",
    engine="vosk",
    model="m",
)


@dataclass(frozen=True)
class Ended:
    """How the command ended, and what it said."""

    status: int | None
    out: str
    err: str


@pytest_asyncio.fixture
async def journal_url(tmp_path: Path) -> AsyncIterator[str]:
    """The worked example's hour in a journal that a writer holds open."""
    path = tmp_path / "journal.db"
    url = f"sqlite:///{path}"
    events: list[Event] = [*morning(), WORDS]
    async with Journal(url) as journal:
        journal.append(events)
        await journal.flush()
        # As it would have been: committed when it happened.
        with closing(sqlite3.connect(path)) as raw, raw:
            raw.execute("UPDATE journal SET stream_ms = CAST(at * 1000 AS INTEGER)")
        yield url


async def run(url: str, *arguments: str) -> Ended:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", "figures", "--config", str(CONFIG), *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOTLINE_STORE_URL": url},
    )
    out, err = await asyncio.wait_for(process.communicate(), 40)
    return Ended(process.returncode, out.decode(), err.decode())


async def test_one_document_with_what_the_events_add_up_to(journal_url: str) -> None:
    ended = await run(
        journal_url, "--from", "2026-03-02T08:00", "--to", "2026-03-02T09:00", "--interval", "15", "--json"
    )
    assert (ended.status, ended.err) == (0, "")
    printed = msgspec.json.decode(ended.out, type=Figures)
    assert printed == compute(morning(), load(CONFIG, {}), EIGHT, EIGHT + HOUR, interval=900.0)
    assert len(printed.queues[0].intervals) == 4


async def test_a_page_for_people_and_a_day_by_its_date(journal_url: str) -> None:
    ended = await run(journal_url, "--from", "2026-03-02", "--to", "2026-03-03", "--queue", "hotline")
    assert (ended.status, ended.err) == (0, "")
    assert "2026-03-02 00:00 to 2026-03-03 00:00, Asia/Shanghai" in ended.out
    assert "7 offered, 3 answered, 2 abandoned, 1 overflowed, 1 waiting" in ended.out
    assert "28.6%       33.3%        66.7%  13.3     40.0  106.7" in ended.out


async def test_without_a_time_it_is_today(journal_url: str) -> None:
    ended = await run(journal_url)
    assert ended.status == 0
    assert "no data, 95% required: no calls yet" in ended.out


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (("--from", "yesterday"), 1, "hotline: --from: not an instant. Give it as 2026-11-24T08:00"),
        (("--interval", "0"), 2, "'0' is no number of minutes from 1 to 1440"),
        (("--from", "2026-03-03", "--to", "2026-03-02"), 1, "hotline: figures: the time ends before it begins"),
        (("--to", "2026-03-03", "--queue", "nope"), 1, "no queue 'nope'. There are: hotline"),
    ],
)
async def test_a_mistake_is_named(journal_url: str, arguments: tuple[str, ...], status: int, said: str) -> None:
    ended = await run(journal_url, *arguments)
    assert ended.status == status
    assert said in ended.err
    assert "Traceback" not in ended.err


async def test_without_a_journal_there_is_nothing_to_compute(tmp_path: Path) -> None:
    ended = await run(f"sqlite:///{tmp_path / 'none.db'}")
    assert ended.status == 1
    assert "there is no journal yet" in ended.err
    assert not (tmp_path / "none.db").exists()
