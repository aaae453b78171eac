"""The shape of figures computed again: what ``hotline figures --json`` prints. PURE.

Instants are Unix seconds, durations seconds. A figure of nothing is null: no data. docs/figures.md says what each of
them is.
"""

from __future__ import annotations

from msgspec import Struct

from gateway.answer_sla.tally import Tally, mean
from gateway.events import Rate


class QueueFigures(Struct, frozen=True, kw_only=True):
    """One queue in one stretch of time. ``waiting_before + offered = answered + abandoned + overflowed + waiting``.

    ``waiting_before`` and ``waiting``: calls in the queue at the beginning and at the end. ``late``: those of
    ``waiting`` whose target second passed in this time. ``abandoned`` includes ``short_abandoned``. ``missed``: rings
    that were not answered, by reason.
    """

    waiting_before: int
    offered: int
    answered: int
    unknown_wait: int
    abandoned: int
    short_abandoned: int
    overflowed: int
    waiting: int
    late: int
    reconstructed: int
    within: int
    of_offered: Rate
    of_offered_less_short: Rate
    of_answered: Rate
    abandon_rate: Rate
    abandon_rate_less_short: Rate
    average_wait: float | None
    longest_wait: float | None
    handled: int
    average_talk: float | None
    average_hold: float | None
    average_wrap_up: float | None
    average_handle: float | None
    transferred_in: int
    transferred_in_answered: int
    missed: dict[str, int]
    ring_no_answer: Rate


class Stretch(Struct, frozen=True, kw_only=True):
    """The figures of ``[start, end)``."""

    start: float
    end: float
    figures: QueueFigures


class PolicyUsed(Struct, frozen=True, kw_only=True):
    """What was promised to ``calls`` calls that counted here."""

    clock: str
    target_seconds: float
    at_risk_seconds: float
    target_share: float
    short_abandon_seconds: float
    calls: int


class QueueReport(Struct, frozen=True, kw_only=True):
    """One queue: the whole time, each interval and each local day of it. The intervals add up to the days, and these
    to the total."""

    queue: str
    title: str
    policies: tuple[PolicyUsed, ...]
    total: QueueFigures
    intervals: tuple[Stretch, ...]
    days: tuple[Stretch, ...]


class CallFigures(Struct, frozen=True, kw_only=True):
    """Calls of the whole hotline, each with one outcome, also those that never joined a queue.

    ``waiting_before + offered = answered + abandoned + overflowed + waiting``.
    """

    waiting_before: int
    offered: int
    answered: int
    abandoned: int
    overflowed: int
    waiting: int
    reconstructed: int


class ConnectFigures(Struct, frozen=True, kw_only=True):
    """Connect rate over ``window_seconds`` up to the end, and the calls that may still be missed."""

    window_seconds: float
    required: float
    rate: Rate
    margin: int


class AgentFigures(Struct, frozen=True, kw_only=True):
    """One agent. ``states``: seconds in each; ``occupancy``: (talking + hold + wrap-up) / all but offline, as a share.

    ``missed``: by reason; only ``ring_no_answer`` is his doing.
    """

    agent: str
    name: str
    answered: int
    missed: dict[str, int]
    ring_no_answer: Rate
    states: dict[str, float]
    busy_seconds: float
    staffed_seconds: float
    occupancy: float | None


class Figures(Struct, frozen=True, kw_only=True):
    """Everything about ``[since, until)``, as it stood at ``until``."""

    since: float
    until: float
    timezone: str
    interval_seconds: float
    calls: CallFigures
    connect_rate: ConnectFigures
    queues: tuple[QueueReport, ...]
    agents: tuple[AgentFigures, ...]


def queue_figures(tally: Tally, waiting_before: int) -> QueueFigures:
    """What the sums say."""
    return QueueFigures(
        waiting_before=waiting_before,
        offered=tally.offered,
        answered=tally.answered,
        unknown_wait=tally.unknown_wait,
        abandoned=tally.abandoned,
        short_abandoned=tally.short_abandoned,
        overflowed=tally.overflowed,
        waiting=waiting_before + tally.offered - tally.answered - tally.abandoned - tally.overflowed,
        late=tally.late,
        reconstructed=tally.reconstructed,
        within=tally.within,
        of_offered=tally.of_offered,
        of_offered_less_short=tally.of_offered_less_short,
        of_answered=tally.of_answered,
        abandon_rate=tally.abandon_rate,
        abandon_rate_less_short=tally.abandon_rate_less_short,
        average_wait=tally.average_wait,
        longest_wait=tally.longest,
        handled=tally.handled,
        average_talk=mean(tally.talk_us, tally.handled),
        average_hold=mean(tally.hold_us, tally.handled),
        average_wrap_up=mean(tally.wrap_up_us, tally.handled),
        average_handle=tally.average_handle,
        transferred_in=tally.transferred_in,
        transferred_in_answered=tally.transferred_in_answered,
        missed=dict(sorted(tally.missed.items())),
        ring_no_answer=tally.ring_no_answer,
    )
