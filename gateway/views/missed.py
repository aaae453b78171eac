"""Missed callers of the last 24 hours, as the wallboard shows them. PURE."""

from __future__ import annotations

from gateway.answer_sla import missed_caller as sla
from gateway.answer_sla.missed import MissedCallers
from gateway.config import Settings
from gateway.events import Event
from gateway.views.pages import MissedCaller, Wallboard

WINDOW = 86400.0
"""Seconds a caller stays on the board, from the instant of the latest miss."""
SHOWN = 50
"""Callers on the board, the latest; the others are only counted."""


class MissedBoard:
    """What the wallboard says of missed callers, kept up to date by ``feed``."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._callers = MissedCallers(settings, kept=WINDOW)

    def feed(self, event: Event) -> None:
        """Take one event in."""
        self._callers.feed(event)

    def next_expiry(self) -> float | None:
        """When the next caller leaves the board by itself, if there is one."""
        return self._callers.next_expiry()

    def show(self, board: Wallboard) -> None:
        """Write the callers and their count on the board, as of its ``now``."""
        self._callers.forget(board.now)
        found = self._callers.between()
        board.missed_callers, board.missed_withheld = len(found.callers), found.withheld
        board.missed = {caller.call_id: _shown(caller, self._settings) for caller in found.callers[:SHOWN]}


def _shown(caller: sla.MissedCaller, settings: Settings) -> MissedCaller:
    latest = caller.calls[-1]
    queue = latest.queues[-1] if latest.queues else ""
    return MissedCaller(
        call_id=caller.call_id,
        caller_number=caller.number,
        caller_name=caller.name,
        queue=queue,
        queue_title=settings.policy(queue).title,
        tried=caller.tried,
        latest_at=caller.latest_at,
        missed_at=caller.missed_at,
        longest_wait=caller.longest_wait,
        short=caller.short,
        callback_at=caller.callback_at,
        callback_by=caller.callback_by,
        called_in_vain=caller.called_in_vain,
        calling_again=caller.calling_again,
        being_called_by=caller.being_called_by,
    )
