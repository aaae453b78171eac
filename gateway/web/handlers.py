"""What each request of the REST surface does, and the shapes of its body and its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from gateway import __version__
from gateway.answer_sla.missed import AlreadyRequestedError, NotMissedError
from gateway.config import Settings
from gateway.store.accounts import Account, Role
from gateway.web.auth import COOKIE, Auth, RefusedError, set_cookie
from gateway.web.live import Live
from gateway.web.missed import MissedLists


class LoginRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Name and password of a local account."""

    name: str
    password: str


class Me(Struct, frozen=True):
    """Who is logged in. ``agent`` is empty for people who take no calls."""

    name: str
    role: Role
    agent: str


class Config(Struct, frozen=True):
    """What a page shows before anybody is logged in."""

    hotline_name: str
    timezone: str
    language: str
    version: str


class TicketEdit(Struct, frozen=True, forbid_unknown_fields=True):
    """Fields as the agent wants them, by name; fields not named stay."""

    fields: Annotated[
        dict[Annotated[str, Meta(min_length=1, max_length=64)], Annotated[str, Meta(max_length=4000)]],
        Meta(min_length=1, max_length=64),
    ]


class LanguageChoice(Struct, frozen=True, forbid_unknown_fields=True):
    """What is spoken from now on (ISO 639-1)."""

    language: Annotated[str, Meta(min_length=2, max_length=8)]


class Done(Struct, frozen=True):
    """It was done."""


class Error(Struct, frozen=True):
    """It was not done, and why."""

    error: str


class Actions(Protocol):
    """What people can do from the pages; the composition root carries it out."""

    async def edit_ticket(self, call_id: str, values: Mapping[str, str], agent: str) -> None:
        """Set fields as the agent wants them. Raises InputError for a field or value that is refused."""

    async def submit_ticket(self, call_id: str, agent: str) -> None:
        """Send the ticket off. Raises InputError when it is not fit to be sent."""

    async def choose_language(self, call_id: str, language: str, by: str) -> None:
        """``by`` says which language is spoken from now on. Raises InputError for one that nobody transcribes."""

    async def request_callback(self, call_id: str, by: str) -> None:
        """Have a missed caller called back. Raises NotMissedError or AlreadyRequestedError."""

    async def acknowledge_alert(self, alert_id: str, by: str) -> None:
        """``by`` takes care of an open alert. Raises InputError when it is not open or was acknowledged before."""


@dataclass(frozen=True)
class Api:
    """What the handlers work with."""

    settings: Settings
    auth: Auth
    live: Live
    actions: Actions
    missed: MissedLists


@dataclass(frozen=True)
class Call:
    """One request, decoded: ``account`` is None only where no login is needed."""

    request: web.Request
    account: Account | None
    body: Any


def answer(body: Struct, status: int = 200) -> web.Response:
    """A JSON answer that no cache keeps."""
    headers = {"Cache-Control": "no-store"}
    return web.Response(body=msgspec.json.encode(body), status=status, content_type="application/json", headers=headers)


async def login(api: Api, call: Call) -> web.Response:
    """Check the password and hand the browser its session."""
    token, session = await api.auth.login(call.body.name, call.body.password, call.request.remote or "")
    response = answer(_me(session.account))
    set_cookie(call.request, response, token, api.auth.seconds_left(session))
    return response


async def logout(api: Api, call: Call) -> web.Response:
    """End the session and its live pages."""
    api.auth.logout(call.request)
    response = answer(Done())
    response.del_cookie(COOKIE, path="/")
    return response


async def me(api: Api, call: Call) -> web.Response:
    """Who is logged in."""
    return answer(_me(_account(call)))


async def config(api: Api, call: Call) -> web.Response:
    """What a page shows before login."""
    chosen = api.settings
    return answer(Config(chosen.hotline_name, chosen.timezone, chosen.speech.language, __version__))


async def edit_ticket(api: Api, call: Call) -> web.Response:
    """Set fields of the ticket of the call on the agent's desk."""
    call_id, agent = _ticket_on_desk(api, call)
    await api.actions.edit_ticket(call_id, call.body.fields, agent)
    return answer(Done())


async def submit_ticket(api: Api, call: Call) -> web.Response:
    """Send off the ticket of the call on the agent's desk."""
    call_id, agent = _ticket_on_desk(api, call)
    await api.actions.submit_ticket(call_id, agent)
    return answer(Done())


async def choose_language(api: Api, call: Call) -> web.Response:
    """Have a living call transcribed in another language from now on."""
    account, call_id = _account(call), call.request.match_info["call_id"]
    holders = api.live.agents_with(call_id)
    if account.role == "agent" and account.agent not in holders:
        raise _not_on_his_desk(holders)
    if not api.live.lives(call_id):
        raise RefusedError(409, "The call is over") if holders else RefusedError(404, "There is no such call")
    await api.actions.choose_language(call_id, call.body.language, account.agent or account.name)
    return answer(Done())


async def missed(api: Api, call: Call) -> web.Response:
    """The callers missed in a period and not spoken with since, with their numbers in full."""
    query = call.request.query
    return answer(await api.missed.read(query.get("from", ""), query.get("to", "")))


async def request_callback(api: Api, call: Call) -> web.Response:
    """Have the missed caller called back whose latest call this is."""
    account = _account(call)
    try:
        await api.actions.request_callback(call.request.match_info["call_id"], account.agent or account.name)
    except NotMissedError as error:
        raise RefusedError(404, error.what, error.mend) from error
    except AlreadyRequestedError as error:
        raise RefusedError(409, error.what, error.mend) from error
    return answer(Done())


async def acknowledge_alert(api: Api, call: Call) -> web.Response:
    """Take care of an alert, under the account's name."""
    alert_id = call.request.match_info["alert_id"]
    alert = api.live.alert(alert_id)
    if alert is None:
        raise RefusedError(404, "There is no such alert, or it is over")
    if alert.acknowledged_by:
        raise RefusedError(409, f"{alert.acknowledged_by} has acknowledged this alert already")
    await api.actions.acknowledge_alert(alert_id, _account(call).name)
    return answer(Done())


def _account(call: Call) -> Account:
    assert call.account is not None, "the route asks for a login"
    return call.account


def _me(account: Account) -> Me:
    return Me(account.name, account.role, account.agent)


def _ticket_on_desk(api: Api, call: Call) -> tuple[str, str]:
    """The call and who edits its ticket: the agent on whose desk it is, or an administrator."""
    account, call_id = _account(call), call.request.match_info["call_id"]
    holders = api.live.agents_with(call_id)
    if not holders or (account.agent not in holders and account.role != "administrator"):
        raise _not_on_his_desk(holders)
    desk = api.live.desk(account.agent if account.agent in holders else holders[0])
    if desk.call is None or desk.call.state == "ringing":
        raise RefusedError(409, "The call is not answered yet")
    if not desk.ticket_id:
        raise RefusedError(409, "The call has no ticket draft yet", "Try again in a moment")
    if desk.ticket_submitted:
        raise RefusedError(409, "The ticket was submitted already")
    return call_id, account.agent or account.name


def _not_on_his_desk(holders: list[str]) -> RefusedError:
    if holders:
        return RefusedError(403, "This call is on another agent's desk")
    return RefusedError(404, "This call is on no desk")
