"""The REST surface: one table of routes, from which both the handlers and ``contract/openapi.json`` are made.

Every answer is JSON; an error is ``{"error": "one clear sentence"}``. Unsafe requests carry the header
``X-Requested-With: hotline``. ``python -m gateway.web.api`` writes the contract, ``--check`` compares it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from msgspec import Struct

from gateway.answer_sla.missed_caller import MissedList
from gateway.store.accounts import Role
from gateway.web import handlers
from gateway.web.auth import COOKIE, ROLES, RefusedError
from gateway.web.handlers import Api, Call, Config, Done, Error, LanguageChoice, LoginRequest, Me, TicketEdit

CONTRACT = Path(__file__).parents[2] / "contract" / "openapi.json"
REASONS = {
    400: "The request cannot be understood, or a value in it is refused.",
    401: "Nobody is logged in, or name or password is wrong.",
    403: "Not for this role, not this agent's call, or sent from another site.",
    404: "This call is on no desk, or nobody's latest on the list of missed callers; there is no such call; this alert "
    "is not open.",
    409: "Not now: the call is not answered yet, is over, has no draft yet, or its ticket was submitted; or somebody "
    "did the same before, whom the sentence names.",
    413: "The request is too big.",
    429: "Too many failed logins, or others wait for the same; the sentence says how long to wait.",
}


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


TICKETS: tuple[Role, ...] = ("agent", "administrator")
ALERTS: tuple[Role, ...] = ("supervisor", "administrator")
PARAMETER = re.compile(r"\{(\w+)\}")
"""A part of a path that stands for something."""
ROUTES = (
    Route("POST", "/api/login", handlers.login, "Log in", Me, LoginRequest, roles=(), errors=(400, 401, 403, 413, 429)),
    Route("POST", "/api/logout", handlers.logout, "Log out", Done, roles=(), errors=(403,)),
    Route("GET", "/api/me", handlers.me, "Who is logged in", Me, errors=(401,)),
    Route("GET", "/api/config", handlers.config, "What a page shows before login", Config, roles=()),
    Route(
        "PATCH",
        "/api/tickets/{call_id}",
        handlers.edit_ticket,
        "Set fields of a ticket as the agent wants them",
        Done,
        TicketEdit,
        roles=TICKETS,
        errors=(400, 401, 403, 404, 409, 413),
    ),
    Route(
        "POST",
        "/api/tickets/{call_id}/submit",
        handlers.submit_ticket,
        "Send a ticket off",
        Done,
        roles=TICKETS,
        errors=(400, 401, 403, 404, 409),
    ),
    Route(
        "POST",
        "/api/calls/{call_id}/language",
        handlers.choose_language,
        "Have a living call transcribed in another language from now on",
        Done,
        LanguageChoice,
        errors=(400, 401, 403, 404, 409, 413),
    ),
    Route(
        "GET",
        "/api/missed",
        handlers.missed,
        "Callers missed in a period (ISO 8601 or Unix seconds; today if not given) and not spoken with since",
        MissedList,
        query=("from", "to"),
        errors=(400, 401, 429),
    ),
    Route(
        "POST",
        "/api/missed/{call_id}/callback",
        handlers.request_callback,
        "Have the missed caller called back whose latest call this is",
        Done,
        errors=(401, 403, 404, 409),
    ),
    Route(
        "POST",
        "/api/alerts/{alert_id}/acknowledge",
        handlers.acknowledge_alert,
        "Take care of an alert: it is escalated no more",
        Done,
        roles=ALERTS,
        errors=(400, 401, 403, 404, 409),
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
        names = [(name, "path") for name in PARAMETER.findall(route.path)] + [(name, "query") for name in route.query]
        if names:
            operation["parameters"] = [
                {"name": name, "in": where, "required": where == "path", "schema": {"type": "string"}}
                for name, where in names
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


def _content(kind: type[Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{kind.__name__}"}}}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
