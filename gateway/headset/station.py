"""An agent without a phone: a queue call on this machine's sound device.

The queue's member is ``Local/2001@station/n``. Its dialplan asks this process over FastAGI (``/station``): it rings,
and when the agent accepts it answers with a one-time UUID and the address of its own AudioSocket listener, where
Asterisk then brings the call (``Dial(AudioSocket/<address>/<uuid>/c(slin16))``). One call at a time; a second is
refused, and the queue goes on to the next agent.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import uuid
from collections.abc import Callable
from typing import Protocol

from gateway.config import Ivr
from gateway.errors import HotlineError, NeighbourError, ProtocolError, SettingError
from gateway.headset.line import Line, StationCall
from gateway.headset.stream import Headset, Tone
from gateway.ivr.agi import AgiCall, AgiServer, CallerGoneError, listen

log = logging.getLogger(__name__)

CONNECT_LIMIT = 10.0
"""Seconds Asterisk has, after the agent accepted, to bring the call's audio."""
STRANGERS_AT_ONCE = 8
"""AudioSocket connections that may be open before they said which call they bring."""
RING_TONE = (450.0, 1.0, 4.0)
"""Hz, seconds on, seconds off: the ringing of Chinese exchanges."""


class Agent(Protocol):
    """The person at the headset."""

    async def accepts(self) -> None:
        """Return when the agent takes the ringing call."""

    async def hangs_up(self) -> None:
        """Return when the agent ends the call."""


class PatientAgent:
    """Takes every call after ``delay`` seconds of ringing and never hangs up: ``--auto-answer``."""

    def __init__(self, delay: float = 0.0) -> None:
        self._delay = delay

    async def accepts(self) -> None:
        """See Agent."""
        await asyncio.sleep(self._delay)

    async def hangs_up(self) -> None:
        """See Agent."""
        await asyncio.Event().wait()


class KeyboardAgent:
    """Enter on the terminal takes the call, Enter again ends it. Make it inside a running loop.

    Raises SettingError without a terminal.
    """

    def __init__(self) -> None:
        if not sys.stdin.isatty():
            raise SettingError("hotline headset station", "there is no terminal to press Enter on", "Use --auto-answer")
        self._pressed = asyncio.Event()
        asyncio.get_running_loop().add_reader(sys.stdin, self._read)

    async def accepts(self) -> None:
        """See Agent."""
        await self._enter("A call is ringing. Press Enter to take it.")

    async def hangs_up(self) -> None:
        """See Agent."""
        await self._enter("Talking. Press Enter to hang up.")

    def _read(self) -> None:
        if sys.stdin.readline():
            self._pressed.set()
        else:  # the terminal is gone
            asyncio.get_running_loop().remove_reader(sys.stdin)

    async def _enter(self, prompt: str) -> None:
        print(prompt, file=sys.stderr, flush=True)
        self._pressed.clear()
        await self._pressed.wait()


