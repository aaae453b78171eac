"""Figures for people: a page of text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo

from gateway.answer_sla.report import AgentFigures, Figures, PolicyUsed, QueueFigures, QueueReport, Stretch
from gateway.events import Rate

NO_DATA = "-"
_QUEUE_HEAD = (
    *("offered", "answered", "abandoned", "(short)", "overflowed", "waiting"),
    *("level", "less short", "of answered"),
    *("ASA", "longest", "AHT"),
)
_AGENT_HEAD = (
    *("answered", "no answer", "occupancy"),
    *("talking", "hold", "wrap-up", "ringing", "available", "paused", "offline"),
)
_AGENT_STATES = ("talking", "hold", "wrap_up", "ringing", "available", "paused", "offline")


def table(figures: Figures, zone: tzinfo) -> str:
    """The figures as text; "-" is no data."""
    calls, connect = figures.calls, figures.connect_rate
    lines = [
        f"{_time(figures.since, zone)} to {_time(figures.until, zone)}, {figures.timezone}",
        "",
        f"connect rate of the last {connect.window_seconds / 3600:g} h  {_parts(connect.rate)}, "
        f"{connect.required * 100:g}% required: {_margin(connect.margin, connect.rate)}",
        f"calls  {calls.offered} offered, {calls.answered} answered, {calls.abandoned} abandoned, "
        f"{calls.overflowed} overflowed, {calls.waiting} waiting"
        + (f"; {calls.waiting_before} waited before" if calls.waiting_before else "")
        + (f"; {calls.reconstructed} reconstructed" if calls.reconstructed else ""),
    ]
    for queue in figures.queues:
        lines += ["", *_queue(queue, zone)]
    if figures.agents:
        rows = [(f"{agent.agent} {agent.name}".rstrip(), *_agent(agent)) for agent in figures.agents]
        lines += ["", *_columns([("agent", *_AGENT_HEAD), *rows])]
    return "\n".join(lines)


def _queue(report: QueueReport, zone: tzinfo) -> Iterator[str]:
    yield f"{report.queue}  {report.title}".rstrip()
    for policy in report.policies:
        yield f"  {_promise(policy)}"
    several_days = len(report.days) > 1
    rows = [row for row in (report.days if several_days else report.intervals) if _anything(row.figures)]
    cells = [(_span(row, zone, several_days), *_figures(row.figures)) for row in rows]
    for line in _columns([("", *_QUEUE_HEAD), *cells, ("total", *_figures(report.total))]):
        yield f"  {line}"
    total = report.total
    yield (
        f"  abandoned {_parts(total.abandon_rate)} of offered, {_parts(total.abandon_rate_less_short)} less short; "
        f"rings not answered {_parts(total.ring_no_answer)}"
    )
    if total.transferred_in:
        yield f"  transferred in after a conversation {total.transferred_in}, answered {total.transferred_in_answered}"


def _promise(policy: PolicyUsed) -> str:
    return (
        f"{policy.target_share * 100:g}% within {policy.target_seconds:g} s of {policy.clock}, "
        f"short: up to {policy.short_abandon_seconds:g} s ({policy.calls} calls)"
    )


def _anything(figures: QueueFigures) -> bool:
    return any((figures.offered, figures.answered, figures.abandoned, figures.overflowed, figures.handled))


def _figures(figures: QueueFigures) -> tuple[str, ...]:
    return (
        str(figures.offered),
        str(figures.answered),
        str(figures.abandoned),
        str(figures.short_abandoned),
        str(figures.overflowed),
        str(figures.waiting),
        _share(figures.of_offered),
        _share(figures.of_offered_less_short),
        _share(figures.of_answered),
        _seconds(figures.average_wait),
        _seconds(figures.longest_wait),
        _seconds(figures.average_handle),
    )


def _agent(agent: AgentFigures) -> tuple[str, ...]:
    return (
        str(agent.answered),
        str(agent.ring_no_answer.numerator),
        NO_DATA if agent.occupancy is None else f"{agent.occupancy:.1%}",
        *(_clock(agent.states[state]) for state in _AGENT_STATES),
    )


def _share(rate: Rate) -> str:
    return NO_DATA if rate.value is None else f"{rate.value:.1%}"


def _parts(rate: Rate) -> str:
    return "no data" if rate.value is None else f"{rate.value:.2%} ({rate.numerator} of {rate.denominator})"


def _margin(margin: int, rate: Rate) -> str:
    if rate.value is None:
        return "no calls yet"
    return f"{margin} more may be missed" if margin >= 0 else f"{-margin} more must be answered in a row"


def _seconds(value: float | None) -> str:
    return NO_DATA if value is None else f"{value:.1f}"


def _clock(seconds: float) -> str:
    """``h:mm:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _time(instant: float, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(instant, zone):%Y-%m-%d %H:%M}"


def _span(row: Stretch, zone: tzinfo, day: bool) -> str:
    start, end = (datetime.fromtimestamp(instant, zone) for instant in (row.start, row.end))
    return f"{start:%Y-%m-%d}" if day else f"{start:%H:%M}-{end:%H:%M}"


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The first column to the left, the others to the right."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [first + " " * (widths[0] - _width(first))]
        cells += [" " * (width - _width(cell)) + cell for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join(cells).rstrip()


def _width(text: str) -> int:
    """Columns on a terminal, where a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in text)
