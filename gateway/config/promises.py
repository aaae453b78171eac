"""Settings of what is promised to callers, and who is told when it is not kept."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from gateway.config.neighbours import PositiveInt, Seconds, Share
from gateway.events import AlertKind, AlertSeverity

Clock = Literal["caller_wait", "queue_wait", "ring_time"]
Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TimeOfDay = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""``HH:MM`` in the settings' time zone."""


class Period(Struct, frozen=True, forbid_unknown_fields=True):
    """Hours in which a queue promises something else; a value that is not given stays the queue's."""

    start: TimeOfDay
    end: TimeOfDay
    """Not included. Before or at ``start``: on the next day."""
    days: tuple[Weekday, ...] = ()
    """The days on which the period starts; empty: every day."""
    clock: Clock | None = None
    target_seconds: Seconds | None = None
    at_risk_seconds: Seconds | None = None
    target_share: Share | None = None
    short_abandon_seconds: Annotated[float, Meta(ge=0)] | None = None


class QueuePolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """What is promised to the callers of one queue (GB/T 33358-2016: 15 s; connect rate 95 % over 24 h)."""

    name: str
    title: str = ""
    language: str = ""
    """Empty: as the dialled number says, else the speech section's language."""
    record: bool | None = None
    """Whether calls are recorded; None: as the recording section says."""
    clock: Clock = "caller_wait"
    target_seconds: Seconds = 15.0
    at_risk_seconds: Seconds = 10.0
    target_share: Share = 0.95
    short_abandon_seconds: Annotated[float, Meta(ge=0)] = 5.0
    longest_wait_seconds: Seconds = 60.0
    """A call that waits longer raises an alert of its own."""
    wrap_up_seconds: Annotated[float, Meta(ge=0, le=3600)] = 0.0
    """As ``wrapuptime`` in Asterisk's queues.conf: after a call the agent gets no new one for so long."""
    period: tuple[Period, ...] = ()
    """The first that fits the instant of a call's arrival counts."""


class Alerts(Struct, frozen=True, forbid_unknown_fields=True):
    """When supervisors are alerted, beside each queue's own seconds."""

    escalate_seconds: Seconds = 120.0
    """An alert nobody acknowledged for so long is escalated, and again after the same time."""
    escalate_levels: Annotated[int, Meta(ge=0, le=9)] = 2
    """How often one alert is escalated at most."""
    recovery_share: Annotated[float, Meta(ge=0, le=0.5)] = 0.01
    """A rate must rise so far above its limit before its alert ends."""
    fewest_calls: PositiveInt = 20
    """A rate of fewer calls raises no alert."""
    unstaffed_seconds: Annotated[float, Meta(ge=0, le=86400)] = 10.0
    """A queue without an agent who is there and not paused raises an alert after so long."""


class Webhook(Struct, frozen=True, forbid_unknown_fields=True):
    """Somewhere alerts are sent: a program, or a group robot of WeCom (企业微信), DingTalk (钉钉) or Feishu (飞书)."""

    name: str
    url: str
    format: Literal["json", "wecom", "dingtalk", "feishu"] = "json"
    secret: str = ""
    """Signs what is sent: HMAC-SHA256 of the body for ``json``, the robot's own way for DingTalk and Feishu."""
    kinds: tuple[AlertKind, ...] = ()
    """Alerts that are sent; empty: all."""
    least_severity: AlertSeverity = "warning"
    timeout: Seconds = 5.0
    attempts: Annotated[int, Meta(ge=1, le=100)] = 8
    """Tries of one message; between two of them twice the time, from 1 s to 60 s."""
    max_queue: PositiveInt = 500
    """Messages that may wait; the oldest is dropped for a newer one and counted."""


class Dialled(Struct, frozen=True, forbid_unknown_fields=True):
    """A number citizens dial, and the language its callers speak."""

    number: str
    language: str


class Agent(Struct, frozen=True, forbid_unknown_fields=True):
    """An agent: ``id`` is what queue members are called (PJSIP/1001 is agent 1001)."""

    id: str
    name: str = ""
