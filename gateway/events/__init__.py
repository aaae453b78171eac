"""The vocabulary: everything the gateway can say about a hotline, one frozen struct per event.

Units, everywhere: ``at`` and other instants are seconds since the Unix epoch on the PBX's clock (float);
durations are seconds (float). ``call_id`` is the Uniqueid of the call's first channel and never changes.
Inside a transcript, ``start`` and ``end`` are seconds since the call's arrival.

The JSON Schema, the TypeScript types and the AsyncAPI document under ``contract/`` are generated from this
module; a released version is frozen. Nothing of ours is imported here.
"""

from __future__ import annotations

from typing import TypeAlias, get_args

from gateway.events.agents import AgentState, AgentStateChanged, AttemptMissed, MissReason
from gateway.events.alerts import (
    AlertAcknowledged,
    AlertEnded,
    AlertEscalated,
    AlertEvent,
    AlertKind,
    AlertRaised,
    AlertSeverity,
)
from gateway.events.answer import (
    AnswerAtRisk,
    AnswerBreached,
    ConnectRateAtRisk,
    ConnectRateChanged,
    ServiceLevelChanged,
)
from gateway.events.base import CallEvent, Event, Rate
from gateway.events.calls import (
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallResumed,
    CallRinging,
    CallTransferred,
    Clocks,
    HangUpParty,
    PartyJoined,
    PartyKind,
    PartyLeft,
    Provenance,
    TransferKind,
)
from gateway.events.service import (
    CallbackRequested,
    GatewayHealth,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
    SurveyCompleted,
)
from gateway.events.speech import (
    Correction,
    Finding,
    LanguageChosen,
    LegSeconds,
    RecordingCompleted,
    Speaker,
    SpeechLevel,
    SpeechLevelChanged,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptGap,
    TranscriptPartial,
    TranscriptRevised,
    Utterance,
)
from gateway.events.tickets import Evidence, TicketDrafted, TicketField, TicketSubmitted, TicketUpdated

AnyEvent: TypeAlias = (
    CallOffered
    | CallQueued
    | CallRinging
    | CallAnswered
    | CallAbandoned
    | CallOverflowed
    | PartyJoined
    | PartyLeft
    | CallHeld
    | CallResumed
    | CallTransferred
    | CallEnded
    | AttemptMissed
    | AgentStateChanged
    | AnswerAtRisk
    | AnswerBreached
    | ServiceLevelChanged
    | ConnectRateChanged
    | ConnectRateAtRisk
    | AlertRaised
    | AlertAcknowledged
    | AlertEscalated
    | AlertEnded
    | TranscriptPartial
    | TranscriptFinal
    | TranscriptGap
    | TranscriptCompleted
    | TranscriptRevised
    | RecordingCompleted
    | SpeechLevelChanged
    | LanguageChosen
    | TicketDrafted
    | TicketUpdated
    | TicketSubmitted
    | SurveyCompleted
    | CallbackRequested
    | OutboundStarted
    | OutboundAnswered
    | OutboundEnded
    | GatewayHealth
)
EVENT_TYPES: tuple[type[Event], ...] = get_args(AnyEvent)


def event_type(event: Event) -> str:
    """The event's name in the field's nouns, such as ``call.answered``."""
    return str(type(event).__struct_config__.tag)


__all__ = [
    "EVENT_TYPES",
    "AgentState",
    "AgentStateChanged",
    "AlertAcknowledged",
    "AlertEnded",
    "AlertEscalated",
    "AlertEvent",
    "AlertKind",
    "AlertRaised",
    "AlertSeverity",
    "AnswerAtRisk",
    "AnswerBreached",
    "AnyEvent",
    "AttemptMissed",
    "CallAbandoned",
    "CallAnswered",
    "CallEnded",
    "CallEvent",
    "CallHeld",
    "CallOffered",
    "CallOverflowed",
    "CallQueued",
    "CallResumed",
    "CallRinging",
    "CallTransferred",
    "CallbackRequested",
    "Clocks",
    "ConnectRateAtRisk",
    "ConnectRateChanged",
    "Correction",
    "Event",
    "Evidence",
    "Finding",
    "GatewayHealth",
    "HangUpParty",
    "LanguageChosen",
    "LegSeconds",
    "MissReason",
    "OutboundAnswered",
    "OutboundEnded",
    "OutboundStarted",
    "PartyJoined",
    "PartyKind",
    "PartyLeft",
    "Provenance",
    "Rate",
    "RecordingCompleted",
    "ServiceLevelChanged",
    "Speaker",
    "SpeechLevel",
    "SpeechLevelChanged",
    "SurveyCompleted",
    "TicketDrafted",
    "TicketField",
    "TicketSubmitted",
    "TicketUpdated",
    "TranscriptCompleted",
    "TranscriptFinal",
    "TranscriptGap",
    "TranscriptPartial",
    "TranscriptRevised",
    "TransferKind",
    "Utterance",
    "event_type",
]
