"""One tapped leg of a call: its clock, its sound's way to the recogniser and the recording, and its seconds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from typing import TypeAlias

from gateway.asr import audiosocket
from gateway.asr.audiosocket import Audio, Frame, FrameDecoder, Hangup, PeerError
from gateway.asr.ear import Ear
from gateway.asr.protocol import ExpectTap, FromWorker, LegClosed, LegGap, LegOpened, Mode
from gateway.asr.recognizer import RATES
from gateway.asr.recordings.recording import Recordings, Track
from gateway.asr.running_ahead import RunningAhead
from gateway.asr.sound.sound_check import Found, SoundCheck, sentence
from gateway.errors import ProtocolError

log = logging.getLogger(__name__)

TICK_SECONDS = 0.1
"""How often silence is sent back (an idle peer starves Asterisk's side) and missing audio is filled in."""
LATE_SECONDS = 0.3
"""Audio this late is taken for silence: Asterisk sends nothing while a leg has no audio."""
NO_AUDIO_SECONDS = 2.0
"""A stretch without audio at least this long counts as lost and is reported; a shorter one is a pause."""
LOOK_SECONDS = 5.0
"""How often the operator is told what is wrong with the sound, if anything new is."""
MAX_UNSENT_BYTES = 16_384
READ_BYTES = 8192


Lose: TypeAlias = Callable[[float, float, str], None]
"""Told of a stretch that was lost, from start to end, and why."""


class TappedLeg:
    """From the UUID frame to LegClosed. All instants are Unix seconds, by ``clock`` at its opening.

    ``new_ear`` makes what hears the leg in a language at a rate, and tells what was lost.
    """

    def __init__(
        self,
        order: ExpectTap,
        new_ear: Callable[[str, int, Lose], Ear],
        recordings: Recordings,
        send: Callable[[FromWorker], None],
        clock: Callable[[], float],
        flush_timeout: float,
    ) -> None:
        self.order = order
        self.opened = clock()
        self._steady = asyncio.get_running_loop().time
        self._opened_steady = self._steady()
        self._new_ear = new_ear
        self._recordings = recordings
        self._send = send
        self._flush_timeout = flush_timeout
        self._language = order.language
        self._mode: Mode = order.mode
        self._next = self.opened
        self._quiet_from: float | None = None
        self._lost = 0.0
        self._deferred = 0.0
        self._rate = 0
        self._ahead = RunningAhead()
        self._sound = SoundCheck(8000)
        self._told: set[Found] = set()
        self._look_at = self.opened + LOOK_SECONDS
        self._silence = audiosocket.SILENCE
        self._ear: Ear | None = None
        self._ears: list[Ear] = []
        self._track: Track | None = None
        self._reading: asyncio.Task[str] | None = None
        self._stopped = ""

    @property
    def tap_id(self) -> str:
        """The tap's UUID."""
        return self.order.tap_id

    @property
    def lag(self) -> float:
        """Seconds that the words are behind the sound."""
        return self._ear.lag if self._ear is not None else 0.0

    def set_language(self, language: str) -> None:
        """What is said from now on is in ``language``."""
        if language != self._language:
            self._language = language
            self._change_ear()

    def set_mode(self, mode: Mode) -> None:
        """From now on the leg is transcribed live, or recorded only."""
        if mode != self._mode:
            self._mode = mode
            self._change_ear()

    def _now(self) -> float:
        """Unix seconds, as they go on from the leg's opening: a clock that is set meanwhile moves no word."""
        return self.opened + self._steady() - self._opened_steady

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
        self._send(LegOpened(tap_id=self.tap_id, at=self.opened))
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
        ticked = self._now()
        while True:
            if writer.transport.get_write_buffer_size() < MAX_UNSENT_BYTES:
                writer.write(self._silence)
            now = self._now()
            # After a stall of this process what has arrived meanwhile is read first: it is not missing.
            stalled = now - ticked > 2 * TICK_SECONDS
            ticked = now
            if self._rate and now - self._next > LATE_SECONDS and not stalled:
                self._fill(now - TICK_SECONDS)
            if now >= self._look_at:
                self._look_at = now + LOOK_SECONDS
                self._look(now)
            await asyncio.sleep(TICK_SECONDS)

    def _hear(self, audio: Audio) -> None:
        now = self._now()
        start = now - audio.seconds
        if not self._rate:
            self._start(audio.rate, start)
        if audio.rate != self._rate:
            raise ProtocolError("the audio's rate changed within a connection")
        self._sound.push(audio.samples, now)
        self._lose_early(self._ahead.ended(self._next, now))
        if self._ahead.leaves_out(self._next, now):
            return
        if start - self._next > LATE_SECONDS:
            self._fill(start)
        self._end_quiet()
        self._push(audio.samples)

    def _start(self, rate: int, at: float) -> None:
        if rate not in RATES:
            raise ProtocolError(f"audio at {rate} Hz cannot be transcribed")
        self._rate = rate
        self._quiet_from, self._next = self._next, max(self._next, at)
        self._sound = SoundCheck(rate)
        self._silence = audiosocket.encode_audio(bytes(rate // 50 * 2), rate)
        self._change_ear()

    def _change_ear(self) -> None:
        """What was heard so far is decoded to its end, while another ear goes on, or the recording alone."""
        if self._ear is not None:
            self._ear.finish()
            self._ear = None
        if not self._rate:
            return
        if self._mode == "live":
            self._ear = self._new_ear(self._language, self._rate, self._lose)
            self._ears.append(self._ear)
        if self._track is None and (self._mode == "recorded" or self.order.record):
            self._track = self._recordings.open(self.order.leg, self._rate, self._next, self.order.record)

    def _lose_early(self, stretch: tuple[float, float] | None) -> None:
        if stretch is not None:
            self._lose(*stretch, "too_fast")

    def _look(self, now: float) -> tuple[Found, ...]:
        """What is wrong with the sound so far; what is new of it goes to the log."""
        found = self._sound.findings(now - self.opened)
        for each in found:
            if each not in self._told:
                log.warning("tap %s: %s", self.tap_id, sentence(each))
        self._told.update(found)
        return found

    def _fill(self, until: float) -> None:
        """Silence from where the audio ended, so that the leg's clock and the wall's agree.

        In whole frames: were the voice detector's frames to shift, what is heard would hang on the clock's jitter.
        """
        self._lose_early(self._ahead.end(self._next, until))
        if self._quiet_from is None:
            self._quiet_from = self._next
        frames = int((until - self._next) / audiosocket.FRAME_SECONDS)
        self._push(bytes(frames * int(audiosocket.FRAME_SECONDS * self._rate) * audiosocket.SAMPLE_BYTES))

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
        seconds = len(samples) / audiosocket.SAMPLE_BYTES / self._rate
        if self._ear is not None:
            self._ear.push(samples, self._next)
        else:
            self._deferred += seconds
        if self._track is not None:
            self._track.write(samples)
        self._next += seconds

    async def _close(self, reason: str) -> None:
        """The last words, then LegClosed."""
        now = max(self._now(), self._next)
        if not self._rate:
            self._quiet_from, self._next = self.opened, now
        self._end_quiet()
        self._lose_early(self._ahead.end(self._next, self._now()))
        if self._track is not None:
            self._track.close()
        if self._ear is not None:
            self._ear.finish()
        try:
            async with asyncio.timeout(self._flush_timeout):
                for ear in self._ears:
                    await ear.last_words()
        except TimeoutError:
            for ear in self._ears:
                ear.give_up()
        expected = now - self.opened
        found = self._look(now)
        lost = min(expected, self._lost)
        self._send(
            LegClosed(
                tap_id=self.tap_id,
                at=now,
                expected=expected,
                heard=expected - lost,
                lost=lost,
                transcribed=sum(ear.transcribed for ear in self._ears),
                engine=self._ears[-1].engine.engine if self._ears else "",
                model=self._ears[-1].engine.model if self._ears else "",
                reason=reason,
                deferred=self._deferred,
                findings=tuple(each.finding for each in found),
            )
        )
