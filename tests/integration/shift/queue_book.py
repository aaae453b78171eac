"""Asterisk's queue_log as visits: what it says of each time a caller was in a queue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from gateway.ami.messages import QueueLogEntry

ENDS = ("COMPLETECALLER", "COMPLETEAGENT", "BLINDTRANSFER", "ATTENDEDTRANSFER")
"""Their last three data are the seconds waited, the seconds talked, and the position in the queue."""
NO_TIME = 0.1
"""Seconds; a phone whose ring was taken away sooner had no time to ring."""
GIVEN_UP = {"ABANDON": "abandoned", "EXITWITHTIMEOUT": "overflowed"}


@dataclass
class LoggedVisit:
    """One time in a queue. Instants are whole seconds, ``agent`` is an id.

    ``waited``: until pick-up, or until the queue lost him. ``ended``: the verb that ended a conversation.
    ``entered``: by ENTERQUEUE; else the caller took the place of an agent who waited there for him.
    """

    queue: str
    caller: str
    joined: float
    outcome: str = "open"
    agent: str = ""
    waited: int | None = None
    picked_up: float | None = None
    connected_hold: str = ""
    ended: str = ""
    entered: bool = True
    rings: Counter[tuple[str, str]] = field(default_factory=Counter)
    """RINGNOANSWER and RINGCANCELED by agent."""


class QueueBook:
    """Every visit by the caller's Uniqueid, in order. ``names``: agents' ids by their members' names.

    ``strange``: lines that fit no visit, in words.
    """

    def __init__(self, entries: Iterable[QueueLogEntry], names: dict[str, str]) -> None:
        self.visits: dict[str, list[LoggedVisit]] = {}
        self.strange: list[str] = []
        self._names = names
        for entry in entries:
            if entry.uniqueid:
                self._take(entry)

    def _take(self, entry: QueueLogEntry) -> None:
        if entry.verb == "ENTERQUEUE":
            self._add(entry, LoggedVisit(entry.queue, entry.data[1], entry.at))
        elif entry.verb in ENDS:
            self._end(entry)
        else:
            visits = [visit for visit in self.visits.get(entry.uniqueid, ()) if visit.queue == entry.queue]
            visit = visits[-1] if visits else self._add(entry, LoggedVisit(entry.queue, "", entry.at, entered=False))
            self._tell(visit, entry)

    def _add(self, entry: QueueLogEntry, visit: LoggedVisit) -> LoggedVisit:
        self.visits.setdefault(entry.uniqueid, []).append(visit)
        return visit

    def _end(self, entry: QueueLogEntry) -> None:
        """It may be written under another call's name, when two became one by a transfer, and once more than once."""
        agent = self._names.get(entry.agent, entry.agent)
        sought = entry.queue, agent, entry.data[-3]
        everywhere = [visit for visits in self.visits.values() for visit in visits]
        for visits in (self.visits.get(entry.uniqueid, []), everywhere):
            found = [visit for visit in visits if (visit.queue, visit.agent, visit.connected_hold) == sought]
            living = [visit for visit in found if not visit.ended]
            if living:
                living[-1].ended = entry.verb
            if found:
                return
        self.strange.append(f"{entry.uniqueid}: {entry.verb} in {entry.queue} of a visit that is not known")

    def _tell(self, visit: LoggedVisit, entry: QueueLogEntry) -> None:
        agent = self._names.get(entry.agent, entry.agent)
        match entry.verb:
            case "RINGCANCELED" if int(entry.data[0]) < NO_TIME * 1000:
                pass
            case "RINGNOANSWER" | "RINGCANCELED":
                visit.rings[entry.verb, agent] += 1
            case "PICKUP":
                visit.picked_up, visit.waited = entry.at, int(entry.data[0])
            case "CONNECT":
                visit.outcome, visit.agent, visit.connected_hold = "answered", agent, entry.data[0]
            case "ABANDON" | "EXITWITHTIMEOUT":
                visit.outcome, visit.waited = GIVEN_UP[entry.verb], int(entry.data[2])
            case _:
                self.strange.append(f"{entry.uniqueid}: {entry.verb} in {entry.queue}, which nobody expected")
