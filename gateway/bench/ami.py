"""``hotline bench ami``: AMI events in, durable events and a Redis stream out, beside a panoramisk that only counts.

Both receive the same storm of calls over loopback TCP from a server in another process. *Reference*: panoramisk's
Manager with a callback that counts. *Ours*: the gateway itself, whole, but without speech, with a Redis of its own,
which is read by another process as a ticketing system would. A storm is over when its last call's end was read there.
Then storms at a steady rate tell how long it takes from an event's instant at the PBX until it is on the disk, and
until it was read from Redis. Everything is repeated, and the best comes first: what is worse is the machine's doing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from gateway.ami.parse import parse
from gateway.bench.ami_storm import Storm
from gateway.bench.bare import panoramisk
from gateway.bench.figures import Helper, Load, Machine, Percentiles, helper, percentiles, ratio, within
from gateway.bench.gateway import command, gateway
from gateway.bench.stream_reader import TIMED, Seen
from gateway.config import Settings
from gateway.demo.redis import RedisInstance
from gateway.events import event_type
from gateway.store.subscription import Subscription

RATES = (500.0, 2000.0)
STORM_SECONDS = 300.0


class Speed(Struct, frozen=True):
    """One storm as fast as it is taken. ``cpu_seconds``: of the receiving process."""

    events_per_second: float
    seconds: float
    cpu_seconds: float


class Delays(Struct, frozen=True):
    """One storm at a steady rate: milliseconds from the instant at the PBX until durable, and until read from Redis."""

    durable_ms: Percentiles
    redis_ms: Percentiles
    cpu_share: float


class Paced(Struct, frozen=True):
    """Storms of ``calls`` calls at ``rate`` AMI events a second, by Redis' p99 from the best to the worst."""

    rate: float
    calls: int
    runs: tuple[Delays, ...]


class AmiReport(Struct, frozen=True):
    """What ``hotline bench ami --json`` prints.

    ``events`` are a storm's AMI events, of which the gateway uses ``used`` and lays the others aside. ``published``:
    entries in Redis after the last storm; ``lost``: messages or events dropped or refused, in all. ``ratio``: our best
    events a second over the reference's best.
    """

    machine: Machine
    calls: int
    events: int
    used: int
    published: int
    lost: int
    reference: tuple[Speed, ...]
    ours: tuple[Speed, ...]
    ratio: float | None
    paced: tuple[Paced, ...]
    bench: str = "ami"


async def measure(settings: Settings, config: Path, calls: int, seconds: float, repeat: int) -> AmiReport:
    """Run the storms: ``calls`` as fast as possible, then ``seconds`` at each of ``RATES``. Raises HotlineError."""
    load = Load()
    async with helper("gateway.bench.ami_server") as server, RedisInstance() as redis:
        bench = _Bench(settings, config, int(server.hello), redis.url)
        storm = Storm(calls)
        reference, ours = [], []
        for _ in range(repeat):
            reference.append(await bench.reference(storm))
            ours.append(await bench.speed(storm))
        published = bench.published
        paced = []
        for rate in RATES:
            steady = Storm(max(1, round(rate * seconds * calls / storm.events())))
            runs = [await bench.delays(steady, rate) for _ in range(repeat)]
            runs.sort(key=lambda run: run.redis_ms.p99 or 0.0)
            paced.append(Paced(rate, steady.calls, tuple(runs)))
    reference, ours = (sorted(runs, key=lambda run: -run.events_per_second) for runs in (reference, ours))
    return AmiReport(
        machine=load.machine(),
        calls=calls,
        events=storm.events(),
        used=_used(storm),
        published=published,
        lost=bench.lost,
        reference=tuple(reference),
        ours=tuple(ours),
        ratio=ratio(ours[0].events_per_second, reference[0].events_per_second),
        paced=tuple(paced),
    )


