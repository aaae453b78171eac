"""The alerts of the wallboard: the open ones, and callers who waited too long a short while ago. PURE."""

from __future__ import annotations

from msgspec import structs

from gateway.config import Settings
from gateway.events import AlertAcknowledged, AlertEnded, AlertEscalated, AlertEvent, AlertRaised
from gateway.views.pages import Alert

RECENT_BREACHES = 20
"""Breaches kept on the board after the caller was answered or gone."""
RECENT_SECONDS = 900.0
"""How long such a breach stays, in seconds since it happened."""


class AlertFold:
    """Alerts as their events tell of them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._open: dict[str, Alert] = {}
        self._recent: dict[str, Alert] = {}

    def feed(self, event: AlertEvent) -> None:
        """Take one event in. One of an alert whose raising was not seen changes nothing."""
        if isinstance(event, AlertRaised):
            self._open[event.alert_id] = Alert(
                alert_id=event.alert_id,
                kind=event.kind,
                severity=event.severity,
                at=event.at,
                call_id=event.call_id,
                queue=event.queue,
                queue_title=self._settings.policy(event.queue).title if event.queue else "",
                component=event.component,
                value=event.value,
                limit=event.limit,
                detail=event.detail,
            )
            return
        alert = self._open.get(event.alert_id)
        match event:
            case AlertAcknowledged() if alert is not None:
                self._open[event.alert_id] = structs.replace(alert, acknowledged_by=event.by)
            case AlertEscalated() if alert is not None:
                self._open[event.alert_id] = structs.replace(alert, severity=event.severity, level=event.level)
            case AlertEnded() if alert is not None:
                del self._open[event.alert_id]
                self._keep(alert, event)

    def open(self, alert_id: str) -> Alert | None:
        """The alert, while it is open."""
        return self._open.get(alert_id)

    def shown(self, now: float) -> dict[str, Alert]:
        """All alerts on the board at ``now``."""
        self.forget_old(now)
        return {**self._recent, **self._open}

    def forget_old(self, now: float) -> None:
        """Take off the breaches that are no longer recent."""
        if self._recent:
            self._recent = {key: alert for key, alert in self._recent.items() if alert.at + RECENT_SECONDS > now}

    def next_expiry(self) -> float | None:
        """When the oldest recent breach leaves the board by itself, if there is one."""
        return min((alert.at + RECENT_SECONDS for alert in self._recent.values()), default=None)

    def _keep(self, alert: Alert, end: AlertEnded) -> None:
        """A breach becomes a recent one, with the wait it came to; other alerts leave the board at their end."""
        if alert.kind != "answer_breached":
            return
        waited = round((alert.value or 0.0) + end.seconds, 6)
        self._recent[alert.alert_id] = structs.replace(alert, ended=end.at, value=waited)
        while len(self._recent) > RECENT_BREACHES:
            del self._recent[min(self._recent, key=lambda each: self._recent[each].at)]
