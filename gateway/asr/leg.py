"""One tapped leg of a call: its clock, its recogniser stream, its seconds, and what it says to the core."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator

from gateway.asr import audiosocket
from gateway.asr.audiosocket import Audio, Frame, FrameDecoder, Hangup, PeerError
from gateway.asr.protocol import Engine, FromWorker, Heard, LegClosed, LegGap, LegOpened
from gateway.asr.recognizer import RATES, Final, Interim, Lost, Recognizer
from gateway.asr.stream import DecoderPool, RecognizerStream
from gateway.errors import ProtocolError

log = logging.getLogger(__name__)

TICK_SECONDS = 0.1
"""How often silence is sent back (an idle peer starves Asterisk's side) and missing audio is filled in."""
LATE_SECONDS = 0.3
"""Audio this late is taken for silence: Asterisk sends nothing while a leg has no audio."""
NO_AUDIO_SECONDS = 2.0
"""A stretch without audio at least this long counts as lost and is reported; a shorter one is a pause."""
MAX_UNSENT_BYTES = 16_384
READ_BYTES = 8192


class Leg:
    """From the UUID frame to LegClosed. All instants are of ``clock`` (Unix seconds)."""

    def __init__(
        self,
        tap_id: str,
        engine: Engine,
        recognizer: Recognizer,
        pool: DecoderPool,
        send: Callable[[FromWorker], None],
        clock: Callable[[], float],
        flush_timeout: float,
    ) -> None:
        self.tap_id = tap_id
        self._engine = engine
        self._recognizer = recognizer
        self._pool = pool
        self._send = send
        self._clock = clock
        self._flush_timeout = flush_timeout
        self._opened = clock()
        self._next = self._opened
        self._quiet_from: float | None = None
        self._lost = 0.0
        self._transcribed = 0.0
        self._rate = 0
        self._silence = audiosocket.SILENCE
        self._stream: RecognizerStream | None = None
        self._listening: asyncio.Task[None] | None = None
        self._reading: asyncio.Task[str] | None = None
        self._stopped = ""

    @property
    def lag(self) -> float:
        """Seconds of speech that wait for the decoder."""
        return self._stream.lag if self._stream is not None else 0.0

    def stop(self, reason: str) -> None:
        """End the leg; its last words are still decoded and sent."""
        if self._reading is not None and not self._stopped:
            self._stopped = reason
            self._reading.cancel()

    async def run(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        decoder: FrameDecoder,
        frames: Iterator[Frame],
    ) -> None:
        """Hear the leg to its end. Raises ProtocolError, after LegClosed, when the peer broke the protocol."""
        self._send(LegOpened(tap_id=self.tap_id, at=self._opened))
        self._reading = asyncio.create_task(self._read(reader, decoder, frames))
        ticking = asyncio.create_task(self._tick(writer))
        broken: ProtocolError | None = None
        try:
            reason = await self._reading
        except asyncio.CancelledError:
            if not self._stopped:
                raise
            reason = self._stopped
            writer.write(audiosocket.encode_hangup())
        except ProtocolError as error:
            broken, reason = error, "bad_frame"
        except OSError:
            reason = "connection_lost"
        finally:
            ticking.cancel()
            writer.close()
        await self._close(reason)
        if broken is not None:
            raise broken

    async def _read(self, reader: asyncio.StreamReader, decoder: FrameDecoder, frames: Iterator[Frame]) -> str:
        """Read until the peer ends it; returns why. Nothing here waits for a decoder."""
        while True:
            for frame in frames:
                if isinstance(frame, Audio):
                    self._hear(frame)
                elif isinstance(frame, Hangup):
                    return "hangup"
                elif isinstance(frame, PeerError):
                    return "peer_error"
            data = await reader.read(READ_BYTES)
            if not data:
                decoder.finish()
                return "ended"
            frames = decoder.feed(data)

    async def _tick(self, writer: asyncio.StreamWriter) -> None:
        while True:
            if writer.transport.get_write_buffer_size() < MAX_UNSENT_BYTES:
                writer.write(self._silence)
            now = self._clock()
            if self._stream is not None and now - self._next > LATE_SECONDS:
                self._fill(now - TICK_SECONDS)
            await asyncio.sleep(TICK_SECONDS)

    def _hear(self, audio: Audio) -> None:
        if self._stream is None:
            self._start(audio.rate)
        if audio.rate != self._rate:
            raise ProtocolError("the audio's rate changed within a connection")
        start = self._clock() - audio.seconds
        if start - self._next > LATE_SECONDS:
            self._fill(start)
        self._end_quiet()
        self._push(audio.samples)

    def _start(self, rate: int) -> None:
        if rate not in RATES:
            raise ProtocolError(f"audio at {rate} Hz cannot be transcribed")
        self._rate = rate
        self._silence = audiosocket.encode_audio(bytes(rate // 50 * 2), rate)
        self._stream = RecognizerStream(self._recognizer, self._engine.language, rate, self._pool)
        self._listening = asyncio.create_task(self._listen(self._stream))

    def _fill(self, until: float) -> None:
        """Silence from where the audio ended, so that the leg's clock and the wall's agree."""
        if self._quiet_from is None:
            self._quiet_from = self._next
        self._push(bytes(int((until - self._next) * self._rate) * 2))

    def _end_quiet(self) -> None:
        if self._quiet_from is None:
            return
        start, self._quiet_from = self._quiet_from, None
        if self._next - start >= NO_AUDIO_SECONDS:
            self._lose(start, self._next, "no_audio")

    def _lose(self, start: float, end: float, reason: str) -> None:
        self._lost += end - start
        self._send(LegGap(tap_id=self.tap_id, start=start, end=end, reason=reason))

    def _push(self, samples: bytes) -> None:
        if self._stream is None:
            return
        self._stream.push(samples, self._next)
        self._next += len(samples) / audiosocket.SAMPLE_BYTES / self._rate

    async def _listen(self, stream: RecognizerStream) -> None:
        number = 1
        async for event in stream.events():
            if isinstance(event, Lost):
                self._lose(event.start, event.end, event.reason)
                continue
            final = isinstance(event, Final)
            self._send(self._heard(event, number, final))
            if final:
                number += 1
                self._transcribed += event.end - event.start if event.text else 0.0

    def _heard(self, event: Interim | Final, number: int, final: bool) -> Heard:
        return Heard(
            tap_id=self.tap_id,
            number=number,
            final=final,
            text=event.text,
            start=event.start,
            end=event.end,
            confidence=event.confidence if isinstance(event, Final) else None,
            engine=self._engine.engine,
            model=self._engine.model,
            language=self._engine.language,
        )

    async def _close(self, reason: str) -> None:
        """The last words, then LegClosed."""
        now = max(self._clock(), self._next)
        if self._stream is None:
            self._quiet_from, self._next = self._opened, now
        self._end_quiet()
        if self._stream is not None and self._listening is not None:
            self._stream.finish()
            waiting_since = self._next - self._stream.lag
            try:
                async with asyncio.timeout(self._flush_timeout):
                    await self._listening
            except TimeoutError:
                self._lose(waiting_since, self._next, "decoder_behind")
        expected = now - self._opened
        self._send(
            LegClosed(
                tap_id=self.tap_id,
                at=now,
                expected=expected,
                heard=max(0.0, expected - self._lost),
                lost=min(expected, self._lost),
                transcribed=self._transcribed,
                engine=self._engine.engine,
                model=self._engine.model,
                reason=reason,
            )
        )
