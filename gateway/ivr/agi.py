"""FastAGI: the dialplan asks the gateway to run a survey, or to ring a sound-device station.

``AGI(agi://host:port/survey)`` on the caller's channel. The header is read here, with a limit and a timeout, because
panoramisk's own loop never ends when a client closes early; then its Request speaks the protocol. Nothing here may
hold a call: every request has an overall limit, and the dialplan goes on when the connection is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, TypeAlias

from panoramisk.fast_agi import Request

from gateway.config import Ivr
from gateway.errors import HotlineError, ProtocolError, SettingError
from gateway.ivr.flow import Done, HungUp, Input, Key, NoKey, Play, Played, Survey, WaitKey

log = logging.getLogger(__name__)

HEADER_LIMIT = 16 * 1024
"""Bytes a request's header, or one answer of Asterisk's, may have. A real header has less than 1 KiB."""
CONNECTION_LIMIT = 128
"""Requests served at once; one survey is one request."""
REQUEST_LIMIT = 180.0
"""Seconds a request may take in all."""
COMMAND_LIMIT = 60.0
"""Seconds one command may take beyond the wait that stands in it; the longest prompt is well below."""
DEAD_CHANNEL = 511
"""AGI's status code for a command that is not permitted on a dead channel."""
LINE_UP = "6"
"""AGI's channel status of a line that is up."""

Outcome: TypeAlias = Literal[
    "done",
    "hung_up",
    "overdue",
    "failed",
    "unknown_script",
    "busy",
    "closed_early",
    "slow_header",
    "long_header",
    "garbage",
]
Headers: TypeAlias = Mapping[str, str]
Route: TypeAlias = Callable[["AgiCall"], Awaitable[None]]


class CallerGoneError(Exception):
    """The channel hung up, or Asterisk closed the connection. Ordinary."""


class CommandFailedError(CallerGoneError):
    """The command's result was -1: nearly always because the channel hung up meanwhile."""


