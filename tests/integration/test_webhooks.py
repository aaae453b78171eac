"""Alerts on their way to receivers that listen, that fail, and that are not there."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from gateway.app import App
from gateway.bus.cloudevents import CloudEvent, parse
from gateway.check import check
from gateway.config import Ami, Ivr, QueuePolicy, Redis, Settings, Speech, Web, Webhook
from gateway.demo.process import free_port
from gateway.events import (
    AlertAcknowledged,
    AlertEnded,
    AlertEscalated,
    AlertEvent,
    AlertKind,
    AlertRaised,
    GatewayHealth,
)
from gateway.notify import Sink
from gateway.store.accounts import Accounts
from gateway.store.database import open_engine
from gateway.web.auth import create_account

CONFIG = Path(__file__).parents[2] / "config"
PATIENCE = 20.0
SECRET = "s3cret"
PATH = "/robot/send"
SETTINGS = Settings(queue=(QueuePolicy(name="hotline", title="政务服务热线"),))
T0 = 1_764_000_000.0
WELL = '{"errcode": 0, "code": 0}'


@dataclass
class Request:
    """What arrived."""

    url: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """A webhook's other end, on a loopback port; it takes everything."""

    port: int = field(default_factory=free_port)
    requests: asyncio.Queue[Request] = field(default_factory=asyncio.Queue)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PATH}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        await self.requests.put(
            Request(str(request.url), dict(request.query), dict(request.headers), await request.read())
        )
        return await self.answer()

    async def answer(self) -> web.StreamResponse:
        return web.Response(text=WELL, content_type="application/json")

    async def next(self) -> Request:
        async with asyncio.timeout(PATIENCE):
            return await self.requests.get()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[Receiver]:
        app = web.Application()
        app.router.add_post(PATH, self.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        try:
            yield self
        finally:
            await runner.cleanup()


@dataclass
class FaultyReceiver(Receiver):
    """Gives these answers first: a status and a body, or None for none in time."""

    answers: list[tuple[int, str] | None] = field(default_factory=list)

    async def answer(self) -> web.StreamResponse:
        if not self.answers:
            return await super().answer()
        answer = self.answers.pop(0)
        if answer is None:
            await asyncio.sleep(PATIENCE)
            raise web.HTTPGatewayTimeout
        return web.Response(status=answer[0], text=answer[1])


class Sending:
    """A sink that runs, and the health it reports."""

    def __init__(self, receiver: Receiver, **chosen: Any) -> None:
        pause = chosen.pop("pause", 0.0)
        self.health: list[GatewayHealth] = []
        self._told = asyncio.Event()
        webhook = Webhook(**{"name": "w", "url": receiver.url, "secret": SECRET, **chosen})
        self.sink = Sink(webhook, SETTINGS, self._hear, first_delay=0.01, pause=pause)

    def _hear(self, health: GatewayHealth) -> None:
        self.health.append(health)
        self._told.set()

    def put(self, *events: AlertEvent) -> None:
        for event in events:
            self.sink.put_nowait(event)

    async def reported(self, condition: Callable[[GatewayHealth], bool]) -> GatewayHealth:
        async with asyncio.timeout(PATIENCE):
            while True:
                if found := next(filter(condition, self.health), None):
                    return found
                self._told.clear()
                await self._told.wait()

    async def __aenter__(self) -> Sending:
        self._task = asyncio.create_task(self.sink.run())
        return self

    async def __aexit__(self, *args: object) -> None:
        self._task.cancel()
        assert isinstance((await asyncio.gather(self._task, return_exceptions=True))[0], asyncio.CancelledError)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def raised(number: int = 1, kind: AlertKind = "answer_breached") -> AlertRaised:
    return AlertRaised(
        at=T0 + number,
        alert_id=f"{kind}:c{number}:1",
        kind=kind,
        queue="hotline",
        call_id=f"c{number}",
        severity="critical",
        value=15.0,
        limit=15.0,
    )


def over(number: int = 1) -> AlertEnded:
    alert = raised(number)
    return AlertEnded(
        at=T0 + 60, alert_id=alert.alert_id, kind=alert.kind, call_id=alert.call_id, seconds=60.0 - number
    )


def verified(request: Request) -> CloudEvent:
    """As docs/alerts.md tells a receiver to check it."""
    stamp = request.headers["X-Hotline-Timestamp"]
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert hmac.compare_digest(request.headers["X-Hotline-Signature"], f"sha256={expected}")
    return parse(request.body)


def text(request: Request) -> str:
    said = json.loads(request.body)
    found = said["content"]["text"] if "content" in said else said["text"]["content"]
    assert isinstance(found, str)
    return found


# --- delivered ---------------------------------------------------------------------------------------------------


async def test_a_program_gets_each_event_signed_in_order() -> None:
    async with Receiver().listening() as receiver, Sending(receiver) as sending:
        names = {"alert_id": raised().alert_id, "call_id": "c1"}
        seen = AlertAcknowledged(at=T0 + 5, kind="answer_breached", by="li", **names)
        worse = AlertEscalated(at=T0 + 3, kind="answer_breached", severity="critical", level=1, **names)
        events: list[AlertEvent] = [raised(), worse, seen, over()]
        sending.put(*events)
        got = [verified(await receiver.next()) for _ in events]
        assert [each.data for each in got] == events
        assert [each.subject for each in got] == ["c1"] * 4
        assert (await sending.reported(lambda health: True)).status == "ok"
        await until(lambda: sending.sink.sent == 4)
        assert sending.sink.lost == 0


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
async def test_a_robot_gets_plain_words_signed_its_way(kind: str) -> None:
    async with Receiver().listening() as receiver, Sending(receiver, format=kind) as sending:
        sending.put(raised())
        request = await receiver.next()
        assert text(request) == "12345 政务服务便民热线 告警\n【严重】00:00:01 政务服务热线：来电超过 15 秒未接"
        if kind == "dingtalk":
            signed = f"{request.query['timestamp']}\n{SECRET}".encode()
            assert request.query["sign"] == base64.b64encode(hmac.digest(SECRET.encode(), signed, "sha256")).decode()
        if kind == "feishu":
            said = json.loads(request.body)
            assert (
                said["sign"]
                == base64.b64encode(hmac.digest(f"{said['timestamp']}\n{SECRET}".encode(), b"", "sha256")).decode()
            )


async def test_what_waits_for_a_robot_goes_out_as_the_lines_of_one_message() -> None:
    async with Receiver().listening() as receiver:
        sending = Sending(receiver, format="wecom", secret="")
        sending.put(raised(1), raised(2), over(1))
        async with sending:
            lines = text(await receiver.next()).splitlines()
            assert len(lines) == 4
            assert lines[3].startswith("【解除】")
        assert receiver.requests.empty()


async def test_alerts_of_the_time_before_a_restart_are_not_sent_again_but_their_end_is() -> None:
    async with Receiver().listening() as receiver, Sending(receiver) as sending:
        sending.sink.restore(raised(1))
        sending.sink.restore(raised(2))
        sending.sink.restore(over(2))
        sending.put(over(1))
        assert verified(await receiver.next()).data == over(1)
        assert receiver.requests.empty()
        assert sending.sink.waiting == 0


# --- not delivered at once ---------------------------------------------------------------------------------------


async def test_what_fails_is_tried_again_with_a_fresh_signature_under_the_same_id() -> None:
    faulty = FaultyReceiver(answers=[(500, ""), (503, ""), (429, "")])
    async with faulty.listening() as receiver, Sending(receiver) as sending:
        sending.put(raised(1), raised(2))
        got = [verified(await receiver.next()) for _ in range(5)]
        assert [each.id for each in got] == [f"{raised(1).alert_id}:raised"] * 4 + [f"{raised(2).alert_id}:raised"]
        assert (await sending.reported(lambda health: health.status == "ok")).value == 0
        assert [health.status for health in sending.health] == ["lost", "ok"]
        assert sending.sink.lost == 0


async def test_no_answer_in_time_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    faulty = FaultyReceiver(answers=[None, None])
    with caplog.at_level(logging.WARNING):
        async with faulty.listening() as receiver, Sending(receiver, timeout=0.05, attempts=2) as sending:
            sending.put(raised())
            lost = await sending.reported(lambda health: health.status == "lost")
            assert (lost.component, lost.value, lost.detail) == (
                "webhook:w",
                1.0,
                "messages lost: no answer within 0.05 s",
            )
    assert PATH not in caplog.text, "the address is a robot's secret"


async def test_nobody_listens_at_first() -> None:
    receiver = Receiver()
    async with Sending(receiver, attempts=100) as sending:
        sending.put(raised())
        lost = await sending.reported(lambda health: health.status == "lost")
        assert lost.detail == "messages wait: cannot be reached: Connection refused"
        async with receiver.listening():
            assert verified(await receiver.next()).data == raised()
            await sending.reported(lambda health: health.status == "ok")


async def test_what_is_refused_is_not_tried_again_and_does_not_hold_up_the_next() -> None:
    faulty = FaultyReceiver(answers=[(410, "")])
    async with faulty.listening() as receiver, Sending(receiver) as sending:
        sending.put(raised(1), raised(2))
        got = [verified(await receiver.next()).data for _ in range(2)]
        assert got == [raised(1), raised(2)]
        lost = await sending.reported(lambda health: health.status == "lost")
        assert lost.detail == "messages lost: HTTP 410"
        assert (await sending.reported(lambda health: health.status == "ok")).value == 1
        assert receiver.requests.empty()


async def test_a_robot_that_refuses_with_http_200_has_refused() -> None:
    faulty = FaultyReceiver(answers=[(200, '{"errcode": 45009}'), (200, '{"errcode": 93000, "errmsg": "invalid url"}')])
    async with faulty.listening() as receiver, Sending(receiver, format="wecom") as sending:
        sending.put(raised())
        await receiver.next()
        await receiver.next()
        lost = await sending.reported(lambda health: health.status == "lost")
        assert lost.detail == "messages lost: code 93000 invalid url"


async def test_too_many_wait_so_the_oldest_is_dropped_and_counted() -> None:
    async with Receiver().listening() as receiver:
        sending = Sending(receiver, max_queue=3)
        sending.put(*(raised(number) for number in range(1, 9)))
        assert (sending.sink.waiting, sending.sink.lost) == (3, 5)
        dropped = await sending.reported(lambda health: health.value == 4)
        assert dropped.status == "degraded"
        async with sending:
            got = [verified(await receiver.next()).data for _ in range(3)]
            assert got == [raised(6), raised(7), raised(8)]
            assert (await sending.reported(lambda health: health.status == "ok")).value == 5


# --- in the whole gateway ----------------------------------------------------------------------------------------


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver().listening() as listening:
        yield listening


def lonely(folder: Path, receiver: Receiver, *kinds: AlertKind) -> Settings:
    """A gateway whose PBX and Redis are not there."""
    return Settings(
        data_dir=str(folder),
        ami=Ami(port=free_port(), connect_timeout=1.0),
        redis=Redis(url=f"redis://127.0.0.1:{free_port()}/0"),
        web=Web(port=free_port()),
        ivr=Ivr(port=free_port()),
        speech=Speech(enabled=False),
        webhook=(
            Webhook(name="ticketing", url=receiver.url, secret=SECRET, kinds=kinds),
            Webhook(name="away", url=f"http://127.0.0.1:{free_port()}/", attempts=1),
        ),
    )


@asynccontextmanager
async def running(app: App) -> AsyncIterator[None]:
    task = asyncio.create_task(app.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def part_is(browser: aiohttp.ClientSession, part: str, status: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while (await (await browser.get("/healthz")).json())["parts"].get(part) != status:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_lost_pbx_is_sent_and_acknowledged_by_a_supervisor(tmp_path: Path, receiver: Receiver) -> None:
    settings = lonely(tmp_path, receiver, "ami_lost")
    engine = open_engine(f"sqlite:///{tmp_path / 'journal.db'}")
    await create_account(Accounts(engine), "boss", "supervisor", "", "a-long-enough-one")
    engine.dispose()
    async with running(App(settings, CONFIG)):
        alert = verified(await receiver.next()).data
        assert isinstance(alert, AlertRaised)
        assert (alert.kind, alert.component) == ("ami_lost", "ami")
        url, headers = f"http://127.0.0.1:{settings.web.port}", {"X-Requested-With": "hotline"}
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(url, headers=headers, cookie_jar=jar) as browser:
            await browser.post("/api/login", json={"name": "boss", "password": "a-long-enough-one"})
            path = f"/api/alerts/{alert.alert_id}/acknowledge"
            assert (await browser.post(path)).status == 200
            seen = verified(await receiver.next()).data
            assert isinstance(seen, AlertAcknowledged)
            assert (seen.by, seen.alert_id) == ("boss", alert.alert_id)
            assert (await browser.post(path)).status == 409
            await part_is(browser, "webhook:away", "lost")


async def test_a_core_that_cannot_keep_up_is_told_of_until_it_can(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.app.INBOX_LIMIT", 2)
    app = App(lonely(tmp_path, receiver, "neighbour"), CONFIG)
    async with running(app):
        await receiver.next()
        for _ in range(5):
            app._put(GatewayHealth(at=time.time(), component="redis", status="lost"))
        told: list[type] = []
        while AlertEnded not in told:
            event = verified(await receiver.next()).data
            if isinstance(event, AlertEvent) and event.component == "core":
                told.append(type(event))
        assert told == [AlertRaised, AlertEnded]


async def test_check_says_whether_somebody_is_there(tmp_path: Path, receiver: Receiver) -> None:
    findings = {found.what: found for found in await check(lonely(tmp_path, receiver), CONFIG)}
    assert (findings["webhook ticketing"].status, findings["webhook away"].status) == ("ok", "note")
    assert "cannot be reached: Connection refused" in findings["webhook away"].detail
