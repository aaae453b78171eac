"""What a waiting call costs in memory: each part that knows of it, fed by itself, beside the naive way's timers."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct

from gateway.ami import messages
from gateway.ami.parse import parse
from gateway.ami.tracker import Tracker
from gateway.answer_sla.clock import AnswerClock
from gateway.answer_sla.service_level import ServiceLevel
from gateway.bench import ami_living
from gateway.bench.ami_events import CONTEXT
from gateway.config import QueuePolicy, Settings
from gateway.events import CallOffered
from gateway.views import CallBook

WAITING = "waiting"
"""Name of the calls that wait, unlike those of a storm beside them."""


class Timers:
    """The naive way: two timers of the loop for each waiting call. ``warn`` gets call id, kind and deadline."""

    def __init__(self, promise: QueuePolicy, warn: Callable[[str, str, float], None]) -> None:
        self._warn = warn
        self._seconds = (("at_risk", promise.at_risk_seconds), ("breached", promise.target_seconds))
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[str, tuple[asyncio.TimerHandle, ...]] = {}

    def start(self, call_id: str, arrived: float) -> None:
        """A call that arrived at this instant (Unix seconds) waits from now on."""
        ahead = self._loop.time() - time.time()
        self._waiting[call_id] = tuple(
            self._loop.call_at(arrived + seconds + ahead, self._warn, call_id, kind, arrived + seconds)
            for kind, seconds in self._seconds
        )

    def stop(self, call_id: str) -> None:
        """It waits no more."""
        for timer in self._waiting.pop(call_id, ()):
            timer.cancel()

    def stop_all(self) -> None:
        """None waits any more."""
        for call_id in tuple(self._waiting):
            self.stop(call_id)


class Memory(Struct, frozen=True):
    """Bytes for one waiting call (tracemalloc), its ids and the events themselves left out."""

    answer_clock: float
    service_level: float
    call_book: float
    tracker: float
    timers: float


def measure(calls: int, promise: QueuePolicy) -> Memory:
    """Feed each part by itself with the same waiting calls. Needs a running loop."""
    settings, now = Settings(queue=(promise,)), time.time()
    told = [message for call in range(calls) for message in _messages(call, now)]
    tracker, other = Tracker((CONTEXT,)), Tracker((CONTEXT,))
    events = [event for message in told for event in tracker.feed(message)]
    arrivals = [event.call_id for event in events if isinstance(event, CallOffered)]
    clock, level, book = AnswerClock(settings), ServiceLevel(settings), CallBook(limit=calls)
    timers = Timers(promise, lambda call_id, kind, deadline: None)
    memory = Memory(
        answer_clock=_allocated(lambda event: clock.feed(event, now), events) / calls,
        service_level=_allocated(lambda event: level.feed(event, now), events) / calls,
        call_book=_allocated(book.feed, events) / calls,
        tracker=_allocated(other.feed, told) / calls,
        timers=_allocated(lambda call_id: timers.start(call_id, now), arrivals) / calls,
    )
    timers.stop_all()
    return memory


def _messages(call: int, now: float) -> list[messages.Message]:
    blocks = ami_living.waiting(WAITING, call, now).decode().split("\r\n\r\n")[:-1]
    headers = [dict(line.split(": ", 1) for line in block.split("\r\n")) for block in blocks]
    return [message for each in headers if (message := parse(each, now)) is not None]


def _allocated(feed: Callable[[Any], object], items: Iterable[Any]) -> int:
    """Bytes that are there after the items were fed and were not before."""
    gc.collect()
    tracemalloc.start()
    try:
        for item in items:
            feed(item)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
