"""How long each agent was in which state, and what became of the rings he got. PURE."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import get_args

from gateway.answer_sla.report import AgentFigures
from gateway.answer_sla.spells import Spell, spell_before
from gateway.answer_sla.tally import mean, microseconds, no_answer_rate
from gateway.events import AgentState, AgentStateChanged, AttemptMissed, CallAnswered, MissReason

STATES: tuple[AgentState, ...] = get_args(AgentState)
BUSY: tuple[AgentState, ...] = ("talking", "hold", "wrap_up")
"""Working for callers. Ringing is a bucket of its own: the agent waits for nobody, and nobody for him alone."""


@dataclass(slots=True)
class _Agent:
    name: str = ""
    known: AgentStateChanged | None = None
    states_us: Counter[str] = field(default_factory=Counter)
    answered: int = 0
    missed: Counter[MissReason] = field(default_factory=Counter)
    queues: set[str] = field(default_factory=set)
    """Those that gave him a ring."""


class AgentTimes:
    """Feed it the events in order; it counts what falls into ``[since, until)``."""

    def __init__(self, since: float, until: float, names: dict[str, str]) -> None:
        self._since, self._until = since, until
        self._names = names
        self._agents: dict[str, _Agent] = {}

    def state(self, event: AgentStateChanged) -> None:
        """A new state: the time in the one before is over."""
        agent = self._agent(event.agent)
        spell = spell_before(agent.known, event)
        if spell is not None:
            self._spend(agent, spell)
        agent.known = event
        agent.name = event.name or agent.name

    def answered(self, event: CallAnswered) -> None:
        """The agent took a call from a queue; also one that was sent on there."""
        if event.queue and self._since <= event.at < self._until:
            agent = self._agent(event.agent)
            agent.answered += 1
            agent.queues.add(event.queue)

    def missed(self, event: AttemptMissed) -> None:
        """A ring ended without him."""
        if self._since <= event.at < self._until:
            agent = self._agent(event.agent)
            agent.missed[event.reason] += 1
            agent.queues.add(event.queue)

    def figures(self, queue: str = "") -> tuple[AgentFigures, ...]:
        """Of all agents, or of those who had a ring of ``queue``, by id. Call it once, at the end."""
        for agent in self._agents.values():
            if agent.known is not None:
                self._spend(agent, Spell(agent.known.state, "", agent.known.at, self._until))
        return tuple(
            self._figures(number, agent)
            for number, agent in sorted(self._agents.items())
            if (queue in agent.queues if queue else agent.states_us or agent.queues)
        )

    def _agent(self, number: str) -> _Agent:
        return self._agents.setdefault(number, _Agent(self._names.get(number, "")))

    def _spend(self, agent: _Agent, spell: Spell) -> None:
        seconds = min(spell.end, self._until) - max(spell.start, self._since)
        if seconds > 0:
            agent.states_us[spell.state] += microseconds(seconds)

    def _figures(self, number: str, agent: _Agent) -> AgentFigures:
        busy = sum(agent.states_us[state] for state in BUSY)
        staffed = sum(agent.states_us[state] for state in STATES if state != "offline")
        return AgentFigures(
            agent=number,
            name=agent.name,
            answered=agent.answered,
            missed=dict(sorted(agent.missed.items())),
            ring_no_answer=no_answer_rate(agent.answered, agent.missed),
            states={state: mean(agent.states_us[state], 1) or 0.0 for state in STATES},
            busy_seconds=mean(busy, 1) or 0.0,
            staffed_seconds=mean(staffed, 1) or 0.0,
            occupancy=busy / staffed if staffed else None,
        )
