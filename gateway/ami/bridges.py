"""Who is connected with whom: the bridges' members, seen through the Local channels that join two bridges. PURE."""

from __future__ import annotations

_HALVES = {";1": ";2", ";2": ";1"}


class Bridges:
    """Members of every bridge by Uniqueid, with their full channel names."""

    def __init__(self) -> None:
        self._members: dict[str, dict[str, str]] = {}
        self._bridge: dict[str, str] = {}
        self._locals: dict[str, str] = {}
        self._ringing: set[str] = set()
        """Members, by Uniqueid, that are in a bridge before anybody answered them."""
        self._empty: set[str] = set()
        """Local channels in a bridge whose other half was in one, and left it: nobody is behind them."""

    def enter(self, bridge: str, uniqueid: str, channel: str, *, answered: bool = True) -> None:
        """The channel is in this bridge now, and in no other."""
        self.leave(uniqueid)
        if not answered:
            self._ringing.add(uniqueid)
        self._members.setdefault(bridge, {})[uniqueid] = channel
        self._bridge[uniqueid] = bridge
        if channel.startswith("Local/"):
            self._locals[channel] = uniqueid
            self._empty.discard(_other(channel))

    def leave(self, uniqueid: str) -> None:
        """The channel is in no bridge now."""
        bridge = self._bridge.pop(uniqueid, None)
        if bridge is None:
            return
        self._ringing.discard(uniqueid)
        members = self._members[bridge]
        channel = members.pop(uniqueid)
        self._locals.pop(channel, None)
        self._empty.discard(channel)
        if _other(channel) in self._locals:
            self._empty.add(_other(channel))
        if not members:
            del self._members[bridge]

    def answer(self, uniqueid: str) -> bool:
        """Somebody answered the channel; True when it was in a bridge before that."""
        ringing = uniqueid in self._ringing
        self._ringing.discard(uniqueid)
        return ringing

    def send_on(self, channel: str) -> None:
        """This Local channel is on its way to somebody: nobody is behind its other half."""
        if _other(channel) in self._locals:
            self._empty.add(_other(channel))

    def is_empty(self, channel: str) -> bool:
        """Is it a Local channel with nobody behind it any more?"""
        return channel in self._empty

    def clear(self) -> None:
        """Forget everything."""
        for part in (self._members, self._bridge, self._locals, self._ringing, self._empty):
            part.clear()

    def around(self, uniqueid: str) -> dict[str, str]:
        """Every channel that hears this one, itself included: of its bridge, and of those behind Local channels.

        A Local channel whose other half is in a bridge is left out: whoever is behind it stands for it. So is one
        whose other half left its bridge: the person behind it hung up, or sent that half on. Nobody is behind a
        channel that still rings.
        """
        found: dict[str, str] = {}
        bridges, known = [self._bridge.get(uniqueid, "")], set[str]()
        while bridges:
            bridge = bridges.pop()
            if not bridge or bridge in known:
                continue
            known.add(bridge)
            for member, channel in self._members[bridge].items():
                behind = self._other_half(channel)
                if behind:
                    bridges.append(behind)
                elif member not in self._ringing and not self.is_empty(channel):
                    found[member] = channel
        return found

    def beyond(self, channel: str) -> dict[str, str]:
        """Every channel that hears what this Local channel says, by way of its other half; of another kind, none."""
        other = self._locals.get(_other(channel))
        return {} if other is None else self.around(other)

    def _other_half(self, channel: str) -> str:
        """The bridge that the other half of this Local channel is in; empty when it is none, or in none."""
        return self._bridge.get(self._locals.get(_other(channel), ""), "")


def _other(channel: str) -> str:
    """The name of a Local channel's other half; empty for any other channel."""
    other = _HALVES.get(channel[-2:], "") if channel.startswith("Local/") else ""
    return channel[:-2] + other if other else ""
