"""The vocabulary: everything the gateway can say about a hotline, one frozen struct per event.

Units, everywhere: ``at`` and other instants are seconds since the Unix epoch on the PBX's clock (float);
durations are seconds (float). ``call_id`` is the Uniqueid of the call's first channel and never changes.
Inside a transcript, ``start`` and ``end`` are seconds since the call's arrival.

The JSON Schema, the TypeScript types and the AsyncAPI document under ``contract/`` are generated from this
module; a released version is frozen. Nothing of ours is imported here.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from msgspec import Struct

Speaker: TypeAlias = Literal["caller", "agent"]
Provenance: TypeAlias = Literal["observed", "reconstructed"]
AgentState: TypeAlias = Literal["available", "ringing", "talking", "wrap_up", "paused", "offline"]
MissReason: TypeAlias = Literal["no_answer", "busy", "rejected", "unreachable", "answered_elsewhere", "caller_left"]
HangUpParty: TypeAlias = Literal["caller", "agent", "system"]


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


class Event(Struct, frozen=True, kw_only=True, tag_field="type"):
    """Base of all events. ``at``: the instant the thing happened, not the instant we learnt of it."""

    at: float


class CallEvent(Event, frozen=True, kw_only=True):
    """Base of all events that belong to one call."""

    call_id: str


# --- calls -----------------------------------------------------------------------------------------------


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
    """The caller is connected to a person."""

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


class CallEnded(CallEvent, frozen=True, kw_only=True, tag="call.ended"):
    """The caller's line is down. Words still being decoded follow before ``transcript.completed``."""

    hung_up_by: HangUpParty
    clocks: Clocks
    talk_seconds: float = 0.0
    cause: int = 0
    agent: str = ""
    queue: str = ""


class AttemptMissed(CallEvent, frozen=True, kw_only=True, tag="agent.attempt.missed"):
    """One ring of one agent that ended without this agent answering."""

    queue: str
    agent: str
    reason: MissReason
    ring_seconds: float = 0.0


class AgentStateChanged(Event, frozen=True, kw_only=True, tag="agent.state"):
    """An agent entered ``state`` at ``at``. ``reason`` is the pause reason, if any."""

    agent: str
    name: str = ""
    state: AgentState
    reason: str = ""
    call_id: str = ""
    queues: tuple[str, ...] = ()


# --- the answer clock -------------------------------------------------------------------------------------


class AnswerAtRisk(CallEvent, frozen=True, kw_only=True, tag="answer.at_risk"):
    """A waiting call passed its at-risk second. Fired by the clock."""

    queue: str
    clock: str
    waited: float
    target: float


class AnswerBreached(CallEvent, frozen=True, kw_only=True, tag="answer.breached"):
    """A waiting call passed its target second. Fired by the clock, once, never early."""

    queue: str
    clock: str
    waited: float
    target: float


class Rate(Struct, frozen=True, kw_only=True):
    """A share with its parts. ``value`` is None for an empty interval: no data, not 100 %."""

    numerator: int
    denominator: int
    value: float | None = None


class ServiceLevelChanged(Event, frozen=True, kw_only=True, tag="service_level.changed"):
    """Share of calls answered within target since ``since``, over each denominator side by side.

    ``of_offered``: all offered and decided; ``of_offered_less_short``: less short abandons; ``of_answered``:
    answered only. Calls still waiting within target are in none of them.
    """

    queue: str
    clock: str
    since: float
    target_seconds: float
    of_offered: Rate
    of_offered_less_short: Rate
    of_answered: Rate
    average_wait: float | None = None
    longest_wait: float | None = None


class ConnectRateChanged(Event, frozen=True, kw_only=True, tag="connect_rate.changed"):
    """Answered of offered over the last 24 h. ``margin``: calls that may still be missed before the share
    falls below ``required`` (negative: that many more must be answered)."""

    window_seconds: float
    required: float
    rate: Rate
    margin: int


class ConnectRateAtRisk(Event, frozen=True, kw_only=True, tag="connect_rate.at_risk"):
    """The rolling connect rate fell below the required share."""

    window_seconds: float
    required: float
    rate: Rate
    margin: int


# --- speech ------------------------------------------------------------------------------------------------