def table(report: AmiReport) -> str:
    """The report for people."""

    def speeds(name: str, runs: tuple[Speed, ...]) -> str:
        figures = " ".join(f"{run.events_per_second:>8.0f}" for run in runs)
        return f"  {name:<24} {figures} events/s"

    lines = [
        f"{report.events} AMI events of {report.calls} calls ({report.used} of use), as fast as they are taken, "
        "best run first",
        speeds("panoramisk, counting", report.reference),
        speeds("gateway, read from Redis", report.ours) + f"   {report.published} published, {report.lost} lost",
        f"  gateway / panoramisk     {report.ratio or 0.0:>8.2f}",
        "at a steady rate: milliseconds from the PBX's instant to the disk, and until read from Redis",
        "  events/s    disk  p50      p99      max    Redis  p50      p99      max   processor",
    ]
    for paced in report.paced:
        for run in paced.runs:
            disk, redis = (
                " ".join(f"{figure or 0.0:>8.1f}" for figure in (each.p50, each.p99, each.max))
                for each in (run.durable_ms, run.redis_ms)
            )
            lines.append(f"  {paced.rate:>8.0f}  {disk}    {redis} {run.cpu_share:>10.0%}")
    lines.append(f"load averages {report.machine.load_before} and {report.machine.load_after}")
    return "\n".join(lines)


class _Bench:
    """Runs one storm after another, each against a fresh receiver."""

    def __init__(self, settings: Settings, config: Path, port: int, redis_url: str) -> None:
        self.lost = 0
        self.published = 0
        self._settings = settings
        self._config = config
        self._port = port
        self._redis = redis_url
        self._streams = 0

    async def reference(self, storm: Storm) -> Speed:
        """Panoramisk by itself."""
        events, heard = storm.events(), 0
        done = asyncio.Event()

        def count(message: object) -> None:
            nonlocal heard
            heard += 1
            if heard == events:
                done.set()

        async with panoramisk(self._port, count):
            cpu = time.process_time()
            answer = await self._play(storm, 0.0)
            await within(done.wait(), STORM_SECONDS, "panoramisk had not heard the whole storm")
            return _speed(events, time.time() - float(answer["Started"]), time.process_time() - cpu)

    async def speed(self, storm: Storm) -> Speed:
        """The gateway, as fast as it takes the events."""
        run = await self._run(storm, 0.0)
        return _speed(storm.events(), run.seconds, run.cpu_seconds)

    async def delays(self, storm: Storm, rate: float) -> Delays:
        """The gateway at a steady rate."""
        run = await self._run(storm, rate)
        return Delays(percentiles(run.durable), run.seen.delays_ms, run.cpu_seconds / run.seconds)

    async def _run(self, storm: Storm, rate: float) -> _Run:
        self._streams += 1
        stream = f"bench:{self._streams}"
        async with (
            helper("gateway.bench.stream_reader", self._redis, stream, str(storm.calls)) as reader,
            gateway(self._settings, self._config, self._port, self._redis, stream=stream) as watched,
        ):
            with watched.durable() as entries:
                durable = asyncio.create_task(_durable(entries, storm.calls))
                cpu = time.process_time()
                answer = await self._play(storm, rate)
                seen = await within(_seen(reader), STORM_SECONDS, "not every call's end was read from Redis")
                cpu = time.process_time() - cpu
                delays = await within(durable, STORM_SECONDS, "not every call's end was durable")
            self.lost += watched.lost
        self.published = seen.entries
        return _Run(seen, delays, seen.last - float(answer["Started"]), cpu)

    async def _play(self, storm: Storm, rate: float) -> Mapping[str, str]:
        return await command(
            self._port, "Storm", Name=storm.name, Calls=storm.calls, AtOnce=storm.at_once, Rate=f"{rate:g}"
        )


class _Run(Struct, frozen=True):
    seen: Seen
    durable: list[float]
    seconds: float
    cpu_seconds: float


def _speed(events: int, seconds: float, cpu: float) -> Speed:
    return Speed(events / seconds, seconds, cpu)


async def _seen(reader: Helper) -> Seen:
    async for line in reader.lines():
        return msgspec.json.decode(line, type=Seen)
    raise EOFError("the reader of the stream ended")


async def _durable(entries: Subscription, calls: int) -> list[float]:
    """Milliseconds of each timed event until its transaction was over, up to the end of the last call."""
    delays, ended = [], 0
    async for entry in entries:
        kind = event_type(entry.event)
        if f"hotline.{kind}.v1" in TIMED:
            delays.append((time.time() - entry.event.at) * 1000)
            ended += kind == "call.ended"
            if ended == calls:
                break
    return delays


def _used(storm: Storm) -> int:
    """AMI events that become messages."""
    return sum(
        parse({"Event": event}, 0.0) is not None
        for call in range(storm.calls)
        for event, _headers in storm.scenario(call).lines
    )
