"""Real calls, recorded: the live view and the journal agree on each, and a breach is what the verdict says."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from gateway.ami import trace
from gateway.answer_sla.days import day_of
from gateway.answer_sla.figures import compute
from gateway.answer_sla.policy import wait
from gateway.config import Ami, Clock, QueuePolicy, Settings, zone
from gateway.events import (
    AnswerBreached,
    CallAbandoned,
    CallAnswered,
    CallQueued,
    ConnectRateChanged,
    Event,
    ServiceLevelChanged,
)
from tests.unit.answer_sla.test_recomputed import SHOWN

TRACES = sorted((Path(__file__).parents[2] / "traces").glob("*.jsonl"))
TARGET = 3.0


@pytest.mark.parametrize("clock", get_args(Clock))
def test_every_trace_gives_the_same_figures_both_ways(clock: Clock) -> None:
    queues = {event.queue for path in TRACES for event in _events(path, Settings()) if isinstance(event, CallQueued)}
    policies = [QueuePolicy(name=queue, clock=clock, target_seconds=TARGET, at_risk_seconds=2.0) for queue in queues]
    settings = Settings(ami=Ami(trunk_contexts=("from-trunk",)), queue=tuple(policies))
    for path in TRACES:
        events = _events(path, settings)
        until = max(event.at for event in events) + 1
        figures = compute(events, settings, day_of(until, zone(settings.timezone))[0], until)
        levels = {event.queue: event for event in events if isinstance(event, ServiceLevelChanged)}
        connect = [event for event in events if isinstance(event, ConnectRateChanged)][-1]
        for report in figures.queues:
            for name in SHOWN:
                shown, again = getattr(levels[report.queue], name), getattr(report.total, name)
                assert (path.name, report.queue, name, shown) == (path.name, report.queue, name, again)
        assert (path.name, connect.rate) == (path.name, figures.connect_rate.rate)
        assert (path.name, _late_by_verdict(events, settings)) == (path.name, _late_by_clock(events))


def _events(path: Path, settings: Settings) -> list[Event]:
    return list(trace.replay(path, settings))


def _ends(events: list[Event]) -> dict[str, CallAnswered | CallAbandoned]:
    """How each wait ended, of the calls that were in one queue only."""
    ends: dict[str, CallAnswered | CallAbandoned] = {}
    queues: dict[str, set[str]] = {}
    for event in events:
        if isinstance(event, CallQueued) and event.call_id not in ends:
            queues.setdefault(event.call_id, set()).add(event.queue)
        if isinstance(event, CallAnswered | CallAbandoned) and event.queue:
            ends.setdefault(event.call_id, event)
    return {call_id: end for call_id, end in ends.items() if len(queues.get(call_id, ())) == 1}


def _late_by_verdict(events: list[Event], settings: Settings) -> set[str]:
    waits = {one: wait(end.clocks, settings.policy(end.queue)) for one, end in _ends(events).items()}
    return {call_id for call_id, waited in waits.items() if waited is not None and waited > TARGET}


def _late_by_clock(events: list[Event]) -> set[str]:
    waits = {one for one, end in _ends(events).items() if end.clocks.caller_wait is not None}
    return {event.call_id for event in events if isinstance(event, AnswerBreached) and event.call_id in waits}
