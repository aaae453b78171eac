"""The core: what comes in from the PBX, the workers and people goes out as events. PURE.

    message ──> tracker ──> events ──┬──> answer clock ──> events
    heard   ──> transcripts ─────────┼──> service level ──> events
    keys, edits ─────────────────────┴──> drafts ──> events

``feed`` and ``tick`` are the whole surface together with ``next_deadline``: one task owns a Gateway, waits for the
next input or the next deadline, and journals and publishes what comes back. Time is an argument.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeAlias

from msgspec import Struct

from gateway.ami import messages
from gateway.ami.tracker import Tracker
from gateway.answer_sla.clock import AnswerClock
from gateway.answer_sla.service_level import ServiceLevel
from gateway.asr import protocol
from gateway.asr.transcript import TranscriptBook
from gateway.config import Settings
from gateway.events import (
    CallAnswered,
    CallEnded,
    CallOffered,
    Event,
    GatewayHealth,
    Speaker,
    SurveyCompleted,
)
from gateway.tickets.draft import Drafts


class FromWorker(Struct, frozen=True):
    """A message of one ASR worker."""

    worker_id: str
    message: protocol.FromWorker


class SurveyKey(Struct, frozen=True):
    """The key a caller pressed in the satisfaction survey (personal data)."""

    call_id: str
    score: int


class Tap(Struct, frozen=True):
    """A leg that should be transcribed now: ``channel`` is Asterisk's full channel name."""

    call_id: str
    speaker: Speaker
    channel: str
    language: str


Input: TypeAlias = messages.Message | FromWorker | SurveyKey | GatewayHealth


class Part(Protocol):
    """A part of the core that turns events into further events, some of them by the clock."""

    def feed(self, event: Event, now: float) -> list[Event]:
        """Events that follow from ``event``."""

    def tick(self, now: float) -> list[Event]:
        """Events that are due at ``now``."""

    def next_deadline(self) -> float | None:
        """The instant at which ``tick`` has something to do."""


class Gateway:
    """One hotline: living calls, their clocks, transcripts and drafts."""

    def __init__(self, settings: Settings, drafts: Drafts) -> None:
        self._settings = settings
        self._tracker = Tracker(
            trunk_contexts=settings.ami.trunk_contexts,
            agent_names={agent.id: agent.name for agent in settings.agent},
        )
        self.transcripts = TranscriptBook(settings.speech.flush_timeout)
        self.drafts = drafts
        self._parts: tuple[Part, ...] = (AnswerClock(settings), ServiceLevel(settings), drafts)
        self._arrivals: dict[str, float] = {}
        self._answered: dict[str, CallAnswered] = {}
        self._untapped: list[Tap] = []

    def feed(self, item: Input, now: float) -> list[Event]:
        """Everything that follows from one input, in order."""
        match item:
            case FromWorker():
                return self._spread(self.transcripts.feed(item.message, now), now)
            case SurveyKey():
                answered = self._answered.get(item.call_id)
                if answered is None:
                    return []
                return [
                    SurveyCompleted(
                        at=now,
                        call_id=item.call_id,
                        agent=answered.agent,
                        queue=answered.queue,
                        score=item.score,
                    )
                ]
            case GatewayHealth():
                return self._spread([item], now)
            case _:
                return self._spread(self._tracker.feed(item), now)

    def edit_ticket(self, call_id: str, values: Mapping[str, str], agent: str, now: float) -> list[Event]:
        """An agent's hand on a draft. Raises InputError."""
        return self._spread(self.drafts.edit(call_id, values, agent, now), now)

    def submit_ticket(self, call_id: str, agent: str, now: float) -> list[Event]:
        """The agent sends the ticket off. Raises InputError."""
        return self._spread(self.drafts.submit(call_id, agent, now), now)

    def tick(self, now: float) -> list[Event]:
        """Events that are due by the clock."""
        events: list[Event] = []
        for part in self._parts:
            events += self._spread(part.tick(now), now)
        return events + self._spread(self.transcripts.tick(now), now)

    def next_deadline(self) -> float | None:
        """The next instant at which ``tick`` has something to do."""
        deadlines = [part.next_deadline() for part in self._parts] + [self.transcripts.next_deadline()]
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

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
            if isinstance(event, CallEnded):
                waiting += self.transcripts.call_ended(event.call_id, now)
        return spread

    def _remember(self, event: Event) -> None:
        match event:
            case CallOffered():
                self._arrivals[event.call_id] = event.at
            case CallAnswered():
                self._answered[event.call_id] = event
            case CallEnded():
                self._arrivals.pop(event.call_id, None)
                self._answered.pop(event.call_id, None)
            case _:
                pass
