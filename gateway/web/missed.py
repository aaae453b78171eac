"""Lists of missed callers for pages: read from the journal in a thread, one at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from gateway.answer_sla.missed_caller import MissedList
from gateway.answer_sla.period import span
from gateway.config import Settings
from gateway.config.settings import zone
from gateway.errors import InputError
from gateway.store.missed_list import read_missed
from gateway.web.auth import RefusedError

LONGEST_DAYS = 31
"""How far back a page may look: everything since then is read."""
MAX_WAITING = 10
"""Requests that may wait for their turn; one more is refused."""


class MissedLists:
    """Reads lists. ``clock`` gives Unix seconds."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._settings = settings
        self._clock = clock
        self._zone = zone(settings.timezone)
        self._turn = asyncio.Lock()
        self._waiting = 0

    async def read(self, start: str, end: str) -> MissedList:
        """The list from one instant to another, as ``period.span`` takes them.

        Raises InputError for what is no such period or begins too long ago, RefusedError 429, and StoreError.
        """
        now = self._clock()
        period = span(start, end, now, self._zone)
        if period.start < now - LONGEST_DAYS * 86400:
            raise InputError(
                f"from: longer ago than {LONGEST_DAYS} days", "For older calls use `hotline missed` on the gateway"
            )
        if self._waiting >= MAX_WAITING:
            raise RefusedError(429, "Others wait for such a list", "Try again in 5 s", 5)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(read_missed, self._settings, *period)
        finally:
            self._waiting -= 1
