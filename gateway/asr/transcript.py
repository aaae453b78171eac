"""The transcripts of all living calls: what workers hear, put under the call, the speaker and the call's clock. PURE.

A call's transcript is complete, once, when its line is down and every tap has sent its last words, or when those
did not come within ``flush_timeout`` seconds.
"""

from __future__ import annotations

from msgspec import Struct

from gateway.asr.protocol import FromWorker, Heard, LegClosed, LegGap, LegOpened
from gateway.events import (
    CallEnded,
    CallOffered,
    Event,
    LegSeconds,
    Speaker,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptGap,
    TranscriptPartial,
)

WORKER_LOST = "worker_lost"
NEVER_HEARD = "never_heard"
FLUSH_TIMEOUT = "flush_timeout"


class _Tap(Struct):
    tap_id: str
    call_id: str
    speaker: Speaker
    since: float
    utterances: dict[int, str]
    opened: float | None = None
    last_heard: float | None = None
    transcribed: float = 0.0
    engine: str = ""
    model: str = ""
    closed: LegClosed | None = None


class _Call(Struct):
    arrived: float
    taps: list[_Tap]
    spoken: dict[Speaker, int]
    ended: float | None = None


class TranscriptBook:
    """Feed it taps, workers' messages, ends of calls and the time; it answers with events."""

    def __init__(self, flush_timeout: float) -> None:
        self._flush_timeout = flush_timeout
        self._calls: dict[str, _Call] = {}
        self._taps: dict[str, _Tap] = {}

    def open_tap(self, call_id: str, tap_id: str, speaker: Speaker, arrived: float, at: float | None = None) -> None:
        """A leg of the call is about to be tapped. ``arrived``: the call's arrival, where its clock starts.

        ``at``: since when the leg could be heard (default: arrival); a tap that never opens is missing from there on.
        """
        call = self._calls.setdefault(call_id, _Call(arrived, [], {}))
        tap = _Tap(tap_id, call_id, speaker, arrived if at is None else at, {})
        call.taps.append(tap)
        self._taps[tap_id] = tap

    def feed(self, message: FromWorker, now: float) -> list[Event]:
        """Take one message of a worker; taps of calls that are complete, or unknown, are passed over."""
        if not isinstance(message, LegOpened | Heard | LegGap | LegClosed):
            return []
        tap = self._taps.get(message.tap_id)
        if tap is None or tap.closed is not None:
            return []
        if isinstance(message, LegOpened):
            tap.opened = message.at
            return []
        if isinstance(message, Heard):
            return [self._heard(tap, message)]
        if isinstance(message, LegGap):
            return [_gap(tap, self._calls[tap.call_id], message.start, message.end, message.reason)]
        tap.closed = message
        return self._complete(tap.call_id, now)

    def call_ended(self, call_id: str, now: float) -> list[Event]:
        """The call's line is down at ``now``."""
        call = self._calls.get(call_id)
        if call is None:
            return [TranscriptCompleted(at=now, call_id=call_id, legs=(), share=None)]
        call.ended = now
        return self._complete(call_id, now)

    def restore(self, event: Event) -> None:
        """What the journal knows, in order: utterances of a living call are numbered on. Its taps are placed anew."""
        match event:
            case CallOffered():
                self._calls[event.call_id] = _Call(event.at, [], {})
            case TranscriptFinal() if event.call_id in self._calls:
                spoken = self._calls[event.call_id].spoken
                spoken[event.speaker] = max(spoken.get(event.speaker, 0), int(event.utterance_id[1:]))
            case CallEnded() if event.call_id in self._calls:
                self._calls[event.call_id].ended = event.at
            case TranscriptCompleted():
                self._calls.pop(event.call_id, None)

    def tick(self, now: float) -> list[Event]:
        """Complete the calls whose last words did not come in time."""
        due = [i for i, c in self._calls.items() if c.ended is not None and c.ended + self._flush_timeout <= now]
        return [event for call_id in due for event in self._finish(call_id, now)]

    def next_deadline(self) -> float | None:
        """When ``tick`` has to be called next."""
        ended = [c.ended for c in self._calls.values() if c.ended is not None]
        return min(ended) + self._flush_timeout if ended else None

    def _heard(self, tap: _Tap, heard: Heard) -> Event:
        call = self._calls[tap.call_id]
        utterance_id = tap.utterances.get(heard.number)
        if utterance_id is None:
            number = call.spoken[tap.speaker] = call.spoken.get(tap.speaker, 0) + 1
            utterance_id = tap.utterances[heard.number] = f"{tap.speaker[0]}{number}"
        tap.engine, tap.model = heard.engine, heard.model
        tap.last_heard = heard.end
        start, end = heard.start - call.arrived, heard.end - call.arrived
        if not heard.final or not heard.text:  # an empty final takes back the interim words: it was no speech
            return TranscriptPartial(
                at=heard.end,
                call_id=tap.call_id,
                utterance_id=utterance_id,
                speaker=tap.speaker,
                text=heard.text,
                start=start,
                end=end,
            )
        tap.transcribed += heard.end - heard.start
        return TranscriptFinal(
            at=heard.end,
            call_id=tap.call_id,
            utterance_id=utterance_id,
            speaker=tap.speaker,
            text=heard.text,
            start=start,
            end=end,
            confidence=heard.confidence,
            language=heard.language,
            engine=heard.engine,
            model=heard.model,
        )

    def _complete(self, call_id: str, now: float) -> list[Event]:
        call = self._calls[call_id]
        if call.ended is None or any(tap.closed is None for tap in call.taps):
            return []
        return self._finish(call_id, now)

    def _finish(self, call_id: str, now: float) -> list[Event]:
        """The last events of a call; it is forgotten with them."""
        call = self._calls.pop(call_id)
        legs: list[LegSeconds] = []
        gaps: list[Event] = []
        for i, tap in enumerate(call.taps):
            del self._taps[tap.tap_id]
            next_tap = next((t for t in call.taps[i + 1 :] if t.speaker == tap.speaker), None)
            until = next_tap.since if next_tap is not None else now if call.ended is None else call.ended
            leg, missing = _account(tap, max(tap.since, until))
            legs.append(leg)
            if missing is not None:
                gaps.append(_gap(tap, call, *missing))
        expected = sum(leg.expected for leg in legs)
        share = sum(leg.heard for leg in legs) / expected if expected > 0 else None
        return [*gaps, TranscriptCompleted(at=now, call_id=call_id, legs=tuple(legs), share=share)]


