"""All figures of any time, computed again from the journal's events. PURE.

``compute`` takes the events in the journal's order and gives the figures of ``[since, until)`` as they stood at
``until``: what happened later is left out. It holds only the calls that live, and sums, so that a journal of any
length can be streamed through it.

Events of before ``since`` are needed, too: of the calls that were there already, of the agents' states, and of the
connect rate's window up to ``until``. ``read_from`` says from where on to read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.answer_sla.agent_times import AgentTimes
from gateway.answer_sla.connect_rate import window_seconds
from gateway.answer_sla.ledger import Ledger
from gateway.answer_sla.report import Figures
from gateway.answer_sla.spells import WrapUps
from gateway.answer_sla.story import STORY_EVENTS, Story, tell
from gateway.config import Settings
from gateway.errors import InputError
from gateway.events import (
    AgentStateChanged,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallOffered,
    CallOverflowed,
    Event,
)

READS: tuple[type[Event], ...] = (*STORY_EVENTS, AttemptMissed, AgentStateChanged)
"""The events figures are made of; others may be left out."""
LONGEST_CALL = 86400.0
"""Seconds. No call is expected to live longer, and no agent to stay in one state longer while he is at work."""
HALF_HOUR = 1800.0
MOST_INTERVALS = 100_000


def read_from(settings: Settings, since: float, until: float) -> float:
    """The instant from which on events are needed for ``[since, until)``."""
    return min(since, until - window_seconds(settings)) - LONGEST_CALL


def compute(
    events: Iterable[Event],
    settings: Settings,
    since: float,
    until: float,
    *,
    interval: float = HALF_HOUR,
    queue: str = "",
) -> Figures:
    """The figures of ``[since, until)``, in intervals of so many seconds from each local midnight.

    With ``queue`` only that queue, and the agents it rang; calls and connect rate are always the whole hotline's.
    Raises InputError when there is no time between the two, too many intervals, or no such queue.
    """
    if since >= until:
        raise InputError("figures: the time ends before it begins")
    if interval <= 0 or (until - since) / interval > MOST_INTERVALS:
        raise InputError(f"figures: more than {MOST_INTERVALS} intervals", "Choose longer ones, or less time")
    ledger = Ledger(settings, since, until, interval)
    agents = AgentTimes(since, until, {agent.id: agent.name for agent in settings.agent})
    reader = _Reader(settings, ledger, agents)
    for event in events:
        if event.at < until:
            reader.feed(event)
    reader.close()
    reports = ledger.queues()
    if queue and queue not in reports:
        raise InputError(f"figures: no queue {queue!r}", f"There are: {', '.join(reports)}")
    return Figures(
        since=since,
        until=until,
        timezone=settings.timezone,
        interval_seconds=interval,
        calls=ledger.calls(),
        connect_rate=ledger.connect_rate(),
        queues=tuple(report for name, report in reports.items() if queue in ("", name)),
        agents=agents.figures(queue),
    )


@dataclass(slots=True, eq=False)
class _Call:
    """``events``, until the call is over and its ``story`` told; ``wrap_ups``: seconds of those before that."""

    events: list[CallEvent]
    wrap_ups: list[float] = field(default_factory=list)
    story: Story | None = None


class _Reader:
    """Sorts events by call and agent, and hands stories to the ledger when they are over."""

    def __init__(self, settings: Settings, ledger: Ledger, agents: AgentTimes) -> None:
        self._settings, self._ledger, self._agents = settings, ledger, agents
        self._living: dict[str, _Call] = {}
        self._wrap_ups: WrapUps[_Call] = WrapUps()

    def feed(self, event: Event) -> None:
        match event:
            case AgentStateChanged():
                self._agents.state(event)
                self._wrap_up(event)
            case AttemptMissed():
                self._agents.missed(event)
                self._ledger.missed(event)
            case CallEvent() if isinstance(event, STORY_EVENTS):
                self._call(event)

    def close(self) -> None:
        """No more events: the calls that live are counted as they stand."""
        for call in self._living.values():
            self._ledger.count(tell(call.events, self._settings))

    def _call(self, event: CallEvent) -> None:
        if isinstance(event, CallAnswered):
            self._agents.answered(event)
        call = self._living.get(event.call_id)
        if call is not None:
            call.events.append(event)
        elif isinstance(event, CallOffered | CallAnswered | CallAbandoned | CallOverflowed):
            self._living[event.call_id] = call = _Call([event])
        if call is not None and isinstance(event, CallEnded):
            del self._living[event.call_id]
            call.story = tell(call.events, self._settings)
            call.events = []
            self._ledger.count(call.story)
            for seconds in call.wrap_ups:
                self._ledger.wrap_up(call.story, seconds)

    def _wrap_up(self, event: AgentStateChanged) -> None:
        wrapped = self._wrap_ups.feed(event, self._living)
        if wrapped is None:
            return
        call, seconds = wrapped
        if call.story is None:
            call.wrap_ups.append(seconds)
        else:
            self._ledger.wrap_up(call.story, seconds)
