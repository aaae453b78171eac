"""One leg's account while its call lives: which tap hears it, what it said, and which seconds nobody heard. PURE."""

from __future__ import annotations

from msgspec.structs import replace

from gateway.asr.protocol import Heard, LegClosed, Speaking
from gateway.events import Finding, LegSeconds, Speaker

Missing = tuple[float, float, str]
"""Start and end (Unix seconds) of what was not heard, and why."""
SHORTEST_GAP = 0.5
"""Seconds; a first tap that opens, or a last one that ends, a little beside the conversation has missed nothing."""
NO_WORKER, NO_AUDIO = "no_worker", "no_audio"
WORKER_LOST = "worker_lost"


class LegAccount:
    """The caller's leg, or one agent's. All instants are Unix seconds.

    ``joined``, ``until``: when its person joined the conversation, and left it; ``tap_id``: the tap that hears it now,
    empty for none.
    """

    def __init__(self, call_id: str, speaker: Speaker, agent: str, since: float) -> None:
        self.call_id, self.speaker, self.agent = call_id, speaker, agent
        self.until: float | None = None
        self.joined: float | None = None
        self.tap_id = ""
        self.transcribed = 0.0
        self.gaps: list[tuple[float, float]] = []
        self._since = since
        self._opened: float | None = None
        self._ever_opened = False
        self._missing_from: float | None = since
        self._why = NO_WORKER
        self._expected = 0.0
        self._deferred = 0.0
        self._findings: list[Finding] = []
        self._unjoined: list[Missing] = []
        self._names: dict[int, str] = {}
        self._open: Heard | Speaking | None = None
        self._last_word: float | None = None
        self._apart: list[tuple[float, float | None]] = []
        self._engine = self._model = ""

    # --- taps --------------------------------------------------------------------------------------------------

    def expect(self, tap_id: str, at: float) -> None:
        """The leg will be tapped."""
        if self.until is not None:
            self._comes_back(at)
        self.tap_id, self._opened = tap_id, None
        self._names, self._open, self._last_word = {}, None, None

    def opened(self, at: float) -> Missing | None:
        """The tap is heard from now on; what was missed before."""
        missing = None
        if self._missing_from is not None:
            late = at - self._missing_from
            if late >= SHORTEST_GAP or (self._ever_opened and self._why != NO_WORKER and late > 0):
                missing = self._miss(self._missing_from, at, self._why)
        self._opened, self._ever_opened, self._missing_from = at, True, None
        return missing

    def adopted(self, opened: float) -> None:
        """The tap was opened before the gateway was started anew, and nothing has been missing since."""
        self.gaps = [gap for gap in self.gaps if gap[1] <= opened]
        self._expected = max(0.0, opened - self._since)
        self._opened, self._ever_opened, self._missing_from = opened, True, None

    def was_heard_until(self, stopped: float, why: str) -> None:
        """Of a leg that the journal tells of: the gateway stopped then."""
        end = stopped if self.until is None else self.until
        self._expected = max(0.0, end - self._since)
        self._ever_opened = True
        self.joined = self._since
        self._missing_from, self._why = max(end, self._since), why

    def closed(self, message: LegClosed) -> Heard | None:
        """The tap is over; until another opens, or the leg ends, nobody hears the leg.

        A lost worker may have been in the middle of an utterance: the words it had told of it so far stand.
        """
        self.tap_id = ""
        self._why = message.reason
        self._deferred += message.deferred
        self._findings += [finding for finding in message.findings if finding not in self._findings]
        self._engine, self._model = self._engine or message.engine, self._model or message.model
        if self._opened is None:
            return None
        words, heard_until = None, message.at
        if message.reason == WORKER_LOST and self._open is not None:
            words = self._words_so_far()
            heard_until = self._open.start if words is None else words.end
        heard_until = max(self._opened, heard_until)
        self._expected += heard_until - self._opened
        self._missing_from, self._opened, self._open = heard_until, None, None
        return words

    def finish(self, ended: float, why: str) -> Missing | None:
        """The call is over; what was missing at the leg's end. ``why``: if its tap has not said so itself."""
        end = ended if self.until is None else min(ended, self.until)
        if self._opened is not None:
            known = max(self._opened, self._last_word or 0.0)
            self._expected += max(0.0, min(known, end) - self._opened)
            self._missing_from, self._why, self._opened = known, why, None
        if self._missing_from is None or end - self._missing_from < SHORTEST_GAP:
            return None
        return self._miss(self._missing_from, end, self._why)

    def seconds(self) -> LegSeconds:
        """What became of the leg's audio."""
        lost = sum(end - start for start, end in self.gaps)
        expected = max(self._expected, lost)
        return LegSeconds(
            speaker=self.speaker,
            agent=self.agent,
            expected=expected,
            heard=expected - lost,
            lost=lost,
            transcribed=self.transcribed,
            engine=self._engine,
            model=self._model,
            deferred=self._deferred,
            findings=tuple(self._findings),
        )

    def _miss(self, start: float, end: float, why: str) -> Missing:
        self._expected += end - start
        self.gaps.append((start, end))
        return start, end, why

    def lost(self, missing: Missing) -> list[Missing]:
        """The tap says that it lost this; gives what of it counts.

        Asterisk reads nothing from an agent while the caller hears an announcement: before he joins the conversation
        nothing is missing. That he joins may be said after it.
        """
        start, end, why = missing
        if why == NO_AUDIO:
            if self.joined is None:
                self._unjoined.append(missing)
                return []
            parts = self._together(max(start, self.joined), end)
        else:
            parts = [(start, end)]
        self.gaps += parts
        return [(start, end, why) for start, end in parts]

    def _together(self, start: float, end: float) -> list[tuple[float, float]]:
        """The parts of a stretch in which its person and the other could hear each other."""
        parts = [(start, end)]
        for began, over in self._apart:
            until = end if over is None else over
            parts = [p for a, b in parts for p in ((a, min(b, began)), (max(a, until), b))]
        return [(a, b) for a, b in parts if b - a >= SHORTEST_GAP]

    # --- people ------------------------------------------------------------------------------------------------

    def joins(self, at: float) -> list[Missing]:
        """Its person joins the conversation, or is back in it; gives what was missing since."""
        self._comes_back(at)
        if self.joined is not None:
            return []
        self.joined = at
        waiting, self._unjoined = self._unjoined, []
        return [counted for missing in waiting for counted in self.lost(missing)]

    def _comes_back(self, at: float) -> None:
        if self.until is not None:
            self.together(at)
            self.until = None
            if not self.tap_id:
                self._missing_from, self._why = at, NO_WORKER

    def leaves(self, at: float) -> None:
        """Its person is in the conversation no more; the line may live on, for a question to a colleague."""
        self.until = at
        self.parted(at)

    def parted(self, at: float) -> None:
        """The two do not hear each other: on hold the phone sends music, or what is not meant for the call."""
        if not self.is_apart(at):
            self._apart.append((at, None))

    def together(self, at: float) -> None:
        """They hear each other again."""
        if self._apart and self._apart[-1][1] is None:
            self._apart[-1] = (self._apart[-1][0], at)

    def is_apart(self, at: float) -> bool:
        """They could not hear each other at that instant."""
        return any(start <= at and (end is None or at < end) for start, end in self._apart)

    # --- words -------------------------------------------------------------------------------------------------

    def utterance_id(self, number: int) -> str:
        """The name of the tap's utterance; empty if it has none yet."""
        return self._names.get(number, "")

    def name(self, number: int, utterance_id: str) -> str:
        """Give the tap's utterance its name."""
        self._names[number] = utterance_id
        return utterance_id

    def speaking(self, message: Speaking) -> None:
        """An utterance has begun."""
        self._open = message

    def spoken_so_far(self, heard: Heard) -> None:
        """Interim words, or their withdrawal."""
        self._open = None if heard.final else heard

    def said(self, heard: Heard) -> None:
        """A finished utterance."""
        self._engine, self._model = heard.engine, heard.model
        self._last_word = heard.end
        self.transcribed += heard.end - heard.start
        self.settled(heard.number)

    def settled(self, number: int) -> None:
        """Nothing more will be said of the utterance."""
        if self._open is not None and self._open.number == number:
            self._open = None

    def _words_so_far(self) -> Heard | None:
        """The interim words of the utterance that is being spoken, as its last."""
        if not isinstance(self._open, Heard) or not self._open.text:
            return None
        return replace(self._open, final=True)
