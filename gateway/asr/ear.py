"""What hears one leg in one language: from samples to the words that the core is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

from gateway.asr.protocol import Engine, FromWorker, Heard, Speaking
from gateway.asr.recognizer import Final, Interim, Lost, Started
from gateway.asr.stream import RecognizerStream
from gateway.asr.text.vocabulary import Vocabulary
from gateway.asr.text.writing import Written, write


class Ear:
    """``numbers`` counts the tap's utterances over all of its ears; ``vocabulary`` gives the operator's terms as they
    are now; ``lose`` is told of stretches nobody decoded, with their reason. ``transcribed``: seconds of speech.
    """

    def __init__(
        self,
        tap_id: str,
        engine: Engine,
        stream: RecognizerStream,
        numbers: count[int],
        send: Callable[[FromWorker], None],
        lose: Callable[[float, float, str], None],
        vocabulary: Callable[[], Vocabulary],
    ) -> None:
        self.engine = engine
        self.transcribed = 0.0
        self._tap_id = tap_id
        self._stream = stream
        self._numbers = numbers
        self._send = send
        self._lose = lose
        self._vocabulary = vocabulary
        self._heard_until = 0.0
        self._listening = asyncio.create_task(self._listen())

    @property
    def lag(self) -> float:
        """Seconds that the words are behind the sound."""
        return self._stream.lag

    def push(self, samples: bytes, at: float) -> None:
        """Take 16-bit samples, the first of them spoken at ``at``. Never waits."""
        self._stream.push(samples, at)
        self._heard_until = at

    def finish(self) -> None:
        """No more sound comes; the last words do."""
        self._stream.finish()

    async def last_words(self) -> None:
        """Wait until all is decoded and sent."""
        await asyncio.shield(self._listening)

    def give_up(self) -> None:
        """The decoder has not finished in time: what waits for it is lost."""
        if not self._listening.done():
            self._listening.cancel()
            self._lose(self._heard_until - self._stream.lag, self._heard_until, "decoder_behind")

    async def _listen(self) -> None:
        number = 0
        async for event in self._stream.events():
            match event:
                case Lost():
                    self._lose(event.start, event.end, event.reason)
                case Started():
                    number = next(self._numbers)
                    self._send(Speaking(tap_id=self._tap_id, number=number, start=event.start))
                case Interim():
                    written = write(event.text, (), self.engine.language, self._vocabulary(), final=False)
                    self._send(self._heard(event, written, number))
                case Final():
                    written = write(event.text, event.words, self.engine.language, self._vocabulary())
                    self._send(self._heard(event, written, number))
                    self.transcribed += event.end - event.start if event.text else 0.0

    def _heard(self, event: Interim | Final, written: Written, number: int) -> Heard:
        return Heard(
            tap_id=self._tap_id,
            number=number,
            final=isinstance(event, Final),
            text=written.text,
            raw=written.raw,
            corrections=written.corrections,
            start=event.start,
            end=event.end,
            confidence=event.confidence if isinstance(event, Final) else None,
            engine=self.engine.engine,
            model=self.engine.model,
            language=self.engine.language,
        )
