"""The web server: pages, API, live updates, the workers' door, health and metrics, on one port.

``/healthz`` is open to everybody and names no person: it lists parts and neighbours, and answers 200 as long as the
core runs, even with a neighbour lost, since restarting the gateway would not bring that back; 503 means restart me.
``/metrics`` is for a Prometheus on this machine, or for a supervisor who is logged in: figures of a hotline are
nobody else's business. A request that a proxy passed on does not count as coming from this machine.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec
from aiohttp import web

from gateway.config import Settings
from gateway.errors import InputError, NeighbourError, SettingError
from gateway.store.accounts import Accounts
from gateway.web.api import mount
from gateway.web.auth import Auth, RefusedError, forged, same_origin
from gateway.web.handlers import Actions, Api, Error, answer
from gateway.web.live import Live
from gateway.web.missed import MissedLists

log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MAX_BODY = 64 * 1024
"""Bytes of a request's body."""
SHUTDOWN_TIMEOUT = 5.0
"""Seconds open requests have to end when the gateway stops."""
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        # Stylesheets are files of ours. Style *attributes* have to be allowed: Element Plus sizes text areas with
        # setAttribute("style"), and ECharts' tooltips are HTML with style attributes; CSP blocks both otherwise.
        "style-src 'self'",
        "style-src-attr 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
SENTENCES = {
    404: "There is nothing at this address",
    405: "This address does not take this kind of request",
    413: f"The request is bigger than {MAX_BODY} bytes",
}


@dataclass(frozen=True)
class Services:
    """Everything the server stands on, from the composition root.

    ``health`` gives each part's and neighbour's condition (``ok``, ``degraded``, ``lost``), among them ``core``.
    ``metrics`` gives Prometheus' text. ``worker_handler`` takes the workers' WebSockets and checks their token.
    """

    settings: Settings
    accounts: Accounts
    live: Live
    actions: Actions
    worker_handler: Handler
    health: Callable[[], dict[str, str]]
    metrics: Callable[[], bytes]
    ui_dir: Path


class Health(msgspec.Struct, frozen=True):
    """The answer of ``/healthz``."""

    status: str
    parts: dict[str, str]


def create_app(services: Services) -> web.Application:
    """The application, ready for ``run``."""
    auth = Auth(services.accounts, services.settings.web.session_hours)
    app = web.Application(middlewares=[_errors, _guard], client_max_size=MAX_BODY)
    app.on_response_prepare.append(_add_headers)
    app.on_shutdown.append(_closing(services.live))
    mount(app, Api(services.settings, auth, services.live, services.actions, MissedLists(services.settings)))
    app.router.add_get("/ws", _live_pages(services.live, auth))
    app.router.add_get("/workers", services.worker_handler)
    app.router.add_get("/healthz", _healthz(services.health))
    app.router.add_get("/metrics", _metrics(services.metrics, auth))
    app.router.add_get("/{path:.*}", _pages(services.ui_dir))
    return app


async def run(app: web.Application, host: str, port: int, ready: asyncio.Event | None = None) -> None:
    """Serve until cancelled; ``ready`` is set once connections are taken.

    Raises SettingError when the port cannot be had.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise _unavailable(host, port, error) from error
        if ready is not None:
            ready.set()
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def _unavailable(host: str, port: int, error: OSError) -> SettingError:
    if error.errno == errno.EADDRINUSE:
        mend = "Stop the other program, or choose another port with HOTLINE_WEB_PORT"
        return SettingError("web.port", f"port {port} on {host} is in use by another program", mend)
    if error.errno in (errno.EACCES, errno.EPERM):
        mend = "Choose one above 1023 with HOTLINE_WEB_PORT"
        return SettingError("web.port", f"port {port} may not be opened by this user", mend)
    return SettingError("web.host", f"cannot listen on {host}: {error.strerror}", "Give an address of this machine")


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong becomes one JSON sentence with the right status."""
    try:
        return await handler(request)
    except RefusedError as error:
        response = answer(Error(str(error)), error.status)
        if error.retry_after:
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    except InputError as error:
        return answer(Error(str(error)), 400)
    except NeighbourError as error:
        log.error("a request failed: %s", error)
        return answer(Error("A neighbour of the gateway is away; try again in a moment"), 503)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return answer(Error(SENTENCES.get(error.status, error.reason)), error.status)
    except Exception:
        log.exception("a request to %s failed", request.match_info.route.resource)
        return answer(Error("The gateway failed at this; its log says why"), 500)


@web.middleware
async def _guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    if forged(request):
        raise RefusedError(403, "The request does not come from a page of this gateway")
    return await handler(request)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _closing(live: Live) -> Callable[[web.Application], Awaitable[None]]:
    async def close(app: web.Application) -> None:
        live.close()

    return close


def _live_pages(live: Live, auth: Auth) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        if not same_origin(request):
            raise RefusedError(403, "Live pages are only for pages of this gateway")
        session = await auth.session(request)
        account, view = session.account, request.query.get("view")
        if view == "wallboard":
            topic = live.wallboard_topic(without_callers=account.role == "agent")
        elif view == "desk" and account.agent:
            topic = live.desk_topic(account.agent)
        elif view == "desk":
            raise RefusedError(403, "This account is no agent's; a desk needs one")
        else:
            raise RefusedError(400, "Ask for view=desk or view=wallboard")
        return await live.serve(request, topic, session, auth.seconds_left(session))

    return handle


def _healthz(health: Callable[[], dict[str, str]]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        parts = health()
        alive = parts.get("core", "lost") != "lost"
        worst = "ok" if all(status == "ok" for status in parts.values()) else "degraded"
        return answer(Health(worst if alive else "lost", parts), 200 if alive else 503)

    return handle


def _metrics(render: Callable[[], bytes], auth: Auth) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        if not _from_this_machine(request):
            await auth.session(request, ("supervisor", "administrator"))
        headers = {"Content-Type": "text/plain; version=0.0.4; charset=utf-8", "Cache-Control": "no-store"}
        return web.Response(body=render(), headers=headers)

    return handle


def _from_this_machine(request: web.Request) -> bool:
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ipaddress.ip_address(request.remote or "").is_loopback
    except ValueError:
        return False


def _pages(ui_dir: Path) -> Handler:
    """The built pages: files as they are, and index.html for every address the pages route themselves."""

    async def handle(request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        if path.startswith("api/"):
            raise web.HTTPNotFound
        file = await asyncio.to_thread(_find, ui_dir, path)
        if file is not None:
            hashed = path.startswith("assets/")  # the build puts a hash of the content into these names
            caching = "public, max-age=31536000, immutable" if hashed else "no-cache"
            return web.FileResponse(file, headers={"Cache-Control": caching})
        if path.rpartition("/")[2].count(".") or await asyncio.to_thread((ui_dir / "index.html").is_file):
            raise web.HTTPNotFound
        log.warning("the pages are not built: there is no index.html in %s", ui_dir)
        text = "The pages are not built. Run `npm ci && npm run build` in ui/, or set HOTLINE_WEB_UI_DIR.\n"
        return web.Response(text=text, status=503)

    return handle


def _find(ui_dir: Path, path: str) -> Path | None:
    """The file to send: the one asked for, else index.html for a client route; None if there is neither."""
    try:
        root = ui_dir.resolve()
        wanted = (root / path).resolve()
        if not wanted.is_relative_to(root):
            return None
        if wanted.is_file():
            return wanted
        index = root / "index.html"
        return index if "." not in wanted.name and index.is_file() else None
    except (OSError, ValueError):  # a name too long, or with a NUL in it
        return None
