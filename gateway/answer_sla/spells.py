"""What an agent did until his state changed, and whose call he wrapped up. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

from gateway.events import AgentState, AgentStateChanged

CallT = TypeVar("CallT")


class Spell(NamedTuple):
    """A time an agent spent in one state, for the call ``call_id`` if any. Unix seconds."""

    state: AgentState
    call_id: str
    start: float
    end: float


def spell_before(known: AgentStateChanged | None, event: AgentStateChanged) -> Spell | None:
    """What the agent did until ``event``, from the state change before it or, failing that, from its own words."""
    if known is not None:
        return Spell(known.state, known.call_id, known.at, max(known.at, event.at))
    if event.previous is None:
        return None
    return Spell(event.previous, event.previous_call_id, event.at - event.previous_seconds, event.at)


class WrapUps(Generic[CallT]):
    """Gives wrap-ups to their calls, whatever a call is to the caller of ``feed``.

    A wrap-up mostly ends when its call is long over, and one that is a pause with a reason names no call. So each
    agent's last call is remembered: the one he talked in.
    """

    def __init__(self) -> None:
        self._known: dict[str, AgentStateChanged] = {}
        self._last: dict[str, tuple[str, CallT]] = {}

    def feed(self, event: AgentStateChanged, living: Mapping[str, CallT]) -> tuple[CallT, float] | None:
        """A state change: the call the agent wrapped up until now, and the seconds it took him.

        ``living``: the citizens' calls whose line is not down, by id.
        """
        spell = spell_before(self._known.get(event.agent), event)
        self._known[event.agent] = event
        wrapped = None
        if spell is not None and spell.state == "wrap_up" and event.agent in self._last:
            call_id, call = self._last[event.agent]
            if spell.call_id in ("", call_id):
                wrapped = call, spell.end - spell.start
        self._remember(event, living)
        return wrapped

    def _remember(self, event: AgentStateChanged, living: Mapping[str, CallT]) -> None:
        call = living.get(event.call_id)
        if call is not None and event.state in ("talking", "hold", "wrap_up"):
            self._last[event.agent] = event.call_id, call
        elif event.state in ("talking", "hold"):
            # Something that is no citizen's call: what he wraps up next is not the one before.
            self._last.pop(event.agent, None)
