"""Alerts fed as the core feeds them, with everything they say kept in a journal beside what they heard."""

from __future__ import annotations

from gateway.answer_sla.alerts import Alerts
from gateway.config import Settings
from gateway.events import (
    AgentState,
    AgentStateChanged,
    AlertAcknowledged,
    AlertEnded,
    AlertEscalated,
    AlertEvent,
    AlertRaised,
    AnswerAtRisk,
    AnswerBreached,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    Clocks,
    ConnectRateChanged,
    Event,
    GatewayHealth,
    Rate,
    ServiceLevelChanged,
)

T0 = 1_764_000_000.0


def offered(at: float, call_id: str = "c1") -> CallOffered:
    return CallOffered(at=T0 + at, call_id=call_id, caller_number="13900000000")


def queued(at: float, call_id: str = "c1", queue: str = "hotline") -> CallQueued:
    return CallQueued(at=T0 + at, call_id=call_id, queue=queue)


def at_risk(at: float, call_id: str = "c1", queue: str = "hotline") -> AnswerAtRisk:
    return AnswerAtRisk(at=T0 + at, call_id=call_id, queue=queue, clock="caller_wait", waited=10.0, target=15.0)


def breached(at: float, call_id: str = "c1", queue: str = "hotline") -> AnswerBreached:
    return AnswerBreached(at=T0 + at, call_id=call_id, queue=queue, clock="caller_wait", waited=15.0, target=15.0)


def answered(at: float, call_id: str = "c1") -> CallAnswered:
    return CallAnswered(at=T0 + at, call_id=call_id, queue="hotline", agent="1001", clocks=Clocks(arrived=T0))


def overflowed(at: float, call_id: str = "c1") -> CallOverflowed:
    return CallOverflowed(at=T0 + at, call_id=call_id, queue="hotline", reason="timeout", clocks=Clocks(arrived=T0))


def ended(at: float, call_id: str = "c1") -> CallEnded:
    return CallEnded(at=T0 + at, call_id=call_id, hung_up_by="caller", clocks=Clocks(arrived=T0))


def agent(at: float, state: AgentState, *queues: str, agent_id: str = "1001") -> AgentStateChanged:
    return AgentStateChanged(at=T0 + at, agent=agent_id, state=state, queues=queues)


def level(at: float, numerator: int, denominator: int, queue: str = "hotline") -> ServiceLevelChanged:
    return ServiceLevelChanged(
        at=T0 + at,
        queue=queue,
        clock="caller_wait",
        since=T0,
        target_seconds=15.0,
        of_offered=share(numerator, denominator),
        of_offered_less_short=share(numerator, denominator),
        of_answered=share(numerator, denominator),
    )


def connect_rate(at: float, numerator: int, denominator: int) -> ConnectRateChanged:
    rate = share(numerator, denominator)
    return ConnectRateChanged(at=T0 + at, window_seconds=86400.0, required=0.95, rate=rate, margin=0)


def share(numerator: int, denominator: int) -> Rate:
    value = numerator / denominator if denominator else None
    return Rate(numerator=numerator, denominator=denominator, value=value)


def health(at: float, component: str, status: str, value: float | None = None) -> GatewayHealth:
    assert status in ("ok", "degraded", "lost")
    return GatewayHealth(at=T0 + at, component=component, status=status, value=value)  # type: ignore[arg-type]


class House:
    """Alerts that live, or come back from a journal."""

    def __init__(self, settings: Settings, journal: list[Event] | None = None) -> None:
        self.alerts = Alerts(settings)
        self.journal: list[Event] = list(journal or ())
        self.said: list[AlertEvent] = []
        for event in self.journal:
            self.alerts.restore(event)

    def hear(self, *events: Event) -> House:
        """Each at its instant, with the deadlines before it kept."""
        for event in events:
            self.wait(event.at - T0)
            self.hear_late(event, event.at - T0)
        return self

    def hear_late(self, event: Event, now: float) -> House:
        self.journal.append(event)
        self._keep(self.alerts.feed(event, T0 + now))
        return self

    def wait(self, until: float) -> House:
        """Wake at every deadline before ``until`` seconds."""
        while (due := self.alerts.next_deadline()) is not None and due < T0 + until:
            self._keep(self.alerts.tick(max(due, self._now())))
        return self

    def acknowledge(self, alert_id: str, by: str, at: float) -> House:
        self.wait(at)
        self._keep(self.alerts.acknowledge(alert_id, by, T0 + at))
        return self

    def open(self) -> dict[str, AlertRaised]:
        found: dict[str, AlertRaised] = {}
        for event in self.journal:
            if isinstance(event, AlertRaised):
                found[event.alert_id] = event
            elif isinstance(event, AlertEnded):
                del found[event.alert_id]
        return found

    def story(self) -> list[tuple[str, str, float]]:
        """(what, kind, seconds since T0) of all that was said."""
        words = {
            AlertRaised: "raised",
            AlertAcknowledged: "acknowledged",
            AlertEscalated: "escalated",
            AlertEnded: "ended",
        }
        return [(words[type(event)], event.kind, round(event.at - T0, 6)) for event in self.said]

    def _now(self) -> float:
        return max((event.at for event in self.journal), default=T0)

    def _keep(self, events: list[Event]) -> None:
        self.journal += events
        self.said += [event for event in events if isinstance(event, AlertEvent)]
