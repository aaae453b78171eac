"""Around the call: survey, calling back, calls we place, and the house's own health. PURE."""

from __future__ import annotations

from typing import Literal

from gateway.events.base import CallEvent, Event


class SurveyCompleted(CallEvent, frozen=True, kw_only=True, tag="survey.completed"):
    """The caller rated the call by key: ``score`` 1 (very dissatisfied) to 5 (very satisfied)."""

    agent: str
    queue: str
    score: int


class CallbackRequested(CallEvent, frozen=True, kw_only=True, tag="callback.requested"):
    """A missed caller is to be called back. ``call_id`` is his latest missed call, ``number`` his (personal data).

    ``tried``: how often he has called in vain so far. ``by``: who asked for it.
    """

    number: str
    queue: str = ""
    tried: int = 1
    by: str = ""


class OutboundStarted(CallEvent, frozen=True, kw_only=True, tag="outbound.started"):
    """An agent, or the gateway for him, rings a number beyond the trunk (personal data). In no inbound figure."""

    agent: str
    number: str


class OutboundAnswered(CallEvent, frozen=True, kw_only=True, tag="outbound.answered"):
    """The called person is connected to the agent."""

    agent: str
    number: str


class OutboundEnded(CallEvent, frozen=True, kw_only=True, tag="outbound.ended"):
    """The call we placed is over. ``answered``: somebody was reached. ``cause``: Q.850."""

    agent: str
    number: str
    answered: bool
    talk_seconds: float = 0.0
    cause: int = 0


class GatewayHealth(Event, frozen=True, kw_only=True, tag="gateway.health"):
    """A neighbour or a part of the gateway changed its condition. ``value`` has its unit in ``detail``."""

    component: str
    status: Literal["ok", "degraded", "lost"]
    detail: str = ""
    value: float | None = None
