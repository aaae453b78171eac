"""What a supervisor must know now: raised once, acknowledged by a name or escalated, ended. PURE."""

from __future__ import annotations

from typing import Literal, TypeAlias

from gateway.events.base import Event

AlertKind: TypeAlias = Literal[
    "answer_at_risk",
    "answer_breached",
    "service_level",
    "connect_rate",
    "longest_wait",
    "queue_unstaffed",
    "ami_lost",
    "ami_lag",
    "neighbour",
    "transcript_incomplete",
]
AlertSeverity: TypeAlias = Literal["warning", "critical"]


class AlertEvent(Event, frozen=True, kw_only=True):
    """Base of all events of one alert. ``alert_id`` names it from its raising to its end, and never again after."""

    alert_id: str
    kind: AlertKind
    queue: str = ""
    call_id: str = ""
    component: str = ""


class AlertRaised(AlertEvent, frozen=True, kw_only=True, tag="alert.raised"):
    """``value`` crossed ``limit``: seconds for waits and lag, a share for rates. ``detail``: a part's own words.

    Of a call at risk, ``value`` is the wait so far and ``limit`` the target it comes near to; of an incomplete
    transcript, ``value`` is the share that was heard.
    """

    severity: AlertSeverity
    value: float | None = None
    limit: float | None = None
    detail: str = ""


class AlertAcknowledged(AlertEvent, frozen=True, kw_only=True, tag="alert.acknowledged"):
    """``by`` has seen it and takes care of it; it is not escalated any more."""

    by: str


class AlertEscalated(AlertEvent, frozen=True, kw_only=True, tag="alert.escalated"):
    """Nobody acknowledged it in time. ``level`` counts from 1."""

    severity: AlertSeverity
    level: int


class AlertEnded(AlertEvent, frozen=True, kw_only=True, tag="alert.ended"):
    """What it was about is over, after ``seconds``."""

    seconds: float
