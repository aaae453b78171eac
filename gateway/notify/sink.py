"""One webhook: a bounded queue, and a task that empties it with patience."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Literal, cast

import aiohttp

from gateway.config import Settings, Webhook
from gateway.events import AlertEvent, GatewayHealth
from gateway.notify.formats import PAUSE, Answer, Message, SentEvent, fitting, judge, post
from gateway.notify.selection import Selection
from gateway.notify.words import line

log = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 1.0, 60.0
"""Seconds between the attempts at one message, doubling."""
LOST_AFTER = 3
"""Attempts in a row that fail before the webhook is reported lost."""
MAX_ANSWER = 64 * 1024
"""Bytes of an answer that are read."""
LOOK_AHEAD = 100
"""Messages that may go into one request at most."""


class Sink:
    """Sends alert events to one webhook. ``await run()`` in a task of its own; nobody waits for it.

    ``on_health`` hears of the component ``webhook:<name>``: lost when messages cannot be delivered, degraded when
    some were dropped since too many waited, ok when one arrives again. ``value`` counts the messages lost so far.
    """

    def __init__(
        self,
        webhook: Webhook,
        settings: Settings,
        on_health: Callable[[GatewayHealth], None],
        *,
        clock: Callable[[], float] = time.time,
        first_delay: float = FIRST_DELAY,
        pause: float | None = None,
    ) -> None:
        self.name = webhook.name
        self.sent = 0
        """Messages delivered."""
        self.lost = 0
        """Messages dropped for newer ones, given up or refused."""
        self._webhook = webhook
        self._settings = settings
        self._on_health = on_health
        self._clock = clock
        self._first_delay = first_delay
        self._pause = PAUSE[webhook.format] if pause is None else pause
        self._head = f"{settings.hotline_name} 告警"
        self._selection = Selection(webhook)
        self._queue: deque[Message] = deque()
        self._arrived = asyncio.Event()
        self._status: Literal["unknown", "ok", "degraded", "lost"] = "unknown"
        self._reported = 0

    @property
    def waiting(self) -> int:
        """Messages that wait, without those on their way."""
        return len(self._queue)

    def restore(self, event: AlertEvent) -> None:
        """An alert event of the journal: it is known and not sent again."""
        self._selection.take(event)

    def put_nowait(self, event: AlertEvent) -> None:
        """Send it soon, if it is for this webhook. Never waits; the oldest is dropped for it when too many wait."""
        raised = self._selection.take(event)
        if raised is None:
            return
        if len(self._queue) >= self._webhook.max_queue:
            self._queue.popleft()
            self.lost += 1
            self._report("lost" if self._status == "lost" else "degraded", "messages dropped: too many wait")
        self._queue.append(Message(cast(SentEvent, event), line(event, raised, self._settings)))
        self._arrived.set()

    async def run(self) -> None:
        """Deliver until cancelled."""
        timeout = aiohttp.ClientTimeout(total=self._webhook.timeout)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as session:
            while True:
                await self._arrived.wait()
                messages = self._take()
                try:
                    await self._deliver(session, messages)
                except Exception:
                    # One message the gateway stumbles over must not end the others, let alone the gateway.
                    log.exception("webhook %s: a message could not be made", self.name)
                    self._give_up(len(messages), "the gateway's log says why")
                await asyncio.sleep(self._pause)

    def _take(self) -> list[Message]:
        number = fitting(self._webhook, list(islice(self._queue, LOOK_AHEAD)), self._head)
        messages = [self._queue.popleft() for _ in range(number)]
        if not self._queue:
            self._arrived.clear()
        return messages

    async def _deliver(self, session: aiohttp.ClientSession, messages: Sequence[Message]) -> None:
        delay, detail = self._first_delay, ""
        for attempt in range(1, self._webhook.attempts + 1):
            delivery, detail = await self._try(session, messages)
            if delivery == "sent":
                self.sent += len(messages)
                self._report("ok", "messages lost so far")
                return
            if delivery == "refused":
                break
            if attempt == LOST_AFTER:
                self._report("lost", f"messages wait: {detail}")
            if attempt < self._webhook.attempts:
                await asyncio.sleep(delay)
                delay = min(delay * 2, LONGEST_DELAY)
        self._give_up(len(messages), detail)

    async def _try(self, session: aiohttp.ClientSession, messages: Sequence[Message]) -> Answer:
        request = post(self._webhook, messages, self._head, self._clock())
        try:
            async with session.post(
                request.url, data=request.body, headers=request.headers, allow_redirects=False
            ) as response:
                return judge(self._webhook, response.status, await _body(response))
        except aiohttp.InvalidURL:
            return Answer("refused", "its url is no address")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Answer("again", self._fault(error))

    def _fault(self, error: Exception) -> str:
        # The texts of these errors may hold the address, which is a robot's secret.
        if isinstance(error, TimeoutError):
            return f"no answer within {self._webhook.timeout:g} s"
        if isinstance(error, aiohttp.ClientConnectorError):
            return f"cannot be reached: {reason(error.os_error)}"
        return type(error).__name__

    def _give_up(self, number: int, detail: str) -> None:
        self.lost += number
        log.warning("webhook %s: %d messages could not be delivered: %s", self.name, number, detail)
        self._report("lost", f"messages lost: {detail}")

    def _report(self, status: Literal["ok", "degraded", "lost"], detail: str) -> None:
        """Once a change, and again whenever twice as many messages are lost."""
        if status == self._status and (status == "ok" or self.lost < 2 * self._reported or not self.lost):
            return
        self._status, self._reported = status, self.lost
        health = GatewayHealth(
            at=self._clock(),
            component=f"webhook:{self.name}",
            status=status,
            detail=detail,
            value=float(self.lost),
        )
        # Not from within put_nowait, which the callback may well call.
        asyncio.get_running_loop().call_soon(self._on_health, health)


def reason(error: OSError) -> str:
    """Why a connection failed, in the system's words; asyncio's own hold the address."""
    if error.errno is not None and error.errno > 0:
        return os.strerror(error.errno)
    return error.strerror or type(error).__name__


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > MAX_ANSWER:
            break
    return body
