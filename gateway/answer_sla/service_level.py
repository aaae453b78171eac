"""Service level of each queue today, and the connect rate of the last 24 hours. PURE.

Service level. A call counts in the queue that had it, on the day of its arrival (local midnight of the settings' time
zone), once it is *decided*: answered, abandoned, overflowed, or still waiting but late. One that is late and answered
later moves from the one to the other. A call that leaves one queue for another counts in both. With ``within`` = wait
by the queue's clock <= target seconds (``policy.within_target``):

    of_offered            = answered within / (answered + abandoned + overflowed + waiting and late)
    of_offered_less_short = the same, without calls abandoned within ``short_abandon_seconds``
    of_answered           = answered within / answered
    average_wait          = mean wait of answered calls (ASA)
    longest_wait          = longest wait of answered, abandoned and overflowed calls

An answered call whose wait is not known (found in conversation after a lost connection) is in none of them.
Everything can be computed again from the events ``call.answered``, ``call.abandoned``, ``call.overflowed`` and
``answer.breached``, whose clocks carry all instants.

Connect rate (GB/T 33358-2016: at least 95 % over 24 consecutive hours) = answered / (answered + not answered), over
the calls whose outcome fell into the window; a call that overflowed and was answered after all is answered. It is
reported at risk when it falls below the required share, and again only after it recovered. With fewer outcomes than
one miss can spoil (20 at 95 %) it is shown but not reported.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.answer_sla.policy import wait, within_target
from gateway.config import QueuePolicy, Settings
from gateway.errors import SettingError
from gateway.events import (
    AnswerBreached,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    Clocks,
    ConnectRateAtRisk,
    ConnectRateChanged,
    Event,
    Rate,
    ServiceLevelChanged,
)

Outcome = Literal["answered", "abandoned", "overflowed", "late"]


def rate(numerator: int, denominator: int) -> Rate:
    """A share; an empty denominator has no value."""
    return Rate(numerator=numerator, denominator=denominator, value=numerator / denominator if denominator else None)


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


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What a decided call adds to its queue's figures. ``waited``: None while it still waits."""

    outcome: Outcome
    within: bool = False
    short: bool = False
    waited: float | None = None


@dataclass(slots=True)
class _Day:
    """The decided calls of one queue's day, as sums and, for the longest wait, one number."""

    answered: int = 0
    within: int = 0
    decided: int = 0
    short: int = 0
    answered_wait: float = 0.0
    longest: float | None = None

    def count(self, verdict: _Verdict, step: Literal[1, -1]) -> None:
        """Add a verdict, or take it back."""
        self.decided += step
        self.within += step * verdict.within
        self.short += step * verdict.short
        if verdict.outcome == "answered":
            self.answered += step
            self.answered_wait += step * (verdict.waited or 0.0)
        if step > 0 and verdict.waited is not None:
            self.longest = max(verdict.waited, self.longest or 0.0)


@dataclass(slots=True)
class _Decided:
    """A call's outcome in the connect rate's window."""

    at: float
    answered: bool


@dataclass(slots=True)
class _Living:
    """A call whose line is not down: what it counted for so far, so that it can be counted otherwise."""

    arrived: float
    late: bool = False
    verdicts: dict[str, _Verdict] = field(default_factory=dict)
    connect: _Decided | None = None


