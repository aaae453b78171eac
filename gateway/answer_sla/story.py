"""A call's story read from its events after the fact: where it waited, what came of it, where it was sent on to. PURE.

The other way to the same figures as ``service_level``, which counts while things happen: here all events of the call
are there, and each question is answered once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.answer_sla.tally import Decision, Verdict, late, moved_on, verdict
from gateway.config import QueuePolicy, Settings
from gateway.events import (
    AnswerBreached,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallOffered,
    CallOverflowed,
    CallQueued,
)

STORY_EVENTS = (CallOffered, CallQueued, CallAnswered, CallAbandoned, CallOverflowed, CallEnded, AnswerBreached)
"""The events a story is told by."""


@dataclass(slots=True)
class Stay:
    """A call's time in one queue. ``joined``: first, ``back``: last. ``said``: None while it waits within target."""

    policy: QueuePolicy
    joined: float
    back: float
    said: Verdict | None = None
    earlier: list[Verdict] = field(default_factory=list)
    """What was said before it came back."""


@dataclass(slots=True)
class Transfer:
    """A stay after a conversation. ``answered``: when somebody took it."""

    queue: str
    at: float
    answered: float | None = None


@dataclass(slots=True)
class Story:
    """What figures need of a call. ``decided``: the last word about its wait; None: it waits."""

    call_id: str
    arrived: float
    stays: dict[str, Stay] = field(default_factory=dict)
    decided: Decision | None = None
    answered_in: str = ""
    transfers: list[Transfer] = field(default_factory=list)
    ended: CallEnded | None = None

    @property
    def handled(self) -> bool:
        """Answered in a queue, over, and its conversation known from the beginning."""
        return bool(self.answered_in) and self.ended is not None and self.ended.clocks.caller_wait is not None


def tell(events: Sequence[CallEvent], settings: Settings) -> Story:
    """The story of one call by its events, in the journal's order; the first may be any of ``STORY_EVENTS``."""
    first = events[0]
    arrived = first.at if isinstance(first, CallOffered) else _arrived(first)
    story = Story(first.call_id, arrived)
    waiting_in = ""
    for event in events:
        match event:
            case CallQueued() if isinstance(story.decided, CallAnswered):
                story.transfers.append(Transfer(event.queue, event.at))
            case CallQueued() if event.queue != waiting_in:
                _leave(story, waiting_in, event.at)
                waiting_in = event.queue
                _join(story, waiting_in, event.at, settings)
                story.decided = None
            case CallAnswered() if isinstance(story.decided, CallAnswered):
                _take_transfer(story, event)
            case CallAnswered() | CallAbandoned() | CallOverflowed() if not isinstance(story.decided, CallAnswered):
                queue = event.queue or waiting_in
                _decide(story, queue, event, settings)
                if isinstance(event, CallOverflowed) and waiting_in not in ("", queue):
                    continue
                if waiting_in != queue:
                    _leave(story, waiting_in, event.at)
                waiting_in = ""
                story.decided = event
                story.answered_in = queue if isinstance(event, CallAnswered) else ""
            case CallEnded():
                story.ended = event
                if story.decided is None:
                    _decide(story, waiting_in, event, settings)
                    waiting_in = ""
                    story.decided = event
    breach = next((event.at for event in events if isinstance(event, AnswerBreached)), None)
    if waiting_in and breach is not None:
        stay = story.stays[waiting_in]
        stay.said = late(max(breach, stay.back))
    return story


def _arrived(event: CallEvent) -> float:
    return event.clocks.arrived if isinstance(event, Decision) else event.at


def _join(story: Story, queue: str, at: float, settings: Settings) -> Stay:
    stay = story.stays.get(queue)
    if stay is None:
        return story.stays.setdefault(queue, Stay(settings.policy_at(queue, story.arrived), at, at))
    stay.back = at
    if stay.said is not None:
        stay.earlier.append(stay.said)
    stay.said = None
    return stay


def _leave(story: Story, queue: str, at: float) -> None:
    if queue:
        story.stays[queue].said = moved_on(at)


def _decide(story: Story, queue: str, event: Decision, settings: Settings) -> None:
    if not queue:
        return
    stay = story.stays.get(queue)
    if stay is None:
        joined = event.clocks.queued if event.clocks.queued is not None else event.clocks.arrived
        stay = _join(story, queue, joined, settings)
    elif stay.said is not None:
        stay.earlier.append(stay.said)
    stay.said = verdict(event, stay.policy)


def _take_transfer(story: Story, event: CallAnswered) -> None:
    last = story.transfers[-1] if story.transfers else None
    if last is not None and last.queue == event.queue and last.answered is None:
        last.answered = event.at
