"""Plausible shifts: calls with all their ways, the agents who take them, and a hall of clock and figures to hear it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from hypothesis import strategies as st
from msgspec import structs

from gateway.answer_sla.clock import AnswerClock
from gateway.answer_sla.service_level import ServiceLevel
from gateway.config import Agent, Period, QueuePolicy, Settings
from gateway.events import (
    AgentState,
    AgentStateChanged,
    AnswerAtRisk,
    AnswerBreached,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallRinging,
    Clocks,
    ConnectRateAtRisk,
    ConnectRateChanged,
    Event,
    ServiceLevelChanged,
)

SHANGHAI = timezone(timedelta(hours=8))
NOON = datetime(2026, 3, 2, 12, tzinfo=SHANGHAI).timestamp()
MIDNIGHT = datetime(2026, 3, 3, tzinfo=SHANGHAI).timestamp()
NIGHT = Period(start="23:55", end="00:05", target_seconds=25.0, at_risk_seconds=20.0, short_abandon_seconds=8.0)
SETTINGS = Settings(
    connect_rate_required=0.5,
    queue=(
        QueuePolicy(name="strict", period=(NIGHT,)),
        QueuePolicy(name="queue", clock="queue_wait", target_seconds=20.0),
        QueuePolicy(name="ring", clock="ring_time", at_risk_seconds=5.0, target_seconds=8.0),
    ),
    agent=(Agent(id="1001", name="王敏"),),
)
TWO_QUEUES = Settings(queue=(QueuePolicy(name="strict", period=(NIGHT,)), QueuePolicy(name="queue")))


@dataclass(frozen=True)
class Stint:
    """A stay in a queue: seconds until a phone rings, until it ends, and how."""

    queue: str
    ring: float
    stays: float
    end: str


@dataclass(frozen=True)
class Plan:
    """A call as it will go. Seconds."""

    start: float
    menu: float
    stints: tuple[Stint, ...]
    greeting: float = 0.0
    """The announcement between pick-up and conversation."""
    talk: float = 0.0
    held: float = 0.0
    wrap_up: float = 0.0
    sent_on: str = ""
    found_talking: bool = False
    agent_first: bool = False


def _seconds(most: int) -> st.SearchStrategy[float]:
    return st.integers(0, most * 10).map(lambda tenths: tenths / 10)


STINTS = st.builds(
    Stint,
    queue=st.sampled_from(["strict", "queue", "ring"]),
    ring=_seconds(15),
    stays=_seconds(40),
    end=st.sampled_from(["answer", "abandon", "overflow", "answer", "wait", "moved", "answer", "answer"]),
)
PLANS = st.builds(
    Plan,
    start=st.one_of(_seconds(40), _seconds(900), _seconds(900).map(lambda second: second - 86400.0)),
    menu=_seconds(20),
    stints=st.lists(STINTS, max_size=3).map(tuple),
    greeting=_seconds(4),
    talk=_seconds(120),
    held=_seconds(20),
    wrap_up=_seconds(60),
    sent_on=st.sampled_from(["", "", "", "strict", "queue"]),
    found_talking=st.integers(0, 4).map(lambda dice: dice == 4),
    agent_first=st.booleans(),
)
SHIFTS = st.lists(PLANS, max_size=25)
BEGINNINGS = st.sampled_from([NOON, MIDNIGHT - 480.0, MIDNIGHT - 20.0])


@dataclass
class _Floor:
    """Agents: the first who is free takes the call; a new one comes when all are busy."""

    free_from: dict[str, float] = field(default_factory=dict)
    states: dict[str, tuple[AgentState, float, str]] = field(default_factory=dict)

    def take(self, at: float) -> str:
        agent = next((name for name, free in sorted(self.free_from.items()) if free <= at), "")
        return agent or str(1001 + len(self.free_from))

    def enter(self, agent: str, state: AgentState, at: float, call_id: str = "") -> AgentStateChanged:
        before = self.states.get(agent)
        self.states[agent] = (state, at, call_id)
        if before is None:
            return AgentStateChanged(at=at, agent=agent, state=state, call_id=call_id)
        return AgentStateChanged(
            at=at,
            agent=agent,
            state=state,
            call_id=call_id,
            previous=before[0],
            previous_seconds=round(at - before[1], 6),
            previous_call_id=before[2],
        )


def events_of(plans: Iterable[Plan], beginning: float) -> list[Event]:
    """What the tracker would say of these calls, in order of time."""
    floor = _Floor()
    told: list[Event] = []
    for number, plan in enumerate(sorted(plans, key=lambda each: each.start)):
        told += _call(f"{number:03d}", plan, beginning, floor)
    return sorted(told, key=lambda event: event.at)


def _call(call_id: str, plan: Plan, beginning: float, floor: _Floor) -> list[Event]:
    arrived = round(beginning + plan.start, 1)
    told: list[Event] = [CallOffered(at=arrived, call_id=call_id, caller_number="")]
    now, queue, queued, first_ring = round(arrived + plan.menu, 1), "", None, None
    for stint in plan.stints:
        if stint.queue != queue:
            told.append(CallQueued(at=now, call_id=call_id, queue=stint.queue))
            queue, queued, first_ring = stint.queue, now, None
        end = round(now + stint.stays, 1)
        agent = ""
        if stint.ring <= stint.stays:
            ring = round(now + stint.ring, 1)
            agent = floor.take(ring)
            floor.free_from[agent] = math.inf
            first_ring = ring if first_ring is None else first_ring
            told += [
                CallRinging(at=ring, call_id=call_id, queue=queue, agent=agent),
                floor.enter(agent, "ringing", ring, call_id),
            ]
        now = end
        clocks = Clocks(
            arrived=arrived,
            queued=queued,
            first_ring=first_ring,
            caller_wait=round(end - arrived, 6),
            queue_wait=round(end - (queued or arrived), 6),
            ended=end,
        )
        if stint.end == "wait":
            return told
        if stint.end == "answer" and agent:
            told.append(floor.enter(agent, "talking", end, call_id))
            now = round(end + plan.greeting, 1)
            clocks = structs.replace(
                clocks, picked_up=end, bridged=now, ended=None, caller_wait=round(now - arrived, 6)
            )
            if plan.found_talking:
                clocks = Clocks(arrived=arrived, queued=queued, provenance="reconstructed")
            told.append(CallAnswered(at=now, call_id=call_id, queue=queue, agent=agent, clocks=clocks))
            return told + _conversation(call_id, plan, clocks, now, agent, floor)
        if agent:
            told += [
                AttemptMissed(at=end, call_id=call_id, queue=queue, agent=agent, reason="no_answer"),
                floor.enter(agent, "available", end),
            ]
            floor.free_from[agent] = end
        if stint.end == "abandon":
            told.append(CallAbandoned(at=end, call_id=call_id, queue=queue, clocks=clocks))
            return [*told, CallEnded(at=end, call_id=call_id, hung_up_by="caller", clocks=clocks)]
        if stint.end != "moved":
            told.append(CallOverflowed(at=end, call_id=call_id, queue=queue, reason="gave_up", clocks=clocks))
            queue, queued, first_ring = "", None, None
            now = round(end + 1.5, 1)
    end = round(now + 1.0, 1)
    clocks = Clocks(arrived=arrived, queued=queued, caller_wait=round(end - arrived, 6), ended=end)
    if not plan.stints:
        told.append(CallAbandoned(at=end, call_id=call_id, queue="", clocks=clocks))
    return [*told, CallEnded(at=end, call_id=call_id, hung_up_by="caller", clocks=clocks)]


def _conversation(call_id: str, plan: Plan, clocks: Clocks, at: float, agent: str, floor: _Floor) -> list[Event]:
    end = round(at + plan.talk, 1)
    told: list[Event] = [floor.enter(agent, "hold", end, call_id)]
    end = round(end + plan.held, 1)
    wrapped = round(end + plan.wrap_up, 1)
    told += [floor.enter(agent, "wrap_up", end, call_id), floor.enter(agent, "available", wrapped)]
    floor.free_from[agent] = wrapped
    if plan.sent_on:
        told.append(CallQueued(at=end, call_id=call_id, queue=plan.sent_on))
        end = round(end + 3.0, 1)
        if plan.agent_first:
            second = floor.take(end)
            told.append(CallAnswered(at=end, call_id=call_id, queue=plan.sent_on, agent=second, clocks=clocks))
    if plan.agent_first:
        end = round(end + 5.0, 1)
    told.append(
        CallEnded(
            at=end, call_id=call_id, hung_up_by="caller", clocks=clocks, talk_seconds=plan.talk, held_seconds=plan.held
        )
    )
    return told


class Hall:
    """Clock and figures side by side, as the core has them, with a journal of all that was said."""

    def __init__(self, settings: Settings) -> None:
        self.clock, self.level = AnswerClock(settings), ServiceLevel(settings)
        self.journal: list[Event] = []
        self.levels: dict[str, ServiceLevelChanged] = {}
        self.connect: ConnectRateChanged | None = None
        self.early: list[Event] = []
        """Warnings that were given before their instant."""

    def feed(self, event: Event, now: float) -> None:
        """Whatever was due before comes first; then the event and what follows from it."""
        self.run_until(now)
        self._spread([event], now)

    def run_until(self, now: float) -> None:
        """Wake at every deadline before ``now``."""
        while (due := min(self._deadlines(), default=math.inf)) < now:
            self.tick(due)

    def tick(self, now: float) -> None:
        for part in (self.clock, self.level):
            self._spread(part.tick(now), now)

    def restore(self, journal: Iterable[Event]) -> None:
        for event in journal:
            self.clock.restore(event)
            self.level.restore(event)

    def warnings(self) -> list[tuple[str, str, float]]:
        """What was fired, by kind, call and instant."""
        return sorted(
            (type(event).__name__, event.call_id if isinstance(event, CallEvent) else "", event.at)
            for event in self.journal
            if isinstance(event, AnswerAtRisk | AnswerBreached | ConnectRateAtRisk)
        )

    def _deadlines(self) -> list[float]:
        return [due for due in (self.clock.next_deadline(), self.level.next_deadline()) if due is not None]

    def _spread(self, events: list[Event], now: float) -> None:
        waiting = list(events)
        while waiting:
            event = waiting.pop(0)
            self.journal.append(event)
            if isinstance(event, AnswerAtRisk | AnswerBreached) and event.at > now:
                self.early.append(event)
            if isinstance(event, ServiceLevelChanged):
                self.levels[event.queue] = event
            if isinstance(event, ConnectRateChanged):
                self.connect = event
            for part in (self.clock, self.level):
                waiting += part.feed(event, now)
