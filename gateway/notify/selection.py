"""Which alert events one webhook is told of. PURE.

Those of its kinds, once they are grave enough: raised so, or become so by escalation. The end is told of exactly the
alerts whose beginning was, and an acknowledgement to programs only. A webhook is not told of its own faults.
"""

from __future__ import annotations

from dataclasses import dataclass

from gateway.config import Webhook
from gateway.events import AlertAcknowledged, AlertEnded, AlertEscalated, AlertEvent, AlertRaised

GRAVITY = ("warning", "critical")
MAX_KNOWN = 20_000
"""Open alerts remembered; beyond it the oldest is forgotten, and its end not told."""


@dataclass(slots=True)
class _Known:
    raised: AlertRaised
    told: bool


class Selection:
    """Open alerts of the webhook's kinds, and whether it was told of them."""

    def __init__(self, webhook: Webhook) -> None:
        self._webhook = webhook
        self._own = f"webhook:{webhook.name}"
        self._known: dict[str, _Known] = {}

    def take(self, event: AlertEvent) -> AlertRaised | None:
        """How the event's alert was raised, if the webhook is to be told of the event; else None."""
        if isinstance(event, AlertRaised):
            return self._meet(event)
        known = self._known.get(event.alert_id)
        if known is None:
            return None
        match event:
            case AlertEscalated():
                known.told = known.told or self._grave(event.severity)
            case AlertEnded():
                del self._known[event.alert_id]
            case AlertAcknowledged() if self._webhook.format != "json":
                return None
        return known.raised if known.told else None

    def _meet(self, event: AlertRaised) -> AlertRaised | None:
        wanted = not self._webhook.kinds or event.kind in self._webhook.kinds
        if not wanted or event.component == self._own:
            return None
        if len(self._known) >= MAX_KNOWN:
            del self._known[next(iter(self._known))]
        known = self._known[event.alert_id] = _Known(event, self._grave(event.severity))
        return event if known.told else None

    def _grave(self, severity: str) -> bool:
        return GRAVITY.index(severity) >= GRAVITY.index(self._webhook.least_severity)
