"""One living call as the tracker knows it: its caller's channel, the people on it, and every instant. PURE."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from gateway.events import Clocks, HangUpParty, MissReason, PartyKind, Provenance, TransferKind

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
    ALONE = "alone"
    OVERFLOWED = "overflowed"
    CLOSING = "closing"
    ENDED = "ended"


@dataclass(slots=True, eq=False)
class Leg:
    """A person's channel: rung for a call by a queue, or in conversation with its caller.

    ``agent`` is who it is: an agent's id, a line's number, or a number beyond the trunk. ``stopped``: the instant its
    ring was known to be in vain.
    """

    uniqueid: str
    channel: str
    agent: str
    called: float
    kind: PartyKind = "agent"
    rang: float | None = None
    joined: float | None = None
    stopped: float | None = None
    cause: int = 0

    def miss_reason(self, cause: int) -> MissReason:
        """Why a leg whose channel ends with this Q.850 cause was not answered.

        A ring that neither its phone nor the queue said to be in vain was taken away with its caller.
        """
        for known in (self.cause, cause):
            if known == CAUSE_BUSY:
                return "busy"
            if known == CAUSE_REJECTED:
                return "rejected"
        if self.stopped is None:
            return "caller_left"
        return "unreachable" if self.rang is None else "no_answer"


@dataclass(slots=True, eq=False)
class Hold:
    """One side waits. ``uniqueid``: the channel that put the other on hold."""

    uniqueid: str
    agent: str
    by: Literal["agent", "caller"]
    since: float


@dataclass(slots=True, eq=False)
class Transfer:
    """The caller is on the way to ``target`` and has not reached anybody yet."""

    agent: str
    target: str
    kind: TransferKind


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
    """Legs whose person hung up; Asterisk may still name and bridge them."""
    leg: Leg | None = None
    """The leg that picked up from the queue, until its channel is gone."""
    people: dict[str, Leg] = field(default_factory=dict)
    """Who speaks with the caller now, by Uniqueid; a person behind Local channels may have several."""
    apart: dict[str, Leg] = field(default_factory=dict)
    """Legs that left the conversation and whose channels still live."""
    optimising: set[str] = field(default_factory=set)
    """Local channels that take themselves out of the way just now."""
    agent: str = ""
    answered_here: bool = False
    """The queue the call is in, or came from last, has answered it."""
    hold: Hold | None = None
    transfer: Transfer | None = None
    sent_on: float | None = None
    """The instant of the latest transfer, of which Asterisk speaks once."""
    queued: float | None = None
    first_ring: float | None = None
    ring_start: float | None = None
    picked_up: float | None = None
    left_queue: float | None = None
    leaves_queue: float | None = None
    """The queue said so while a phone rang; the call's next message tells whether somebody picked it up."""
    bridged: float | None = None
    talk_start: float | None = None
    talked: float = 0.0
    """Seconds of conversation that are over, without hold; several people may serve a call one after another."""
    held: float = 0.0
    """Seconds of holds that are over."""
    ended: float | None = None
    hung_up_by: HangUpParty = "system"

    def clocks(self, until: float | None = None) -> Clocks:
        """All instants and the waits so far. Waits that nothing ended yet run to ``until``."""
        if self.found_talking:
            return Clocks(arrived=self.arrived, queued=self.queued, ended=self.ended, provenance=self.provenance)
        answered = self.bridged if self.bridged is not None else until
        out_of_queue = next((at for at in (self.left_queue, self.picked_up, until) if at is not None), None)
        return Clocks(
            arrived=self.arrived,
            queued=self.queued,
            first_ring=self.first_ring,
            picked_up=self.picked_up,
            bridged=self.bridged,
            ended=self.ended,
            caller_wait=between(self.arrived, answered),
            queue_wait=between(self.queued, out_of_queue),
            ring_time=between(self.ring_start, self.picked_up),
            provenance=self.provenance,
        )

    def stop_talking(self, at: float) -> None:
        """The conversation, if there is one, stops at ``at``: its end, or a hold."""
        self.talked += between(self.talk_start, at) or 0.0
        self.talk_start = None

    def bound(self) -> list[Leg]:
        """Every leg whose person is busy with this call: who picked up, and who speaks or spoke with the caller."""
        legs = [*self.people.values(), *self.apart.values()]
        return legs if self.leg is None or self.leg in legs else [self.leg, *legs]


def between(start: float | None, end: float | None) -> float | None:
    """Seconds, to the microsecond that AMI's timestamps have; never negative."""
    return None if start is None or end is None else max(0.0, round(end - start, 6))