def _gap(tap: _Tap, call: _Call, start: float, end: float, reason: str) -> TranscriptGap:
    return TranscriptGap(
        at=end,
        call_id=tap.call_id,
        speaker=tap.speaker,
        start=start - call.arrived,
        end=end - call.arrived,
        reason=reason,
    )


def _account(tap: _Tap, until: float) -> tuple[LegSeconds, tuple[float, float, str] | None]:
    """The leg's seconds up to ``until``, and the stretch at its end that nobody has reported as missing yet."""
    closed = tap.closed
    if closed is not None and tap.opened is not None and closed.reason != WORKER_LOST:
        return _seconds(tap, closed.expected, closed.heard), None
    if tap.opened is None:
        known, reason = tap.since, NEVER_HEARD if closed is None else closed.reason
    elif closed is None:  # the worker said nothing more in time: what it last heard is all that is known
        known, reason = max(tap.opened, tap.last_heard or 0.0), FLUSH_TIMEOUT
    else:
        known, reason = tap.opened + closed.heard, WORKER_LOST
    start = tap.since if tap.opened is None else tap.opened
    until = max(until, start)
    known = min(known, until)
    return _seconds(tap, until - start, known - start), (known, until, reason) if until > known else None


def _seconds(tap: _Tap, expected: float, heard: float) -> LegSeconds:
    closed = tap.closed
    return LegSeconds(
        speaker=tap.speaker,
        expected=expected,
        heard=heard,
        lost=max(0.0, expected - heard),
        transcribed=tap.transcribed,
        engine=tap.engine or (closed.engine if closed is not None else ""),
        model=tap.model or (closed.model if closed is not None else ""),
    )
