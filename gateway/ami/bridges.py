"""Who is connected with whom: the bridges' members, seen through the Local channels that join two bridges. PURE."""

from __future__ import annotations

_HALVES = {";1": ";2", ";2": ";1"}


class Bridges:
    """Members of every bridge by Uniqueid, with their full channel names."""

    def __init__(self) -> None:
        self._members: dict[str, dict[str, str]] = {}
        self._bridge: dict[str, str] = {}
        self._locals: dict[str, str] = {}

    def enter(self, bridge: str, uniqueid: str, channel: str) -> None:
        """The channel is in this bridge now, and in no other."""
        self.leave(uniqueid)
        self._members.setdefault(bridge, {})[uniqueid] = channel
        self._bridge[uniqueid] = bridge
        if channel.startswith("Local/"):
            self._locals[channel] = uniqueid

    def leave(self, uniqueid: str) -> None:
        """The channel is in no bridge now."""
        bridge = self._bridge.pop(uniqueid, None)
        if bridge is None:
            return
        members = self._members[bridge]
        self._locals.pop(members.pop(uniqueid), None)
        if not members:
            del self._members[bridge]

    def clear(self) -> None:
        """Forget everything."""
        for part in (self._members, self._bridge, self._locals):
            part.clear()

    def around(self, uniqueid: str) -> dict[str, str]:
        """Every channel that hears this one, itself included: of its bridge, and of those behind Local channels.

        A Local channel whose other half is in a bridge is left out: whoever is behind it stands for it.
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
                else:
                    found[member] = channel
        return found

    def _other_half(self, channel: str) -> str:
        """The bridge that the other half of this Local channel is in; empty when it is none, or in none."""
        other = _HALVES.get(channel[-2:]) if channel.startswith("Local/") else None
        return self._bridge.get(self._locals.get(channel[:-2] + other, ""), "") if other else ""
