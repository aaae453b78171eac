"""What every figure is made of: the one definition, for the live view and for figures computed again. PURE.

A call counts once in each queue it joins before a person answers it, with one outcome there: answered, abandoned or
overflowed. While it waits it has none; when its target second passes it is *late* until it is decided. A call that is
sent on to a queue after a conversation kept or broke its promise already: it is counted apart, as transferred in.

Sums are whole numbers (microseconds, as AMI's timestamps), so that they come out the same in any order and can be
taken back exactly. docs/figures.md names each figure's clock and denominator.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias

from gateway.answer_sla.policy import short_abandon, wait, within_target
from gateway.config import QueuePolicy
from gateway.events import (
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOverflowed,
    MissReason,
    Rate,
)

Decision: TypeAlias = CallAnswered | CallAbandoned | CallOverflowed | CallEnded
"""What ends a wait. A line that is down without a word about the wait was abandoned."""
Outcome: TypeAlias = Literal["answered", "abandoned", "overflowed", "late"]

_MICROSECONDS = 1_000_000


class Verdict(NamedTuple):
    """What a call adds to its queue's figures, at ``at``. ``waited``: seconds by the queue's clock, None: not known.

    ``within``: answered within target. ``short``: abandoned within the queue's short-abandon seconds.
    """

    outcome: Outcome
    at: float
    waited: float | None = None
    within: bool = False
    short: bool = False
    reconstructed: bool = False


def outcome(event: Decision) -> Outcome:
    """What became of the wait."""
    match event:
        case CallAnswered():
            return "answered"
        case CallOverflowed():
            return "overflowed"
        case _:
            return "abandoned"


def verdict(event: Decision, policy: QueuePolicy) -> Verdict:
    """What this event means for the figures of the queue that made the promise ``policy``."""
    waited = wait(event.clocks, policy)
    rebuilt = event.clocks.provenance == "reconstructed"
    kind = outcome(event)
    within = kind == "answered" and within_target(event.clocks, policy) is True
    short = kind == "abandoned" and short_abandon(event.clocks, policy)
    return Verdict(kind, event.at, waited, within, short, rebuilt)


def late(at: float) -> Verdict:
    """The target second is over and nobody answered yet."""
    return Verdict("late", at)


def moved_on(at: float) -> Verdict:
    """The call was seen in another queue before anything was heard of its leaving this one."""
    return Verdict("overflowed", at)


@dataclass(slots=True)
class Tally:
    """Sums over some calls of one queue. Counts are of calls, ``*_us`` are microseconds."""

    offered: int = 0
    answered: int = 0
    unknown_wait: int = 0
    """Answered, but found in conversation after a gap: in no figure of waits."""
    within: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    overflowed: int = 0
    late: int = 0
    reconstructed: int = 0
    wait_us: int = 0
    longest: float | None = None
    handled: int = 0
    """Answered calls that are over."""
    talk_us: int = 0
    hold_us: int = 0
    wrap_up_us: int = 0
    transferred_in: int = 0
    transferred_in_answered: int = 0
    missed: Counter[MissReason] = field(default_factory=Counter)

    def judge(self, said: Verdict, step: Literal[1, -1] = 1) -> None:
        """Add a verdict, or take it back. A wait that was once the longest stays it: it was waited."""
        self.reconstructed += step * said.reconstructed
        match said.outcome:
            case "answered":
                self.answered += step
                self.within += step * said.within
                self.unknown_wait += step * (said.waited is None)
                self.wait_us += step * microseconds(said.waited or 0.0)
            case "abandoned":
                self.abandoned += step
                self.short_abandoned += step * said.short
            case "overflowed":
                self.overflowed += step
            case "late":
                self.late += step
        if step > 0:
            self.lengthen(said.waited)

    def lengthen(self, waited: float | None) -> None:
        """Somebody waited so long."""
        if waited is not None and (self.longest is None or waited > self.longest):
            self.longest = waited

    def handle(self, ended: CallEnded) -> None:
        """An answered call is over. Its wrap-up comes by ``wrap_up``."""
        self.handled += 1
        self.talk_us += microseconds(ended.talk_seconds)
        self.hold_us += microseconds(ended.held_seconds)

    def wrap_up(self, seconds: float) -> None:
        """Somebody wrapped up a handled call."""
        self.wrap_up_us += microseconds(seconds)

    def add(self, other: Tally) -> None:
        """The sums of both."""
        for name in _COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.missed.update(other.missed)
        self.lengthen(other.longest)

    # --- what the sums say -----------------------------------------------------------------------------------

    @property
    def decided(self) -> int:
        """Calls of a service level: with an outcome and a known wait, or late by now."""
        return self.measured + self.abandoned + self.overflowed + self.late

    @property
    def measured(self) -> int:
        """Answered calls whose wait is known."""
        return self.answered - self.unknown_wait

    @property
    def of_offered(self) -> Rate:
        """Service level, denominator: all offered and decided."""
        return rate(self.within, self.decided)

    @property
    def of_offered_less_short(self) -> Rate:
        """Service level, denominator: the same without short abandons."""
        return rate(self.within, self.decided - self.short_abandoned)

    @property
    def of_answered(self) -> Rate:
        """Service level, denominator: answered."""
        return rate(self.within, self.measured)

    @property
    def abandon_rate(self) -> Rate:
        """Abandoned of offered."""
        return rate(self.abandoned, self.offered)

    @property
    def abandon_rate_less_short(self) -> Rate:
        """The same, short abandons left out above and below."""
        return rate(self.abandoned - self.short_abandoned, self.offered - self.short_abandoned)

    @property
    def ring_no_answer(self) -> Rate:
        """Rings nobody took though they were not taken away: of those that were answered, ignored or rejected."""
        return no_answer_rate(self.answered + self.transferred_in_answered, self.missed)

    @property
    def average_wait(self) -> float | None:
        """Mean wait of answered calls by the queue's clock (ASA), seconds."""
        return mean(self.wait_us, self.measured)

    @property
    def average_handle(self) -> float | None:
        """Mean talk, hold and wrap-up of calls that are over (AHT), seconds."""
        return mean(self.talk_us + self.hold_us + self.wrap_up_us, self.handled)


_COUNTS = tuple(name for name in Tally.__slots__ if name not in ("missed", "longest"))


def rate(numerator: int, denominator: int) -> Rate:
    """A share; an empty denominator has no value."""
    return Rate(
        numerator=numerator, denominator=denominator, value=numerator / denominator if denominator > 0 else None
    )


def no_answer_rate(answered: int, missed: Counter[MissReason]) -> Rate:
    """Ring-no-answer per attempt. A ring that the caller or another agent ended does not count, nor a silent phone."""
    return rate(missed["no_answer"], answered + missed["no_answer"] + missed["rejected"])


def margin(answered: int, total: int, required: float) -> int:
    """Calls that may still be missed before ``answered / total`` falls below ``required``.

    Negative: that many more must be answered in a row to reach it again.
    """
    share = Fraction(str(required))
    spare = answered / share - total
    if spare >= 0:
        return math.floor(spare)
    if share == 1:
        return answered - total
    return -math.ceil((share * total - answered) / (1 - share))


def microseconds(seconds: float) -> int:
    """Whole microseconds."""
    return round(seconds * _MICROSECONDS)


def mean(total_us: int, count: int) -> float | None:
    """Seconds each, to the microsecond; None of nothing."""
    return round(total_us / count / _MICROSECONDS, 6) if count else None
