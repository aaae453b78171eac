"""A gateway with nothing but its web side: the real server, accounts and views, fed by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from gateway.config import Agent, Settings, Web
from gateway.demo.process import free_port
from gateway.errors import InputError
from gateway.events import (
    AlertAcknowledged,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallQueued,
    CallRinging,
    Clocks,
    LanguageChosen,
    TicketDrafted,
    TicketField,
    TicketSubmitted,
    TicketUpdated,
)
from gateway.store.accounts import Accounts
from gateway.store.database import open_engine
from gateway.web.auth import create_account
from gateway.web.live import Live
from gateway.web.server import Services, create_app, run

T0 = 1_764_000_000.0
PASSWORD = "a-long-enough-one"


class House:
    """What people do on the pages goes straight back to the pages."""

    def __init__(self, folder: Path, session_hours: float) -> None:
        self.settings = Settings(agent=(Agent(id="1001", name="王敏"),), web=Web(session_hours=session_hours))
        self.engine = open_engine(f"sqlite:///{folder / 'journal.db'}")
        self.accounts = Accounts(self.engine)
        self.now = T0
        self.live = Live(self.settings, clock=lambda: self.now)
        self.languages = ("ko", "zh")
        self.parts = {"core": "ok", "ami": "ok"}
        self.ui = folder / "ui"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    async def edit_ticket(self, call_id: str, values: Mapping[str, str], agent: str) -> None:
        if "no_such_field" in values:
            raise InputError("There is no field of this name")
        fields = tuple(TicketField(name=name, value=value, by="agent") for name, value in values.items())
        self.live.publish(TicketUpdated(at=self.now, call_id=call_id, ticket_id="t1", fields=fields, by=agent), T0)

    async def submit_ticket(self, call_id: str, agent: str) -> None:
        self.live.publish(
            TicketSubmitted(at=self.now, call_id=call_id, ticket_id="t1", agent=agent, fields=()), self.now
        )

    async def choose_language(self, call_id: str, language: str, by: str) -> None:
        if language not in self.languages:
            raise InputError(f"language {language} is not transcribed here")
        self.live.publish(LanguageChosen(at=self.now, call_id=call_id, language=language, by=by), self.now)

    async def acknowledge_alert(self, alert_id: str, by: str) -> None:
        self.live.publish(AlertAcknowledged(at=self.now, alert_id=alert_id, kind="ami_lost", by=by), self.now)

    async def workers(self, request: web.Request) -> web.StreamResponse:
        return web.Response(status=401, text="a token, please")

    def app(self) -> web.Application:
        return create_app(
            Services(
                settings=self.settings,
                accounts=self.accounts,
                live=self.live,
                actions=self,
                worker_handler=self.workers,
                health=lambda: self.parts,
                metrics=lambda: b"hotline_calls_offered_total 0.0\n",
                ui_dir=self.ui,
            )
        )

    def offer(self, agent: str = "1001", call_id: str = "c1") -> None:
        for event in (
            CallOffered(at=T0, call_id=call_id, caller_number="13900000000"),
            CallQueued(at=T0 + 1, call_id=call_id, queue="hotline"),
            CallRinging(at=T0 + 2, call_id=call_id, queue="hotline", agent=agent),
        ):
            self.live.publish(event, event.at)

    def answer(self, agent: str = "1001", call_id: str = "c1") -> None:
        clocks = Clocks(arrived=T0, caller_wait=7.0)
        answered = CallAnswered(at=T0 + 7, call_id=call_id, queue="hotline", agent=agent, clocks=clocks)
        self.live.publish(answered, answered.at)

    def end(self, call_id: str = "c1") -> None:
        ended = CallEnded(at=T0 + 60, call_id=call_id, hung_up_by="caller", clocks=Clocks(arrived=T0))
        self.live.publish(ended, ended.at)

    def draft(self) -> None:
        field = TicketField(name="title", value="路灯")
        self.live.publish(TicketDrafted(at=T0 + 8, call_id="c1", ticket_id="t1", fields=(field,)), T0 + 8)


@asynccontextmanager
async def house_in(folder: Path, session_hours: float = 12.0) -> AsyncIterator[House]:
    """A house with an agent (wang, 1001), a supervisor (boss) and an administrator (root)."""
    house = House(folder, session_hours)
    await create_account(house.accounts, "wang", "agent", "1001", PASSWORD)
    await create_account(house.accounts, "boss", "supervisor", "", PASSWORD)
    await create_account(house.accounts, "root", "administrator", "", PASSWORD)
    yield house
    house.engine.dispose()


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[asyncio.Task[None]]:
    ready = asyncio.Event()
    task = asyncio.create_task(run(house.app(), "127.0.0.1", house.port, ready))
    started = asyncio.create_task(ready.wait())
    await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED)
    try:
        yield task
    finally:
        started.cancel()
        task.cancel()
        await asyncio.gather(task, started, return_exceptions=True)
