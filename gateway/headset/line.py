"""One call's audio between Asterisk (AudioSocket, 16 kHz both ways) and a headset."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.asr.audiosocket import Audio, Frame, FrameDecoder, Hangup, Identify, encode_audio, encode_hangup
from gateway.errors import DeviceError, ProtocolError
from gateway.headset.device import FRAME_BYTES, RATE
from gateway.headset.stream import Headset, HeadsetCounts

UUID_LIMIT = 3.0
"""Seconds a connection has to say which call it brings."""
SILENT_LINE = 60.0
"""Seconds without a frame from Asterisk after which the call is given up; a call on hold brings none."""
SEND_BACKLOG = 25 * FRAME_BYTES
"""Bytes that may wait for Asterisk to read; later frames are dropped and counted."""
CLOSE_LIMIT = 1.0
"""Seconds Asterisk has to take the hang-up."""

EndedBy: TypeAlias = Literal["caller", "agent", "device", "line"]


class StationCall(Struct, frozen=True, kw_only=True):
    """One call that was brought to a headset.

    ``seconds`` of talk; ``sent`` and ``received`` count frames of 20 ms, ``unsent`` those dropped because Asterisk
    did not read. ``ended_by`` device or line: the headset, or the audio from Asterisk, was lost.
    """

    ended_by: EndedBy
    seconds: float
    sent: int
    received: int
    unsent: int
    headset: HeadsetCounts


class Line:
    """An AudioSocket connection that Asterisk opened."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._decoder = FrameDecoder()
        self._early: list[Frame] = []
        self._sent = self._received = self._unsent = 0

    async def announced(self) -> str:
        """The UUID the connection begins with. Raises ProtocolError when it does not, in time."""
        try:
            async with asyncio.timeout(UUID_LIMIT):
                while not self._early:
                    self._early = await self._frames()
        except (TimeoutError, ConnectionError, EOFError):
            raise ProtocolError("an AudioSocket connection did not say which call it brings") from None
        first = self._early.pop(0)
        if not isinstance(first, Identify):
            raise ProtocolError("an AudioSocket connection did not begin with a UUID")
        return first.uuid

    async def talk(self, headset: Headset, hang_up: Awaitable[None]) -> StationCall:
        """Carry the call until the caller, the agent (``hang_up`` returns), the device or the line ends it.

        Closes the connection. Raises ProtocolError when Asterisk sends what the dialplan should not have asked for.
        """
        begun = asyncio.get_running_loop().time()
        listening = asyncio.ensure_future(self._listen(headset))
        speaking = asyncio.ensure_future(self._speak(headset))
        hanging_up = asyncio.ensure_future(hang_up)
        tasks = (listening, speaking, hanging_up)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            ended_by: EndedBy
            if listening.done():
                ended_by = listening.result()
            elif hanging_up.done():
                ended_by = "agent"
            else:
                ended_by = speaking.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.close()
        return StationCall(
            ended_by=ended_by,
            seconds=round(asyncio.get_running_loop().time() - begun, 3),
            sent=self._sent,
            received=self._received,
            unsent=self._unsent,
            headset=headset.counts,
        )

    async def close(self) -> None:
        """Hang up, on a connection that may be gone already."""
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT):
                self._writer.write(encode_hangup())
                await self._writer.drain()
        self._writer.close()

    async def _frames(self) -> list[Frame]:
        """The next frames. Raises EOFError at the end, ConnectionError, ProtocolError."""
        data = await self._reader.read(16 * FRAME_BYTES)
        if not data:
            raise EOFError
        return list(self._decoder.feed(data))

    async def _listen(self, headset: Headset) -> EndedBy:
        pending = bytearray()
        frames, self._early = self._early, []
        while True:
            for frame in frames:
                match frame:
                    case Hangup():
                        return "caller"
                    case Audio(rate, samples):
                        if rate != RATE:
                            raise ProtocolError(
                                f"AudioSocket brought {rate} Hz instead of {RATE} Hz",
                                "The dialplan must dial AudioSocket/.../c(slin16)",
                            )
                        pending += samples
            while len(pending) >= FRAME_BYTES:
                headset.play(bytes(pending[:FRAME_BYTES]))
                del pending[:FRAME_BYTES]
                self._received += 1
            try:
                async with asyncio.timeout(SILENT_LINE):
                    frames = await self._frames()
            except EOFError:
                return "caller"
            except (TimeoutError, ConnectionError):
                return "line"

    async def _speak(self, headset: Headset) -> EndedBy:
        while True:
            try:
                frame = await headset.heard()
            except DeviceError:
                return "device"
            if self._writer.transport.get_write_buffer_size() > SEND_BACKLOG:
                self._unsent += 1
                continue
            self._writer.write(encode_audio(frame, RATE))
            self._sent += 1
