"""One living call as the tracker knows it: its caller's channel, the agents' legs, and every instant. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from gateway.events import Clocks, HangUpParty, MissReason, Provenance

CAUSE_BUSY = 17
CAUSE_REJECTED = 21
"""Q.850 causes with which an agent's channel ends. Not of use: 26 (answered elsewhere), which queues with the option
``C`` give to every phone that stops ringing."""


class State(StrEnum):
    """Where a call stands on its way to a person and off the line again."""

    OFFERED = "offered"
    QUEUED = "queued"
    RINGING = "ringing"
    PICKED_UP = "picked_up"
    AGENT_LOST = "agent_lost"
    TALKING = "talking"
    AFTER_TALK = "after_talk"
    OVERFLOWED = "overflowed"
    CLOSING = "closing"
    ENDED = "ended"


@dataclass(slots=True, eq=False)
class Leg:
    """One agent's channel that was called for a call. ``stopped``: the instant it was known to be in vain."""

    uniqueid: str
    channel: str
    agent: str
    called: float
    rang: float | None = None
    stopped: float | None = None
    cause: int = 0

    def miss_reason(self, cause: int) -> MissReason:
        """Why a leg that ends by itself with this Q.850 cause was not answered."""
        for known in (self.cause, cause):
            if known == CAUSE_BUSY:
                return "busy"
            if known == CAUSE_REJECTED:
                return "rejected"
        return "unreachable" if self.rang is None else "no_answer"


@dataclass(slots=True, eq=False)
class Call:
    """A citizen's call. Instants are Unix seconds on the PBX's clock; None: has not happened."""

    call_id: str
    channel: str
    arrived: float
    provenance: Provenance = "observed"
    found_talking: bool = False
    """First seen in conversation: when it was answered is not known."""
    state: State = State.OFFERED
    linkedids: set[str] = field(default_factory=set)
    queue: str = ""
    gave_up: bool = False
    legs: dict[str, Leg] = field(default_factory=dict)
    """Legs that the queue calls and nobody picked up, by Uniqueid."""
    early_rings: dict[str, float] = field(default_factory=dict)
    """Channels of this call that rang before the queue named their agent."""
    dead_legs: set[str] = field(default_factory=set)
    """Legs whose agent hung up; Asterisk may still name and bridge them."""
    leg: Leg | None = None
    """The leg that picked up, until it is gone."""
    agent: str = ""
    queued: float | None = None
    first_ring: float | None = None
    ring_start: float | None = None
    picked_up: float | None = None
    left_queue: float | None = None
    bridged: float | None = None
    talk_start: float | None = None
    talked: float = 0.0
    """Seconds of conversation that are over; a call may be served by several agents, one after another."""
    ended: float | None = None
    hung_up_by: HangUpParty = "system"

    def clocks(self, until: float | None = None) -> Clocks:
        """All instants and the waits so far. Waits that nothing ended yet run to ``until``."""
        if self.found_talking:
            return Clocks(arrived=self.arrived, queued=self.queued, ended=self.ended, provenance=self.provenance)
        answered = self.bridged if self.bridged is not None else until
        out_of_queue = next((at for at in (self.picked_up, self.left_queue, until) if at is not None), None)
        return Clocks(
            arrived=self.arrived,
            queued=self.queued,
            first_ring=self.first_ring,
            picked_up=self.picked_up,
            bridged=self.bridged,
            ended=self.ended,
            caller_wait=_between(self.arrived, answered),
            queue_wait=_between(self.queued, out_of_queue),
            ring_time=_between(self.ring_start, self.picked_up),
            provenance=self.provenance,
        )

    def stop_talking(self, at: float) -> None:
        """The conversation, if there is one, ended at ``at``."""
        self.talked += _between(self.talk_start, at) or 0.0
        self.talk_start = None


def _between(start: float | None, end: float | None) -> float | None:
    """Seconds, to the microsecond that AMI's timestamps have; never negative."""
    return None if start is None or end is None else max(0.0, round(end - start, 6))
