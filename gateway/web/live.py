"""Live pages: events folded as they happen, changes sent as numbered merge patches over WebSockets.

A page gets a snapshot first and then deltas whose ``seq`` follow on; it may send ``{"kind": "resync"}`` for a new
snapshot. Changes within ``COALESCE`` seconds go out together. A page that does not keep up is closed with code
1013, connects again and starts from a snapshot: nobody waits for it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from gateway.config import Settings
from gateway.events import (
    AgentStateChanged,
    CallAnswered,
    CallEvent,
    CallRinging,
    Event,
    PartyJoined,
    SpeechLevelChanged,
)
from gateway.views import Alert, Desk, DeskFold, SpeechEngine, WallboardFold, without_callers
from gateway.web.auth import Session
from gateway.web.topic import Page, Topic

log = logging.getLogger(__name__)

COALESCE = 0.05
"""Seconds that changes are gathered before they are sent."""
MAX_PAGES = 1000
"""Pages connected at once."""
MAX_MESSAGE = 1024
"""Bytes of a message from a page."""
HEARTBEAT = 15.0
"""Seconds between pings; a page that does not answer in half of it is gone."""
CLOSE_TIMEOUT = 2.0
"""Seconds a page has to agree to a close."""
FORGOTTEN_STEP = 1000
"""Calls forgotten for want of room between two lines of the log."""
SESSION_OVER = 4401
"""Close code: log in again."""


class Resync(msgspec.Struct, tag_field="kind", tag="resync", forbid_unknown_fields=True):
    """The one thing a page may say: send me everything again."""


class Live:
    """All views and all pages. ``clock`` gives Unix seconds on the PBX's clock, as in ``publish``'s ``now``."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._wallboard = WallboardFold(settings)
        self._boards = {
            False: Topic("wallboard", self._wallboard.snapshot),
            True: Topic("wallboard", lambda now: without_callers(self._wallboard.snapshot(now))),
        }
        self._desks: dict[str, DeskFold] = {}
        self._desk_topics: dict[str, Topic] = {}
        self._holders: dict[str, set[str]] = {}
        """The agents on whose desks a call is or is laid aside, by call id."""
        self._engines: tuple[SpeechEngine, ...] = ()
        self._flush_timer: asyncio.TimerHandle | None = None
        self._expiry_timer: asyncio.TimerHandle | None = None
        self._tell_forgotten = 1
        for agent in settings.agent:
            self._desk(agent.id)

    def publish(self, event: Event, now: float) -> None:
        """Fold an event into every view and tell the pages soon. Needs a running loop only once pages exist."""
        if self._wallboard.feed(event, now):
            self._changed(*self._boards.values())
        for agent in self._concerned(event):
            self._feed_desk(agent, event, now)
        forgotten = self._wallboard.calls.forgotten
        if forgotten >= self._tell_forgotten:
            self._tell_forgotten = forgotten + FORGOTTEN_STEP
            log.warning("more living calls than the pages can hold; forgotten so far: %d", forgotten)

    def set_engines(self, engines: Iterable[SpeechEngine]) -> None:
        """Show these speech engines, one per language."""
        self._engines = tuple(engines)
        self._wallboard.set_engines(self._engines)
        for desk in self._desks.values():
            desk.set_engines(self._engines)
        self._changed(*self._topics())

    def desk(self, agent: str) -> Desk:
        """The agent's desk as it is now."""
        return self._desk(agent).snapshot(self._clock())

    def agents_with(self, call_id: str) -> list[str]:
        """The agents on whose desks this call is."""
        return [agent for agent, desk in self._desks.items() if desk.call and desk.call.call_id == call_id]

    def lives(self, call_id: str) -> bool:
        """The caller has not hung up yet."""
        return self._wallboard.calls.get(call_id) is not None

    def alert(self, alert_id: str) -> Alert | None:
        """The alert, while it is open."""
        return self._wallboard.alert(alert_id)

    def close(self) -> None:
        """The gateway stops: end every page."""
        for topic in self._topics():
            for page in topic.pages:
                page.close(WSCloseCode.GOING_AWAY, "the gateway is restarting")
        for timer in (self._flush_timer, self._expiry_timer):
            if timer is not None:
                timer.cancel()

    def wallboard_topic(self, *, without_callers: bool) -> Topic:
        """The wallboard's pages, with callers' numbers and names or without."""
        return self._boards[without_callers]

    def desk_topic(self, agent: str) -> Topic:
        """The pages of the agent's desk."""
        self._desk(agent)
        return self._desk_topics[agent]

    async def serve(
        self, request: web.Request, topic: Topic, session: Session, seconds_left: float
    ) -> web.WebSocketResponse:
        """Hold one page's socket until it, its session or the gateway ends. Access was checked by the caller."""
        if sum(len(topic.pages) for topic in self._topics()) >= MAX_PAGES:
            raise web.HTTPServiceUnavailable(reason=f"{MAX_PAGES} pages are connected, which is the limit")
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_MESSAGE, timeout=CLOSE_TIMEOUT)
        await socket.prepare(request)
        page = Page()
        topic.show(page, self._clock())
        self._watch_expiry()
        traffic = [asyncio.create_task(page.write(socket)), asyncio.create_task(self._read(socket, topic, page))]
        expiry = asyncio.get_running_loop().call_later(seconds_left, session.over.set)
        over = asyncio.create_task(session.over.wait())
        try:
            ends_it: set[asyncio.Future[Any]] = {*traffic, over, page.closing}
            await asyncio.wait(ends_it, return_when=asyncio.FIRST_COMPLETED)
        finally:
            topic.pages.discard(page)
            expiry.cancel()
            if over.done():
                page.close(SESSION_OVER, "the session is over; log in again")
            for task in (*traffic, over):
                task.cancel()
            ends = await asyncio.gather(*traffic, over, return_exceptions=True)
        if page.closing.done():
            await _close(request, socket, *page.closing.result())
        for end in ends:
            if isinstance(end, Exception) and not isinstance(end, ConnectionError):
                raise end
        return socket

    async def _read(self, socket: web.WebSocketResponse, topic: Topic, page: Page) -> None:
        """Take messages until the page is gone or says something unreadable."""
        async for message in socket:
            if message.type is WSMsgType.ERROR:
                return  # aiohttp has closed it already, a message too big with 1009
            if message.type is not WSMsgType.TEXT:
                page.close(WSCloseCode.UNSUPPORTED_DATA, "only text messages are understood")
                return
            try:
                msgspec.json.decode(message.data, type=Resync)
            except msgspec.DecodeError:
                page.close(WSCloseCode.INVALID_TEXT, 'only {"kind": "resync"} is understood')
                return
            topic.show(page, self._clock())

    def _desk(self, agent: str) -> DeskFold:
        if agent not in self._desks:
            desk = DeskFold(self._settings, agent, self._wallboard.calls)
            desk.set_engines(self._engines)
            self._desks[agent] = desk
            self._desk_topics[agent] = Topic("desk", desk.snapshot)
        return self._desks[agent]

    def _concerned(self, event: Event) -> set[str]:
        """The agents on whose desks an event may change something: not each of hundreds looks at every event."""
        agents = self._holders.get(event.call_id, set()) if isinstance(event, CallEvent) else set()
        if isinstance(event, AgentStateChanged | CallRinging | CallAnswered):
            return agents | {event.agent}
        if isinstance(event, PartyJoined) and event.kind == "agent":
            return agents | {event.party}
        if isinstance(event, SpeechLevelChanged):
            return set(self._desks)
        return set(agents)

    def _feed_desk(self, agent: str, event: Event, now: float) -> None:
        desk = self._desk(agent)
        before = desk.held()
        if desk.feed(event, now):
            self._changed(self._desk_topics[agent])
        held = desk.held()
        for call_id in held - before:
            self._holders.setdefault(call_id, set()).add(agent)
        for call_id in before - held:
            self._holders[call_id].discard(agent)
            if not self._holders[call_id]:
                del self._holders[call_id]

    def _topics(self) -> Iterable[Topic]:
        return (*self._boards.values(), *self._desk_topics.values())

    def _changed(self, *topics: Topic) -> None:
        """They may look different: tell their pages soon."""
        for topic in topics:
            topic.dirty = True
        if self._flush_timer is None and any(topic.pages for topic in topics):
            self._flush_timer = asyncio.get_running_loop().call_later(COALESCE, self._flush)

    def _flush(self) -> None:
        self._flush_timer = None
        for topic in self._topics():
            if topic.dirty:
                topic.flush(self._clock())
        self._watch_expiry()

    def _watch_expiry(self) -> None:
        """Look at the board again when a recent breach leaves it by itself."""
        if self._expiry_timer is not None:
            self._expiry_timer.cancel()
            self._expiry_timer = None
        expiry = self._wallboard.next_expiry()
        if expiry is not None and any(topic.pages for topic in self._boards.values()):
            delay = max(COALESCE, expiry - self._clock())
            self._expiry_timer = asyncio.get_running_loop().call_later(delay, self._expire)

    def _expire(self) -> None:
        for topic in self._boards.values():
            topic.dirty = True
        self._flush()


async def _close(request: web.Request, socket: web.WebSocketResponse, code: int, reason: str) -> None:
    """Say why and close; a peer that no longer reads is cut off."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT):
            await socket.close(code=code, message=reason.encode())
    except (TimeoutError, ConnectionError):
        if request.transport is not None:
            request.transport.abort()
