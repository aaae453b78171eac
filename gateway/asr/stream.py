"""One leg's way from samples to speech events: gate, decoder, threads, and the queue between them.

``RecognizerStream.push`` never waits: decoding happens in the threads of a ``DecoderPool``, and an utterance that
opens while too much speech waits for them is skipped and reported as Lost. So neither a leg that sends too fast nor a
reader that stalls makes the queue grow beyond ``MAX_BEHIND_SECONDS`` and one utterance.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from gateway.asr.chunk_trace import Decoded as DecodedUpTo
from gateway.asr.recognizer import (
    BLOCK_SECONDS,
    Decoded,
    Final,
    Interim,
    Lost,
    Recognizer,
    SpeechEvent,
    Started,
    UtteranceDecoder,
    webrtc_detector,
)
from gateway.asr.sound.sound_utterance import UtteranceSound
from gateway.asr.vad import Closed, Detector, GateEvent, GateSettings, Opened, Voice, VoiceGate

log = logging.getLogger(__name__)

MAX_BEHIND_SECONDS = 30.0
"""Speech that may wait for a leg's decoder when another utterance opens."""

T = TypeVar("T")


class DecoderPool:
    """The threads that decode, shared by all legs of a worker."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._busy = 0
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="decoder")

    def idle(self) -> bool:
        """True when every call handed in has a thread, the one that asks included."""
        return self._busy <= self.threads

    async def run(self, call: Callable[..., T], *arguments: object) -> T:
        """Run ``call`` in a thread; raises what it raises."""
        self._busy += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, call, *arguments)
        finally:
            self._busy -= 1

    def close(self) -> None:
        """Take no more calls; those running end by themselves."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class RecognizerStream:
    """Push samples in from anywhere in the event loop; iterate ``events`` in one task until it ends.

    ``partials()``: whether interim results are wanted now. ``grammar``: see ``Recognizer.decoder``, whose errors are
    raised. ``decoded`` is told what has gone through the decoder (see ``chunk_trace``).
    """

    def __init__(
        self,
        recognizer: Recognizer,
        language: str,
        rate: int,
        pool: DecoderPool,
        *,
        partials: Callable[[], bool] = lambda: True,
        grammar: Sequence[str] = (),
        detector: Detector | None = None,
        gate: GateSettings | None = None,
        decoded: DecodedUpTo | None = None,
    ) -> None:
        self._decoded: DecodedUpTo = decoded or (lambda start, end, over: None)
        self._gate = VoiceGate(detector or webrtc_detector(), rate, gate or recognizer.gate)
        self._new_decoder: Callable[[], UtteranceDecoder] = lambda: recognizer.decoder(
            language, rate, self._idle, grammar
        )
        self._decoder = self._new_decoder()
        self._partials = partials
        self._pool = pool
        self._rate = rate
        self._block = int(rate * BLOCK_SECONDS) * 2
        self._gathered = bytearray()
        self._waiting: deque[GateEvent | Lost] = deque()
        self._behind = 0.0
        self._skipped: Opened | None = None
        self._finished = False
        self._wake = asyncio.Event()
        self._taken = asyncio.Event()

    @property
    def lag(self) -> float:
        """Seconds of speech that have not gone through the decoder."""
        return self._behind

    def push(self, samples: bytes, at: float) -> None:
        """Take 16-bit mono ``samples``, the first of them spoken at ``at``. Never waits."""
        self._queue(self._gate.push(samples, at))

    def finish(self) -> None:
        """No more audio will come; ``events`` ends once the last words are out."""
        self._queue(self._gate.flush())
        self._finished = True
        self._wake.set()

    async def caught_up(self, seconds: float) -> None:
        """Wait until no more than ``seconds`` of speech wait for the decoder."""
        while self._behind > seconds:
            self._taken.clear()
            await self._taken.wait()

    def _queue(self, events: list[GateEvent]) -> None:
        for event in events:
            if isinstance(event, Voice):
                self._gather(event.samples)
            elif isinstance(event, Opened):
                self._skipped = event if self._behind >= MAX_BEHIND_SECONDS else None
                if self._skipped is None:
                    self._hand_on(event)
            elif self._skipped is not None:
                self._note_lost(Lost(self._skipped.voice_at, event.voice_at, "decoder_behind"))
                self._skipped = None
            else:
                self._hand_on_block(len(self._gathered))
                self._hand_on(event)

    def _gather(self, samples: bytes) -> None:
        """Whole blocks only: a decoder that is called for less waits its turn for nothing."""
        if self._skipped is None:
            self._behind += self._seconds(samples)
            self._gathered += samples
            self._hand_on_block(len(self._gathered) - len(self._gathered) % self._block)

    def _hand_on_block(self, size: int) -> None:
        if size:
            self._hand_on(Voice(bytes(self._gathered[:size])))
            del self._gathered[:size]

    def _hand_on(self, event: GateEvent | Lost) -> None:
        self._waiting.append(event)
        self._wake.set()

    def _note_lost(self, lost: Lost) -> None:
        """One entry for neighbouring losses: the queue stays bounded however long the decoder takes."""
        last = self._waiting[-1] if self._waiting else None
        if isinstance(last, Lost):
            self._waiting[-1] = Lost(last.start, lost.end, lost.reason)
        else:
            self._hand_on(lost)

    def _seconds(self, samples: bytes) -> float:
        return len(samples) / 2 / self._rate

    def _idle(self) -> bool:
        """An interim result is wanted and delays nobody: a thread is free, and the utterance's end does not wait."""
        return self._partials() and self._pool.idle() and not self._waiting

    async def events(self) -> AsyncIterator[SpeechEvent]:
        """What was said, in order; ends after ``finish``, when nothing is left to decode."""
        try:
            while (event := await self._next()) is not None:
                if isinstance(event, Lost):
                    yield event
                elif isinstance(event, Opened):
                    yield Started(event.voice_at)
                    async for said in self._utterance(event):
                        yield said
        finally:
            self._decoder.close()

    async def _utterance(self, opened: Opened) -> AsyncIterator[SpeechEvent]:
        """Decode one utterance while it is spoken, up to its end."""
        heard, shown, last, end = opened.at, "", b"", None
        sound = UtteranceSound(self._rate)
        try:
            while isinstance(event := await self._next(), Voice):
                heard += self._seconds(event.samples)
                sound.push(event.samples)
                if self._waiting and isinstance(self._waiting[0], Closed):
                    last = event.samples
                    continue
                words = await self._decode(self._decoder.accept, event.samples)
                self._decoded(opened.at, heard, False)
                if words and words != shown and self._partials() and not sound.speechless:
                    shown = words
                    yield Interim(words, opened.voice_at, heard)
            end = event.voice_at if isinstance(event, Closed) else heard
            cut = not isinstance(event, Closed) or event.cut
            said = await self._decode(partial(self._end, cut), last)
            self._decoded(opened.at, heard, True)
            if sound.speechless:  # an engine finds words in music, tones and noise
                said = Decoded("")
            yield Final(said.text, opened.voice_at, end, said.confidence, said.words, opened.at)
        except Exception as error:  # engines raise what they like; other legs must go on
            log.error("speech engine failed on an utterance: %s", type(error).__name__)
            self._decoder.close()
            self._decoder = self._new_decoder()
            while end is None:
                rest = await self._next()
                if isinstance(rest, Voice):
                    self._decoded_up_to(rest.samples)
                    heard += self._seconds(rest.samples)
                else:
                    end = rest.voice_at if isinstance(rest, Closed) else heard
            yield Lost(opened.voice_at, end, "engine_error")

    async def _decode(self, call: Callable[[bytes], T], samples: bytes) -> T:
        try:
            return await self._pool.run(call, samples)
        finally:
            self._decoded_up_to(samples)

    def _decoded_up_to(self, samples: bytes) -> None:
        self._behind = max(0.0, self._behind - self._seconds(samples))
        self._taken.set()

    def _end(self, cut: bool, last: bytes) -> Decoded:
        """The last of an utterance and its result in one: an end does not wait twice for a thread."""
        if last:
            self._decoder.accept(last)
        return self._decoder.finish(cut)

    async def _next(self) -> GateEvent | Lost | None:
        """The next event, all voice that waits in one; None at the end."""
        while not self._waiting:
            if self._finished:
                return None
            self._wake.clear()
            await self._wake.wait()
        event = self._waiting.popleft()
        if not isinstance(event, Voice):
            return event
        pieces = [event.samples]
        while self._waiting and isinstance(more := self._waiting[0], Voice):
            pieces.append(more.samples)
            self._waiting.popleft()
        return Voice(b"".join(pieces))
