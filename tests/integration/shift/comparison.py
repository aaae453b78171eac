"""The gateway's events and Asterisk's queue_log side by side, call by call and visit by visit.

Where the two tell the same thing otherwise, the reason stands in ``KNOWN``, and it is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field

from gateway.events import (
    AgentStateChanged,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallTransferred,
    Event,
)
from tests.integration.shift.queue_book import NO_TIME, LoggedVisit, QueueBook

WITHIN = 1.05
"""Seconds; queue_log has whole ones, and Asterisk reads its clock for it some milliseconds after the event's."""
KNOWN = {
    "left unheard": "The caller left during the announcement. Asterisk bridges both all the same and logs CONNECT and "
    "COMPLETECALLER; nobody was heard, so the call is abandoned.",
    "agent left unheard": "The agent left during the announcement. Asterisk logs CONNECT, and a new visit when the "
    "dialplan sends the caller back; he never stopped waiting, so it is one visit, and a ring missed.",
    "taken out": "A supervisor took the caller out of the queue. Asterisk logs ABANDON; the caller went on elsewhere.",
    "picked up": "A colleague took the call from a ringing phone. Asterisk names the member whose phone rang.",
    "gave up after a conversation": "Sent on to a queue, the caller left before anybody took him. Asterisk logs "
    "ABANDON; the call was answered, and stays it.",
    "sent on behind a Local channel": "The agent is behind a Local channel that stays. What he sends on is its far "
    "half: Asterisk logs the queue under that one's name.",
    "taken over": "An agent handed over while he waited in the other queue. Asterisk counts the wait from the agent's "
    "ENTERQUEUE and rings of before; where the agent is behind a Local channel it goes on under that one's name.",
}
IN_VAIN = ("no_answer", "busy", "rejected", "unreachable")
"""What Asterisk calls ring no answer."""


@dataclass
class ToldVisit:
    """One visit as the gateway's events tell it. ``unheard``: agents who picked up and were gone before they spoke."""

    queue: str
    joined: float
    after_talk: bool
    taken_over: bool = False
    outcome: str = "open"
    agent: str = ""
    waited: float | None = None
    picked_up: float | None = None
    rings: Counter[tuple[str, str]] = field(default_factory=Counter)
    elsewhere: set[str] = field(default_factory=set)
    unheard: list[str] = field(default_factory=list)


@dataclass
class ToldCall:
    """One call as the gateway's events tell it."""

    call_id: str
    number: str
    visits: list[ToldVisit] = field(default_factory=list)
    transfers: list[CallTransferred] = field(default_factory=list)
    ended: CallEnded | None = None


def told_calls(events: Iterable[Event]) -> dict[str, ToldCall]:
    """Every call by its id."""
    calls: dict[str, ToldCall] = {}
    talking: set[tuple[str, str]] = set()
    answered: set[str] = set()
    for event in events:
        if isinstance(event, AgentStateChanged):
            if event.state == "talking":
                talking.add((event.call_id, event.agent))
            continue
        if isinstance(event, CallOffered):
            calls[event.call_id] = ToldCall(event.call_id, event.caller_number)
        if not isinstance(event, CallEvent) or event.call_id not in calls:
            continue
        call = calls[event.call_id]
        visit = call.visits[-1] if call.visits else None
        match event:
            case CallQueued():
                sent = call.transfers[-1] if call.transfers else None
                taken_over = sent is not None and (sent.kind, sent.at) == ("blonde", event.at)
                call.visits.append(ToldVisit(event.queue, event.at, event.call_id in answered, taken_over))
            case AttemptMissed() if visit is not None:
                _miss(visit, event, (event.call_id, event.agent) in talking)
            case CallAnswered():
                answered.add(event.call_id)
                if visit is not None and event.queue:
                    clocks = event.clocks
                    visit.outcome, visit.agent, visit.waited = "answered", event.agent, clocks.queue_wait
                    visit.picked_up = clocks.picked_up
            case CallAbandoned() if visit is not None:
                visit.outcome, visit.waited = "abandoned", event.clocks.queue_wait
                visit.picked_up = event.clocks.picked_up
            case CallOverflowed() if visit is not None:
                visit.outcome, visit.waited = "overflowed", event.clocks.queue_wait
            case CallTransferred():
                call.transfers.append(event)
            case CallEnded():
                call.ended = event
                if visit is not None and visit.outcome == "open":
                    visit.outcome, visit.waited = "left", (event.clocks.ended or event.at) - visit.joined
    return calls


def _miss(visit: ToldVisit, event: AttemptMissed, talked: bool) -> None:
    if event.reason == "rejected" and talked:
        visit.unheard.append(event.agent)
    elif event.reason in IN_VAIN:
        visit.rings["RINGNOANSWER", event.agent] += 1
    elif event.reason == "caller_left" and event.ring_seconds < NO_TIME:
        pass
    elif event.reason == "caller_left":
        visit.rings["RINGCANCELED", event.agent] += 1
    else:
        visit.elsewhere.add(event.agent)


