"""The answer clock: says that a waiting call is at risk or late at that very second, not at its next event. PURE.

``feed`` takes events, ``tick`` the time; ``next_deadline`` is when ``tick`` has something to say. Each warning is
given once per call and never early; its ``at`` is the deadline. Thousands of calls may wait: deadlines stand in a
heap, and those of calls that were served meanwhile are dropped when they come up.

Before a call joins a queue nobody knows which promise it was given. Until then it is held to the most lenient one of
all queues, provided that all of them count the caller's whole wait.

Where the wait ends at pick-up it stops there, although the call is answered only after the announcement. An agent who
is lost before the caller heard him never stopped it.

Of a call that is out of sight nobody knows whether it still waits: what comes due is held until it is in sight again,
or until its own news says how long it waited.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

from gateway.answer_sla.policy import Deadlines, deadlines, promise, wait
from gateway.config import QueuePolicy, Settings
from gateway.events import (
    AgentStateChanged,
    AnswerAtRisk,
    AnswerBreached,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallRinging,
    Event,
)

News = CallQueued | CallRinging | CallAnswered | CallAbandoned | CallOverflowed | CallEnded
"""What says that a call still waited, or how long it did."""


@dataclass(slots=True)
class _Waiting:
    """A call that nobody answered yet."""

    call_id: str
    arrived: float
    policy: QueuePolicy | None
    """What it is promised where it is now; None: nothing yet."""
    queue: str = ""
    queued: float | None = None
    first_ring: float | None = None
    picked_up_by: str = ""
    """The agent who picked up; the caller still hears an announcement, or is lost to that agent again."""
    at_risk: bool = False
    breached: bool = False


class AnswerClock:
    """Fires AnswerAtRisk and AnswerBreached by each queue's policy. ``in_sight`` says it of a call."""

    def __init__(self, settings: Settings, in_sight: Callable[[str], bool] = lambda call_id: True) -> None:
        self._settings = settings
        self._in_sight = in_sight
        self._waiting: dict[str, _Waiting] = {}
        self._due: list[tuple[float, str]] = []
        self._held: dict[str, list[float]] = {}
        """What came due of calls that are out of sight."""

    def feed(self, event: Event, now: float) -> list[Event]:
        """Take an event. First fires what was due before it happened, last what was due before now.

        So an answer in time is in time even if the news of it comes late; and what is due at this very instant waits
        for ``tick``, since another answer of the same instant may be the next to be fed.
        """
        fired = self._fire_before(min(event.at, now)) + self._fire_held(event)
        self._take(event)
        return fired + self._fire_before(now)

    def look_again(self) -> None:
        """Calls are in sight again: what came due of them is due now."""
        for call_id, instants in self._held.items():
            for at in instants:
                heapq.heappush(self._due, (at, call_id))
        self._held = {}

    def tick(self, now: float) -> list[Event]:
        """Fire everything that is due at ``now``."""
        fired: list[Event] = []
        while self._due and self._due[0][0] <= now:
            fired += self._fire_first()
        return fired

    def _fire_before(self, instant: float) -> list[Event]:
        fired: list[Event] = []
        while self._due and self._due[0][0] < instant:
            fired += self._fire_first()
        return fired

    def next_deadline(self) -> float | None:
        """The earliest instant at which ``tick`` may fire; None when nobody waits for it."""
        while self._due and self._due[0][1] not in self._waiting:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def deadlines(self, call_id: str) -> Deadlines | None:
        """The waiting call's deadlines; None when it does not wait, or its clock has not started."""
        call = self._waiting.get(call_id)
        return _deadlines(call) if call is not None else None

    def restore(self, event: Event) -> None:
        """Take in an event of before a restart, this clock's own among them: what it has said is not said again."""
        self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case CallOffered() if event.call_id not in self._waiting:
                promised = promise(self._settings, "", event.at)
                call = self._waiting[event.call_id] = _Waiting(event.call_id, event.at, promised)
                self._schedule(call)
            case CallQueued() if event.call_id in self._waiting:
                call = self._waiting[event.call_id]
                if call.queue != event.queue:
                    self._move(call, event.queue, event.at)
            case CallRinging() if event.call_id in self._waiting:
                call = self._waiting[event.call_id]
                if call.first_ring is None:
                    call.first_ring = event.at
                    self._schedule(call)
            case AgentStateChanged(state="talking") if event.call_id in self._waiting:
                self._waiting[event.call_id].picked_up_by = event.agent
            case AttemptMissed() if event.call_id in self._waiting:
                call = self._waiting[event.call_id]
                if call.picked_up_by == event.agent:
                    call.picked_up_by = ""
                    self._schedule(call)
            case CallOverflowed() if event.call_id in self._waiting:
                self._move(self._waiting[event.call_id], "", None)
            case AnswerAtRisk() if event.call_id in self._waiting:
                self._waiting[event.call_id].at_risk = True
            case AnswerBreached() if event.call_id in self._waiting:
                self._waiting[event.call_id].breached = True
            case CallAnswered() | CallAbandoned() | CallEnded():
                self._waiting.pop(event.call_id, None)
                self._held.pop(event.call_id, None)

    def _move(self, call: _Waiting, queue: str, queued: float | None) -> None:
        """Into a queue, or out of one."""
        call.queue, call.queued, call.first_ring, call.picked_up_by = queue, queued, None, ""
        call.policy = promise(self._settings, queue, call.arrived)
        self._schedule(call)

    def _schedule(self, call: _Waiting) -> None:
        instants = _deadlines(call)
        if instants is not None:
            if not call.at_risk:
                heapq.heappush(self._due, (instants.at_risk_at, call.call_id))
            if not call.breached:
                heapq.heappush(self._due, (instants.breach_at, call.call_id))

    def _fire_held(self, event: Event) -> list[Event]:
        """News of a call that is out of sight: it waited until then, or as long as its clocks say."""
        call = self._waiting.get(getattr(event, "call_id", ""))
        instants = _deadlines(call) if call is not None and call.call_id in self._held else None
        if call is None or call.policy is None or instants is None or not isinstance(event, News):
            return []
        waited: float | None = event.at - instants.clock_start
        if not isinstance(event, CallQueued | CallRinging):
            waited = wait(event.clocks, call.policy)
        fired: list[Event] = []
        for at in sorted(self._held.pop(call.call_id)):
            if waited is not None and at < instants.clock_start + waited:
                fired += self._fire(call, at)
            else:
                self._held.setdefault(call.call_id, []).append(at)
        return fired

    def _fire_first(self) -> list[Event]:
        """The earliest deadline, unless its call was served meanwhile or is out of sight."""
        at, call_id = heapq.heappop(self._due)
        call = self._waiting.get(call_id)
        if call is None:
            return []
        if not self._in_sight(call_id):
            self._held.setdefault(call_id, []).append(at)
            return []
        return self._fire(call, at)

    def _fire(self, call: _Waiting, at: float) -> list[Event]:
        """What a deadline means for its call as it is now: nothing when its promise changed meanwhile."""
        instants = _deadlines(call)
        if call.policy is None or instants is None:
            return []
        fired: list[Event] = []
        waited = at - instants.clock_start
        target = call.policy.target_seconds
        what = {"call_id": call.call_id, "queue": call.queue, "clock": call.policy.clock}
        if not call.at_risk and at >= instants.at_risk_at:
            call.at_risk = True
            fired.append(AnswerAtRisk(at=at, waited=waited, target=target, **what))
        if not call.breached and at >= instants.breach_at:
            call.breached = True
            fired.append(AnswerBreached(at=at, waited=waited, target=target, **what))
        return fired


def _deadlines(call: _Waiting) -> Deadlines | None:
    if call.policy is None or (call.picked_up_by and call.policy.clock != "caller_wait"):
        return None
    return deadlines(call.policy, arrived=call.arrived, queued=call.queued, first_ring=call.first_ring)
