"""``hotline bench clock``: thousands of callers wait. How late are "at risk" and "breached" said, at which cost?

The callers arrive one after another at the gateway itself and are answered by nobody, so each one's deadlines pass,
while a storm of other calls goes on. An error is the time from a deadline (arrival + the queue's seconds, on the PBX's
clock) until the core has given the event to journal and pages. *Reference*: panoramisk on the same events, with two
timers of the event loop (``call_at``) for each waiting call, cancelled when the call ends, and nothing else to do.

Memory is what the parts allocate for a call that waits, beside the same call's two timers; ``resident``: what the whole
process grew by, per call, its journal's and loop's buffers included.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from gateway.bench import clock_memory
from gateway.bench.ami_events import CONTEXT, QUEUE
from gateway.bench.ami_storm import MIX, Storm
from gateway.bench.bare import panoramisk
from gateway.bench.clock_memory import WAITING, Memory, Timers
from gateway.bench.figures import Load, Machine, Percentiles, helper, percentiles, ratio, resident_bytes, within
from gateway.bench.gateway import command, gateway
from gateway.config import QueuePolicy, Settings
from gateway.demo.redis import RedisInstance
from gateway.events import AnswerAtRisk, AnswerBreached, Event

MEASURE_SECONDS = 300.0


class Errors(Struct, frozen=True):
    """Milliseconds after the deadline at which each warning was given. ``early``: given before it (never right)."""

    at_risk_ms: Percentiles
    breached_ms: Percentiles
    early: int
    cpu_seconds: float


class ClockReport(Struct, frozen=True):
    """What ``hotline bench clock --json`` prints. ``rate``: AMI events a second of the storm beside the waiting calls.

    Runs stand from the best p99 of breaches to the worst. ``error_ratio``: our best over the reference's best;
    ``memory_ratio``: the answer clock's over two timers'. ``resident_bytes``: growth of the process per waiting call.
    """

    machine: Machine
    calls: int
    rate: float
    target_seconds: float
    ours: tuple[Errors, ...]
    reference: tuple[Errors, ...]
    error_ratio: float | None
    memory_bytes: Memory
    memory_ratio: float | None
    resident_bytes: float
    bench: str = "clock"


class Plan(Struct, frozen=True):
    """``calls`` arrive within ``seconds`` and wait for ``target_seconds``, beside ``rate`` AMI events a second."""

    calls: int
    seconds: float
    rate: float
    target_seconds: float
    repeat: int

    @property
    def promise(self) -> QueuePolicy:
        """The queue's: at risk after two thirds of the target, as 10 of 15 seconds."""
        return QueuePolicy(
            name=QUEUE, target_seconds=self.target_seconds, at_risk_seconds=round(self.target_seconds * 2 / 3, 3)
        )

    def others(self) -> Storm:
        """The calls beside, until the last breach."""
        mean = sum(len(scenario.lines) for scenario in MIX) / len(MIX)
        return Storm(max(1, round(self.rate * (self.seconds + self.target_seconds) / mean)), name="others")


async def measure(settings: Settings, config: Path, plan: Plan) -> ClockReport:
    """Raises HotlineError."""
    load = Load()
    reference, ours, grown = [], [], []
    async with helper("gateway.bench.ami_server") as server, RedisInstance() as redis:
        port = int(server.hello)
        for number in range(plan.repeat):
            reference.append(await _reference(port, plan))
            warnings = _Warnings(plan.calls)
            async with gateway(
                settings, config, port, redis.url, stream=f"clock{number}", queue=plan.promise, watch=warnings.take
            ):
                before = resident_bytes()
                await _play(port, plan, warnings)
                grown.append((resident_bytes() - before) / plan.calls)
            ours.append(warnings.errors())
    reference.sort(key=lambda errors: errors.breached_ms.p99 or 0.0)
    ours.sort(key=lambda errors: errors.breached_ms.p99 or 0.0)
    memory = clock_memory.measure(plan.calls, plan.promise)
    return ClockReport(
        machine=load.machine(),
        calls=plan.calls,
        rate=plan.rate,
        target_seconds=plan.target_seconds,
        ours=tuple(ours),
        reference=tuple(reference),
        error_ratio=ratio(ours[0].breached_ms.p99, reference[0].breached_ms.p99),
        memory_bytes=memory,
        memory_ratio=ratio(memory.answer_clock, memory.timers),
        resident_bytes=grown[0],
    )


