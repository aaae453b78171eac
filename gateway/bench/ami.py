"""``hotline bench ami``: AMI events in, durable events out, beside a bare panoramisk that only counts.

Both receive the same storm of calls over loopback TCP from a server in another process. *Reference*: panoramisk's
Manager with a callback that counts. *Ours*: the client, the core (tracker, answer clock, service level, drafts), the
pages' folds, the metrics and the journal, wired as in the gateway; an event counts once the call it belongs to is
durable. Then storms at a steady rate tell how long it takes from an event's instant at the PBX until it is durable.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
from msgspec import Struct
from panoramisk import Manager

from gateway.ami.client import AmiClient
from gateway.ami.messages import ResyncCompleted
from gateway.bench import ami_storm
from gateway.bench.figures import Percentiles, helper, percentiles, ratio
from gateway.config import Ami, Settings
from gateway.core import Gateway, Input
from gateway.errors import NeighbourError
from gateway.events import CallAnswered, CallEnded, CallOffered, CallQueued, CallRinging, Event
from gateway.metrics import Metrics
from gateway.store.journal import Journal, JournalFullError
from gateway.tickets.load import load_drafts
from gateway.web.live import Live

AT_ONCE = 100
"""Calls under way at any time."""
RATES = (500.0, 2000.0)
STORM_SECONDS = 120.0
TIMED = CallOffered | CallQueued | CallRinging | CallAnswered | CallEnded
"""Events that carry the instant of the AMI event they come from."""


class Speed(Struct, frozen=True):
    """One run as fast as events are taken. ``cpu_seconds``: of the receiving process."""

    events_per_second: float
    seconds: float
    cpu_seconds: float


class Paced(Struct, frozen=True):
    """One run at ``rate`` AMI events a second. ``durable_ms``: milliseconds from the instant at the PBX to the disk."""

    rate: float
    seconds: float
    calls: int
    durable_ms: Percentiles
    cpu_share: float
    refused: int


class AmiReport(Struct, frozen=True):
    """What ``hotline bench ami --json`` prints. ``events`` are AMI events, ``durable`` those in the journal.

    ``ratio``: our events a second over the reference's.
    """

    calls: int
    events: int
    durable: int
    refused: int
    reference: Speed
    ours: Speed
    ratio: float | None
    paced: tuple[Paced, ...]
    bench: str = "ami"


async def measure(settings: Settings, config: Path, calls: int, seconds: float) -> AmiReport:
    """Run the storms: ``calls`` as fast as possible, then ``seconds`` at each of ``RATES``. Raises HotlineError."""
    async with helper("gateway.bench.ami_server") as server:
        local = msgspec.structs.replace(
            settings,
            ami=Ami(port=int(server.hello), username="bench", secret="bench", trunk_contexts=(ami_storm.CONTEXT,)),
            speech=msgspec.structs.replace(settings.speech, enabled=False),
        )
        events = calls * len(ami_storm.CALL)
        reference = await _reference(local.ami, calls, events)
        async with _ours(local, config) as receiver:
            ours = await receiver.storm(calls, 0.0)
            durable, refused = receiver.durable, receiver.refused
        paced = []
        for rate in RATES:
            async with _ours(local, config) as receiver:
                count = max(1, round(rate * seconds / len(ami_storm.CALL)))
                run = await receiver.storm(count, rate)
                paced.append(
                    Paced(
                        rate=rate,
                        seconds=run.seconds,
                        calls=count,
                        durable_ms=percentiles(receiver.delays),
                        cpu_share=run.cpu_seconds / run.seconds,
                        refused=receiver.refused,
                    )
                )
    return AmiReport(
        calls=calls,
        events=events,
        durable=durable,
        refused=refused,
        reference=reference,
        ours=ours,
        ratio=ratio(ours.events_per_second, reference.events_per_second),
        paced=tuple(paced),
    )


def table(report: AmiReport) -> str:
    """The report for people."""
    lines = [
        f"{report.events} AMI events of {report.calls} calls, as fast as they are taken",
        f"  panoramisk, counting   {report.reference.events_per_second:>9.0f} events/s",
        f"  gateway, to the disk   {report.ours.events_per_second:>9.0f} events/s"
        f"   {report.durable} durable, {report.refused} refused",
        f"  gateway / panoramisk   {report.ratio or 0.0:>9.2f}",
        "at a steady rate: milliseconds from the PBX's instant to the disk",
        "  events/s       p50      p95      p99      max   processor",
    ]
    for run in report.paced:
        figures = (run.durable_ms.p50, run.durable_ms.p95, run.durable_ms.p99, run.durable_ms.max)
        lines.append(f"  {run.rate:>8.0f} {' '.join(f'{f or 0.0:>8.1f}' for f in figures)} {run.cpu_share:>10.0%}")
    return "\n".join(lines)


def _storm_action(calls: int, rate: float) -> dict[str, str]:
    return {"Calls": str(calls), "AtOnce": str(min(calls, AT_ONCE)), "Rate": f"{rate:g}"}


async def _reference(settings: Ami, calls: int, events: int) -> Speed:
    """Panoramisk by itself."""
    heard, first = 0, 0.0
    done = asyncio.Event()

    def count(manager: Manager, message: object) -> None:
        nonlocal heard, first
        if heard == 0:
            first = time.monotonic()
        heard += 1
        if heard == events:
            done.set()

    manager = Manager(
        loop=asyncio.get_running_loop(),
        host=settings.host,
        port=settings.port,
        username=settings.username,
        secret=settings.secret,
    )
    manager.register_event("*", count)
    await manager.connect()
    try:
        cpu = time.process_time()
        manager.send_action({"Action": "Storm", **_storm_action(calls, 0.0)})
        await _within(done)
        seconds = time.monotonic() - first
        return Speed(events / seconds, seconds, time.process_time() - cpu)
    finally:
        manager.close()


class _Receiver:
    """The gateway's way from the wire to the journal, in a loop as the gateway's own."""

    def __init__(self, settings: Settings, config: Path, journal: Journal) -> None:
        self.durable = 0
        self.refused = 0
        self.delays: list[float] = []
        self._core = Gateway(settings, load_drafts(config, settings))
        self._journal = journal
        self._live = Live(settings)
        self._metrics = Metrics()
        self._inbox: asyncio.Queue[Input] = asyncio.Queue()
        self._client = AmiClient(settings.ami, self._put)
        self._in_step = asyncio.Event()
        self._first = 0.0
        self._ended = 0
        self._calls = 0
        self._done = asyncio.Event()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._run_core())
            tasks.create_task(self._client.run())
            tasks.create_task(self._watch_journal())

    async def storm(self, calls: int, rate: float) -> Speed:
        """Have a storm sent, and wait until all its calls have ended, durably."""
        await _within(self._in_step)
        self._calls = calls
        cpu = time.process_time()
        await self._client.action("Storm", **_storm_action(calls, rate))
        await _within(self._done)
        seconds = time.monotonic() - self._first
        return Speed(calls * len(ami_storm.CALL) / seconds, seconds, time.process_time() - cpu)

    def _put(self, item: Input) -> None:
        if isinstance(item, ResyncCompleted):
            # The client is connected once this, its last word before that, is taken.
            asyncio.get_running_loop().call_soon(self._in_step.set)
        elif self._calls and not self._first:
            self._first = time.monotonic()
        self._inbox.put_nowait(item)

    async def _run_core(self) -> None:
        while True:
            deadline = self._core.next_deadline()
            try:
                async with asyncio.timeout(None if deadline is None else max(0.0, deadline - time.time())):
                    item = await self._inbox.get()
            except TimeoutError:
                self._publish(self._core.tick(time.time()))
                continue
            self._publish(self._core.feed(item, time.time()))

    def _publish(self, events: Sequence[Event]) -> None:
        now = time.time()
        for event in events:
            self._live.publish(event, now)
            self._metrics.feed(event)
        try:
            if events:
                self._journal.append(events)
        except JournalFullError as error:
            self.refused += error.refused

    async def _watch_journal(self) -> None:
        with self._journal.subscribe("bench", max_queue=1_000_000) as entries:
            async for entry in entries:
                self.durable += 1
                if isinstance(entry.event, TIMED):
                    self.delays.append((time.time() - entry.event.at) * 1000)
                if isinstance(entry.event, CallEnded):
                    self._ended += 1
                    if self._ended == self._calls:
                        self._done.set()


@asynccontextmanager
async def _ours(settings: Settings, config: Path) -> AsyncIterator[_Receiver]:
    """A receiver in step with the server; its journal lies on the disk where the gateway's would."""
    settings.home().mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=settings.home()) as folder:
        async with Journal(f"sqlite:///{folder}/journal.db", settings.store.commit_interval) as journal:
            receiver = _Receiver(settings, config, journal)
            running = asyncio.create_task(receiver.run())
            try:
                yield receiver
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)


async def _within(done: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(done.wait(), STORM_SECONDS)
    except TimeoutError:
        raise NeighbourError(f"the storm was not over within {STORM_SECONDS:g} s", "Give a smaller --calls") from None
