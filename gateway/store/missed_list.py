"""Missed callers over any period, from the journal; also from beside the gateway."""

from __future__ import annotations

from gateway.answer_sla.missed import EVENTS, missed_between
from gateway.answer_sla.missed_caller import MissedList
from gateway.config import Settings
from gateway.store.database import database_url
from gateway.store.reader import JournalReader

BEFORE = 2 * 3600.0
"""Seconds before the period in which a call may have arrived that was missed in it."""
TYPES = tuple(str(kind.__struct_config__.tag) for kind in EVENTS)


def read_missed(settings: Settings, start: float, end: float) -> MissedList:
    """The callers whose latest miss lies in [start, end) and who were not spoken with until now.

    Reads entry by entry from before ``start`` until now; takes some seconds for a million calls. Raises StoreError.
    """
    with JournalReader(database_url(settings)) as journal:
        events = (entry.event for entry in journal.entries(start - BEFORE, TYPES))
        return missed_between(events, settings, start, end)