def table(report: ClockReport) -> str:
    """The report for people."""
    lines = [
        f"{report.calls} calls wait for {report.target_seconds:g} s, {report.rate:g} other AMI events a second",
        f"  {'milliseconds after the deadline':<32} {'p50':>8} {'p95':>8} {'p99':>8} {'max':>8} {'early':>8}",
    ]
    for name, runs in (("gateway", report.ours), ("a timer per deadline", report.reference)):
        for run in runs:
            for what, error in (("at risk", run.at_risk_ms), ("breached", run.breached_ms)):
                figures = " ".join(f"{f or 0.0:>8.2f}" for f in (error.p50, error.p95, error.p99, error.max))
                lines.append(f"  {name + ', ' + what:<32} {figures} {run.early:>8}")
    memory = report.memory_bytes
    return "\n".join(
        [
            *lines,
            f"  gateway / timers, p99 of breached {report.error_ratio or 0.0:.1f}",
            f"bytes for a waiting call: answer clock {memory.answer_clock:.0f} (two timers: {memory.timers:.0f}), "
            f"service level {memory.service_level:.0f}, pages' book {memory.call_book:.0f}, "
            f"tracker {memory.tracker:.0f}; the process grew by {report.resident_bytes:.0f}",
            f"load averages {report.machine.load_before} and {report.machine.load_after}",
        ]
    )


class _Warnings:
    """Warnings as they are given, until all ``calls`` are breached."""

    def __init__(self, calls: int) -> None:
        self.done = asyncio.Event()
        self._calls = calls
        self._late: dict[str, list[float]] = {"at_risk": [], "breached": []}
        self._cpu = time.process_time()
        self._cpu_used = 0.0

    def take(self, events: Iterable[Event], now: float) -> None:
        """What the gateway published at ``now``."""
        for event in events:
            if isinstance(event, AnswerAtRisk | AnswerBreached) and event.call_id.startswith(WAITING):
                self.note("breached" if isinstance(event, AnswerBreached) else "at_risk", event.at, now)

    def note(self, kind: str, deadline: float, now: float) -> None:
        """A warning of ``kind`` given at ``now``."""
        self._late[kind].append((now - deadline) * 1000)
        if len(self._late["breached"]) == self._calls:
            self._cpu_used = time.process_time() - self._cpu
            self.done.set()

    def errors(self) -> Errors:
        """All of them."""
        at_risk, breached = self._late["at_risk"], self._late["breached"]
        early = sum(late < 0 for late in (*at_risk, *breached))
        return Errors(percentiles(at_risk), percentiles(breached), early, self._cpu_used)


async def _play(port: int, plan: Plan, warnings: _Warnings) -> None:
    """Have the callers come, and other calls go on until the last breach."""
    others = plan.others()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(command(port, "Waiting", Name=WAITING, Calls=plan.calls, Seconds=f"{plan.seconds:g}"))
        tasks.create_task(
            command(port, "Storm", Name=others.name, Calls=others.calls, AtOnce=others.at_once, Rate=f"{plan.rate:g}")
        )
        await within(warnings.done.wait(), MEASURE_SECONDS, "the calls were not all breached")


async def _reference(port: int, plan: Plan) -> Errors:
    warnings = _Warnings(plan.calls)

    def warn(call_id: str, kind: str, deadline: float) -> None:
        if call_id.startswith(WAITING):
            warnings.note(kind, deadline, time.time())

    timers = Timers(plan.promise, warn)

    def heard(message: Any) -> None:
        if message.event == "Newchannel" and message.context == CONTEXT:
            timers.start(message.uniqueid, float(message.timestamp))
        elif message.event in ("Hangup", "AgentConnect"):
            timers.stop(message.uniqueid)

    async with panoramisk(port, heard):
        await _play(port, plan, warnings)
    timers.stop_all()
    return warnings.errors()