class Comparison:
    """``differences``: in words, empty when the two agree. ``known``: how often each of ``KNOWN`` was met.

    ``visits`` compared, and ``largest``: the largest difference of their waits, seconds. ``taken_out``: ids of the
    calls that a supervisor took out of the queue.
    """

    def __init__(
        self, events: Sequence[Event], book: QueueBook, agents: Iterable[str], taken_out: Container[str] = ()
    ) -> None:
        self.differences: list[str] = list(book.strange)
        self.known: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.visits = 0
        self.largest = 0.0
        calls = told_calls(events)
        strangers = {uniqueid: visits for uniqueid, visits in book.visits.items() if uniqueid not in calls}
        self._taken_out = taken_out
        self._strange = [visit for visits in strangers.values() for visit in visits if visit.caller not in agents]
        for call in calls.values():
            self._call(call, book.visits.get(call.call_id, []))
        self.differences += [f"a visit of {v.queue} at {v.joined:.0f} is not told" for v in self._strange]

    def _call(self, call: ToldCall, logged: list[LoggedVisit]) -> None:
        if call.ended is None:
            self.differences.append(f"{call.call_id} is still open")
        logged = list(logged)
        for number, told in enumerate(call.visits):
            where = f"{call.call_id} visit {number + 1} ({told.queue})"
            visit = self._taken_over(told, logged) if told.taken_over else self._merged(told, logged, call)
            if visit is None:
                self.differences.append(f"{where}: not in queue_log")
                continue
            self.visits += 1
            self.outcomes[told.outcome] += 1
            for what in self._visit(told, visit, call.call_id in self._taken_out):
                self.differences.append(f"{where}: {what}")
        self.differences += [f"{call.call_id}: a visit of {visit.queue} is not told" for visit in logged]

    def _merged(self, told: ToldVisit, logged: list[LoggedVisit], call: ToldCall) -> LoggedVisit | None:
        """The next visit in queue_log; those that an agent ended unheard are one with what follows."""
        first = logged.pop(0) if logged else self._far_half(told, call)
        visit = first
        for agent in told.unheard:
            if visit is None or visit.agent != agent:
                return visit
            self.known["agent left unheard"] += 1
            rings = visit.rings
            visit = logged.pop(0) if logged else None
            if visit is not None and first is not None:
                visit.rings += rings
                end = visit.picked_up if visit.outcome == "answered" else visit.joined + (visit.waited or 0)
                visit.waited = None if end is None else int(end - first.joined)
        return visit

    def _far_half(self, told: ToldVisit, call: ToldCall) -> LoggedVisit | None:
        for visit in self._strange:
            same = (visit.queue, visit.caller) == (told.queue, call.number)
            if same and visit.entered and abs(visit.joined - told.joined) <= WITHIN:
                self._strange.remove(visit)
                self.known["sent on behind a Local channel"] += 1
                return visit
        return None

    def _taken_over(self, told: ToldVisit, logged: list[LoggedVisit]) -> LoggedVisit | None:
        """Under the call's own name, or that of the Local channel between it and the agent who handed over."""
        for visits in (logged, self._strange):
            for visit in visits:
                if not visit.entered and visit.queue == told.queue and visit.agent == told.agent:
                    visits.remove(visit)
                    self.known["taken over"] += 1
                    return visit
        return None

    def _visit(self, told: ToldVisit, logged: LoggedVisit, taken_out: bool) -> list[str]:
        found = []
        if told.queue != logged.queue:
            found.append(f"queue {told.queue}, logged {logged.queue}")
        found += self._outcome(told, logged, taken_out)
        if not logged.entered:
            return found
        if logged.waited is not None and told.waited is not None:
            off = abs(told.waited - logged.waited)
            self.largest = max(self.largest, off)
            if off > WITHIN:
                found.append(f"waited {told.waited:.3f} s, logged {logged.waited} s")
        else:
            found.append(f"waited {told.waited}, logged {logged.waited}")
        if told.rings != logged.rings:
            found.append(f"rings {dict(told.rings)}, logged {dict(logged.rings)}")
        return found

    def _outcome(self, told: ToldVisit, logged: LoggedVisit, taken_out: bool) -> list[str]:
        known = ""
        match told.outcome, logged.outcome:
            case "abandoned", "answered" if told.picked_up is not None and logged.ended == "COMPLETECALLER":
                known = "left unheard"
            case "overflowed", "abandoned" if taken_out:
                known = "taken out"
            case "left", "abandoned" if told.after_talk:
                known = "gave up after a conversation"
            case "answered", "answered" if told.agent != logged.agent and logged.agent in told.elsewhere:
                known = "picked up"
            case _ if told.outcome != logged.outcome:
                return [f"{told.outcome}, logged {logged.outcome}"]
            case _ if told.agent != logged.agent:
                return [f"agent {told.agent}, logged {logged.agent}"]
        if known:
            self.known[known] += 1
        return []
