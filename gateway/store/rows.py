"""Rows of the history's tables; each struct has its table's columns, in their order. PURE.

Instants are Unix seconds on the PBX's clock, None while they are not known or not there yet.
"""

from __future__ import annotations

from msgspec import Struct


class CallRow(Struct):
    """A citizen's call; see ``tables.calls``."""

    call_id: str
    caller_number: str = ""
    caller_name: str = ""
    dialled: str = ""
    arrived: float = 0.0
    queue: str = ""
    queued: float | None = None
    first_ring: float | None = None
    picked_up: float | None = None
    bridged: float | None = None
    ended: float | None = None
    agent: str = ""
    outcome: str = ""
    answered_at: float | None = None
    caller_wait: float | None = None
    queue_wait: float | None = None
    ring_time: float | None = None
    provenance: str = "observed"
    talk_seconds: float = 0.0
    held_seconds: float = 0.0
    hung_up_by: str = ""
    cause: int = 0
    transfers: int = 0


class LegRow(Struct):
    """Who rang, or who spoke; see ``tables.legs``."""

    seq: int
    call_id: str
    kind: str
    party: str
    party_kind: str
    queue: str
    started: float
    ended: float | None = None
    seconds: float | None = None
    reason: str = ""


class AgentStateRow(Struct):
    """A stretch of an agent's day; see ``tables.agent_states``."""

    seq: int
    agent: str
    state: str
    reason: str
    call_id: str
    since: float
    until: float | None = None


class OutboundRow(Struct):
    """A call the house placed; see ``tables.outbound``."""

    call_id: str
    agent: str = ""
    number: str = ""
    started: float = 0.0
    answered: float | None = None
    ended: float | None = None
    talk_seconds: float = 0.0
    cause: int = 0


class AlertRow(Struct):
    """An alert; see ``tables.alerts``."""

    alert_id: str
    kind: str = ""
    severity: str = ""
    queue: str = ""
    call_id: str = ""
    component: str = ""
    raised: float = 0.0
    value: float | None = None
    limit: float | None = None
    level: int = 0
    acknowledged: float | None = None
    acknowledged_by: str = ""
    ended: float | None = None


class FiguresRow(Struct, frozen=True, kw_only=True):
    """The sums of one queue's interval: ``seconds`` from ``start`` on. Rates are made of them, never kept.

    ``wait_seconds`` is the sum over answered calls, ``longest_wait`` over all that are decided, None without any.
    """

    queue: str
    start: float
    seconds: int
    offered: int = 0
    answered: int = 0
    within: int = 0
    abandoned: int = 0
    short_abandoned: int = 0
    overflowed: int = 0
    late: int = 0
    wait_seconds: float = 0.0
    longest_wait: float | None = None
    talk_seconds: float = 0.0
    held_seconds: float = 0.0
    wrap_up_seconds: float = 0.0
