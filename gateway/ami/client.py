"""Keeps in step with one Asterisk: connects, re-reads what lives, listens, and never gives up.

Asterisk has no replay: after every (re)connection the living channels and the queues are read again, between
``ResyncStarted`` and ``ResyncCompleted``, and then what the queues wrote down meanwhile. Everything goes to one
synchronous ``sink`` in the order of the wire.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from gateway.ami import messages, queue_log
from gateway.ami.lag import LagMeter
from gateway.ami.messages import Message
from gateway.ami.parse import parse
from gateway.ami.people import TAP_PREFIX
from gateway.ami.queue_log_file import read_since
from gateway.ami.session import Headers, Session, instant_of
from gateway.config import Ami
from gateway.errors import AmiError, InputError
from gateway.events import GatewayHealth

log = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 0.5, 10.0
"""Seconds between attempts to connect: doubled from the first to the longest."""
LONGEST_GAP = 86400.0
"""Seconds of queue_log that are read at most."""
READ_TIMEOUT = 10.0
"""Seconds a disk, perhaps another machine's, may take to give queue_log."""
BATCH = 1000
"""Lines of queue_log handed over before the loop may do something else."""


class AmiClient:
    """Keeps one session alive and hands its messages to ``sink``.

    ``sink`` must not raise or wait: it only enqueues. ``record``, if given, gets every event as headers with the
    instant of receipt, to write a trace. ``on_health`` hears of the components ``ami.lag`` (``value``: seconds) and
    ``queue_log``. ``name`` tells one of several PBXs, and its components (``ami.lag:<name>``), from the others.
    """

    def __init__(
        self,
        settings: Ami,
        sink: Callable[[Message], None],
        record: Callable[[Mapping[str, str], float], None] | None = None,
        *,
        on_health: Callable[[GatewayHealth], None] | None = None,
        name: str = "",
    ) -> None:
        self._settings = settings
        self._sink = sink
        self._record = record
        self._on_health = on_health
        self._suffix = f":{name}" if name else ""
        self._session: Session | None = None
        self._reason = ""
        self._warned = False
        self._heard_until: float | None = None
        self._meter = LagMeter(f"ami.lag{self._suffix}", settings.lag_limit)
        self._queue_log_status: Literal["ok", "degraded"] = "ok"

    @property
    def connected(self) -> bool:
        """Logged in and in step with Asterisk."""
        return self._session is not None

    @property
    def lag(self) -> float | None:
        """Seconds that the latest event or answer took to here, as far as the two clocks agree; None at first."""
        return self._meter.latest

    async def run(self, since: float | None = None) -> None:
        """Connect, listen, reconnect; until cancelled. ``since``: what happened up to then is known already."""
        self._heard_until = since
        delay = FIRST_DELAY
        while True:
            session = Session(self._settings, self._heard)
            try:
                await session.open()
                await self._listen(session)
            except AmiError as error:
                delay = FIRST_DELAY if self._session is not None else min(delay * 2, LONGEST_DELAY)
                self._lost(error)
            finally:
                self._session = None
                session.drop()
            await asyncio.sleep(delay)

    async def action(self, name: str, **headers: str) -> list[Headers]:
        """Send an action; its response and, after it, its list's entries as headers.

        Raises InputError when a value has a line break, AmiError when there is no connection, no answer in time, or
        Asterisk refuses. An action is sent once or not at all.
        """
        if self._session is None:
            raise AmiError(f"AMI action {name} was not sent: no connection to Asterisk")
        return await self._session.act(name, **headers)

    async def tap(self, channel: str, tap_id: str, audiosocket: str) -> None:
        """Send what comes from the one leg ``channel`` (full name) to the worker at ``audiosocket`` (host:port).

        ``tap_id`` is the UUID that the worker was told. Returns when the worker answered. Raises AmiError, InputError.
        """
        if "," in channel:
            raise InputError("a channel name with a comma cannot be tapped")
        await self.action(
            "Originate",
            Channel=f"AudioSocket/{audiosocket}/{tap_id}/c(slin)",
            ChannelId=f"{TAP_PREFIX}{tap_id}",
            Application="ChanSpy",
            Data=f"{channel},quoES",
            Async="true",
        )

    async def untap(self, tap_id: str) -> None:
        """End a tap; nothing happens when it has ended by itself. Raises AmiError."""
        try:
            await self.action("Hangup", Channel=f"{TAP_PREFIX}{tap_id}")
        except AmiError as error:
            if "no such channel" not in error.what.lower():
                raise

    async def _listen(self, session: Session) -> None:
        since = self._heard_until
        self._heard({"Event": messages.CONNECTION_UP})
        known = {} if since is None else {"Since": repr(since)}
        self._heard({"Event": messages.RESYNC_STARTED, **known})
        await session.act("Events", EventMask="on")
        listening = instant_of((await session.act("Ping"))[0])
        await session.act("CoreShowChannels")
        await session.act("QueueStatus")
        await self._fill_gap(since)
        self._heard({"Event": messages.RESYNC_COMPLETED})
        self._session, self._reason = session, ""
        if listening is not None:
            self._heard_until = max(self._heard_until or 0.0, listening)
        log.info("AMI%s: in step with Asterisk at %s:%s", self._suffix, self._settings.host, self._settings.port)
        audits = asyncio.create_task(self._audit(session))
        try:
            await session.watch(self._ping_answered, self._ping_unanswered)
        finally:
            audits.cancel()

    async def _audit(self, session: Session) -> None:
        """Have everything listed again from time to time: should an event ever be lost, no call stays open for it."""
        while True:
            await asyncio.sleep(self._settings.audit_interval)
            self._heard(
                {"Event": messages.RESYNC_STARTED, "Since": repr(self._heard_until or time.time()), "Audit": "1"}
            )
            try:
                await session.act("CoreShowChannels")
                await session.act("QueueStatus")
            except AmiError:
                session.drop()  # half a list is worse than none: everything anew
                return
            self._heard({"Event": messages.RESYNC_COMPLETED})

    async def _fill_gap(self, since: float | None) -> None:
        """What the queues wrote down since then; a second more, as they write whole seconds."""
        if since is None or not self._settings.queue_log:
            return
        path, start = Path(self._settings.queue_log), max(since - 1.0, time.time() - LONGEST_GAP)
        try:
            async with asyncio.timeout(READ_TIMEOUT):
                tail = await asyncio.to_thread(read_since, path, start)
        except (OSError, TimeoutError) as error:
            why = "no answer" if isinstance(error, TimeoutError) else error.strerror
            self._queue_log_health("degraded", f"{path} cannot be read: {why}; calls of the gap stay incomplete")
            return
        for number, entry in enumerate(tail.entries, start=1):
            self._heard(queue_log.headers(entry))
            if number % BATCH == 0:
                await asyncio.sleep(0)
        self._queue_log_health("ok", "read again")
        log.info(
            "AMI%s: the gap of %.0f s has %d lines of queue_log, %d more were not understood%s",
            self._suffix,
            time.time() - since,
            len(tail.entries),
            tail.skipped,
            ", older ones were left out" if tail.cut else "",
        )

    def _queue_log_health(self, status: Literal["ok", "degraded"], detail: str) -> None:
        if status != self._queue_log_status:
            self._queue_log_status = status
            self._tell(
                GatewayHealth(at=time.time(), component=f"queue_log{self._suffix}", status=status, detail=detail)
            )

    def _lost(self, error: AmiError) -> None:
        """Say it once for each reason, however often we try again."""
        if error.what != self._reason:
            self._reason = error.what
            log.warning("AMI%s: %s", self._suffix, error)
            self._heard({"Event": messages.CONNECTION_LOST, "Reason": error.what})

    def _heard(self, headers: Headers) -> None:
        received = time.time()
        if self._record is not None:
            self._record(headers, received)
        message = parse(headers, received)
        if message is None:
            return
        if self._session is not None:
            if "Timestamp" in headers:
                self._heard_until = max(self._heard_until or 0.0, message.at)
                self._tell(self._meter.event(received - message.at, received))
            elif isinstance(message, messages.NewChannel) and not self._warned:
                self._warned = True
                log.warning(
                    "AMI%s: events carry no instant, so waits are inexact: set timestampevents=yes in manager.conf",
                    self._suffix,
                )
        self._sink(message)

    def _ping_answered(self, round_trip: float, instant: float | None) -> None:
        received = time.time()
        self._tell(self._meter.ping(round_trip, None if instant is None else received - instant, received))
        if instant is not None:
            # Events of the last moment may still be on their way.
            on_their_way = max(self._settings.lag_limit, self._meter.latest or 0.0)
            self._heard_until = max(self._heard_until or 0.0, instant - on_their_way)

    def _ping_unanswered(self, seconds: float) -> None:
        self._tell(self._meter.unanswered(seconds, time.time()))

    def _tell(self, health: GatewayHealth | None) -> None:
        if health is not None and self._on_health is not None:
            self._on_health(health)
