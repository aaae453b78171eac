"""What the gateway knew when it stopped: the journal's last day, taken in before the first message.

Living calls go on under their ids, a warning that was given is not given again, figures of today and of the rolling
window are as they were. What happened meanwhile is found out by the first resync.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence

from gateway.answer_sla.missed import KEPT
from gateway.config import Settings
from gateway.core import Gateway, heard_until
from gateway.events import AlertEvent, Event, GatewayHealth, SpeechLevelChanged
from gateway.metrics import Metrics
from gateway.notify import Sink
from gateway.store.entry import Entry
from gateway.store.journal import Journal
from gateway.store.missed_list import TYPES as MISSED_TYPES
from gateway.web.live import Live

log = logging.getLogger(__name__)

DAY = 86400.0
LONGEST_CALL = 2 * 3600.0
"""Seconds; a call that is older than a day and this is not recalled."""
CHUNK = 2000
"""Entries read at once."""


class Recall:
    """What was recalled: ``events`` of them, the last word on every part's health, and the newest entries."""

    def __init__(self) -> None:
        self.events = 0
        self.health: dict[str, GatewayHealth] = {}
        self._last: Event | None = None

    def heard_until(self, pbx: str, silence_limit: float) -> float | None:
        """The instant up to which the PBX had been heard; None when nothing had."""
        known = [event for event in (*self.health.values(), self._last) if event is not None]
        return heard_until(sorted(known, key=lambda event: event.at), pbx, silence_limit)

    def take(self, event: Event) -> None:
        """One more."""
        self.events += 1
        self._last = event
        if isinstance(event, GatewayHealth):
            self.health[event.component] = event


async def recall(
    journal: Journal,
    settings: Settings,
    core: Gateway,
    live: Live,
    metrics: Metrics,
    sinks: Sequence[Sink],
    now: float,
) -> Recall:
    """Bring core, pages, metrics and the sinks of alerts to where the journal ends. Raises StoreError."""
    recalled = Recall()
    window = max(DAY, settings.connect_rate_window_hours * 3600.0)
    start = await journal.seq_at(now - window - LONGEST_CALL)
    async for entry in _entries(journal, await journal.seq_at(now - KEPT), start, MISSED_TYPES):
        core.recall_missed(entry.event)
    async for entry in _entries(journal, start, journal.seq):
        event = entry.event
        core.restore(event)
        metrics.restore(event)
        if isinstance(event, AlertEvent):
            for sink in sinks:
                sink.restore(event)
        if not isinstance(event, GatewayHealth | SpeechLevelChanged):  # of a gateway that is no more
            live.publish(event, event.at)
        recalled.take(event)
    if recalled.events:
        log.info("recalled %d events from the journal; %d calls live", recalled.events, len(core.living()))
    return recalled


async def _entries(
    journal: Journal, after: int, until: int, types: Sequence[str] | None = None
) -> AsyncIterator[Entry]:
    while after < until:
        chunk = await journal.read(after, CHUNK, types)
        for entry in chunk:
            if entry.seq > until:
                return
            yield entry
        if len(chunk) < CHUNK:
            return
        after = chunk[-1].seq
