"""The one table of what can happen to a call, and what is done about it. PURE.

Whatever happens is first named (``Kind``, by the tracker), then looked up in ``TABLE`` by the call's state; what is
not in the table changes nothing and is counted. The actions are methods of ``gateway.ami.calls.Calls``.
docs/call-flow.md draws the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from gateway.ami.call import Leg, State, Transfer


class Kind(StrEnum):
    """What can happen to a call."""

    JOINS_QUEUE = "joins queue"
    AGENT_CALLED = "agent called"
    AGENT_RINGS = "agent rings"
    RING_ENDS = "a ring ends"
    LAST_RING_ENDS = "last ring ends"
    AGENT_PICKS_UP = "agent picks up"
    AGENT_LEAVES = "agent leaves unheard"
    PERSON_JOINS = "a person joins"
    PERSON_LEAVES = "a person leaves"
    LAST_PERSON_LEAVES = "last person leaves"
    HELD = "held"
    RESUMED = "resumed"
    SENT_ON = "is sent on"
    TARGET_REFUSES = "target of a transfer refuses"
    QUEUE_GIVES_UP = "queue gives up"
    LEAVES_QUEUE = "leaves queue"
    CALLER_HANGS_UP = "caller hangs up"
    CALLER_GONE = "caller's channel gone"


class Transition(NamedTuple):
    """The next state, and the name of the method of ``Calls`` that acts."""

    state: State
    action: str


_S, _K, _T = State, Kind, Transition

TABLE: dict[tuple[State, Kind], Transition] = {
    (_S.OFFERED, _K.JOINS_QUEUE): _T(_S.QUEUED, "join_queue"),
    (_S.OFFERED, _K.PERSON_JOINS): _T(_S.TALKING, "answer"),
    (_S.OFFERED, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "abandon"),
    (_S.OFFERED, _K.CALLER_GONE): _T(_S.ENDED, "abandon_and_end"),
    (_S.QUEUED, _K.JOINS_QUEUE): _T(_S.QUEUED, "change_queue"),
    (_S.QUEUED, _K.AGENT_CALLED): _T(_S.QUEUED, "call_agent"),
    (_S.QUEUED, _K.AGENT_RINGS): _T(_S.RINGING, "ring"),
    (_S.QUEUED, _K.LAST_RING_ENDS): _T(_S.QUEUED, "miss"),
    (_S.QUEUED, _K.AGENT_PICKS_UP): _T(_S.PICKED_UP, "pick_up"),
    (_S.QUEUED, _K.PERSON_JOINS): _T(_S.TALKING, "answer"),
    (_S.QUEUED, _K.QUEUE_GIVES_UP): _T(_S.QUEUED, "give_up"),
    (_S.QUEUED, _K.LEAVES_QUEUE): _T(_S.OVERFLOWED, "overflow"),
    (_S.QUEUED, _K.SENT_ON): _T(_S.QUEUED, "send_on"),
    (_S.QUEUED, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "abandon"),
    (_S.QUEUED, _K.CALLER_GONE): _T(_S.ENDED, "abandon_and_end"),
    (_S.RINGING, _K.JOINS_QUEUE): _T(_S.QUEUED, "change_queue"),
    (_S.RINGING, _K.AGENT_CALLED): _T(_S.RINGING, "call_agent"),
    (_S.RINGING, _K.AGENT_RINGS): _T(_S.RINGING, "ring"),
    (_S.RINGING, _K.RING_ENDS): _T(_S.RINGING, "miss"),
    (_S.RINGING, _K.LAST_RING_ENDS): _T(_S.QUEUED, "miss"),
    (_S.RINGING, _K.AGENT_PICKS_UP): _T(_S.PICKED_UP, "pick_up"),
    (_S.RINGING, _K.PERSON_JOINS): _T(_S.TALKING, "answer"),
    (_S.RINGING, _K.QUEUE_GIVES_UP): _T(_S.RINGING, "give_up"),
    (_S.RINGING, _K.LEAVES_QUEUE): _T(_S.OVERFLOWED, "overflow"),
    (_S.RINGING, _K.SENT_ON): _T(_S.RINGING, "send_on"),
    (_S.RINGING, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "abandon"),
    (_S.RINGING, _K.CALLER_GONE): _T(_S.ENDED, "abandon_and_end"),
    (_S.PICKED_UP, _K.AGENT_CALLED): _T(_S.PICKED_UP, "call_agent"),
    (_S.PICKED_UP, _K.AGENT_RINGS): _T(_S.PICKED_UP, "ring"),
    (_S.PICKED_UP, _K.AGENT_PICKS_UP): _T(_S.PICKED_UP, "pick_up"),
    (_S.PICKED_UP, _K.LEAVES_QUEUE): _T(_S.PICKED_UP, "stay"),
    (_S.PICKED_UP, _K.PERSON_JOINS): _T(_S.TALKING, "answer"),
    (_S.PICKED_UP, _K.AGENT_LEAVES): _T(_S.AGENT_LOST, "lose_agent"),
    (_S.PICKED_UP, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "abandon"),
    (_S.PICKED_UP, _K.CALLER_GONE): _T(_S.ENDED, "abandon_and_end"),
    (_S.AGENT_LOST, _K.LEAVES_QUEUE): _T(_S.AGENT_LOST, "stay"),
    (_S.AGENT_LOST, _K.JOINS_QUEUE): _T(_S.QUEUED, "rejoin_queue"),
    (_S.AGENT_LOST, _K.AGENT_CALLED): _T(_S.QUEUED, "call_agent"),
    (_S.AGENT_LOST, _K.PERSON_JOINS): _T(_S.TALKING, "answer"),
    (_S.AGENT_LOST, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "abandon"),
    (_S.AGENT_LOST, _K.CALLER_GONE): _T(_S.ENDED, "abandon_and_end"),
    (_S.TALKING, _K.LEAVES_QUEUE): _T(_S.TALKING, "stay"),
    (_S.TALKING, _K.AGENT_PICKS_UP): _T(_S.TALKING, "stay"),
    (_S.TALKING, _K.JOINS_QUEUE): _T(_S.QUEUED, "requeue"),
    (_S.TALKING, _K.PERSON_JOINS): _T(_S.TALKING, "join"),
    (_S.TALKING, _K.PERSON_LEAVES): _T(_S.TALKING, "part"),
    (_S.TALKING, _K.LAST_PERSON_LEAVES): _T(_S.ALONE, "part_from_last"),
    (_S.TALKING, _K.HELD): _T(_S.TALKING, "hold"),
    (_S.TALKING, _K.RESUMED): _T(_S.TALKING, "resume"),
    (_S.TALKING, _K.SENT_ON): _T(_S.TALKING, "send_on"),
    (_S.TALKING, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "hang_up"),
    (_S.TALKING, _K.CALLER_GONE): _T(_S.ENDED, "end"),
    (_S.ALONE, _K.JOINS_QUEUE): _T(_S.QUEUED, "requeue"),
    (_S.ALONE, _K.PERSON_JOINS): _T(_S.TALKING, "answer"),
    (_S.ALONE, _K.LEAVES_QUEUE): _T(_S.ALONE, "stay"),
    (_S.ALONE, _K.SENT_ON): _T(_S.ALONE, "send_on"),
    (_S.ALONE, _K.TARGET_REFUSES): _T(_S.ALONE, "be_refused"),
    (_S.ALONE, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "hang_up"),
    (_S.ALONE, _K.CALLER_GONE): _T(_S.ENDED, "end"),
    (_S.OVERFLOWED, _K.JOINS_QUEUE): _T(_S.QUEUED, "join_queue"),
    (_S.OVERFLOWED, _K.PERSON_JOINS): _T(_S.TALKING, "answer"),
    (_S.OVERFLOWED, _K.CALLER_HANGS_UP): _T(_S.CLOSING, "hang_up"),
    (_S.OVERFLOWED, _K.CALLER_GONE): _T(_S.ENDED, "end"),
    **{(_S.CLOSING, kind): _T(_S.CLOSING, "stay") for kind in Kind},
    (_S.CLOSING, _K.CALLER_GONE): _T(_S.ENDED, "end"),
}


NOBODY = Leg("", "", "", called=0.0)
"""The leg of a happening that concerns no person."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened, when, and with what. ``hung_up``: the person who leaves, or the far end, hung up."""

    kind: Kind
    at: float
    leg: Leg = NOBODY
    queue: str = ""
    position: int = 1
    cause: int = 0
    hung_up: bool = False
    transfer: Transfer | None = None
