"""``hotline bench resync``: seconds until the living calls are known again after a connection was cut.

The calls begin before the eyes of the gateway itself, the server cuts the connection and lists them to whoever comes
back: all channels, queue entries and members. Measured is from the instant at which the server accepted the new
connection until the core has compared the lists with what it knew and published the outcome. Every call must go on
under its id. A gateway that starts among living calls is measured as well. *Reference*: panoramisk by itself, from the
same instant until it has received the same lists.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from gateway.bench import ami_living
from gateway.bench.bare import receive_lists
from gateway.bench.figures import Load, Machine, Percentiles, helper, percentiles, ratio, within
from gateway.bench.gateway import Watched, command, gateway
from gateway.config import Settings
from gateway.demo.redis import RedisInstance
from gateway.errors import NeighbourError
from gateway.events import CallAnswered, CallEnded, CallOffered, CallRinging, Event

SECONDS = 60.0
NAME = "living"


class ResyncReport(Struct, frozen=True):
    """What ``hotline bench resync --json`` prints. All figures in seconds, over ``repeat`` times.

    ``ours`` and ``reference``: from the accepted connection; ``away``: from the cut, the pause before the next attempt
    included; ``start``: of gateways that start among these calls. ``kept``: calls that went on under their ids in every
    cut, of ``calls``. ``ratio``: of the medians.
    """

    machine: Machine
    calls: int
    channels: int
    kept: int
    ours: Percentiles
    away: Percentiles
    start: Percentiles
    reference: Percentiles
    ratio: float | None
    bench: str = "resync"


async def measure(settings: Settings, config: Path, calls: int, repeat: int) -> ResyncReport:
    """Cut ``repeat`` times while ``calls`` live. Raises HotlineError."""
    load = Load()
    async with helper("gateway.bench.ami_server") as server, RedisInstance() as redis:
        port = int(server.hello)
        book = _Book(calls)
        ours, away = [], []
        async with gateway(settings, config, port, redis.url, stream="cut", watch=book.take) as watched:
            await command(port, "Begin", Name=NAME, Calls=calls)
            await within(book.under_way.wait(), SECONDS, "the calls were not under way")
            for _ in range(repeat):
                seconds, whole = await _cut(port, watched)
                ours.append(seconds)
                away.append(whole)
            kept = len(book.kept())
        starts, reference = [], []
        for number in range(repeat):
            found = _Book(calls)
            async with gateway(settings, config, port, redis.url, stream=f"start{number}", watch=found.take) as watched:
                starts.append(watched.in_step_at - await _accepted(port))
            if len(found.kept()) != calls:
                raise NeighbourError(f"a gateway found {len(found.kept())} of {calls} calls")
            done = await receive_lists(port)
            reference.append(done - await _accepted(port))
    figures, bare = percentiles(ours), percentiles(reference)
    return ResyncReport(
        machine=load.machine(),
        calls=calls,
        channels=calls * ami_living.CHANNELS_A_CALL,
        kept=kept,
        ours=figures,
        away=percentiles(away),
        start=percentiles(starts),
        reference=bare,
        ratio=ratio(figures.p50, bare.p50),
    )


def table(report: ResyncReport) -> str:
    """The report for people."""

    def row(name: str, figures: Percentiles) -> str:
        return f"  {name:<34} {figures.p50 or 0.0:>8.3f} {figures.max or 0.0:>8.3f}"

    return "\n".join(
        [
            f"{report.calls} living calls, {report.channels} channels, cut {report.ours.count} times: "
            f"{report.kept} kept their ids",
            "  seconds                                 p50      max",
            row("gateway, from the new connection", report.ours),
            row("gateway, from the cut", report.away),
            row("gateway, at its start", report.start),
            row("panoramisk, both lists received", report.reference),
            f"  gateway / panoramisk {report.ratio or 0.0:.1f}",
            f"load averages {report.machine.load_before} and {report.machine.load_after}",
        ]
    )


class _Book:
    """The calls of the play, as the gateway tells of them."""

    def __init__(self, calls: int) -> None:
        self.under_way = asyncio.Event()
        self._calls = calls
        self._offered: list[str] = []
        self._ended: set[str] = set()
        self._with_agent: set[str] = set()

    def take(self, events: Sequence[Event], now: float) -> None:
        """What the gateway published."""
        for event in events:
            match event:
                case CallOffered():
                    self._offered.append(event.call_id)
                case CallEnded():
                    self._ended.add(event.call_id)
                case CallAnswered() | CallRinging():
                    self._with_agent.add(event.call_id)
                case _:
                    pass
        if len(self._with_agent) == self._calls:
            self.under_way.set()

    def kept(self) -> set[str]:
        """Calls that were offered once, under an id of the play, and have not ended."""
        once = {call_id for call_id in self._offered if self._offered.count(call_id) == 1}
        return {f"{NAME}-{call}.1" for call in range(self._calls)} & once - self._ended


async def _cut(port: int, watched: Watched) -> tuple[float, float]:
    """Seconds from the new connection, and from the cut."""
    watched.in_step.clear()
    cut = time.time()
    await command(port, "Cut")
    await within(watched.in_step.wait(), SECONDS, "the gateway did not come back")
    return watched.in_step_at - await _accepted(port), watched.in_step_at - cut


async def _accepted(port: int) -> float:
    """The instant at which the newest connection with events on was accepted."""
    return float((await command(port, "Accepted"))["Accepted"])
