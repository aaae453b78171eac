"""What a supervisor must know now: every rule of alerts, and the one book they write in. PURE.

| kind | raised | ended |
|---|---|---|
| answer_at_risk, answer_breached | the answer clock says so; late replaces at risk | answered, gone or overflowed |
| longest_wait | a call of the queue waits longer than ``longest_wait_seconds`` | no call of it does |
| service_level | today's share of offered calls is below ``target_share`` | ``recovery_share`` above it, or a new day |
| connect_rate | the rolling rate is below what is required (GB/T 33358-2016: 95 %) | ``recovery_share`` above it |
| queue_unstaffed | for ``unstaffed_seconds`` no member was there and not paused | one is |
| ami_lost, ami_lag, neighbour | a part or neighbour is not ok; lost replaces degraded | it is ok |
| transcript_incomplete | less than ``complete_share`` of a call was heard | a later call is complete |

A rate of fewer than ``fewest_calls`` calls raises nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.answer_sla.alert_book import AlertBook
from gateway.answer_sla.late_calls import LateCalls
from gateway.answer_sla.staffing import Staffing
from gateway.config import Settings
from gateway.events import (
    AgentStateChanged,
    AlertEvent,
    AlertKind,
    AlertRaised,
    AlertSeverity,
    ConnectRateChanged,
    Event,
    GatewayHealth,
    Rate,
    ServiceLevelChanged,
    TranscriptCompleted,
)

HEALTH_KINDS: tuple[AlertKind, ...] = ("ami_lost", "ami_lag", "neighbour")
"""The alerts that tell of a component."""


class Alerts:
    """Fires AlertRaised, AlertAcknowledged, AlertEscalated and AlertEnded. ``in_sight`` says it of a call."""

    def __init__(self, settings: Settings, in_sight: Callable[[str], bool] = lambda call_id: True) -> None:
        self._settings = settings
        self._in_sight = in_sight
        self._book = AlertBook(settings.alerts)
        self._calls = LateCalls(settings, self._book)
        self._staffing = Staffing(settings, self._book)

    def feed(self, event: Event, now: float) -> list[Event]:
        """Take an event; give what follows.

        As in the answer clock, what was due before it happened comes first: a call answered in time is in time even
        if the news of it comes late.
        """
        if isinstance(event, AlertEvent):
            return []
        events = self._due(min(event.at, now), inclusive=False)
        events += self._take(event)
        return events + self._due(now, inclusive=False)

    def tick(self, now: float) -> list[Event]:
        """Give everything that is due at ``now``."""
        return self._due(now, inclusive=True)

    def look_again(self) -> None:
        """Calls are in sight again: those that still wait may wait too long by now."""
        self._calls.look_again()

    def next_deadline(self) -> float | None:
        """The earliest instant at which ``tick`` has something to say; at once after a restart."""
        if self._book.restoring:
            return 0.0
        deadlines = (self._calls.next_deadline(), self._staffing.next_deadline(), self._book.next_deadline())
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def acknowledge(self, alert_id: str, by: str, now: float) -> list[Event]:
        """``by`` takes care of it. Raises InputError when it is not open or was acknowledged before."""
        return self._due(now, inclusive=False) + self._book.acknowledge(alert_id, by, now)

    def restore(self, event: Event) -> None:
        """Take an event of the journal in, in its order, before anything is fed."""
        self._book.restoring = True
        by_time = isinstance(event, AlertRaised) and event.kind in ("longest_wait", "queue_unstaffed")
        self._calls.fire(event.at, inclusive=by_time)
        self._staffing.fire(event.at, inclusive=by_time)
        if isinstance(event, AlertEvent):
            self._book.restore(event)
        else:
            self._take(event)

    def _due(self, limit: float, *, inclusive: bool) -> list[Event]:
        events = self._settle(limit) if self._book.restoring else []
        events += self._calls.fire(limit, inclusive=inclusive, in_sight=self._in_sight)
        events += self._staffing.fire(limit, inclusive=inclusive)
        return events + self._book.escalate(limit, inclusive=inclusive)

    def _settle(self, now: float) -> list[Event]:
        """The journal is read. Nobody will say of a part that is set up no longer that it is well."""
        events = self._book.settle()
        for alert in self._book.open():
            if alert.component and self._is_gone(alert.component):
                events += self._book.end(alert.kind, alert.component, now)
        return events

    def _is_gone(self, component: str) -> bool:
        base, _, name = component.partition(":")
        match base:
            case "webhook":
                return all(webhook.name != name for webhook in self._settings.webhook)
            case "ami" | "ami.lag":
                return bool(name) and all(ami.name != name for ami in self._settings.pbxs())
            case "speech":
                return not self._settings.speech.enabled
            case _:
                return False

    def _take(self, event: Event) -> list[Event]:
        match event:
            case ServiceLevelChanged():
                target = self._settings.policy_at(event.queue, event.at).target_share
                return self._rate("service_level", "warning", event.of_offered, target, event.at, event.queue)
            case ConnectRateChanged():
                return self._rate("connect_rate", "critical", event.rate, event.required, event.at)
            case GatewayHealth():
                return self._health(event) + self._staffing.take(event)
            case TranscriptCompleted():
                return self._transcript(event)
            case AgentStateChanged():
                return self._staffing.take(event)
            case _:
                return self._staffing.take(event) + self._calls.take(event)

    def _rate(
        self, kind: AlertKind, severity: AlertSeverity, rate: Rate, limit: float, at: float, queue: str = ""
    ) -> list[Event]:
        value, rules = rate.value, self._settings.alerts
        recovered = min(1.0, round(limit + rules.recovery_share, 9))
        if value is None or value >= recovered:
            return self._book.end(kind, queue, at)
        if value >= limit or rate.denominator < rules.fewest_calls:
            return []
        alert = AlertRaised(at=at, alert_id="", kind=kind, queue=queue, severity=severity, value=value, limit=limit)
        return self._book.begin(queue, alert)

    def _health(self, event: GatewayHealth) -> list[Event]:
        """A part that was degraded and is lost raises anew; one that was lost and is degraded is not well yet."""
        component, lost = event.component, event.status == "lost"
        base, _, pbx = component.partition(":")
        kind: AlertKind = "ami_lag" if base == "ami.lag" else "ami_lost" if base == "ami" and lost else "neighbour"
        severity: AlertSeverity = "critical" if lost and kind != "ami_lag" else "warning"
        raised = [alert for each in HEALTH_KINDS if (alert := self._book.raised(each, component)) is not None]
        events: list[Event] = []
        if event.status == "ok" or (severity == "critical" and all(alert.severity == "warning" for alert in raised)):
            for alert in raised:
                events += self._book.end(alert.kind, component, event.at)
            raised = []
        if event.status == "ok" or raised:
            return events
        alert = AlertRaised(
            at=event.at,
            alert_id="",
            kind=kind,
            component=component,
            severity=severity,
            value=event.value,
            limit=self._lag_limit(pbx) if kind == "ami_lag" else None,
            detail=event.detail,
        )
        return events + self._book.begin(component, alert)

    def _transcript(self, event: TranscriptCompleted) -> list[Event]:
        """One call that was not heard whole may be an accident; the alert stands until another one was."""
        kind: AlertKind = "transcript_incomplete"
        limit = self._settings.speech.complete_share
        if event.share is None:
            return []
        if event.share >= limit:
            return self._book.end(kind, "", event.at)
        alert = AlertRaised(
            at=event.at,
            alert_id="",
            kind=kind,
            call_id=event.call_id,
            severity="warning",
            value=event.share,
            limit=limit,
        )
        return self._book.begin("", alert)

    def _lag_limit(self, pbx: str) -> float:
        named = (ami.lag_limit for ami in self._settings.pbxs() if ami.name == pbx)
        return next(named, self._settings.ami.lag_limit)
