"""The connect rate of the last 24 hours, kept up to date as calls are decided. PURE.

Connect rate (GB/T 33358-2016: at least 95 % over 24 consecutive hours) = answered / (answered + abandoned +
overflowed), over the calls whose outcome fell into the window. A call has one outcome, the last: one that overflowed
and was answered after all is answered, and while it waits in the next queue it has none.

It is reported at risk when it falls below the required share, and again only after it recovered. With fewer outcomes
than one miss can spoil (20 at 95 %) it is shown but not reported.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from fractions import Fraction

from gateway.answer_sla.tally import margin, rate
from gateway.config import Settings
from gateway.events import ConnectRateAtRisk, ConnectRateChanged, Event


def window_seconds(settings: Settings) -> float:
    """The window's length."""
    return settings.connect_rate_window_hours * 3600.0


def in_window(at: float, now: float, window: float) -> bool:
    """Does an outcome of ``at`` still count at ``now``?"""
    return at + window > now


@dataclass(slots=True, eq=False)
class Outcome:
    """A call's outcome. ``counts`` until it is withdrawn or leaves the window."""

    at: float
    answered: bool
    counts: bool = False


class ConnectRate:
    """Outcomes in the window, in order of their instants; the sums follow every change."""

    def __init__(self, settings: Settings) -> None:
        self._window = window_seconds(settings)
        self._required = settings.connect_rate_required
        self._fewest = 1 if self._required >= 1 else math.ceil(1 / (1 - Fraction(str(self._required))))
        self._outcomes: deque[Outcome] = deque()
        self._now = -math.inf
        self._answered = 0
        self._total = 0
        self._at_risk = False

    def decide(self, at: float, answered: bool) -> Outcome:
        """A call has an outcome; give it back to ``withdraw`` when it has another."""
        outcome = Outcome(at, answered)
        if in_window(at, self._now, self._window):
            self._insert(outcome)
            self._count(outcome, 1)
        return outcome

    def withdraw(self, outcome: Outcome) -> None:
        """The call waits again, or has another outcome."""
        if outcome.counts:
            self._count(outcome, -1)

    def advance(self, now: float) -> bool:
        """Outcomes leave the window; True when the rate is another."""
        self._now = max(self._now, now)
        before = self._total
        while self._outcomes:
            first = self._outcomes[0]
            if first.counts and in_window(first.at, self._now, self._window):
                break
            self.withdraw(self._outcomes.popleft())
        return self._total != before

    def next_deadline(self) -> float | None:
        """When the oldest outcome leaves the window."""
        return self._outcomes[0].at + self._window if self._outcomes else None

    def changed(self, at: float) -> list[Event]:
        """The rate as it is, and whether it fell below what is required."""
        now = ConnectRateChanged(
            at=at,
            window_seconds=self._window,
            required=self._required,
            rate=rate(self._answered, self._total),
            margin=margin(self._answered, self._total, self._required),
        )
        below = self._total >= self._fewest and now.margin < 0
        fell, self._at_risk = below and not self._at_risk, below or (self._at_risk and now.margin < 0)
        if not fell:
            return [now]
        return [
            now,
            ConnectRateAtRisk(
                at=at, window_seconds=self._window, required=self._required, rate=now.rate, margin=now.margin
            ),
        ]

    def restore(self, event: ConnectRateChanged | ConnectRateAtRisk) -> None:
        """What was said before a restart: a risk that was told, or that it was over."""
        self._at_risk = isinstance(event, ConnectRateAtRisk) or (self._at_risk and event.margin < 0)

    def _insert(self, outcome: Outcome) -> None:
        """Nearly always at the end; news of the past goes where it belongs."""
        later = []
        while self._outcomes and self._outcomes[-1].at > outcome.at:
            later.append(self._outcomes.pop())
        self._outcomes.append(outcome)
        self._outcomes.extend(reversed(later))

    def _count(self, outcome: Outcome, step: int) -> None:
        outcome.counts = step > 0
        self._total += step
        self._answered += step * outcome.answered
