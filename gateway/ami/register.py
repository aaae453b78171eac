"""The living calls, found by whatever of theirs a message names: the caller's channel, a person's, a Linkedid. PURE."""

from __future__ import annotations

from collections import Counter, deque

from gateway.ami.call import Call, Leg
from gateway.events import CallOffered, Event

REMEMBERED = 1000
"""Calls that are over and still known by name."""


class Register:
    """The living calls by id, with their aliases (Linkedids) and legs. ``out`` collects what happened, in order."""

    def __init__(self) -> None:
        self.odd: Counter[str] = Counter()
        self.out: list[Event] = []
        self._calls: dict[str, Call] = {}
        self._aliases: dict[str, str] = {}
        self._legs: dict[str, str] = {}
        self._over: deque[str] = deque(maxlen=REMEMBERED)

    def living(self) -> tuple[Call, ...]:
        """In order of arrival."""
        return tuple(self._calls.values())

    def of_caller(self, uniqueid: str) -> Call | None:
        """The call whose caller's channel this is."""
        return self._calls.get(uniqueid)

    def of_leg(self, uniqueid: str) -> Call | None:
        """The call one of whose people's channels this is."""
        return self._calls.get(self._legs.get(uniqueid, ""))

    def of_linkedid(self, linkedid: str) -> Call | None:
        """The call that a channel with this Linkedid has to do with."""
        return self._calls.get(self._aliases.get(linkedid, ""))

    def alias(self, call: Call, linkedid: str) -> None:
        """Remember that the call is also known by this Linkedid."""
        if linkedid and linkedid not in call.linkedids:
            call.linkedids.add(linkedid)
            self._aliases[linkedid] = call.call_id

    def add(self, call: Call) -> None:
        """Follow this call from now on."""
        self._calls[call.call_id] = call
        self.alias(call, call.call_id)

    def is_over(self, call_id: str) -> bool:
        """Did this call end not long ago?"""
        return call_id in self._over

    def offer(self, call: Call, number: str, name: str, dialled: str) -> None:
        """A new call. ``number`` and ``name`` are the caller's."""
        self.add(call)
        self.out.append(
            CallOffered(at=call.arrived, call_id=call.call_id, caller_number=number, caller_name=name, dialled=dialled)
        )

    def remove(self, call: Call) -> None:
        """Follow it no more."""
        self._calls.pop(call.call_id, None)
        self._over.append(call.call_id)
        for linkedid in call.linkedids:
            if self._aliases.get(linkedid) == call.call_id:
                del self._aliases[linkedid]
        for uniqueid in [uniqueid for uniqueid, owner in self._legs.items() if owner == call.call_id]:
            del self._legs[uniqueid]

    def bind(self, call: Call, leg: Leg) -> None:
        """The leg's channel has to do with this call."""
        self._legs[leg.uniqueid] = call.call_id

    def rename(self, call: Call, leg: Leg, uniqueid: str, channel: str) -> None:
        """A leg known only by its agent has this channel."""
        old = leg.uniqueid
        for legs in (call.legs, call.people, call.apart):
            if old in legs:
                del legs[old]
                legs[uniqueid] = leg
        if call.hold is not None and call.hold.uniqueid == old:
            call.hold.uniqueid = uniqueid
        self._legs.pop(old, None)
        leg.uniqueid, leg.channel = uniqueid, channel
        self.bind(call, leg)