class ServiceLevel:
    """Fires ServiceLevelChanged, ConnectRateChanged and ConnectRateAtRisk.

    At its first ``feed`` or ``tick`` it says that every queue has no data yet. Raises SettingError when the settings'
    time zone does not exist.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        try:
            self._zone = ZoneInfo(settings.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingError("timezone", f"no such time zone: {settings.timezone}", "Try Asia/Shanghai") from error
        self._window = settings.connect_rate_window_hours * 3600.0
        self._required = settings.connect_rate_required
        self._fewest = 1 if self._required >= 1 else math.ceil(1 / (1 - Fraction(str(self._required))))
        self._since: float | None = None
        self._midnight = 0.0
        self._days: dict[str, _Day] = {}
        self._living: dict[str, _Living] = {}
        self._outcomes: deque[_Decided] = deque()
        self._answered = 0
        self._at_risk = False

    def feed(self, event: Event, now: float) -> list[Event]:
        """Take an event; give the figures it changed."""
        changes = self.tick(now)
        match event:
            case CallOffered():
                self._living.setdefault(event.call_id, _Living(event.at))
            case AnswerBreached() if event.call_id in self._living:
                self._living[event.call_id].late = True
                changes += self._late(self._living[event.call_id], event.queue, event.at)
            case CallQueued() if event.call_id in self._living:
                changes += self._late(self._living[event.call_id], event.queue, event.at)
            case CallAnswered() | CallAbandoned() | CallOverflowed():
                changes += self._decide(event, now)
            case CallEnded():
                self._living.pop(event.call_id, None)
        return changes

    def tick(self, now: float) -> list[Event]:
        """A new day begins; outcomes fall out of the window."""
        changes: list[Event] = []
        first = self._since is None
        if first or now >= self._midnight:
            self._begin_day(now)
            changes += [self._level(queue, now) for queue in self._days]
        old = len(self._outcomes)
        while self._outcomes and self._outcomes[0].at + self._window <= now:
            self._answered -= self._outcomes.popleft().answered
        if first or len(self._outcomes) != old:
            changes += self._connect_rate(now)
        return changes

    def next_deadline(self) -> float | None:
        """The next midnight, or the instant at which the oldest outcome leaves the window."""
        if self._since is None:
            return None
        return min(self._midnight, self._outcomes[0].at + self._window) if self._outcomes else self._midnight

    # --- service level ---------------------------------------------------------------------------------------

    def _begin_day(self, now: float) -> None:
        today = datetime.fromtimestamp(now, self._zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
        self._since = today.timestamp()
        self._midnight = (today + timedelta(days=1)).timestamp()
        queues = dict.fromkeys([policy.name for policy in self._settings.queue] + list(self._days))
        self._days = {queue: _Day() for queue in queues}

    def _late(self, call: _Living, queue: str, at: float) -> list[Event]:
        """A call may be late before it joins a queue, or when it joins the next one."""
        if not call.late or not queue or queue in call.verdicts:
            return []
        return self._judge(call, queue, _Verdict("late"), at)

    def _decide(self, event: CallAnswered | CallAbandoned | CallOverflowed, now: float) -> list[Event]:
        call = self._living.setdefault(event.call_id, _Living(event.clocks.arrived))
        changes: list[Event] = []
        if event.queue:
            verdict = _verdict(event, self._settings.policy(event.queue))
            if verdict is not None:
                changes += self._judge(call, event.queue, verdict, event.at)
        answered = isinstance(event, CallAnswered)
        if call.connect is None:
            call.connect = _Decided(event.at, answered)
            self._outcomes.append(call.connect)
            self._answered += answered
            changes += self._connect_rate(event.at)
        elif answered and not call.connect.answered:
            call.connect.answered = True
            self._answered += call.connect.at + self._window > now
            changes += self._connect_rate(event.at)
        return changes

    def _judge(self, call: _Living, queue: str, verdict: _Verdict, at: float) -> list[Event]:
        before = call.verdicts.get(queue)
        call.verdicts[queue] = verdict
        if self._since is None or call.arrived < self._since or before == verdict:
            return []
        day = self._days.setdefault(queue, _Day())
        if before is not None:
            day.count(before, -1)
        day.count(verdict, 1)
        return [self._level(queue, at)]

    def _level(self, queue: str, at: float) -> ServiceLevelChanged:
        policy, day = self._settings.policy(queue), self._days[queue]
        return ServiceLevelChanged(
            at=at,
            queue=queue,
            clock=policy.clock,
            since=self._since or 0.0,
            target_seconds=policy.target_seconds,
            of_offered=rate(day.within, day.decided),
            of_offered_less_short=rate(day.within, day.decided - day.short),
            of_answered=rate(day.within, day.answered),
            average_wait=round(day.answered_wait / day.answered, 6) if day.answered else None,
            longest_wait=day.longest,
        )

    # --- connect rate ----------------------------------------------------------------------------------------

    def _connect_rate(self, at: float) -> list[Event]:
        total = len(self._outcomes)
        now = ConnectRateChanged(
            at=at,
            window_seconds=self._window,
            required=self._required,
            rate=rate(self._answered, total),
            margin=margin(self._answered, total, self._required),
        )
        below = total >= self._fewest and now.margin < 0
        fell, self._at_risk = below and not self._at_risk, below or (self._at_risk and now.margin < 0)
        if not fell:
            return [now]
        risk = ConnectRateAtRisk(
            at=at, window_seconds=self._window, required=self._required, rate=now.rate, margin=now.margin
        )
        return [now, risk]


def _verdict(event: CallAnswered | CallAbandoned | CallOverflowed, policy: QueuePolicy) -> _Verdict | None:
    clocks: Clocks = event.clocks
    waited = wait(clocks, policy)
    match event:
        case CallAnswered():
            within = within_target(clocks, policy)
            return None if within is None else _Verdict("answered", within=within, waited=waited)
        case CallAbandoned():
            whole = clocks.caller_wait if waited is None else waited
            short = whole is not None and whole <= policy.short_abandon_seconds
            return _Verdict("abandoned", short=short, waited=waited)
        case _:
            return _Verdict("overflowed", waited=waited)
