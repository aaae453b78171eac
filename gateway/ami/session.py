"""One connection to Asterisk's manager interface, from connecting to its end.

panoramisk speaks the protocol; what it leaves to us is done here: characters cut by a segment border, an Asterisk that
is frozen, actions that never end or would be sent again after a reconnection, and responses out of order with events.
"""

from __future__ import annotations

import asyncio
import codecs
import logging
import math
import os
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any

from panoramisk import Manager
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol

from gateway.ami import tls
from gateway.config import Ami
from gateway.errors import AmiError, InputError

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

END = "\r\n\r\n"
"""Between two events or answers."""
ACTION_ID = "\r\nActionID: "

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
        text = self._decoder.decode(data)
        if self.version is None:
            super().data_received(text.encode())
        else:
            # Nine of ten bytes are events that answer nothing: they go past panoramisk's own, dearer reading.
            *blocks, rest = (self.queue.pop() + text if self.queue else text).split(END)
            for block in blocks:
                if block.startswith("Event: ") and ACTION_ID not in block and not block.startswith("Event: Shutdown"):
                    self._manager.heard(_event(block))
                else:
                    super().data_received(f"{block}{END}".encode())
            self.queue.clear()
            self.queue.append(rest)
        if self.queue and len(self.queue[0]) > LONGEST_EVENT:
            self.transport.abort()

    def handle_message(self, message: Any) -> None:
        """Every event goes to ``heard``, also those that answer an action."""
        if "event" in message:
            self._manager.heard(_headers(message))
        super().handle_message(message)


class Session(Manager):  # type: ignore[misc]
    """Never connects again and never repeats an action."""

    def __init__(self, settings: Ami, heard: Callable[[Headers], None]) -> None:
        super().__init__(loop=asyncio.get_running_loop(), encoding="utf-8", log=_panoramisk_log)
        self._settings = settings
        self._pings: deque[float] = deque()
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
        secure = {"ssl": tls.context(settings), "server_hostname": tls.expected_name(settings)} if settings.tls else {}
        try:
            async with asyncio.timeout(settings.connect_timeout):
                made = await self.loop.create_connection(lambda: Protocol(self), settings.host, settings.port, **secure)
        except ssl.SSLError as error:
            raise tls.refusal(settings, where, error) from error
        except (OSError, TimeoutError) as error:
            why = "no answer" if isinstance(error, TimeoutError) else _reason(error)
            raise AmiError(
                f"{where} cannot be reached: {why}",
                "Is Asterisk running, and are ami.host and ami.port those of its manager.conf?",
            ) from error
        connected = self.loop.create_future()
        connected.set_result(made)
        self.connection_made(connected)
        try:
            await self.act("Login", Username=settings.username, Secret=settings.secret, Events="off")
        except AmiError as error:
            if self.protocol.version is None and not settings.tls:
                raise AmiError(
                    f"{where} does not greet: {error.what}",
                    "Asterisk may be frozen; if that port is its tlsbindaddr, set ami.tls to true",
                ) from error
            raise

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

    async def watch(self, answered: Callable[[float, float | None], None], unanswered: Callable[[float], None]) -> None:
        """Ping until the connection is lost or silent for too long. Raises AmiError, always.

        ``answered`` hears of each answer: the seconds of its round trip, and Asterisk's instant in it.
        ``unanswered`` hears how long a ping has been waiting, once that is longer than the lag may be.
        """
        settings, next_ping = self._settings, 0.0
        while not self.lost.done():
            now = self.loop.time()
            silent_at = self.last_heard + settings.silence_limit
            if now >= silent_at:
                raise AmiError(f"Asterisk has been silent for {settings.silence_limit:g} s", "It may be frozen")
            if now >= next_ping:
                next_ping = now + settings.ping_interval
                self._ask(answered)
            late_at = self._pings[0] + settings.lag_limit if self._pings else math.inf
            if now > late_at:
                unanswered(now - self._pings[0])
                late_at = math.inf
            await asyncio.wait({self.lost}, timeout=max(min(silent_at, next_ping, late_at) - now, 0.01))
        raise AmiError("Asterisk closed the connection", "It is perhaps restarting")

    def drop(self) -> None:
        """End the connection at once; a frozen peer is not waited for."""
        self.connection_lost(None)
        if self.protocol is not None:
            self.protocol.transport.abort()
            self.close()

    def _ask(self, answered: Callable[[float, float | None], None]) -> None:
        """Send a ping and tell of its answer, however late; Asterisk answers in order."""

        def tell(answer: asyncio.Future[Any]) -> None:
            answered(self.loop.time() - self._pings.popleft(), instant_of(_headers(answer.result())))

        self._pings.append(self.loop.time())
        action = Action({"Action": "Ping"})
        action.future.add_done_callback(tell)
        self.send_action(action)

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
            raise not_allowed(user, name)
        raise AmiError(f"Asterisk refused AMI action {name}: {last.get('Message', 'no reason given')}")


def not_allowed(user: str, action: str) -> AmiError:
    """The AMI user lacks the privilege for an action."""
    privilege = NEEDED_ACTIONS.get(action, "the class of this action")
    return AmiError(
        f"AMI user {user!r} may not send {action}", f"Add {privilege} to write= of [{user}] in manager.conf"
    )


def _reason(error: OSError) -> str:
    """In the system's words; asyncio puts the address into its own, and leaves out why."""
    return os.strerror(error.errno) if error.errno else "no connection"


def _event(block: str) -> Headers:
    """An event's headers, as ``_headers`` gives them, from its text."""
    headers: Headers = {}
    for line in block.split("\r\n"):
        name, _, value = line.partition(": ")
        if value:
            headers[name] = f"{headers[name]}\n{value}" if name in headers else value
    return headers


def _headers(message: Any) -> Headers:
    """A message's headers; a repeated header's values joined by newlines, as in traces."""
    return {k: "\n".join(map(str, v)) if isinstance(v, list) else str(v) for k, v in message.items() if v}


def instant_of(answer: Headers) -> float | None:
    """Asterisk's instant (Unix seconds) in the answer to a ping; None when it has none."""
    try:
        value = float(answer.get("Timestamp", ""))
    except ValueError:
        return None
    return value if math.isfinite(value) else None
