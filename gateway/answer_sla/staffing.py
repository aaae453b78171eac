"""Alerts about queues that nobody serves: no member is there and not paused. PURE.

A queue of the settings counts from the first word on it, or once Asterisk told of all members (AMI in step), so that
one that never had a member counts, too. Any other queue counts once a call joined it: a PBX may have idle ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from gateway.answer_sla.alert_book import AlertBook
from gateway.answer_sla.timers import Timers
from gateway.config import Settings
from gateway.events import AgentStateChanged, AlertRaised, CallQueued, Event, GatewayHealth

AWAY = frozenset({"offline", "paused"})


class Staffing:
    """Begins and ends alerts of the kind queue_unstaffed."""

    def __init__(self, settings: Settings, book: AlertBook) -> None:
        self._seconds = settings.alerts.unstaffed_seconds
        self._watched = {policy.name for policy in settings.queue}
        self._book = book
        self._serves: dict[str, frozenset[str]] = {}
        """The queues each agent who is there serves."""
        self._staff: Counter[str] = Counter()
        self._timers = Timers()

    def take(self, event: Event) -> list[Event]:
        """Take an event in."""
        match event:
            case AgentStateChanged():
                return self._agent(event)
            case CallQueued():
                self._watched.add(event.queue)
                return self._look((event.queue,), event.at)
            case GatewayHealth() if event.status == "ok" and event.component.partition(":")[0] == "ami":
                return self._look(sorted(self._watched), event.at)
            case _:
                return []

    def next_deadline(self) -> float | None:
        """When the next queue has been without agents for too long."""
        return self._timers.next()

    def fire(self, limit: float, *, inclusive: bool) -> list[Event]:
        """Queues that were without agents for too long before ``limit`` (or at it)."""
        events: list[Event] = []
        while due := self._timers.pop(limit, inclusive=inclusive):
            at, queue = due
            alert = AlertRaised(
                at=at,
                alert_id="",
                kind="queue_unstaffed",
                queue=queue,
                severity="critical",
                value=self._seconds,
                limit=self._seconds,
            )
            events += self._book.begin(queue, alert)
        return events

    def _agent(self, event: AgentStateChanged) -> list[Event]:
        before = self._serves.pop(event.agent, frozenset())
        now = frozenset() if event.state in AWAY else frozenset(event.queues)
        if now:
            self._serves[event.agent] = now
        self._staff.subtract(before - now)
        self._staff.update(now - before)
        return self._look(sorted(self._watched & before.union(event.queues)), event.at)

    def _look(self, queues: Iterable[str], at: float) -> list[Event]:
        events: list[Event] = []
        for queue in queues:
            if self._staff[queue] > 0:
                self._timers.clear(queue)
                events += self._book.end("queue_unstaffed", queue, at)
            elif queue not in self._timers and not self._book.raised("queue_unstaffed", queue):
                self._timers.set(queue, at + self._seconds)
        return events