class TranscriptPartial(CallEvent, frozen=True, kw_only=True, tag="transcript.partial"):
    """Words so far of an utterance that is still spoken. Not journaled; replaced by the final one."""

    utterance_id: str
    speaker: Speaker
    text: str
    start: float
    end: float


class TranscriptFinal(CallEvent, frozen=True, kw_only=True, tag="transcript.final"):
    """One finished utterance (personal data). Speaker comes from the channel, never from guessing."""

    utterance_id: str
    speaker: Speaker
    text: str
    start: float
    end: float
    confidence: float | None = None
    language: str
    engine: str
    model: str


class TranscriptGap(CallEvent, frozen=True, kw_only=True, tag="transcript.gap"):
    """Seconds of one leg that were not heard."""

    speaker: Speaker
    start: float
    end: float
    reason: str


class LegSeconds(Struct, frozen=True, kw_only=True):
    """What became of one leg's audio, in seconds: expected = heard + lost; transcribed is the speech in it."""

    speaker: Speaker
    expected: float
    heard: float
    lost: float
    transcribed: float
    engine: str = ""
    model: str = ""


class TranscriptCompleted(CallEvent, frozen=True, kw_only=True, tag="transcript.completed"):
    """All words of the call are in. ``share`` = heard / expected over all legs; None if nothing was tapped."""

    legs: tuple[LegSeconds, ...]
    share: float | None = None


# --- tickets -----------------------------------------------------------------------------------------------


class Evidence(Struct, frozen=True, kw_only=True):
    """Where a value was said: utterance, character span in its text, and second of the call."""

    utterance_id: str
    start: int
    end: int
    second: float
    text: str


class TicketField(Struct, frozen=True, kw_only=True):
    """One field of a ticket. ``by`` is who set it: the machine, the call's own data, or the agent."""

    name: str
    value: str
    confidence: float = 1.0
    by: Literal["machine", "call", "agent"] = "machine"
    rule: str = ""
    evidence: tuple[Evidence, ...] = ()


class TicketDrafted(CallEvent, frozen=True, kw_only=True, tag="ticket.drafted"):
    """A draft was opened for this call, with the fields known so far."""

    ticket_id: str
    agent: str = ""
    fields: tuple[TicketField, ...] = ()


class TicketUpdated(CallEvent, frozen=True, kw_only=True, tag="ticket.updated"):
    """The fields that changed; fields not named stay. ``by``: ``machine`` or the agent's id."""

    ticket_id: str
    fields: tuple[TicketField, ...]
    by: str = "machine"


class TicketSubmitted(CallEvent, frozen=True, kw_only=True, tag="ticket.submitted"):
    """The agent sent the ticket off, whole."""

    ticket_id: str
    agent: str
    fields: tuple[TicketField, ...]


# --- voice flows and the house's own health ------------------------------------------------------------------


class SurveyCompleted(CallEvent, frozen=True, kw_only=True, tag="survey.completed"):
    """The caller rated the call by key: ``score`` 1 (very dissatisfied) to 5 (very satisfied)."""

    agent: str
    queue: str
    score: int


class GatewayHealth(Event, frozen=True, kw_only=True, tag="gateway.health"):
    """A neighbour or a part of the gateway changed its condition. ``value`` has its unit in ``detail``."""

    component: str
    status: Literal["ok", "degraded", "lost"]
    detail: str = ""
    value: float | None = None


AnyEvent: TypeAlias = (
    CallOffered
    | CallQueued
    | CallRinging
    | CallAnswered
    | CallAbandoned
    | CallOverflowed
    | CallEnded
    | AttemptMissed
    | AgentStateChanged
    | AnswerAtRisk
    | AnswerBreached
    | ServiceLevelChanged
    | ConnectRateChanged
    | ConnectRateAtRisk
    | TranscriptPartial
    | TranscriptFinal
    | TranscriptGap
    | TranscriptCompleted
    | TicketDrafted
    | TicketUpdated
    | TicketSubmitted
    | SurveyCompleted
    | GatewayHealth
)
EVENT_TYPES: tuple[type[Event], ...] = get_args(AnyEvent)


def event_type(event: Event) -> str:
    """The event's name in the field's nouns, such as ``call.answered``."""
    return str(type(event).__struct_config__.tag)
