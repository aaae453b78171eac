"""Agents: the states they are in and the rings they missed. PURE."""

from __future__ import annotations

from typing import Literal, TypeAlias

from gateway.events.base import CallEvent, Event

AgentState: TypeAlias = Literal["available", "ringing", "talking", "hold", "wrap_up", "paused", "offline"]
MissReason: TypeAlias = Literal["no_answer", "busy", "rejected", "unreachable", "answered_elsewhere", "caller_left"]


class AttemptMissed(CallEvent, frozen=True, kw_only=True, tag="agent.attempt.missed"):
    """One ring of one agent that ended without this agent answering."""

    queue: str
    agent: str
    reason: MissReason
    ring_seconds: float = 0.0


class AgentStateChanged(Event, frozen=True, kw_only=True, tag="agent.state"):
    """An agent entered ``state`` at ``at``, after ``previous_seconds`` in ``previous`` (None: nothing known before).

    ``reason`` is the pause reason, if any; ``call_id`` the call he rings for, talks in or wraps up, and
    ``previous_call_id`` the one he did.
    """

    agent: str
    name: str = ""
    state: AgentState
    reason: str = ""
    call_id: str = ""
    queues: tuple[str, ...] = ()
    previous: AgentState | None = None
    previous_seconds: float = 0.0
    previous_reason: str = ""
    previous_call_id: str = ""
