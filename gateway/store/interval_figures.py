"""The figures of every half hour that is over, kept in the table ``figures`` for reports and other programs.

They are computed from the journal as ``hotline figures`` does it; what was not computed while the gateway was off is
made up for at the next start, as far as the journal reaches.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator

from gateway.answer_sla.figures import HALF_HOUR, READS, compute, read_from
from gateway.answer_sla.report import QueueFigures, QueueReport
from gateway.config import Settings
from gateway.errors import StoreError
from gateway.events import Event
from gateway.store.database import database_url
from gateway.store.history import History
from gateway.store.reader import JournalReader
from gateway.store.rows import FiguresRow

log = logging.getLogger(__name__)

GRACE = 10.0
"""Seconds after the end of an interval: what happened in it is in the journal by then."""
BEHIND = 2 * 86400.0
"""Seconds that are made up for at a start."""
RETRY_SECONDS = 600.0
TYPES = tuple(str(kind.__struct_config__.tag) for kind in READS)


class IntervalFigures:
    """``await run()`` until cancelled."""

    def __init__(self, settings: Settings, history: History) -> None:
        self._settings = settings
        self._history = history

    async def run(self) -> None:
        """Keep each interval's figures when it is over. A failure is logged and tried again later."""
        done = last_boundary(time.time() - BEHIND)
        while True:
            until = last_boundary(time.time() - GRACE)
            try:
                if until > done:
                    await self._history.keep_figures(await asyncio.to_thread(self.rows, done, until))
                    done = until
                wait = until + HALF_HOUR + GRACE - time.time()
            except StoreError as error:
                log.warning("figures put off: %s", error)
                wait = RETRY_SECONDS
            await asyncio.sleep(max(wait, 1.0))

    def rows(self, since: float, until: float) -> list[FiguresRow]:
        """The sums of every queue's intervals in this time, as they stood at its end. Raises StoreError."""
        figures = compute(self._events(since, until), self._settings, since, until, interval=HALF_HOUR)
        return [row for report in figures.queues for row in _rows(report)]

    def _events(self, since: float, until: float) -> Iterator[Event]:
        with JournalReader(database_url(self._settings)) as journal:
            for entry in journal.entries(read_from(self._settings, since, until), TYPES):
                yield entry.event


def last_boundary(now: float) -> float:
    """The end of the last interval that is over. Half hours are the same in every zone the hotline may be in."""
    return now // HALF_HOUR * HALF_HOUR


def _rows(report: QueueReport) -> Iterator[FiguresRow]:
    for stretch in report.intervals:
        figures = stretch.figures
        if _is_empty(figures):
            continue
        handled = figures.handled
        yield FiguresRow(
            queue=report.queue,
            start=stretch.start,
            seconds=round(stretch.end - stretch.start),
            offered=figures.offered,
            answered=figures.answered,
            within=figures.within,
            abandoned=figures.abandoned,
            short_abandoned=figures.short_abandoned,
            overflowed=figures.overflowed,
            late=figures.late,
            wait_seconds=_sum(figures.average_wait, figures.answered - figures.unknown_wait),
            longest_wait=figures.longest_wait,
            talk_seconds=_sum(figures.average_talk, handled),
            held_seconds=_sum(figures.average_hold, handled),
            wrap_up_seconds=_sum(figures.average_wrap_up, handled),
        )


def _is_empty(figures: QueueFigures) -> bool:
    counts = (figures.offered, figures.answered, figures.abandoned, figures.overflowed, figures.late, figures.handled)
    return not any(counts)


def _sum(mean: float | None, count: int) -> float:
    return 0.0 if mean is None else round(mean * count, 6)
