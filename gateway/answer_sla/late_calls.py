"""Alerts about callers who wait: at risk and late, one each a call, and a wait far too long, one a queue. PURE.

A call is at risk or late when the answer clock says so. What is over when it is noticed, since the news of the answer
came late, raises nothing. A call that leaves its queue unanswered ends its alert; if it was late already when it joins
the next one, it raises one there.

The longest wait runs from arrival where the queue promises the caller's whole wait, else from joining the queue. A call
that is out of sight waits too long only when it is in sight again and still waits.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from gateway.answer_sla.alert_book import AlertBook
from gateway.answer_sla.timers import Timers
from gateway.config import Settings
from gateway.events import (
    AlertKind,
    AlertRaised,
    AnswerAtRisk,
    AnswerBreached,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    Event,
)

MAX_CALLS = 50_000
"""Calls remembered at once; beyond it the oldest is forgotten, and its alert ended."""


@dataclass(slots=True)
class _Call:
    """A call nobody answered yet. ``since``: where its wait in the queue begins; ``late``: what the clock said."""

    arrived: float
    waiting: bool = True
    queue: str = ""
    since: float = 0.0
    late: AnswerAtRisk | AnswerBreached | None = None


class LateCalls:
    """Begins and ends alerts of the kinds answer_at_risk, answer_breached and longest_wait."""

    def __init__(self, settings: Settings, book: AlertBook, max_calls: int = MAX_CALLS) -> None:
        self._settings = settings
        self._book = book
        self._max_calls = max_calls
        self._calls: dict[str, _Call] = {}
        self._timers = Timers()
        self._too_long: defaultdict[str, set[str]] = defaultdict(set)
        """Calls of each queue that wait longer than they may."""
        self._held: dict[str, float] = {}
        """When calls that are out of sight would have waited too long."""

    def take(self, event: Event) -> list[Event]:
        """Take an event in."""
        match event:
            case CallOffered():
                return self._meet(event.call_id, event.at)[1]
            case CallQueued():
                return self._queue(event)
            case AnswerAtRisk() | AnswerBreached():
                call = self._calls.get(event.call_id)
                if call is None or isinstance(call.late, AnswerBreached):
                    return []
                call.late = event
                return self._raise(event, event.queue, event.at, event.waited) if call.waiting else []
            case CallOverflowed() if event.call_id in self._calls:
                return self._leave(event.call_id, event.at)
            case CallAnswered() | CallAbandoned() | CallEnded() if event.call_id in self._calls:
                return self._forget(event.call_id, event.at)
            case _:
                return []

    def next_deadline(self) -> float | None:
        """When the next call waits too long."""
        return self._timers.next()

    def look_again(self) -> None:
        """Calls are in sight again."""
        for call_id, at in self._held.items():
            self._timers.set(call_id, at)
        self._held = {}

    def fire(
        self, limit: float, *, inclusive: bool, in_sight: Callable[[str], bool] = lambda call_id: True
    ) -> list[Event]:
        """Calls that wait too long before ``limit`` (or at it)."""
        events: list[Event] = []
        while due := self._timers.pop(limit, inclusive=inclusive):
            at, call_id = due
            if not in_sight(call_id):
                self._held[call_id] = at
                continue
            call = self._calls[call_id]
            self._too_long[call.queue].add(call_id)
            waited = round(at - call.since, 6)
            alert = AlertRaised(
                at=at,
                alert_id="",
                kind="longest_wait",
                queue=call.queue,
                severity="critical",
                value=waited,
                limit=self._settings.policy_at(call.queue, call.arrived).longest_wait_seconds,
            )
            events += self._book.begin(call.queue, alert)
        return events

    def _queue(self, event: CallQueued) -> list[Event]:
        call, events = self._meet(event.call_id, event.at)
        if call.waiting and call.queue == event.queue:
            return events
        events += self._leave_queue(event.call_id, call, event.at)
        policy = self._settings.policy_at(event.queue, call.arrived)
        call.waiting, call.queue = True, event.queue
        call.since = call.arrived if policy.clock == "caller_wait" else event.at
        self._timers.set(event.call_id, call.since + policy.longest_wait_seconds)
        late = call.late
        if late is not None and not self._book.raised(_kind(late), event.call_id):
            waited = round(late.waited + max(0.0, event.at - late.at), 6)
            events += self._raise(late, event.queue, event.at, waited)
        return events

    def _raise(self, late: AnswerAtRisk | AnswerBreached, queue: str, at: float, waited: float) -> list[Event]:
        events: list[Event] = []
        if isinstance(late, AnswerBreached):
            events += self._book.end("answer_at_risk", late.call_id, at)
        alert = AlertRaised(
            at=at,
            alert_id="",
            kind=_kind(late),
            queue=queue,
            call_id=late.call_id,
            severity="critical" if isinstance(late, AnswerBreached) else "warning",
            value=waited,
            limit=late.target,
        )
        return events + self._book.begin(late.call_id, alert)

    def _meet(self, call_id: str, at: float) -> tuple[_Call, list[Event]]:
        """The call, made if its beginning was not seen, and what follows from the room it takes."""
        call, events = self._calls.get(call_id), []
        if call is None:
            if len(self._calls) >= self._max_calls:
                events = self._forget(next(iter(self._calls)), at)
            call = self._calls[call_id] = _Call(at)
        return call, events

    def _forget(self, call_id: str, at: float) -> list[Event]:
        events = self._leave(call_id, at)
        del self._calls[call_id]
        return events

    def _leave(self, call_id: str, at: float) -> list[Event]:
        """The call waits no longer."""
        call = self._calls[call_id]
        call.waiting = False
        ends = self._leave_queue(call_id, call, at)
        for kind in ("answer_at_risk", "answer_breached"):
            ends += self._book.end(kind, call_id, at)
        return ends

    def _leave_queue(self, call_id: str, call: _Call, at: float) -> list[Event]:
        self._timers.clear(call_id)
        self._held.pop(call_id, None)
        queue, call.queue = call.queue, ""
        self._too_long[queue].discard(call_id)
        if self._too_long[queue]:
            return []
        del self._too_long[queue]
        return self._book.end("longest_wait", queue, at)


def _kind(late: AnswerAtRisk | AnswerBreached) -> AlertKind:
    return "answer_breached" if isinstance(late, AnswerBreached) else "answer_at_risk"