class AgiCall:
    """One request of Asterisk's: its header and the commands we use.

    ``call_id`` is the Uniqueid of the channel that runs the AGI. Commands raise CallerGoneError when the channel is
    down, and ProtocolError when the answer is not one.
    """

    def __init__(self, headers: Headers, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.headers = headers
        self.call_id = headers.get("agi_uniqueid", "")
        self.script = headers.get("agi_network_script", "").partition("?")[0].strip("/")
        self.local_host: str = writer.get_extra_info("sockname")[0]
        """Our own address, as Asterisk reached it."""
        self._reader = reader
        self._request: Any = Request(app=None, headers=headers, reader=reader, writer=writer)

    async def play(self, prompt: str, keys: str) -> str:
        """Play ``hotline/<prompt>``; the key of ``keys`` that cut it short, or ''."""
        try:
            return _key(await self._command(f'STREAM FILE hotline/{prompt} "{keys}"', COMMAND_LIMIT))
        except CommandFailedError:
            # So Asterisk answers for a file it has not, too.
            if (await self._command("CHANNEL STATUS", COMMAND_LIMIT))["result"][0] != LINE_UP:
                raise
            log.warning("Asterisk has no sound file hotline/%s; run: hotline prompts build", prompt)
            return ""

    async def wait_key(self, timeout: float) -> str:
        """The next key within ``timeout`` seconds, or ''."""
        return _key(await self._command(f"WAIT FOR DIGIT {round(timeout * 1000)}", timeout + COMMAND_LIMIT))

    async def set_variable(self, name: str, value: str) -> None:
        """Set a channel variable. ``value`` is ours, never a caller's."""
        await self._command(f'SET VARIABLE {name} "{value}"', COMMAND_LIMIT)

    async def hung_up(self) -> None:
        """Return when the channel hangs up or the connection closes, while no command is running."""
        with contextlib.suppress(ConnectionError, ValueError):
            await self._reader.readline()

    async def _command(self, command: str, limit: float) -> dict[str, tuple[str, str]]:
        try:
            async with asyncio.timeout(limit):
                answer = await self._request.send_command(command)
        except TimeoutError:
            raise ProtocolError(f"Asterisk gave no answer to an AGI command in {limit:g} s") from None
        except ConnectionError:
            raise CallerGoneError from None
        except ValueError:  # how panoramisk meets the end of the stream, and lines that are no answer
            if self._reader.at_eof():
                raise CallerGoneError from None
            raise ProtocolError("Asterisk's answer to an AGI command is not understood") from None
        error = answer.get("error")
        if error == "AGIAppError":
            raise CommandFailedError
        if error == "AGIResultHangup" or answer.get("status_code") == DEAD_CHANNEL:
            raise CallerGoneError
        if error or "result" not in answer:
            raise ProtocolError(f"Asterisk refused an AGI command: {error or 'no result'}")
        result: dict[str, tuple[str, str]] = answer
        return result


class AgiServer:
    """Listens until cancelled. ``on_survey(call_id, score)`` must not block; ``station`` rings a sound device.

    ``outcomes`` counts how requests ended. ``ready`` is set and ``port`` holds once it listens.
    """

    def __init__(
        self,
        settings: Ivr,
        on_survey: Callable[[str, int], None] | None = None,
        station: Route | None = None,
        *,
        request_limit: float = REQUEST_LIMIT,
    ) -> None:
        self.outcomes: Counter[Outcome] = Counter()
        self.port = settings.port
        self.ready = asyncio.Event()
        self._settings = settings
        self._on_survey = on_survey
        self._request_limit = request_limit
        self._requests: set[asyncio.Task[None]] = set()
        self._routes: dict[str, Route] = {}
        if on_survey is not None:
            self._routes["survey"] = self._survey
        if station is not None:
            self._routes["station"] = station

    async def run(self) -> None:
        """Serve until cancelled; then every connection is closed. Raises SettingError when the port is taken."""
        server = await listen(self._connected, self._settings.host, self._settings.port, "ivr.port")
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        log.info("FastAGI listens on %s:%d", self._settings.host, self.port)
        try:
            await server.serve_forever()
        finally:
            server.close()
            requests = list(self._requests)
            for request in requests:
                request.cancel()
            await asyncio.gather(*requests, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._requests) >= CONNECTION_LIMIT:
            self.outcomes["busy"] += 1
            log.warning("FastAGI request refused: %d are running", CONNECTION_LIMIT)
            writer.close()
            return
        request = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._requests.add(request)
        request.add_done_callback(self._requests.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.outcomes[await self._answer(reader, writer)] += 1
        except Exception:
            # A fault of ours must not take the other callers' requests down.
            log.exception("FastAGI request failed")
            self.outcomes["failed"] += 1
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Outcome:
        try:
            async with asyncio.timeout(self._settings.header_timeout):
                raw = await reader.readuntil(b"\n\n")
        except TimeoutError:
            return "slow_header"
        except asyncio.LimitOverrunError:
            return "long_header"
        except (asyncio.IncompleteReadError, ConnectionError):
            return "closed_early"
        headers = parse_header(raw)
        if "agi_network_script" not in headers or not headers.get("agi_uniqueid"):
            return "garbage"
        call = AgiCall(headers, reader, writer)
        route = self._routes.get(call.script)
        if route is None:
            log.warning("FastAGI request for a script there is none of; the dialplan may ask for survey or station")
            return "unknown_script"
        try:
            async with asyncio.timeout(self._request_limit):
                await route(call)
        except CallerGoneError:
            return "hung_up"
        except TimeoutError:
            log.warning("FastAGI %s took longer than %g s and was closed", call.script, self._request_limit)
            return "overdue"
        except HotlineError as error:
            log.warning("FastAGI %s: %s", call.script, error)
            return "failed"
        return "done"

    async def _survey(self, call: AgiCall) -> None:
        assert self._on_survey is not None
        survey = Survey(self._settings.key_timeout)
        try:
            await run_survey(call, survey)
        finally:
            # A rating given before the line went down stands.
            done = survey.feed(HungUp())
            if isinstance(done, Done) and done.score is not None:
                self._on_survey(call.call_id, done.score)


async def run_survey(call: AgiCall, survey: Survey) -> None:
    """Do the survey's steps on a call until it is over. Raises CallerGoneError and ProtocolError as commands do."""
    step = survey.step
    while not isinstance(step, Done):
        happened: Input
        match step:
            case Play(prompt, keys):
                key = await call.play(prompt, keys)
                happened = Key(key) if key else Played()
            case WaitKey(timeout):
                key = await call.wait_key(timeout)
                happened = Key(key) if key else NoKey()
        step = survey.feed(happened)


async def listen(
    connected: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None] | None],
    host: str,
    port: int,
    setting: str,
) -> asyncio.Server:
    """Start a TCP server. Raises SettingError naming ``setting`` when the address cannot be had."""
    try:
        return await asyncio.start_server(connected, host, port, limit=HEADER_LIMIT)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        raise SettingError(setting, f"cannot listen on {host}:{port}: {reason}") from error


def parse_header(raw: bytes) -> dict[str, str]:
    """``agi_...: value`` lines as a mapping; other lines are passed over."""
    lines = raw.decode("utf-8", "replace").splitlines()
    pairs = (line.partition(":") for line in lines if line.startswith("agi_"))
    return {name: value.strip() for name, colon, value in pairs if colon}


def _key(answer: Mapping[str, tuple[str, str]]) -> str:
    """A command's result is the key's character code, or 0."""
    try:
        code = int(answer["result"][0])
    except ValueError:
        raise ProtocolError("Asterisk's answer to an AGI command has no number") from None
    return chr(code) if 0 < code < 128 else ""
