"""Missed callers from the PBX's messages to the API, the pages and the command line, by way of a real journal."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import time
import uuid
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from msgspec.structs import replace

from gateway.ami import messages, trace
from gateway.config import Agent, Settings, Store
from gateway.config.settings import zone
from gateway.core import Gateway
from gateway.demo.process import free_port
from gateway.events import CallbackRequested, Event, OutboundAnswered
from gateway.store.accounts import Accounts
from gateway.store.journal import Journal
from gateway.tickets.load import load_drafts
from gateway.web import missed as missed_module
from gateway.web.auth import create_account
from gateway.web.live import Live
from gateway.web.server import Services, create_app, run

ROOT = Path(__file__).resolve().parents[2]
ABANDONED = ROOT / "tests" / "traces" / "abandoned_in_queue.jsonl"
PASSWORD = "a-long-enough-one"
HEADERS = {"X-Requested-With": "hotline"}
LI, CHEN = "13900000001", "13900000002"
PATIENCE = 30.0


class House:
    """A gateway without neighbours: its core, journal and web side. What Asterisk says is played from a trace."""

    def __init__(self, settings: Settings, journal: Journal) -> None:
        self.settings = settings
        self.journal = journal
        self.core = Gateway(settings, load_drafts(ROOT / "config", settings), lambda: str(uuid.uuid4()))
        self.live = Live(settings)
        self.accounts = Accounts(journal.engine)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.now = time.time()

    async def publish(self, events: list[Event]) -> None:
        for event in events:
            self.live.publish(event, event.at)
        self.journal.append(events)
        await self.journal.flush()

    async def request_callback(self, call_id: str, by: str) -> None:
        await self.publish(self.core.request_callback(call_id, by, time.time()))

    async def call_in_vain(self, call_id: str, number: str, ago: float) -> None:
        """A call that arrived ``ago`` seconds ago and was given up after five."""
        played = list(trace.messages(ABANDONED))
        later = self.now - ago - played[0].at
        for message in played:
            message = replace(message, at=message.at + later)
            if isinstance(message, messages.ChannelMessage):
                message = replace(message, uniqueid=call_id, linkedid=call_id)
            if isinstance(message, messages.NewChannel):
                message = replace(message, caller_number=number, caller_name="")
            await self.publish(self.core.feed(message, message.at))

    async def workers(self, request: web.Request) -> web.StreamResponse:
        raise web.HTTPUnauthorized

    def app(self) -> web.Application:
        return create_app(
            Services(
                settings=self.settings,
                accounts=self.accounts,
                live=self.live,
                actions=self,  # type: ignore[arg-type]
                worker_handler=self.workers,
                health=lambda: {"core": "ok"},
                metrics=lambda: b"",
                ui_dir=Path("/nowhere"),
            )
        )


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    settings = Settings(agent=(Agent(id="1001", name="王敏"),), store=Store(url=f"sqlite:///{tmp_path / 'journal.db'}"))
    async with Journal(settings.store.url, 0.0) as journal:
        made = House(settings, journal)
        for name, role, agent in (("wang", "agent", "1001"), ("boss", "supervisor", ""), ("root", "administrator", "")):
            await create_account(made.accounts, name, role, agent, PASSWORD)
        ready = asyncio.Event()
        task = asyncio.create_task(run(made.app(), "127.0.0.1", made.port, ready))
        await asyncio.wait_for(ready.wait(), PATIENCE)
        yield made
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def browser(house: House) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(house.url, headers=HEADERS, cookie_jar=aiohttp.CookieJar(unsafe=True)) as opened:
        yield opened


async def login(browser: aiohttp.ClientSession, name: str) -> None:
    assert (await browser.post("/api/login", json={"name": name, "password": PASSWORD})).status == 200


async def read(browser: aiohttp.ClientSession, **period: float | str) -> dict[str, Any]:
    response = await browser.get("/api/missed", params={name: str(value) for name, value in period.items()})
    answer: dict[str, Any] = await response.json()
    assert response.status == 200, answer
    return answer


async def refusal(response: aiohttp.ClientResponse) -> tuple[int, str]:
    return response.status, (await response.json())["error"]


async def test_the_list_of_a_period(house: House, browser: aiohttp.ClientSession) -> None:
    await house.call_in_vain("c1", LI, 3000)
    await house.call_in_vain("c2", CHEN, 2000)
    await house.call_in_vain("c3", f"+86{LI}", 1000)
    await house.call_in_vain("c4", "", 900)
    await login(browser, "wang")
    found = await read(browser, **{"from": house.now - 3600, "to": house.now})
    assert [(caller["call_id"], caller["tried"]) for caller in found["callers"]] == [("c3", 2), ("c2", 1)]
    assert found["callers"][0]["number"] == f"+86{LI}", "in full: it must be called"
    assert [call["call_id"] for call in found["callers"][0]["calls"]] == ["c1", "c3"]
    assert found["callers"][0]["queues"] == ["hotline"]
    assert found["callers"][0]["longest_wait"] == pytest.approx(4.618016)
    assert found["callers"][0]["short"] is True
    assert found["withheld"] == 1
    local = datetime.fromtimestamp(house.now - 1500, zone(house.settings.timezone))
    earlier = await read(browser, **{"from": house.now - 3600, "to": f"{local:%Y-%m-%dT%H:%M:%S}"})
    assert [caller["call_id"] for caller in earlier["callers"]] == ["c2"], "the other's latest miss is later"
    reached = OutboundAnswered(at=house.now, call_id="o1", agent="1001", number=f"0{LI}")
    await house.publish([reached])
    found = await read(browser, **{"from": house.now - 3600, "to": house.now})
    assert [caller["call_id"] for caller in found["callers"]] == ["c2"]


async def test_the_list_is_todays_if_not_told_otherwise(house: House, browser: aiohttp.ClientSession) -> None:
    await login(browser, "boss")
    found = await read(browser)
    start = datetime.fromtimestamp(found["start"], zone(house.settings.timezone))
    assert (start.hour, start.minute, found["end"] - found["start"], found["callers"]) == (0, 0, 86400.0, [])
    assert found["start"] <= time.time() < found["end"]


async def test_periods_that_make_no_sense_are_refused(house: House, browser: aiohttp.ClientSession) -> None:
    assert (await browser.get("/api/missed")).status == 401
    await login(browser, "boss")
    for period, sentence in (
        ({"from": "yesterday"}, "from: not an instant"),
        ({"from": house.now, "to": house.now}, "to: not later than from"),
        ({"from": "2001-01-01"}, f"from: longer ago than {missed_module.LONGEST_DAYS} days"),
    ):
        status, told = await refusal(
            await browser.get("/api/missed", params={name: str(value) for name, value in period.items()})
        )
        assert (status, told.split(". ")[0]) == (400, sentence)


async def test_a_call_back_is_requested_once_and_told_to_all(house: House, browser: aiohttp.ClientSession) -> None:
    await house.call_in_vain("c1", LI, 3000)
    await house.call_in_vain("c2", LI, 1000)
    assert (await browser.post("/api/missed/c2/callback")).status == 401
    await login(browser, "wang")
    status, told = await refusal(await browser.post("/api/missed/c1/callback"))
    assert (status, told.split(".")[0]) == (404, "This is not the latest call of anybody on the list of missed callers")
    page = await browser.ws_connect("/ws", params={"view": "wallboard"}, origin=house.url)
    async with asyncio.timeout(PATIENCE):
        board = (await page.receive_json())["data"]
        assert board["missed"]["c2"]["caller_number"] == "139****0001", "masked on an agent's wallboard"
        assert (board["missed_callers"], board["missed"]["c2"]["tried"]) == (1, 2)
        assert (await browser.post("/api/missed/c2/callback")).status == 200
        patch = (await page.receive_json())["patch"]
    assert patch["missed"]["c2"]["callback_by"] == "1001"
    await login(browser, "boss")
    assert await refusal(await browser.post("/api/missed/c2/callback")) == (
        409,
        "A call-back was requested already, by 1001",
    )
    found = await read(browser, **{"from": house.now - 3600, "to": house.now})
    assert found["callers"][0]["callback_by"] == "1001"
    requests = [
        entry.event for entry in await house.journal.read(0, 1000) if isinstance(entry.event, CallbackRequested)
    ]
    assert [(event.call_id, event.number, event.tried, event.by) for event in requests] == [("c2", LI, 2, "1001")]


async def test_two_who_ask_at_once_make_one_request(house: House, browser: aiohttp.ClientSession) -> None:
    await house.call_in_vain("c1", LI, 1000)
    await login(browser, "root")
    answers = await asyncio.gather(*(browser.post("/api/missed/c1/callback") for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [200, 409, 409, 409, 409]


async def test_too_many_lists_at_once(
    house: House, browser: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(missed_module, "MAX_WAITING", 0)
    await login(browser, "boss")
    response = await browser.get("/api/missed")
    assert response.headers["Retry-After"] == "5"
    assert await refusal(response) == (429, "Others wait for such a list. Try again in 5 s")


async def hotline(house: House, *arguments: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "gateway",
        *arguments,
        "--config",
        str(ROOT / "config"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOTLINE_STORE_URL": house.settings.store.url},
    )
    out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
    return process.returncode, out.decode(), err.decode()


async def test_the_command_line_reads_beside_a_running_gateway(house: House) -> None:
    await house.call_in_vain("c1", LI, 3000)
    await house.call_in_vain("c2", LI, 1000)
    await house.call_in_vain("c3", "", 900)
    await house.request_callback("c2", "boss")
    period = ("--from", str(house.now - 3600), "--to", str(house.now))
    status, out, err = await hotline(house, "missed", *period, "--json")
    assert (status, err) == (0, "")
    (caller,) = json.loads(out)["callers"]
    assert (caller["call_id"], caller["tried"], caller["callback_by"]) == ("c2", 2, "boss")
    status, out, _ = await hotline(house, "missed", *period)
    _, line, last = out.splitlines()
    assert (status, last) == (0, "1 callers; 1 calls without a number")
    assert line.split()[2:5] == [LI, "2", "4.6"]
    assert "asked by boss" in line
    status, _, err = await hotline(house, "missed", "--from", "soon")
    assert (status, err.split(". ")[0]) == (1, "hotline: from: not an instant")
