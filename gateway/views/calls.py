"""The living calls as far as pages need them, and the clock each of them is measured by. PURE."""

from __future__ import annotations

from msgspec import Struct, field

from gateway.answer_sla import policy
from gateway.answer_sla.policy import Deadlines
from gateway.config import Settings
from gateway.events import (
    AgentStateChanged,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallResumed,
    CallRinging,
    Clocks,
    Event,
    LanguageChosen,
    PartyJoined,
    PartyLeft,
    SpeechLevel,
    SpeechLevelChanged,
    TicketDrafted,
    TicketField,
    TicketSubmitted,
    TicketUpdated,
)

MAX_CALLS = 5000
"""Calls remembered at once; beyond it the oldest is forgotten and counted."""


class Call(Struct, kw_only=True):
    """A call that still lives. ``ringing``: agents whose phones ring, each with the instant it began."""

    call_id: str
    arrived: float
    caller_number: str = ""
    caller_name: str = ""
    dialled: str = ""
    queue: str = ""
    queued: float | None = None
    first_ring: float | None = None
    ringing: dict[str, float] = field(default_factory=dict)
    waiting: bool = True
    agent: str = ""
    people: list[str] = field(default_factory=list)
    """Who speaks with the caller now: agents, lines of the house, numbers beyond the trunk."""
    alone: bool = False
    """Nobody does, after somebody did: a survey, or a transfer under way."""
    held: bool = False
    answered: float | None = None
    clocks: Clocks | None = None
    language: str = ""
    """As somebody chose it."""
    recorded_only: bool = False
    """It was answered while new calls were not transcribed live."""
    ticket_id: str = ""
    ticket: dict[str, TicketField] = field(default_factory=dict)
    ticket_submitted: bool = False

    @property
    def talking(self) -> bool:
        """Somebody speaks with the caller."""
        return self.answered is not None and not self.alone

    def deadlines(self, settings: Settings) -> Deadlines | None:
        """When the clock started, and when the call is at risk and in breach; None before the clock starts."""
        promised = policy.promise(settings, self.queue, self.arrived)
        if promised is None:
            return None
        return policy.deadlines(promised, arrived=self.arrived, queued=self.queued, first_ring=self.first_ring)


class CallBook:
    """Living calls by id, in order of arrival. ``forgotten`` counts those given up for want of room.

    ``names``: the agents' names as the PBX tells them, by id; ``level``: what is transcribed live.
    """

    def __init__(self, limit: int = MAX_CALLS) -> None:
        self.calls: dict[str, Call] = {}
        self.forgotten = 0
        self.names: dict[str, str] = {}
        self.level: SpeechLevel = "full"
        self._limit = limit

    def get(self, call_id: str) -> Call | None:
        """The call, or None when it is over or was never heard of."""
        return self.calls.get(call_id)

    def feed(self, event: Event) -> None:
        """Take one event in. A call whose beginning was not seen is opened by whatever names it first."""
        match event:
            case CallOffered():
                call = self._open(event.call_id, event.at)
                call.caller_number, call.caller_name = event.caller_number, event.caller_name
                call.dialled = event.dialled
            case CallQueued():
                call = self._open(event.call_id, event.at)
                if call.queue != event.queue or not call.waiting:
                    call.queued, call.first_ring = event.at, None
                call.queue = event.queue
                call.waiting = call.answered is None
            case CallRinging():
                call = self._open(event.call_id, event.at)
                call.queue = event.queue
                call.ringing[event.agent] = event.at
                if call.first_ring is None:
                    call.first_ring = event.at
            case AttemptMissed():
                if missed := self.get(event.call_id):
                    missed.ringing.pop(event.agent, None)
            case CallAnswered():
                self._answered(event)
            case CallOverflowed():
                if left := self.get(event.call_id):
                    left.waiting = False
                    left.ringing.clear()
            case PartyJoined() | PartyLeft() | CallHeld() | CallResumed():
                if spoken_with := self.get(event.call_id):
                    _people(spoken_with, event)
            case LanguageChosen():
                if spoken := self.get(event.call_id):
                    spoken.language = event.language
            case SpeechLevelChanged():
                self.level = event.level
            case AgentStateChanged() if event.name:
                self.names[event.agent] = event.name
            case CallAbandoned() | CallEnded():
                self.calls.pop(event.call_id, None)
            case TicketDrafted() | TicketUpdated() | TicketSubmitted():
                if drafted := self.get(event.call_id):
                    drafted.ticket_id = event.ticket_id
                    drafted.ticket.update((each.name, each) for each in event.fields)
                    drafted.ticket_submitted = isinstance(event, TicketSubmitted)

    def live(self, call_id: str) -> SpeechLevel:
        """What of the call is transcribed live now: who was transcribed before the machine was full still is."""
        call = self.get(call_id)
        if call is not None and call.recorded_only:
            return "recorded_only"
        return "callers_only" if self.level == "recorded_only" else self.level

    def _answered(self, event: CallAnswered) -> None:
        call = self._open(event.call_id, event.clocks.arrived)
        if call.answered is None:
            call.recorded_only = self.level == "recorded_only"
        call.queue, call.agent = event.queue, event.agent
        call.answered, call.clocks = event.at, event.clocks
        call.queued = call.queued if call.queued is not None else event.clocks.queued
        call.first_ring = call.first_ring if call.first_ring is not None else event.clocks.first_ring
        call.waiting = call.alone = False
        call.ringing.clear()

    def _open(self, call_id: str, at: float) -> Call:
        call = self.calls.get(call_id)
        if call is None:
            while len(self.calls) >= self._limit:
                del self.calls[next(iter(self.calls))]
                self.forgotten += 1
            call = self.calls[call_id] = Call(call_id=call_id, arrived=at)
        return call


def _people(call: Call, event: PartyJoined | PartyLeft | CallHeld | CallResumed) -> None:
    match event:
        case PartyJoined():
            call.people.append(event.party)
            call.agent = event.party if event.kind == "agent" else call.agent
            call.alone = False
        case PartyLeft():
            call.people = [party for party in call.people if party != event.party]
            call.alone = not call.people
        case _:
            call.held = isinstance(event, CallHeld)


def agent_name(settings: Settings, agent: str) -> str:
    """The agent's name in the settings, or nothing."""
    return next((each.name for each in settings.agent if each.id == agent), "")
