"""The answer clock, and the rates it adds up to. PURE."""

from __future__ import annotations

from gateway.events.base import CallEvent, Event, Rate


class AnswerAtRisk(CallEvent, frozen=True, kw_only=True, tag="answer.at_risk"):
    """A waiting call passed its at-risk second. Fired by the clock."""

    queue: str
    clock: str
    waited: float
    target: float


class AnswerBreached(CallEvent, frozen=True, kw_only=True, tag="answer.breached"):
    """A waiting call passed its target second. Fired by the clock, once, never early."""

    queue: str
    clock: str
    waited: float
    target: float


class ServiceLevelChanged(Event, frozen=True, kw_only=True, tag="service_level.changed"):
    """Share of calls answered within target since ``since``, over each denominator side by side.

    ``of_offered``: all offered and decided; ``of_offered_less_short``: less short abandons; ``of_answered``:
    answered only. Calls still waiting within target are in none of them. ``average_wait`` is the ASA,
    ``average_handle`` the AHT: talk, hold and wrap-up of a call that is over. ``abandon_rate``: abandoned of offered.
    """

    queue: str
    clock: str
    since: float
    target_seconds: float
    of_offered: Rate
    of_offered_less_short: Rate
    of_answered: Rate
    average_wait: float | None = None
    longest_wait: float | None = None
    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    overflowed: int = 0
    abandon_rate: Rate | None = None
    average_handle: float | None = None


class ConnectRateChanged(Event, frozen=True, kw_only=True, tag="connect_rate.changed"):
    """Answered of offered over the last 24 h. ``margin``: calls that may still be missed before the share
    falls below ``required`` (negative: that many more must be answered)."""

    window_seconds: float
    required: float
    rate: Rate
    margin: int


class ConnectRateAtRisk(Event, frozen=True, kw_only=True, tag="connect_rate.at_risk"):
    """The rolling connect rate fell below the required share."""

    window_seconds: float
    required: float
    rate: Rate
    margin: int
