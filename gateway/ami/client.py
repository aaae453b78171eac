"""The connection to Asterisk's manager interface: logs in, re-reads what lives, listens, and never gives up.

Asterisk has no replay: after every (re)connection the living channels and the queues are read again, between
``ResyncStarted`` and ``ResyncCompleted``. Everything goes to one synchronous ``sink`` in the order of the wire.

panoramisk speaks the protocol; what it leaves to us is done here: characters cut by a segment border, an Asterisk that
is frozen, actions that never end or would be sent again after a reconnection, and responses out of order with events.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from panoramisk import Manager
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol

from gateway.ami import messages
from gateway.ami.messages import Message
from gateway.ami.people import TAP_PREFIX
from gateway.config import Ami
from gateway.errors import AmiError, InputError

log = logging.getLogger(__name__)

FIRST_DELAY, LONGEST_DELAY = 0.5, 10.0
"""Seconds between attempts to connect: doubled from the first to the longest."""
LONGEST_EVENT = 1 << 20
"""Characters of one event; a peer that sends more is not Asterisk."""
NEEDED_ACTIONS = {
    "Originate": "originate",
    "Hangup": "call",
    "CoreShowChannels": "reporting",
    "QueueStatus": "agent",
}
"""The actions we send, and the privilege (``write =`` in manager.conf) that allows each."""

_panoramisk_log = logging.getLogger(f"{__name__}.panoramisk")
_panoramisk_log.setLevel(logging.CRITICAL)  # it logs whole actions and events: personal data

Headers = dict[str, str]


class Protocol(AMIProtocol):  # type: ignore[misc]
    """panoramisk's protocol with whole characters only, telling ``heard`` of every event in the order of the wire."""

    def __init__(self, manager: Session) -> None:
        self._manager = manager
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def connection_made(self, transport: asyncio.Transport) -> None:
        """Part of asyncio's protocol."""
        super().connection_made(transport)
        self.factory = self._manager
        self.encoding = "utf-8"

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol."""
        self._manager.last_heard = asyncio.get_running_loop().time()
        super().data_received(self._decoder.decode(data).encode())
        if self.queue and len(self.queue[0]) > LONGEST_EVENT:
            self.transport.abort()

    def handle_message(self, message: Any) -> None:
        """Every event goes to ``heard``, also those that answer an action."""
        if "event" in message:
            self._manager.heard(_headers(message))
        super().handle_message(message)


class Session(Manager):  # type: ignore[misc]
    """One connection, from connecting to its end; never made again and no action ever repeated."""

    def __init__(self, settings: Ami, heard: Callable[[Headers], None]) -> None:
        super().__init__(loop=asyncio.get_running_loop(), encoding="utf-8", log=_panoramisk_log)
        self._settings = settings
        self.heard = heard
        self.last_heard = self.loop.time()
        self.lost: asyncio.Future[None] = self.loop.create_future()

    def connection_lost(self, exc: object) -> None:
        """Called by the protocol; instead of panoramisk's own reconnection."""
        if not self.lost.done():
            self.lost.set_result(None)

    def ping(self) -> None:
        """Instead of panoramisk's pings, to which it does not expect an answer."""

    async def open(self) -> None:
        """Connect and log in, without events yet. Raises AmiError."""
        settings = self._settings
        where = f"Asterisk's manager interface at {settings.host}:{settings.port}"
        try:
            async with asyncio.timeout(settings.connect_timeout):
                made = await self.loop.create_connection(lambda: Protocol(self), settings.host, settings.port)
        except (OSError, TimeoutError) as error:
            why = "no answer" if isinstance(error, TimeoutError) else _reason(error)
            raise AmiError(
                f"{where} cannot be reached: {why}",
                "Is Asterisk running, and are ami.host and ami.port those of its manager.conf?",
            ) from error
        connected = self.loop.create_future()
        connected.set_result(made)
        self.connection_made(connected)
        await self.act("Login", Username=settings.username, Secret=settings.secret, Events="off")

    async def act(self, name: str, **headers: str) -> list[Headers]:
        """Send an action and wait for its response, with its list if it has one. Raises AmiError, InputError."""
        for header, value in headers.items():
            if "\r" in value or "\n" in value:
                raise InputError(f"AMI action {name}: a line break in {header} is refused")
        if self.lost.done():
            raise AmiError(f"AMI action {name} was not sent: no connection to Asterisk")
        action = Action({"Action": name, **headers})
        self.send_action(action)
        try:
            await asyncio.wait(
                {action.future, self.lost},
                timeout=self._settings.action_timeout,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            self.protocol.responses.pop(action.id, None)
        if action.future.done() and not action.future.cancelled():
            answer = action.future.result()
            answers = [_headers(part) for part in (answer if isinstance(answer, list) else [answer])]
            self._raise_if_refused(name, answers)
            return answers
        if self.lost.done():
            raise AmiError(f"AMI action {name} got no answer: the connection was lost")
        raise AmiError(f"AMI action {name} got no answer within {self._settings.action_timeout:g} s")

    async def watch(self) -> None:
        """Ping until the connection is lost or silent for too long. Raises AmiError, always."""
        settings = self._settings
        while not self.lost.done():
            silent_at = self.last_heard + settings.silence_limit
            if self.loop.time() >= silent_at:
                raise AmiError(f"Asterisk has been silent for {settings.silence_limit:g} s", "It may be frozen")
            self.send_action(Action({"Action": "Ping"}))
            patience = min(settings.ping_interval, silent_at - self.loop.time())
            await asyncio.wait({self.lost}, timeout=max(patience, 0.01))
        raise AmiError("Asterisk closed the connection", "It is perhaps restarting")

    def drop(self) -> None:
        """End the connection at once; a frozen peer is not waited for."""
        self.connection_lost(None)
        if self.protocol is not None:
            self.protocol.transport.abort()
            self.close()

    def _raise_if_refused(self, name: str, answers: list[Headers]) -> None:
        last, user = answers[-1], self._settings.username
        if last.get("Response", "Success") in ("Success", "Goodbye", "Follows"):
            return
        if name == "Login":
            raise AmiError(
                f"Asterisk refused AMI user {user!r}: wrong user, secret or address",
                f"Compare ami.username and ami.secret with [{user}] and its permit lines in manager.conf",
            )
        if "permission denied" in last.get("Message", "").lower():
            raise _not_allowed(user, name)
        raise AmiError(f"Asterisk refused AMI action {name}: {last.get('Message', 'no reason given')}")


class AmiClient:
    """Keeps one session alive and hands its messages to ``sink``.

    ``sink`` must not raise or wait: it only enqueues. ``record``, if given, gets every event as headers with the
    instant of receipt, to write a trace.
    """

    def __init__(
        self,
        settings: Ami,
        sink: Callable[[Message], None],
        record: Callable[[Mapping[str, str], float], None] | None = None,
    ) -> None:
        self._settings = settings
        self._sink = sink
        self._record = record
        self._session: Session | None = None
        self._reason = ""
        self._warned = False
        self.lag: float | None = None
        """Seconds from the instant of the latest event to its receipt; None before the first."""

    @property
    def connected(self) -> bool:
        """Logged in and in step with Asterisk."""
        return self._session is not None

    async def run(self) -> None:
        """Connect, listen, reconnect; until cancelled."""
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

    async def check(self) -> list[AmiError]:
        """Try to log in and to send what we need, on a connection of its own; what is wrong, each with its mend.

        Privileges to read events cannot be asked of Asterisk: ``read = call,agent,system`` is taken on trust.
        """
        session = Session(self._settings, lambda headers: None)
        problems: list[AmiError] = []
        try:
            await session.open()
            allowed = (await session.act("ListCommands"))[0]
            problems += [_not_allowed(self._settings.username, name) for name in NEEDED_ACTIONS if name not in allowed]
            for entry in await session.act("QueueStatus"):
                message = messages.parse(entry, time.time())
                if isinstance(message, messages.QueueMemberEntry) and message.status == messages.DEVICE_INVALID:
                    problems.append(
                        AmiError(
                            f"queue {message.queue}: Asterisk does not know the device of member {message.interface}",
                            "The queue skips such a member without a word: correct its interface or state interface",
                        )
                    )
        except AmiError as error:
            problems.append(error)
        finally:
            session.drop()
        return problems

    async def _listen(self, session: Session) -> None:
        self._heard({"Event": messages.CONNECTION_UP})
        self._heard({"Event": messages.RESYNC_STARTED})
        await session.act("Events", EventMask="on")
        await session.act("CoreShowChannels")
        await session.act("QueueStatus")
        self._heard({"Event": messages.RESYNC_COMPLETED})
        self._session, self._reason = session, ""
        log.info("AMI: in step with Asterisk at %s:%s", self._settings.host, self._settings.port)
        await session.watch()

    def _lost(self, error: AmiError) -> None:
        """Say it once for each reason, however often we try again."""
        if error.what != self._reason:
            self._reason = error.what
            log.warning("AMI: %s", error)
            self._heard({"Event": messages.CONNECTION_LOST, "Reason": error.what})

    def _heard(self, headers: Headers) -> None:
        received = time.time()
        if self._record is not None:
            self._record(headers, received)
        message = messages.parse(headers, received)
        if message is None:
            return
        if "Timestamp" in headers:
            self.lag = received - message.at
        elif isinstance(message, messages.NewChannel) and not self._warned:
            self._warned = True
            log.warning("AMI: events carry no instant, so waits are inexact: set timestampevents=yes in manager.conf")
        self._sink(message)


def _reason(error: OSError) -> str:
    """In the system's words; asyncio puts the address into its own, and leaves out why."""
    return os.strerror(error.errno) if error.errno else "no connection"


def _not_allowed(user: str, action: str) -> AmiError:
    privilege = NEEDED_ACTIONS.get(action, "the class of this action")
    return AmiError(
        f"AMI user {user!r} may not send {action}", f"Add {privilege} to write= of [{user}] in manager.conf"
    )


def _headers(message: Any) -> Headers:
    """A message's headers; a repeated header's values joined by newlines, as in traces."""
    return {k: "\n".join(map(str, v)) if isinstance(v, list) else str(v) for k, v in message.items() if v}