class Station:
    """Serves one headset until cancelled.

    ``open_headset`` gives a headset not yet opened; it is open while a call rings and talks. ``on_call`` gets the
    figures of each call that ended. ``settings.port`` is the FastAGI port at which Asterisk finds this station,
    ``settings.station_port`` its AudioSocket port (0: a free one). ``agi`` counts how requests ended, ``strangers``
    the AudioSocket connections that brought no call announced by us.
    """

    def __init__(
        self,
        settings: Ivr,
        open_headset: Callable[[], Headset],
        agent: Agent,
        on_call: Callable[[StationCall], None] = lambda call: None,
    ) -> None:
        self.agi = AgiServer(settings, station=self._route)
        self.strangers = 0
        self._settings = settings
        self._open_headset = open_headset
        self._agent = agent
        self._on_call = on_call
        self._port = 0
        self._taken_by: AgiCall | None = None
        self._call: asyncio.Task[None] | None = None
        self._announced: dict[str, asyncio.Future[Line]] = {}
        self._unnamed = 0

    async def run(self) -> None:
        """Serve until cancelled. Raises DeviceError when the headset does not open, SettingError for a taken port."""
        async with self._open_headset() as headset:
            log.info("station on %s and %s", headset.microphone.name, headset.speaker.name)
        server = await listen(self._connected, self._settings.host, self._settings.station_port, "ivr.station_port")
        self._port = server.sockets[0].getsockname()[1]
        try:
            await self.agi.run()
        finally:
            server.close()
            if self._call is not None:
                self._call.cancel()
                await asyncio.gather(self._call, return_exceptions=True)

    async def _route(self, request: AgiCall) -> None:
        """FastAGI ``station``: ends when the call was accepted and announced, or is not taken here."""
        if self._taken_by is not None:
            log.info("a second call was refused: this station is busy")
            return
        self._taken_by = request
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._call = asyncio.create_task(self._serve(request, answered, self._call))
        try:
            await answered
        except asyncio.CancelledError:
            self._call.cancel()
            raise

    async def _serve(self, request: AgiCall, answered: asyncio.Future[None], last: asyncio.Task[None] | None) -> None:
        """One call, from its first ring to its end. ``answered`` lets Asterisk go on in its dialplan."""
        try:
            if last is not None:
                await asyncio.wait([last])  # its call is over, but its headset may still be closing
            async with self._open_headset() as headset:
                try:
                    await self._ring(request, headset)
                    line = await self._bring(request, answered)
                    headset.forget()
                    call = await line.talk(headset, self._agent.hangs_up())
                finally:
                    self._taken_by = None
            log.info("station call ended by %s after %.1f s", call.ended_by, call.seconds)
            self._on_call(call)
        except Exception as error:
            if not answered.done():
                answered.set_exception(error)  # the FastAGI server logs and counts it
            elif isinstance(error, HotlineError):
                log.warning("station: %s", error)
            else:
                log.exception("a call at this station failed")
        finally:
            if self._taken_by is request:
                self._taken_by = None
            answered.cancel()

    async def _ring(self, request: AgiCall, headset: Headset) -> None:
        """Returns when the agent accepts. Raises CallerGoneError when the queue gave up, DeviceError."""
        accepted = asyncio.ensure_future(self._agent.accepts())
        gone = asyncio.ensure_future(request.hung_up())
        ringing = asyncio.ensure_future(_play_ringing(headset))
        tasks = (accepted, gone, ringing)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if gone.done():
                raise CallerGoneError
            if not accepted.done():
                ringing.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _bring(self, request: AgiCall, answered: asyncio.Future[None]) -> Line:
        """Tell Asterisk where to bring the call, and wait for it."""
        name = str(uuid.uuid4())
        announced: asyncio.Future[Line] = asyncio.get_running_loop().create_future()
        self._announced[name] = announced
        try:
            await request.set_variable("STATION_UUID", name)
            await request.set_variable("STATION_SOCKET", f"{request.local_host}:{self._port}")
            answered.set_result(None)
            async with asyncio.timeout(CONNECT_LIMIT):
                return await announced
        except TimeoutError:
            raise NeighbourError(
                f"Asterisk did not bring the accepted call within {CONNECT_LIMIT:g} s",
                f"Can it reach port {self._port} of this machine?",
            ) from None
        finally:
            self._announced.pop(name, None)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer)
        if self._unnamed >= STRANGERS_AT_ONCE:
            self.strangers += 1
            await line.close()
            return
        self._unnamed += 1
        try:
            announced = self._announced.pop(await line.announced(), None)
        except ProtocolError:
            announced = None
        finally:
            self._unnamed -= 1
        if announced is None or announced.done():
            self.strangers += 1
            log.warning("station: a connection was closed that brought no announced call")
            await line.close()
        else:
            announced.set_result(line)


async def _play_ringing(headset: Headset) -> None:
    """Until cancelled; the microphone's frames are the clock, and are thrown away."""
    tone = Tone(*RING_TONE)
    while True:
        await headset.heard()
        headset.play(tone.frame())
