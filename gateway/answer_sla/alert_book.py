"""The life of alerts: raised once, acknowledged by a name or escalated, ended. PURE.

    begin ──> AlertRaised ──┬── acknowledge ──> AlertAcknowledged ──┬── end ──> AlertEnded
                            └── escalate_seconds ──> AlertEscalated ┘   (again, up to escalate_levels times)

Rules say ``begin`` and ``end`` as often as they like; the book says each of them once. What an alert is about is its
kind and its subject (a call, a queue, a component): of these only one is open at a time.

``restore`` takes the journal of earlier days. Meanwhile rules go on saying ``begin`` and ``end``, as they see the same
events again, and the journal's own Alert events confirm what was said then. ``settle`` gives what was not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from msgspec.structs import replace

from gateway.answer_sla.timers import Timers
from gateway.config import Alerts as AlertSettings
from gateway.errors import InputError
from gateway.events import (
    AlertAcknowledged,
    AlertEnded,
    AlertEscalated,
    AlertEvent,
    AlertKind,
    AlertRaised,
    Event,
    GatewayHealth,
)

MAX_OPEN = 20_000
"""Alerts open at once; one more is left out, counted and reported as health of the component ``alerts``."""

Key: TypeAlias = tuple[AlertKind, str]


@dataclass(slots=True)
class _Alert:
    """``said``: AlertRaised was given to others. ``over``: a rule ended it while the journal was read."""

    key: Key
    raised: AlertRaised
    level: int = 0
    acknowledged_by: str = ""
    said: bool = True
    over: float | None = None


class AlertBook:
    """All open alerts."""

    def __init__(self, settings: AlertSettings, max_open: int = MAX_OPEN) -> None:
        self.left_out = 0
        """Alerts that were not raised since too many were open."""
        self._settings = settings
        self._max_open = max_open
        self._by_id: dict[str, _Alert] = {}
        self._open: dict[Key, _Alert] = {}
        self._escalations = Timers()
        self._full = False
        self._newest = 0
        self.restoring = False

    def raised(self, kind: AlertKind, subject: str) -> AlertRaised | None:
        """How the open alert of this kind and subject was raised; None when there is none."""
        alert = self._open.get((kind, subject))
        return alert.raised if alert is not None else None

    def open(self) -> list[AlertRaised]:
        """How all open alerts were raised."""
        return [alert.raised for alert in self._open.values()]

    def begin(self, subject: str, alert: AlertRaised) -> list[Event]:
        """Raise it unless it is open already. Its ``alert_id`` is given here."""
        key: Key = (alert.kind, subject)
        if key in self._open:
            return []
        if len(self._by_id) >= self._max_open:
            return self._leave_out(alert.at)
        raised = replace(alert, alert_id=self._new_id(key, alert.at))
        self._enter(_Alert(key, raised, said=not self.restoring))
        return [raised]

    def end(self, kind: AlertKind, subject: str, at: float) -> list[Event]:
        """End it, if it is open. ``at`` may be before its raising when the news came late."""
        alert = self._open.pop((kind, subject), None)
        if alert is None:
            return []
        self._escalations.clear(alert.raised.alert_id)
        if self.restoring:
            alert.over = at
            return []
        return self._close(alert, at)

    def acknowledge(self, alert_id: str, by: str, now: float) -> list[Event]:
        """Somebody takes care of it. Raises InputError when it is not open, or somebody did so before."""
        alert = self._by_id.get(alert_id)
        if alert is None:
            raise InputError("There is no such alert, or it is over")
        if alert.acknowledged_by:
            raise InputError(f"{alert.acknowledged_by} has acknowledged this alert already")
        alert.acknowledged_by = by
        self._escalations.clear(alert_id)
        return [AlertAcknowledged(at=now, by=by, **_names(alert.raised))]

    def next_deadline(self) -> float | None:
        """When the next alert is escalated."""
        return self._escalations.next()

    def escalate(self, limit: float, *, inclusive: bool) -> list[Event]:
        """Escalate all that nobody acknowledged before ``limit`` (or at it)."""
        escalated: list[Event] = []
        while due := self._escalations.pop(limit, inclusive=inclusive):
            at, alert_id = due
            alert = self._by_id[alert_id]
            alert.level += 1
            self._watch(alert, at)
            escalated.append(AlertEscalated(at=at, severity="critical", level=alert.level, **_names(alert.raised)))
        return escalated

    def restore(self, event: AlertEvent) -> None:
        """What was said about an alert in earlier days."""
        self.restoring = True
        alert = self._by_id.get(event.alert_id)
        match event:
            case AlertRaised():
                self._confirm(event, alert)
            case AlertAcknowledged() if alert is not None:
                alert.acknowledged_by = event.by
                self._escalations.clear(event.alert_id)
            case AlertEscalated() if alert is not None:
                alert.level = event.level
                self._watch(alert, event.at)
            case AlertEnded() if alert is not None:
                self._drop(alert)

    def settle(self) -> list[Event]:
        """The journal is read: what a rule found in it, and nobody was told."""
        self.restoring = False
        events: list[Event] = []
        for alert in list(self._by_id.values()):
            if alert.over is None and not alert.said:
                alert.said = True
                events.append(alert.raised)
            elif alert.over is not None and alert.said:
                events += self._close(alert, alert.over)
            elif alert.over is not None:
                self._drop(alert)
        return events

    def _confirm(self, event: AlertRaised, alert: _Alert | None) -> None:
        self._newest = max(self._newest, _instant(event.alert_id))
        if alert is not None:
            alert.said, alert.raised = True, event
            return
        # Raised by other settings than today's, or by events older than what is read.
        key: Key = (event.kind, event.call_id or event.queue or event.component)
        found = self._open.get(key)
        if found is not None and not found.said:
            self._drop(found)
        self._enter(_Alert(key, event))

    def _enter(self, alert: _Alert) -> None:
        self._by_id[alert.raised.alert_id] = self._open[alert.key] = alert
        self._watch(alert, alert.raised.at)

    def _watch(self, alert: _Alert, since: float) -> None:
        if alert.level < self._settings.escalate_levels and not alert.acknowledged_by and alert.over is None:
            self._escalations.set(alert.raised.alert_id, since + self._settings.escalate_seconds)
        else:
            self._escalations.clear(alert.raised.alert_id)

    def _close(self, alert: _Alert, at: float) -> list[Event]:
        self._drop(alert)
        seconds = max(0.0, round(at - alert.raised.at, 6))
        events: list[Event] = [AlertEnded(at=at, seconds=seconds, **_names(alert.raised))]
        if self._full and len(self._by_id) <= self._max_open // 2:
            self._full = False
            events.append(GatewayHealth(at=at, component="alerts", status="ok", detail="all alerts are raised"))
        return events

    def _drop(self, alert: _Alert) -> None:
        del self._by_id[alert.raised.alert_id]
        self._escalations.clear(alert.raised.alert_id)
        if self._open.get(alert.key) is alert:
            del self._open[alert.key]

    def _leave_out(self, at: float) -> list[Event]:
        if self.restoring:
            return []
        self.left_out += 1
        if self._full:
            return []
        self._full = True
        detail = f"more than {self._max_open} alerts are open; further ones are left out"
        return [GatewayHealth(at=at, component="alerts", status="degraded", detail=detail)]

    def _new_id(self, key: Key, at: float) -> str:
        """Kind, subject and the instant of raising in microseconds, which is always after that of the one before."""
        self._newest = max(self._newest + 1, round(at * 1e6))
        return ":".join((*filter(None, key), str(self._newest)))


def _names(raised: AlertRaised) -> dict[str, Any]:
    """What all events of one alert have in common."""
    return {
        "alert_id": raised.alert_id,
        "kind": raised.kind,
        "queue": raised.queue,
        "call_id": raised.call_id,
        "component": raised.component,
    }


def _instant(alert_id: str) -> int:
    digits = alert_id.rpartition(":")[2]
    return int(digits) if digits.isdecimal() else 0
