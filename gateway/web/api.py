"""The REST surface: one table of routes, from which both the handlers and ``contract/openapi.json`` are made.

Every answer is JSON; an error is ``{"error": "one clear sentence"}``. Unsafe requests carry the header
``X-Requested-With: hotline``. ``python -m gateway.web.api`` writes the contract, ``--check`` compares it.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

import msgspec
from aiohttp import web
from msgspec import Meta, Struct

from gateway import __version__
from gateway.answer_sla.missed import AlreadyRequestedError, NotMissedError
from gateway.answer_sla.missed_caller import MissedList
from gateway.config import Settings
from gateway.store.accounts import Account, Role
from gateway.web.auth import COOKIE, ROLES, Auth, RefusedError, set_cookie
from gateway.web.live import Live
from gateway.web.missed import MissedLists

CONTRACT = Path(__file__).parents[2] / "contract" / "openapi.json"
REASONS = {
    400: "The request cannot be understood, or a value in it is refused.",
    401: "Nobody is logged in, or name or password is wrong.",
    403: "Not for this role, not this agent's call, or sent from another site.",
    404: "This call is on no desk, or is nobody's latest on the list of missed callers.",
    409: "Not now: the call is not answered yet, has no draft yet, its ticket was submitted; or it was asked before.",
    413: "The request is too big.",
    429: "Too many failed logins, or others wait for the same; the sentence says how long to wait.",
}


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


class Done(Struct, frozen=True):
    """It was done."""


class Error(Struct, frozen=True):
    """It was not done, and why."""

    error: str


class Actions(Protocol):
    """What people can do; the composition root carries it out."""

    async def edit_ticket(self, call_id: str, values: Mapping[str, str], agent: str) -> None:
        """Set fields as the agent wants them. Raises InputError for a field or value that is refused."""

    async def submit_ticket(self, call_id: str, agent: str) -> None:
        """Send the ticket off. Raises InputError when it is not fit to be sent."""

    async def request_callback(self, call_id: str, by: str) -> None:
        """Have a missed caller called back. Raises NotMissedError or AlreadyRequestedError."""


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


@dataclass(frozen=True)
class Route:
    """One line of the table. ``roles`` empty: open to everybody, also without login."""

    method: str
    path: str
    handler: Callable[[Api, Call], Awaitable[web.Response]]
    summary: str
    response: type[Struct]
    request: type[Struct] | None = None
    query: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ROLES
    errors: tuple[int, ...] = ()


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


TICKETS: tuple[Role, ...] = ("agent", "administrator")
ROUTES = (
    Route("POST", "/api/login", login, "Log in", Me, LoginRequest, roles=(), errors=(400, 401, 403, 413, 429)),
    Route("POST", "/api/logout", logout, "Log out", Done, roles=(), errors=(403,)),
    Route("GET", "/api/me", me, "Who is logged in", Me, errors=(401,)),
    Route("GET", "/api/config", config, "What a page shows before login", Config, roles=()),
    Route(
        "PATCH",
        "/api/tickets/{call_id}",
        edit_ticket,
        "Set fields of a ticket as the agent wants them",
        Done,
        TicketEdit,
        roles=TICKETS,
        errors=(400, 401, 403, 404, 409, 413),
    ),
    Route(
        "POST",
        "/api/tickets/{call_id}/submit",
        submit_ticket,
        "Send a ticket off",
        Done,
        roles=TICKETS,
        errors=(400, 401, 403, 404, 409),
    ),
    Route(
        "GET",
        "/api/missed",
        missed,
        "Callers missed in a period (ISO 8601 or Unix seconds; today if not given) and not spoken with since",
        MissedList,
        query=("from", "to"),
        errors=(400, 401, 429),
    ),
    Route(
        "POST",
        "/api/missed/{call_id}/callback",
        request_callback,
        "Have the missed caller called back whose latest call this is",
        Done,
        errors=(401, 403, 404, 409),
    ),
)


def mount(app: web.Application, api: Api) -> None:
    """Give the application every route of the table."""
    for route in ROUTES:
        app.router.add_route(route.method, route.path, _handler(api, route))


def openapi() -> dict[str, Any]:
    """The contract: OpenAPI 3.1, made from the table."""
    structs = [Error, *(kind for route in ROUTES for kind in (route.request, route.response) if kind)]
    _, schemas = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        operation: dict[str, Any] = {
            "operationId": route.handler.__name__,
            "summary": route.summary,
            "responses": {"200": {"description": "Done.", "content": _content(route.response)}},
        }
        if "{call_id}" in route.path:
            call_id = {"name": "call_id", "in": "path", "required": True, "schema": {"type": "string"}}
            operation["parameters"] = [call_id]
        if route.query:
            operation["parameters"] = [
                {"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in route.query
            ]
        if route.request:
            operation["requestBody"] = {"required": True, "content": _content(route.request)}
        for status in route.errors:
            operation["responses"][str(status)] = {"description": REASONS[status], "content": _content(Error)}
        operation["security"] = [{"session": []}] if route.roles else []
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Hotline gateway",
            "version": "1",
            "description": "Unsafe requests carry the header `X-Requested-With: hotline`.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": COOKIE}},
        },
    }


def main(arguments: list[str]) -> int:
    """Write the contract; with ``--check`` only say whether the file is up to date, non-zero if not."""
    text = msgspec.json.format(msgspec.json.encode(openapi()), indent=2).decode() + "\n"
    if arguments == ["--check"]:
        if CONTRACT.exists() and CONTRACT.read_text(encoding="utf-8") == text:
            return 0
        print(f"{CONTRACT}: not what the code says; write it anew with `python -m gateway.web.api`", file=sys.stderr)
        return 1
    CONTRACT.parent.mkdir(exist_ok=True)
    CONTRACT.write_text(text, encoding="utf-8")
    return 0


def _handler(api: Api, route: Route) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        account = (await api.auth.session(request, route.roles)).account if route.roles else None
        body = None
        if route.request is not None:
            try:
                body = msgspec.json.decode(await request.read(), type=route.request)
            except msgspec.DecodeError as error:
                raise RefusedError(400, f"The request's body is not as agreed: {error}") from error
        return await route.handler(api, Call(request, account, body))

    return handle


def _account(call: Call) -> Account:
    assert call.account is not None, "the route asks for a login"
    return call.account


def _me(account: Account) -> Me:
    return Me(account.name, account.role, account.agent)


def _ticket_on_desk(api: Api, call: Call) -> tuple[str, str]:
    """The call and who edits its ticket: the agent on whose desk it is, or an administrator."""
    account, call_id = _account(call), call.request.match_info["call_id"]
    holders = api.live.agents_with(call_id)
    if not holders:
        raise RefusedError(404, "This call is on no desk")
    if account.agent not in holders and account.role != "administrator":
        raise RefusedError(403, "This call is on another agent's desk")
    desk = api.live.desk(account.agent if account.agent in holders else holders[0])
    if desk.call is None or desk.call.state == "ringing":
        raise RefusedError(409, "The call is not answered yet")
    if not desk.ticket_id:
        raise RefusedError(409, "The call has no ticket draft yet", "Try again in a moment")
    if desk.ticket_submitted:
        raise RefusedError(409, "The ticket was submitted already")
    return call_id, account.agent or account.name


def _content(kind: type[Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
