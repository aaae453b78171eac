"""Which calls are where they seem to be: those of PBXs that are followed message by message just now. PURE.

While the connection to a PBX is lost, and from a start until its first resync is complete, nobody knows whether a call
that waited still waits.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.ami import messages as ami


class Sight:
    """Of all PBXs, by name (see ``Settings.pbxs_by_name``)."""

    def __init__(self, pbxs: Iterable[str]) -> None:
        self._pbxs = tuple(pbxs)
        self._lost: set[str] = set()

    def lose_all(self) -> None:
        """The gateway starts again."""
        self._lost.update(self._pbxs)

    def lose(self, pbx: str, message: ami.Message) -> None:
        """To be told of each message before it is taken in."""
        if isinstance(message, ami.ConnectionLost) or (isinstance(message, ami.ResyncStarted) and not message.audit):
            self._lost.add(pbx)

    def regain(self, pbx: str, message: ami.Message) -> bool:
        """To be told of each message after what follows from it: are this PBX's calls in sight again?"""
        found = isinstance(message, ami.ResyncCompleted) and pbx in self._lost
        if found:
            self._lost.discard(pbx)
        return found

    def has(self, call_id: str) -> bool:
        """Is this call in sight?"""
        return not any(self.belongs(call_id, pbx) for pbx in self._lost)

    def belongs(self, call_id: str, pbx: str) -> bool:
        """Is it this PBX's call? With several, ids begin with the PBX's name; with one, all are its."""
        return len(self._pbxs) == 1 or call_id.startswith(f"{pbx}-")
