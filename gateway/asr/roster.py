"""One worker as the core knows it: what it can do, which taps it has, how full it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from aiohttp import web
from msgspec import Struct

from gateway.asr.leg_account import WORKER_LOST
from gateway.asr.protocol import RECORDED_PER_LIVE, Engine, ExpectTap, Hello, LegClosed, LegOpened, Load, Mode, ToWorker

MAX_OUTBOX = 2000


class WorkerState(Struct, frozen=True):
    """One worker as a page shows it. ``lag``: seconds its slowest decoder is behind; ``memory``: resident bytes."""

    worker_id: str
    connected: bool
    audiosocket: str
    engines: tuple[Engine, ...]
    legs: int
    capacity: int
    lag: float
    refused: dict[str, int]
    memory: int = 0


class _Tap(Struct):
    call_id: str
    mode: Mode
    opened: float | None = None


class Member:
    """A worker from its Hello until it is lost. ``seen`` counts its kept messages; ``alive_until`` in Unix seconds."""

    def __init__(self, hello: Hello) -> None:
        self.hello = hello
        self.socket: web.WebSocketResponse | None = None
        self.outbox: asyncio.Queue[ToWorker] = asyncio.Queue(MAX_OUTBOX)
        self.load = Load(legs=0, lag=0.0, refused={})
        self.seen = 0
        self.alive_until = 0.0
        self.gone: asyncio.TimerHandle | None = None
        self._taps: dict[str, _Tap] = {}

    def returns(self, hello: Hello, socket: web.WebSocketResponse, now: float) -> None:
        """Its line is up, for the first time or again."""
        if self.gone is not None:
            self.gone.cancel()
        self.hello, self.socket, self.gone, self.alive_until = hello, socket, None, now
        for tap in hello.taps:
            known = self._taps.setdefault(tap.tap_id, _Tap(tap.leg.call_id, "live"))
            known.opened = tap.opened

    def has(self, language: str) -> bool:
        """It transcribes the language."""
        return any(engine.language == language for engine in self.hello.engines)

    def has_tap(self, tap_id: str) -> bool:
        """The tap is its."""
        return tap_id in self._taps

    def hears(self, call_id: str) -> bool:
        """It has a leg of the call already."""
        return any(tap.call_id == call_id for tap in self._taps.values())

    def has_room(self, order: ExpectTap) -> bool:
        """It can take the tap."""
        if order.mode == "recorded":
            return len(self._taps) < self.hello.capacity * RECORDED_PER_LIVE
        return self._live_legs() < self.hello.capacity

    def fullness(self) -> tuple[float, float]:
        """Its legs beside its capacity, and its lag."""
        return self._live_legs() / self.hello.capacity, self.load.lag

    def takes(self, order: ExpectTap) -> None:
        """The tap is announced to it."""
        self._taps[order.tap_id] = _Tap(order.leg.call_id, order.mode)

    def opened(self, message: LegOpened) -> None:
        """Asterisk connected the tap."""
        if message.tap_id in self._taps:
            self._taps[message.tap_id].opened = message.at

    def closed(self, message: LegClosed) -> None:
        """The tap is over."""
        self._taps.pop(message.tap_id, None)

    def set_mode(self, tap_id: str, mode: Mode) -> None:
        """The leg is transcribed live from now on, or recorded only."""
        self._taps[tap_id].mode = mode

    def lost_taps(self) -> Iterator[LegClosed]:
        """The ends of its taps, now that it is lost: heard as long as it was alive."""
        for tap_id, tap in self._taps.items():
            heard = 0.0 if tap.opened is None else max(0.0, self.alive_until - tap.opened)
            yield LegClosed(
                tap_id=tap_id,
                at=self.alive_until,
                expected=heard,
                heard=heard,
                lost=0.0,
                transcribed=0.0,
                engine="",
                model="",
                reason=WORKER_LOST,
            )

    def state(self) -> WorkerState:
        """For pages and checks."""
        return WorkerState(
            self.hello.worker_id,
            self.socket is not None,
            self.hello.audiosocket,
            self.hello.engines,
            len(self._taps),
            self.hello.capacity,
            self.load.lag,
            self.load.refused,
            self.load.memory,
        )

    def _live_legs(self) -> int:
        return sum(tap.mode == "live" for tap in self._taps.values())
