"""Where calls begin and end on a line that tells nothing but its sound. PURE.

An analogue line or a headset port has no signalling: a call begins with the first utterance that has words, and ends
``quiet`` seconds after the last one. An utterance counts from where it began, however late its words are known. Knocks,
tones and music, of which an engine makes no words, begin no call and keep none alive.

What comes out are the transcript events of the project alone. Calls of a line are not counted anywhere: nobody saw
them ring.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

from msgspec import Struct
from msgspec.structs import replace

from gateway.asr.protocol import Engine, Heard, Leg, LegClosed, LegGap, LegOpened, Speaking
from gateway.asr.transcript import TranscriptBook
from gateway.events import CallEnded, Clocks, Event, Finding, Speaker

GRACE_SECONDS = 1.0
"""An utterance is told so long after it has begun at most, unless one before it is still being decoded."""


class LineCall(Struct, frozen=True, kw_only=True):
    """A call on the line. ``began``: where its first utterance began (Unix seconds)."""

    call_id: str
    began: float


class LineCalls:
    """The line's calls, one after another. All instants are Unix seconds on the clock of the sound.

    ``sides``: who is on which channel. What ears say is fed with the side in place of the tap's id.
    """

    def __init__(self, sides: Sequence[Speaker], engine: Engine, quiet: float) -> None:
        self._sides = tuple(sides)
        self._engine = engine
        self._quiet = quiet
        self._book = TranscriptBook(quiet)
        self._open: dict[str, Speaking] = {}
        self._call: LineCall | None = None
        self._last_word = 0.0
        self._holes: list[tuple[float, float, str]] = []
        """From when to when the device gave no sound, and why: what is not told yet. The last may still be open."""
        self._lost: dict[Speaker, float] = {}
        self._transcribed: dict[Speaker, float] = {}
        self._findings: dict[Speaker, tuple[Finding, ...]] = {}

    @property
    def call(self) -> LineCall | None:
        """The call that is on."""
        return self._call

    @property
    def idle(self) -> bool:
        """No call is on, and nobody has begun to speak."""
        return self._call is None and not self._open

    def feed(self, message: Speaking | Heard | LegGap) -> list[Event]:
        """Take what the ear of a side says."""
        side = self._side(message.tap_id)
        match message:
            case Speaking():
                self._open[side] = message
                return []
            case LegGap():  # somebody spoke, but nobody decoded it
                self._open.pop(side, None)
                if self._call is not None:
                    self._last_word = max(self._last_word, message.end)
                return self._gap(side, message.start, message.end, message.reason)
        events = self._over(message.start)
        if self._call is None and message.text:
            self._begin(min([message.start, *(speaking.start for speaking in self._open.values())]))
        if message.final:
            self._open.pop(side, None)
        if self._call is None:
            return events
        if message.text:
            self._last_word = max(self._last_word, message.end)
        if message.final and message.text:
            self._transcribed[side] += message.end - message.start
        return [*events, *self._missed(), *self._book.feed(replace(message, tap_id=self._tap_id(side)), message.end)]

    def missing(self, since: float, reason: str) -> None:
        """The device gives no sound, or none that can be heard, since that instant."""
        if self.idle:
            self._holes.clear()
        self._holes.append((since, inf, reason))

    def back(self, at: float) -> list[Event]:
        """The device gives sound again."""
        since, _, reason = self._holes.pop()
        self._holes.append((since, at, reason))
        return self._missed()

    def found(self, side: Speaker, findings: Sequence[Finding]) -> None:
        """What is wrong with the side's sound in the call that is on."""
        self._findings[side] = tuple(findings)

    def tick(self, heard_until: float) -> list[Event]:
        """The sound has come to this instant."""
        return self._over(heard_until - GRACE_SECONDS)

    def end(self, at: float) -> list[Event]:
        """The line is given up; all its words have been fed."""
        return [] if self._call is None else self._finish(min(at, self._last_word + self._quiet))

    def _over(self, at: float) -> list[Event]:
        """Ends the call if it was over by then: it has been quiet, and nobody speaks of whom that is not known yet."""
        until = self._last_word + self._quiet
        if self._call is None or at < until or any(speaking.start < until for speaking in self._open.values()):
            return []
        return self._finish(until)

    def _begin(self, at: float) -> None:
        self._call = LineCall(call_id=f"line-{at:.3f}", began=at)
        self._last_word = at
        for side in self._sides:
            self._lost[side] = self._transcribed[side] = 0.0
            self._findings[side] = ()
            leg = Leg(call_id=self._call.call_id, speaker=side, arrived=at)
            self._book.open_tap(leg, self._tap_id(side), at)
            self._book.feed(LegOpened(tap_id=self._tap_id(side), at=at), at)

    def _finish(self, at: float) -> list[Event]:
        assert self._call is not None
        events = [event for hole in self._holes for event in self._hole(*hole, at)]
        self._holes = [hole for hole in self._holes if hole[1] == inf or hole[0] >= at]
        for side in self._sides:
            expected = at - self._call.began
            lost = min(expected, self._lost[side])
            closed = LegClosed(
                tap_id=self._tap_id(side),
                at=at,
                expected=expected,
                heard=expected - lost,
                lost=lost,
                transcribed=self._transcribed[side],
                engine=self._engine.engine,
                model=self._engine.model,
                reason="ended",
                findings=self._findings[side],
            )
            events += self._book.feed(closed, at)
        # The book closes a call with the PBX's word for it; here it goes no further.
        ended = CallEnded(
            at=at, call_id=self._call.call_id, hung_up_by="system", clocks=Clocks(arrived=self._call.began)
        )
        events += self._book.follow(ended, at)
        self._call = None
        return events

    def _missed(self) -> list[Event]:
        """Holes that are in the call whatever comes; what it has of others is told with its end."""
        if self._call is None:
            return []
        until = self._last_word + self._quiet
        inside = [hole for hole in self._holes if hole[1] <= until]
        self._holes = [hole for hole in self._holes if hole[1] > until]
        return [event for hole in inside for event in self._hole(*hole, until)]

    def _hole(self, start: float, end: float, reason: str, until: float) -> list[Event]:
        """On every side."""
        return [event for side in self._sides for event in self._gap(side, start, min(end, until), reason)]

    def _gap(self, side: Speaker, start: float, end: float, reason: str) -> list[Event]:
        """What of a gap is in the call that is on."""
        if self._call is None or end <= max(start, self._call.began):
            return []
        start = max(start, self._call.began)
        self._lost[side] += end - start
        gap = LegGap(tap_id=self._tap_id(side), start=start, end=end, reason=reason)
        return self._book.feed(gap, end)

    def _side(self, tap_id: str) -> Speaker:
        return next(side for side in self._sides if side == tap_id)

    def _tap_id(self, side: Speaker) -> str:
        """Of this call: what an ear said in the call before is numbered anew."""
        assert self._call is not None
        return f"{self._call.call_id} {side}"
