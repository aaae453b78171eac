"""A line without a PBX: its sound goes to ears, one for each side, and their words become calls that it has itself cut.

The same ears, recordings, vocabulary and events as for taps of a PBX; ``line_calls`` says where calls begin and end.
Where the sound comes from is not known here (``headset.line_in`` brings that of a sound device).
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from gateway.asr.ear import Ear
from gateway.asr.engines import Engines
from gateway.asr.line.line_calls import LineCall, LineCalls
from gateway.asr.line.line_sound import SideSound
from gateway.asr.protocol import FromWorker, Heard, Leg, LegGap, RecordingClosed, Speaking
from gateway.asr.recordings.recording import Recordings, Track
from gateway.asr.recordings.timeline import Samples
from gateway.asr.sound.sound_check import sentence
from gateway.asr.stream import DecoderPool, RecognizerStream
from gateway.asr.text.vocabulary import Vocabulary
from gateway.asr.worker import resident_bytes
from gateway.config import Settings, zone
from gateway.events import Event, Speaker

log = logging.getLogger(__name__)

LATE_SECONDS = 1.0
"""A device brings sound every 20 ms; what is this late has been lost, and silence stands for it."""
SHORTEST_HOLE = 0.5
"""Seconds; below it the device's clock and the machine's have drifted apart."""
MAX_AHEAD_SECONDS, RESUME_SECONDS = 2.0, 1.0
"""Sound that comes faster than time passes (a device that lies about its rate) is left out from there to there."""
DEVICE_LOST, TOO_FAST = "device_lost", "too_fast"
LOOK_SECONDS = 5.0
"""How often it is looked whether something is wrong with the sound."""
SPARE_SECONDS = 5.0
"""A hole this much longer than the quiet that ends a call came at once: the machine slept, or its clock was set."""
KEPT_SECONDS = 30.0
"""Sound kept for a recording: a call is known by its first words, which may be that much later than their sound."""
PRE_ROLL_SECONDS = 0.5
"""Of a recording before the first word."""


class LinePlan(Struct, frozen=True, kw_only=True):
    """What is wanted of a line.

    ``sides``: who speaks on which channel; ``quiet``: seconds without a word after which a call is over; ``partials``:
    words are wanted while they are spoken.
    """

    language: str
    sides: tuple[Speaker, ...] = ("caller",)
    quiet: float = 20.0
    record: bool = False
    partials: bool = False


class LineTap:
    """One line, from ``load`` to ``close``; ``tell`` gets its events. Sound is 16-bit at ``rate``, a column a side."""

    def __init__(
        self,
        settings: Settings,
        home: Path,
        plan: LinePlan,
        rate: int,
        tell: Callable[[Event], None],
        clock: Callable[[], float],
    ) -> None:
        self._plan = plan
        self._rate = rate
        self._tell = tell
        self._clock = clock
        self._flush_timeout = settings.speech.flush_timeout
        self._most_memory = settings.speech.worker_memory_mb << 20
        self._pool = DecoderPool(settings.speech.threads)
        self._engines = Engines(for_language(settings, plan.language), home, self._pool)
        self._recordings = Recordings(
            settings.recordings(), settings.recording, self._recorded, clock, zone(settings.timezone)
        )
        self._vocabulary = Vocabulary(())
        self._ears: dict[Speaker, Ear] = {}
        self._tracks: list[Track] = []
        self._call: LineCall | None = None
        self._sound = {side: SideSound(rate) for side in plan.sides}
        self._look_at = 0.0
        self._kept: deque[tuple[float, Samples]] = deque()
        self._next: float | None = None
        self._missing_from: float | None = None

    async def load(self) -> None:
        """Get ready to hear. Takes seconds. Raises ModelError when the language has no model."""
        await asyncio.to_thread(self._engines.load)
        engine, recognizer = self._engines.of(self._plan.language)
        self._calls = LineCalls(self._plan.sides, engine, self._plan.quiet)
        for side in self._plan.sides:
            stream = RecognizerStream(
                recognizer, self._plan.language, self._rate, self._pool, partials=lambda: self._plan.partials
            )
            lose = partial(self._lost_words, side)
            self._ears[side] = Ear(side, engine, stream, count(1), self._said, lose, lambda: self._vocabulary)

    def teach(self, terms: tuple[str, ...]) -> None:
        """The operator's terms, in place of those before."""
        self._vocabulary = Vocabulary(terms)

    def hear(self, samples: Samples, at: float) -> None:
        """Take sound of shape (samples, sides), whose last sample arrived at ``at`` (Unix seconds). Never waits."""
        start = at - len(samples) / self._rate
        for number, sound in enumerate(self._sound.values()):
            sound.push(samples[:, number].tobytes(), at)
        self._look(at)
        if self._next is None or (self._calls.idle and self._next - start > LATE_SECONDS):
            self._start(start)
        elif start - self._next > (LATE_SECONDS if self._missing_from is None else 0.0):
            self._fill(start)
        assert self._next is not None
        if self._is_early(self._next - at):
            return
        self._hear_again(min(at, self._next))
        self._push(samples)
        self._reached()

    def silent(self, at: float) -> None:
        """No sound has come up to ``at``. Never waits."""
        if self._next is not None and at - self._next > LATE_SECONDS:
            self._fill(at - LATE_SECONDS / 2)
            self._reached()

    async def close(self) -> None:
        """The last words are told, and the recording is written."""
        for ear in self._ears.values():
            ear.finish()
        try:
            async with asyncio.timeout(self._flush_timeout):
                for ear in self._ears.values():
                    await ear.last_words()
        except TimeoutError:
            for ear in self._ears.values():
                ear.give_up()
        if self._next is not None:
            self._look_at = self._next
            self._look(self._next)
            self._pass_on(self._calls.end(self._next))
        await self._recordings.close()
        self._pool.close()

    def _start(self, at: float) -> None:
        """The sound's clock is set to the machine's."""
        self._next = at
        self._kept.clear()

    def _fill(self, until: float) -> None:
        """Silence where sound is missing, so that the two clocks agree."""
        assert self._next is not None
        missing = until - self._next
        if missing >= SHORTEST_HOLE:
            self._miss(self._next, DEVICE_LOST)
        too_long = missing > self._plan.quiet + SPARE_SECONDS
        seconds = SPARE_SECONDS if too_long else missing
        self._push(np.zeros((int(seconds * self._rate), len(self._plan.sides)), np.int16))
        if too_long:
            self._start(until)

    def _is_early(self, ahead: float) -> bool:
        """Whether what arrives now is left out, so that the two clocks agree."""
        if ahead > MAX_AHEAD_SECONDS:
            assert self._next is not None
            self._miss(self._next - ahead, TOO_FAST)
        return self._missing_from is not None and ahead > RESUME_SECONDS

    def _miss(self, since: float, reason: str) -> None:
        if self._missing_from is None:
            self._missing_from = since
            self._calls.missing(since, reason)

    def _hear_again(self, at: float) -> None:
        if self._missing_from is not None:
            log.info("line-in: %.1f s were not heard", at - self._missing_from)
            self._missing_from = None
            self._pass_on(self._calls.back(at))

    def _push(self, samples: Samples) -> None:
        assert self._next is not None
        for side, ear in enumerate(self._ears.values()):
            ear.push(samples[:, side].tobytes(), self._next)
        self._write(samples)
        if self._plan.record:
            self._kept.append((self._next, samples))
            while self._kept[0][0] < self._next - KEPT_SECONDS:
                self._kept.popleft()
        self._next += len(samples) / self._rate

    def _reached(self) -> None:
        assert self._next is not None
        self._pass_on(self._calls.tick(self._next))

    def _said(self, message: FromWorker) -> None:
        if isinstance(message, Speaking | Heard | LegGap):
            self._pass_on(self._calls.feed(message))

    def _lost_words(self, side: Speaker, start: float, end: float, reason: str) -> None:
        log.warning("line-in: %.1f s of speech were not decoded (%s)", end - start, reason)
        self._said(LegGap(tap_id=side, start=start, end=end, reason=reason))

    def _pass_on(self, events: list[Event]) -> None:
        for event in events:
            self._tell(event)
        if self._calls.call != self._call:
            if self._plan.record:
                self._record(self._calls.call)
            self._call = self._calls.call
            for sound in self._sound.values():
                sound.begin()

    def _look(self, at: float) -> None:
        """Tell the operator what is wrong with the sound, and keep the process small: a line goes on for weeks."""
        if at < self._look_at:
            return
        self._look_at = at + LOOK_SECONDS
        if self._most_memory and resident_bytes() > self._most_memory:
            self._engines.release()
        for side, sound in self._sound.items():
            for new in sound.look(at, in_call=self._call is not None):
                log.warning("line-in, %s: %s", side, sentence(new))
            self._calls.found(side, tuple(each.finding for each in sound.found))

    def _record(self, call: LineCall | None) -> None:
        """This call from now on, with the sound it began with."""
        if self._call is not None:
            for track in self._tracks:
                track.close()
            self._recordings.close_call(self._call.call_id)
        self._tracks = []
        if call is None:
            return
        kept = [(at, samples) for at, samples in self._kept if at >= call.began - PRE_ROLL_SECONDS]
        assert self._next is not None
        start = kept[0][0] if kept else self._next
        for speaker in self._plan.sides:
            leg = Leg(call_id=call.call_id, speaker=speaker, arrived=call.began)
            self._tracks.append(self._recordings.open(leg, self._rate, start, kept=True))
        for _, samples in kept:
            self._write(samples)

    def _write(self, samples: Samples) -> None:
        for side, track in enumerate(self._tracks):
            track.write(samples[:, side].tobytes())

    def _recorded(self, message: FromWorker) -> None:
        if isinstance(message, RecordingClosed) and message.file:
            self._tell(message.completed(self._clock()))


def for_language(settings: Settings, language: str) -> Settings:
    """The settings of a worker that transcribes nothing but this language; its model is the one they say for it."""
    speech = settings.speech
    model = speech.model if language == speech.language else ""
    return replace(settings, speech=replace(speech, language=language, model=model), queue=(), dialled=())
