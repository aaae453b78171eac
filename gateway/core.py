"""The core: what comes in from the PBX, the workers and people goes out as events. PURE.

    message ──> tracker ──> events ──┬──> answer clock ──> events
    heard   ──> transcripts ─────────┼──> service level ──> events
    keys, edits ─────────────────────┼──> drafts ──> events
    all of these events ─────────────┴──> alerts ──> events

``feed`` and ``tick`` are the whole surface together with ``next_deadline``: one task owns a Gateway, waits for the
next input or the next deadline, and journals and publishes what comes back. Time is an argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, TypeAlias

from msgspec import Struct

from gateway.ami import messages
from gateway.ami.sight import Sight
from gateway.ami.tracker import Legs, Tracker
from gateway.answer_sla.alerts import Alerts
from gateway.answer_sla.clock import AnswerClock
from gateway.answer_sla.missed import KEPT, MissedCallers
from gateway.answer_sla.service_level import ServiceLevel
from gateway.asr import protocol
from gateway.asr.listening import Listening
from gateway.config import Settings
from gateway.events import (
    CallAnswered,
    CallEnded,
    CallOffered,
    CallQueued,
    Event,
    GatewayHealth,
    PartyJoined,
    SurveyCompleted,
)
from gateway.tickets.draft import Drafts


class FromPbx(Struct, frozen=True):
    """A message of the PBX of this name (see ``Settings.pbxs_by_name``), where there are several."""

    pbx: str
    message: messages.Message


class Worker(Struct, frozen=True):
    """A message of one ASR worker."""

    worker_id: str
    message: protocol.FromWorker | protocol.Gone


class SurveyKey(Struct, frozen=True):
    """The key a caller pressed in the satisfaction survey (personal data)."""

    call_id: str
    score: int


Input: TypeAlias = messages.Message | FromPbx | Worker | SurveyKey | GatewayHealth


class _Living(Struct):
    """What the core itself has to know of a call whose line is not down."""

    agent: str = ""
    queue: str = ""


class Ticking(Protocol):
    """A part of the core that has something to say by the clock."""

    def tick(self, now: float) -> list[Event]:
        """Events that are due at ``now``."""

    def next_deadline(self) -> float | None:
        """The instant at which ``tick`` has something to do."""


class Part(Ticking, Protocol):
    """A part of the core that turns events into further events."""

    def feed(self, event: Event, now: float) -> list[Event]:
        """Events that follow from ``event``."""

    def restore(self, event: Event) -> None:
        """Take in what the journal knows, in order, and say nothing."""


class Gateway:
    """One hotline: living calls, their clocks, transcripts and drafts."""

    def __init__(self, settings: Settings, drafts: Drafts, new_id: Callable[[], str]) -> None:
        self._settings = settings
        names = {agent.id: agent.name for agent in settings.agent}
        self._trackers = {
            name: Tracker(pbx.trunk_contexts, names, self._wrap_up, pbx.wrap_up_reasons)
            for name, pbx in settings.pbxs_by_name().items()
        }
        self.listening = Listening(settings, new_id)
        self._drafts = drafts
        self._sight = Sight(self._trackers)
        self._alerts = Alerts(settings, self._sight.has)
        self._clock = AnswerClock(settings, self._sight.has)
        self._parts: tuple[Part, ...] = (self._clock, ServiceLevel(settings), self._alerts, drafts)
        self._ticking: tuple[Ticking, ...] = (*self._trackers.values(), *self._parts, self.listening)
        self._missed = MissedCallers(settings, kept=KEPT)
        self._living: dict[str, _Living] = {}

    def feed(self, item: Input, now: float) -> list[Event]:
        """Everything that follows from one input, in order."""
        match item:
            case Worker():
                return self._spread(self.listening.hear(item.worker_id, item.message, now), now)
            case SurveyKey():
                return self._spread(self._rated(item, now), now)
            case GatewayHealth():
                return self._spread([item], now)
            case FromPbx():
                return self._from_pbx(item.pbx, item.message, now)
            case _:
                return self._from_pbx("", item, now)

    def taps(self, now: float) -> list[protocol.ExpectTap]:
        """Legs that should be tapped now; each is handed out once."""
        return self.listening.orders(self._speaks, now)

    def choose_language(self, call_id: str, language: str, by: str, now: float) -> list[Event]:
        """``by`` says which language is spoken from now on. Raises InputError."""
        return self._spread(self.listening.choose_language(call_id, language, by, now), now)

    def edit_ticket(self, call_id: str, values: Mapping[str, str], agent: str, now: float) -> list[Event]:
        """An agent's hand on a draft. Raises InputError."""
        return self._spread(self._drafts.edit(call_id, values, agent, now), now)

    def submit_ticket(self, call_id: str, agent: str, now: float) -> list[Event]:
        """The agent sends the ticket off. Raises InputError."""
        return self._spread(self._drafts.submit(call_id, agent, now), now)

    def request_callback(self, call_id: str, by: str, now: float) -> list[Event]:
        """``by`` wants the missed caller whose latest call this is to be called back.

        Raises InputError: NotMissedError, or AlreadyRequestedError.
        """
        return self._spread([self._missed.request_callback(call_id, by, now)], now)

    def acknowledge_alert(self, alert_id: str, by: str, now: float) -> list[Event]:
        """``by`` takes care of an open alert. Raises InputError."""
        return self._spread(self._alerts.acknowledge(alert_id, by, now), now)

    def restore(self, event: Event) -> None:
        """Take in one entry of the journal, in order, before the first input: state as if there had been no stop."""
        self._sight.lose_all()
        self._remember(event)
        for name, tracker in self._trackers.items():
            if self._sight.belongs(getattr(event, "call_id", ""), name):
                tracker.restore(event)
        self.listening.restore(event)
        for part in self._parts:
            part.restore(event)

    def restored(self, stopped: float, now: float) -> None:
        """All of the journal was taken in; the gateway before this one was alive until ``stopped``."""
        self.listening.restored(stopped, now)

    def recall_missed(self, event: Event) -> None:
        """Take in an entry of the journal from before those that are restored: callers may still be called back."""
        self._missed.feed(event)

    def living(self) -> list[str]:
        """Ids of the calls whose line is not down."""
        return [call_id for tracker in self._trackers.values() for call_id in tracker.living()]

    def tick(self, now: float) -> list[Event]:
        """Events that are due by the clock."""
        events: list[Event] = []
        for part in self._ticking:
            events += self._spread(part.tick(now), now)
        return events

    def next_deadline(self) -> float | None:
        """The next instant at which ``tick`` has something to do."""
        deadlines = (part.next_deadline() for part in self._ticking)
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    def _wrap_up(self, queue: str) -> float:
        return self._settings.policy(queue).wrap_up_seconds

    def _from_pbx(self, pbx: str, message: messages.Message, now: float) -> list[Event]:
        self._sight.lose(pbx, message)
        events = self._spread([*_ami_lost(pbx, message), *self._trackers[pbx].feed(message)], now)
        if self._sight.regain(pbx, message):
            self._clock.look_again()
            self._alerts.look_again()
            again = GatewayHealth(at=message.at, component=ami(pbx), status="ok", detail="in step with Asterisk")
            events += self._spread([again], now)
        match message:
            case messages.QueueCallerLeave() | messages.AgentConnect() | messages.BridgeEnter():
                self._see(message.uniqueid, now)
            case messages.ResyncCompleted():
                for call_id in self._trackers[pbx].living():
                    self._see(call_id, now)
        return events

    def _spread(self, events: list[Event], now: float) -> list[Event]:
        """Each event, followed by what the parts make of it."""
        spread: list[Event] = []
        waiting = list(events)
        while waiting:
            event = waiting.pop(0)
            spread.append(event)
            self._remember(event)
            for part in self._parts:
                waiting += part.feed(event, now)
            waiting += self.listening.follow(event, now)
            if isinstance(event, CallAnswered | PartyJoined):
                self._see(event.call_id, now)
        return spread

    def _remember(self, event: Event) -> None:
        self._missed.feed(event)
        match event:
            case CallOffered():
                self._living[event.call_id] = _Living()
            case CallQueued() if event.call_id in self._living:
                self._living[event.call_id].queue = event.queue
            case CallAnswered() if event.call_id in self._living:
                living = self._living[event.call_id]
                living.agent, living.queue = event.agent, event.queue
            case CallEnded():
                self._living.pop(event.call_id, None)
            case _:
                pass

    def _see(self, call_id: str, now: float) -> None:
        """At pick-up, so that the first word is heard; after a resync, when the call is found answered."""
        pbx, legs = self._legs(call_id)
        if legs is not None:
            self.listening.see(call_id, pbx, legs.caller_channel, legs.people, now)

    def _speaks(self, leg: protocol.Leg) -> bool:
        """The leg's person still speaks with the caller."""
        _, legs = self._legs(leg.call_id)
        return legs is not None and (leg.channel in legs.people or leg.channel == legs.caller_channel)

    def _legs(self, call_id: str) -> tuple[str, Legs | None]:
        """The PBX that has the call, and the call's channels."""
        found = ((name, tracker.legs(call_id)) for name, tracker in self._trackers.items())
        return next(((name, legs) for name, legs in found if legs is not None), ("", None))

    def _rated(self, key: SurveyKey, now: float) -> list[Event]:
        living = self._living.get(key.call_id)
        if living is None or not living.agent:
            return []
        return [SurveyCompleted(at=now, call_id=key.call_id, agent=living.agent, queue=living.queue, score=key.score)]


def heard_until(events: Sequence[Event], pbx: str, silence_limit: float) -> float | None:
    """The instant up to which the PBX had been heard, by what a gateway said last; None when it said nothing.

    ``silence_limit``: seconds after which it notices that a PBX is silent.
    """
    health = (event for event in reversed(events) if isinstance(event, GatewayHealth) and event.component == ami(pbx))
    last = next(health, None)
    if last is not None and last.status == "lost":
        return last.at - silence_limit
    return events[-1].at if events else None


def ami(pbx: str) -> str:
    """The name of the connection to the PBX as a part of the gateway."""
    return f"ami:{pbx}" if pbx else "ami"


def _ami_lost(pbx: str, message: messages.Message) -> list[Event]:
    if isinstance(message, messages.ConnectionLost):
        return [GatewayHealth(at=message.at, component=ami(pbx), status="lost", detail=message.reason)]
    return []
