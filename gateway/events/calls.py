"""A citizen's call: its way to a person, the conversation, its end. PURE."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.events.base import CallEvent

Provenance: TypeAlias = Literal["observed", "reconstructed"]
HangUpParty: TypeAlias = Literal["caller", "agent", "system"]
PartyKind: TypeAlias = Literal["agent", "extension", "external"]
"""A queue's member, another line of the house, or somebody beyond the trunk."""
TransferKind: TypeAlias = Literal["blind", "attended", "blonde"]
"""Without a word before; after a conversation with the target; completed while the target's phone still rang."""


class Clocks(Struct, frozen=True, kw_only=True):
    """Every instant of a call's way to a person, and the three waits computed from them.

    ``caller_wait`` (strict, the default for the 15 s of GB/T 33358-2016): arrival until the caller hears a
    person, after any announcement. ``queue_wait``: joining the queue until pick-up (or leaving it).
    ``ring_time``: the answering agent's phone starting to ring until that agent picks up.
    ``provenance`` says whether all instants were observed or some were rebuilt after a lost connection.
    """

    arrived: float
    queued: float | None = None
    first_ring: float | None = None
    picked_up: float | None = None
    bridged: float | None = None
    ended: float | None = None
    caller_wait: float | None = None
    queue_wait: float | None = None
    ring_time: float | None = None
    provenance: Provenance = "observed"


class CallOffered(CallEvent, frozen=True, kw_only=True, tag="call.offered"):
    """A citizen's call arrived. ``caller_number`` is empty when withheld (personal data)."""

    caller_number: str
    caller_name: str = ""
    dialled: str = ""


class CallQueued(CallEvent, frozen=True, kw_only=True, tag="call.queued"):
    """The call joined a queue at ``position`` (1 is next)."""

    queue: str
    position: int = 1


class CallRinging(CallEvent, frozen=True, kw_only=True, tag="call.ringing"):
    """An agent's phone rings for this call."""

    queue: str
    agent: str


class CallAnswered(CallEvent, frozen=True, kw_only=True, tag="call.answered"):
    """The caller is connected to a person.

    Again for each further queue that answers a call which was sent on; ``clocks`` then still tell of the first wait.
    """

    queue: str
    agent: str
    clocks: Clocks


class CallAbandoned(CallEvent, frozen=True, kw_only=True, tag="call.abandoned"):
    """The caller left before a person answered."""

    queue: str
    clocks: Clocks


class CallOverflowed(CallEvent, frozen=True, kw_only=True, tag="call.overflowed"):
    """The call left the queue unanswered and went on elsewhere in the dialplan."""

    queue: str
    reason: str
    clocks: Clocks


class PartyJoined(CallEvent, frozen=True, kw_only=True, tag="call.party.joined"):
    """A person began to speak with the caller; more than one may at a time (three-party call, 三方通话).

    ``party`` is an agent's id, a line's number, or a number beyond the trunk (personal data).
    """

    party: str
    kind: PartyKind = "agent"


class PartyLeft(CallEvent, frozen=True, kw_only=True, tag="call.party.left"):
    """That person no longer speaks with the caller, after ``seconds``, hold included.

    ``hung_up``: he hung up; else he was parted from the caller by a transfer, or the caller left.
    """

    party: str
    kind: PartyKind = "agent"
    seconds: float = 0.0
    hung_up: bool = False


class CallHeld(CallEvent, frozen=True, kw_only=True, tag="call.held"):
    """One side put the other on hold. ``agent``: who speaks with the caller."""

    agent: str
    by: Literal["agent", "caller"] = "agent"


class CallResumed(CallEvent, frozen=True, kw_only=True, tag="call.resumed"):
    """The hold is over."""

    agent: str
    by: Literal["agent", "caller"] = "agent"
    held_seconds: float = 0.0


class CallTransferred(CallEvent, frozen=True, kw_only=True, tag="call.transferred"):
    """``agent`` sent the caller on to ``target`` (as dialled; personal data when it is a number beyond the trunk).

    ``failed``: the target could not be reached and the caller is where he was, or gone.
    """

    agent: str
    target: str
    kind: TransferKind
    outcome: Literal["completed", "failed"] = "completed"


class CallEnded(CallEvent, frozen=True, kw_only=True, tag="call.ended"):
    """The caller's line is down. Words still being decoded follow before ``transcript.completed``.

    ``talk_seconds``: in conversation, without ``held_seconds``, in which one side had put the other on hold.
    ``agent``: the last one who spoke with the caller.
    """

    hung_up_by: HangUpParty
    clocks: Clocks
    talk_seconds: float = 0.0
    held_seconds: float = 0.0
    cause: int = 0
    agent: str = ""
    queue: str = ""
