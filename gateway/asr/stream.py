"""One leg's way from samples to speech events: gate, decoder, threads, and the queue between them.

``RecognizerStream.push`` never waits: decoding happens in the threads of a ``DecoderPool``, and an utterance that
opens while too much speech waits for them is skipped and reported as Lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.asr.chunk_trace import Decoded
from gateway.asr.recognizer import (
    Final,
    Interim,
    Lost,
    Recognizer,
    SpeechEvent,
    Started,
    UtteranceDecoder,
    webrtc_detector,
)
from gateway.asr.vad import Closed, Detector, GateEvent, GateSettings, Opened, Voice, VoiceGate

log = logging.getLogger(__name__)

BATCH_SECONDS = 0.2
"""Speech gathered before a decoder is called."""
MAX_BEHIND_SECONDS = 30.0
"""Speech that may wait for a leg's decoder when another utterance opens."""

T = TypeVar("T")


class DecoderPool:
    """The threads that decode, shared by all legs of a worker."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._busy = 0
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="decoder")

    def busy_share(self) -> float:
        """Part of the threads that work now."""
        return min(1.0, self._busy / self.threads)

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
    """Push samples in from anywhere in the event loop; iterate ``events`` in one task until it ends."""

    def __init__(
        self,
        recognizer: Recognizer,
        language: str,
        rate: int,
        pool: DecoderPool,
        *,
        partials: Callable[[], bool] = lambda: True,
        detector: Detector | None = None,
        gate: GateSettings | None = None,
        decoded: Decoded | None = None,
    ) -> None:
        self._decoded: Decoded = decoded or (lambda start, end, over: None)
        self._gate = VoiceGate(detector or webrtc_detector(), rate, gate or recognizer.gate)
        self._new_decoder: Callable[[], UtteranceDecoder] = lambda: recognizer.decoder(language, rate, self._idle)
        self._partials = partials
        self._pool = pool
        self._rate = rate
        self._waiting: deque[GateEvent | Lost] = deque()
        self._behind = 0.0
        self._skipped: Opened | None = None
        self._finished = False
        self._wake = asyncio.Event()

    @property
    def lag(self) -> float:
        """Seconds of speech that wait for the decoder."""
        return self._behind

    def push(self, samples: bytes, at: float) -> None:
        """Take 16-bit mono ``samples``, the first of them spoken at ``at``. Never waits."""
        self._queue(self._gate.push(samples, at))

    def finish(self) -> None:
        """No more audio will come; ``events`` ends once the last words are out."""
        self._queue(self._gate.flush())
        self._finished = True
        self._wake.set()

    def _queue(self, events: list[GateEvent]) -> None:
        for event in events:
            if isinstance(event, Opened) and self._behind >= MAX_BEHIND_SECONDS:
                self._skipped = event
            elif self._skipped is None:
                self._waiting.append(event)
                self._behind += self._seconds(event)
            elif isinstance(event, Closed):
                self._note_lost(Lost(self._skipped.voice_at, event.voice_at, "decoder_behind"))
                self._skipped = None
            if isinstance(event, Closed) or self._behind >= BATCH_SECONDS:
                self._wake.set()

    def _note_lost(self, lost: Lost) -> None:
        """One entry for neighbouring losses: the queue stays bounded however long the decoder takes."""
        last = self._waiting[-1] if self._waiting else None
        if isinstance(last, Lost):
            self._waiting[-1] = Lost(last.start, lost.end, lost.reason)
        else:
            self._waiting.append(lost)

    def _seconds(self, event: GateEvent) -> float:
        return len(event.samples) / 2 / self._rate if isinstance(event, Voice) else 0.0

    def _idle(self) -> bool:
        """An interim result delays nobody: a thread is free, and the utterance's end is not waiting already."""
        return self._partials() and self._pool.idle() and not self._waiting

    async def events(self) -> AsyncIterator[SpeechEvent]:
        """What was said, in order; ends after ``finish``, when nothing is left to decode."""
        decoder = self._new_decoder()
        try:
            while (event := await self._next()) is not None:
                if isinstance(event, Lost):
                    yield event
                    continue
                if not isinstance(event, Opened):
                    continue
                try:
                    async for said in self._utterance(event, decoder):
                        yield said
                except Exception as error:  # engines raise what they like; other legs must go on
                    log.error("speech engine failed on an utterance: %s", type(error).__name__)
                    decoder.close()
                    decoder = self._new_decoder()
                    while isinstance(rest := await self._next(), Voice):
                        pass
                    yield Lost(event.voice_at, rest.voice_at if isinstance(rest, Closed) else event.at, "engine_error")
        finally:
            decoder.close()

    async def _utterance(self, opened: Opened, decoder: UtteranceDecoder) -> AsyncIterator[SpeechEvent]:
        """Decode one utterance while it is spoken, up to its end."""
        heard, shown = opened.at, ""
        yield Started(opened.voice_at)
        while isinstance(event := await self._next(), Voice):
            heard += self._seconds(event)
            words = await self._pool.run(decoder.accept, event.samples)
            self._decoded(opened.at, heard, False)
            if words and words != shown and self._partials():
                shown = words
                yield Interim(words, opened.voice_at, heard)
        end = event.voice_at if isinstance(event, Closed) else heard
        said = await self._pool.run(decoder.finish)
        self._decoded(opened.at, heard, True)
        yield Final(said.text, opened.voice_at, end, said.confidence, said.words, opened.at)

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
        voice = Voice(b"".join(pieces))
        self._behind = max(0.0, self._behind - self._seconds(voice))
        return voice
