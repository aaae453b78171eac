"""Today's figures of each queue and the rolling connect rate, kept up to date event by event. PURE.

What counts and how is defined in ``tally`` and ``connect_rate``; here is only *when*. Today begins at local midnight
of the settings' time zone. A call is offered at the instant it joins the queue, answered, abandoned or overflowed at
that instant, late at its breach or when it joins late, handled when its line is down; each counts today if its own
instant is of today. So a call of 23:59 that is answered at 0:01 was offered yesterday and is answered today.

Everything can be computed again from the events of the calls and agents and ``answer.breached``
(``gateway.answer_sla.figures``).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from gateway.answer_sla.connect_rate import ConnectRate, Outcome
from gateway.answer_sla.days import day_of
from gateway.answer_sla.spells import WrapUps
from gateway.answer_sla.tally import Decision, Tally, Verdict, late, moved_on, verdict
from gateway.config import Settings, zone
from gateway.events import (
    AgentStateChanged,
    AnswerBreached,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    ConnectRateAtRisk,
    ConnectRateChanged,
    Event,
    ServiceLevelChanged,
)


@dataclass(slots=True)
class _Living:
    """A call whose line is not down: what it counted for so far, so that it can be counted otherwise."""

    arrived: float
    queue: str = ""
    """Where it waits now."""
    queued: float = 0.0
    late_at: float | None = None
    verdicts: dict[str, Verdict | None] = field(default_factory=dict)
    """Of each queue it joined before it was answered; None: it waits there."""
    outcome: Outcome | None = None
    answered: bool = False
    answered_in: str = ""
    wrap_up: float = 0.0
    handled_at: float | None = None
    """When it was over and its handle time was counted."""


class ServiceLevel:
    """Fires ServiceLevelChanged, ConnectRateChanged and ConnectRateAtRisk.

    At its first ``feed`` or ``tick`` it says how every queue stands: no data yet, or what ``restore`` brought.
    Raises SettingError when the settings' time zone does not exist.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._zone = zone(settings.timezone)
        self._since, self._midnight = -math.inf, -math.inf
        self._today: dict[str, Tally] = {}
        self._living: dict[str, _Living] = {}
        self._wrap_ups: WrapUps[_Living] = WrapUps()
        self._connect = ConnectRate(settings)
        self._changed: dict[str, None] = {}
        """Queues whose figures changed, in order."""
        self._connect_changed = True

    def feed(self, event: Event, now: float) -> list[Event]:
        """Take an event; give the figures it changed."""
        changes = self.tick(max(now, event.at))
        self._take(event)
        return changes + self._tell(event.at)

    def tick(self, now: float) -> list[Event]:
        """A new day begins; outcomes fall out of the window."""
        self._advance(now)
        return self._tell(now)

    def next_deadline(self) -> float | None:
        """The next midnight, or the instant at which the oldest outcome leaves the window."""
        if self._midnight == -math.inf:
            return None
        oldest = self._connect.next_deadline()
        return self._midnight if oldest is None else min(self._midnight, oldest)

    def restore(self, event: Event) -> None:
        """Take in an event of before a restart, its own among them. Says nothing."""
        self._advance(event.at)
        self._take(event)
        if isinstance(event, ConnectRateChanged | ConnectRateAtRisk):
            self._connect.restore(event)

    def _advance(self, now: float) -> None:
        if now >= self._midnight:
            self._since, self._midnight = day_of(now, self._zone)
            queues = dict.fromkeys([policy.name for policy in self._settings.queue] + list(self._today))
            self._today = {queue: Tally() for queue in queues}
            self._changed = queues
        self._connect_changed |= self._connect.advance(now)

    def _tell(self, at: float) -> list[Event]:
        told: list[Event] = [self._level(queue, at) for queue in self._changed]
        if self._connect_changed:
            told += self._connect.changed(at)
        self._changed, self._connect_changed = {}, False
        return told

    # --- what events mean ------------------------------------------------------------------------------------

    def _take(self, event: Event) -> None:
        match event:
            case CallOffered():
                self._living.setdefault(event.call_id, _Living(event.at))
            case CallQueued() if event.call_id in self._living:
                self._queue(self._living[event.call_id], event.queue, event.at)
            case AnswerBreached() if event.call_id in self._living:
                self._breach(self._living[event.call_id], event.at)
            case CallAnswered() | CallAbandoned() | CallOverflowed():
                call = self._living.setdefault(event.call_id, _Living(event.clocks.arrived))
                self._decide(call, event, event.queue or call.queue)
            case CallEnded() if event.call_id in self._living:
                self._end(self._living.pop(event.call_id), event)
            case AgentStateChanged():
                self._wrap_up(event)

    def _queue(self, call: _Living, queue: str, at: float) -> None:
        if call.answered or call.queue == queue:
            return
        if call.queue:
            self._judge(call, call.queue, moved_on(at))
        if queue not in call.verdicts:
            self._tally(queue, at).offered += 1
        call.queue, call.queued = queue, at
        self._judge(call, queue, None)
        self._set_outcome(call, None)
        if call.late_at is not None:
            self._judge(call, queue, late(max(call.late_at, at)))

    def _breach(self, call: _Living, at: float) -> None:
        if call.late_at is None:
            call.late_at = at
            if call.queue:
                self._judge(call, call.queue, late(max(at, call.queued)))

    def _decide(self, call: _Living, event: Decision, queue: str) -> None:
        if call.answered:
            return
        left = isinstance(event, CallOverflowed)
        if queue:
            if queue not in call.verdicts:
                joined = event.clocks.queued if event.clocks.queued is not None else event.clocks.arrived
                self._tally(queue, joined).offered += 1
            self._judge(call, queue, verdict(event, self._settings.policy_at(queue, call.arrived)))
        if call.queue and call.queue != queue:
            if left:
                return
            self._judge(call, call.queue, moved_on(event.at))
        call.queue = ""
        call.answered = isinstance(event, CallAnswered)
        call.answered_in = queue if call.answered else ""
        self._set_outcome(call, self._connect.decide(event.at, call.answered))

    def _end(self, call: _Living, event: CallEnded) -> None:
        if call.outcome is None:
            self._decide(call, event, call.queue)
        # Of a call found in conversation nobody knows how long it had lasted.
        if call.answered_in and event.clocks.caller_wait is not None:
            call.handled_at = event.at
            tally = self._tally(call.answered_in, event.at)
            tally.handle(event)
            tally.wrap_up(call.wrap_up)

    def _wrap_up(self, event: AgentStateChanged) -> None:
        """It belongs to a call, and mostly ends when that call is over."""
        wrapped = self._wrap_ups.feed(event, self._living)
        if wrapped is None:
            return
        call, seconds = wrapped
        call.wrap_up += seconds
        if call.handled_at is not None:
            self._tally(call.answered_in, call.handled_at).wrap_up(seconds)

    # --- sums ------------------------------------------------------------------------------------------------

    def _judge(self, call: _Living, queue: str, said: Verdict | None) -> None:
        """What the call is in this queue from now on, instead of what it was."""
        before = call.verdicts.get(queue)
        call.verdicts[queue] = said
        if before is not None:
            self._tally(queue, before.at).judge(before, -1)
        if said is not None:
            self._tally(queue, said.at).judge(said)

    def _set_outcome(self, call: _Living, outcome: Outcome | None) -> None:
        if call.outcome is not None:
            self._connect.withdraw(call.outcome)
        self._connect_changed |= call.outcome is not outcome
        call.outcome = outcome

    def _tally(self, queue: str, at: float) -> Tally:
        """Today's sums; what is not of today goes into sums that nobody reads."""
        if at < self._since:
            return Tally()
        self._changed[queue] = None
        return self._today.setdefault(queue, Tally())

    def _level(self, queue: str, at: float) -> ServiceLevelChanged:
        policy, tally = self._settings.policy_at(queue, at), self._today[queue]
        return ServiceLevelChanged(
            at=at,
            queue=queue,
            clock=policy.clock,
            since=self._since,
            target_seconds=policy.target_seconds,
            of_offered=tally.of_offered,
            of_offered_less_short=tally.of_offered_less_short,
            of_answered=tally.of_answered,
            average_wait=tally.average_wait,
            longest_wait=tally.longest,
            offered=tally.offered,
            answered=tally.answered,
            abandoned=tally.abandoned,
            short_abandoned=tally.short_abandoned,
            overflowed=tally.overflowed,
            abandon_rate=tally.abandon_rate,
            average_handle=tally.average_handle,
        )
