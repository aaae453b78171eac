"""What really happened to a call, by a witness to whom nothing ever happens: a plain AMI session of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.answer_sla.days import day_of
from gateway.answer_sla.figures import compute
from gateway.config import load, zone
from gateway.events import Clocks, Event, ServiceLevelChanged
from tests.integration.recorder import AmiRecorder
from tests.unit.answer_sla.test_recomputed import SHOWN

OBSERVED, RECONSTRUCTED = 0.05, 1.1
"""Seconds that an instant may be off: one the gateway saw, and one it took from whole seconds of the queue_log."""


class Truth:
    """What the witness saw of one call."""

    def __init__(self, witness: AmiRecorder, call_id: str) -> None:
        self._witness = witness
        self.call_id = call_id

    @property
    def arrived(self) -> float:
        return self._at(self._witness.all("Newchannel", Uniqueid=self.call_id)[0])

    @property
    def queued(self) -> float:
        return self._at(self._witness.all("QueueCallerJoin", Uniqueid=self.call_id)[0])

    @property
    def bridged(self) -> float:
        """When the caller first heard a person: both were in the bridge."""
        bridge = self._witness.all("BridgeEnter", Uniqueid=self.call_id)[0]["BridgeUniqueid"]
        return max(map(self._at, self._witness.all("BridgeEnter", BridgeUniqueid=bridge)[:2]))

    @property
    def left(self) -> float:
        """When the caller hung up: his phone's request, or his channel's end where there was none."""
        requests = self._witness.all("HangupRequest", Uniqueid=self.call_id)
        return self._at((requests or self._witness.all("Hangup", Uniqueid=self.call_id))[0])

    async def gone(self) -> None:
        """Wait until the caller's line is down."""
        await self._witness.seen("Hangup", Uniqueid=self.call_id)

    async def connected(self) -> None:
        """Wait until the caller hears a person."""
        entered = await self._witness.seen("BridgeEnter", Uniqueid=self.call_id)
        await self._witness.seen("BridgeEnter", 2, BridgeUniqueid=entered["BridgeUniqueid"])

    def wait_is_right(self, clocks: Clocks, ended: float, within: float) -> None:
        """The strict wait, until ``ended``, is that of the gateway within so many seconds."""
        assert clocks.caller_wait is not None
        assert abs(clocks.caller_wait - (ended - self.arrived)) <= within, (clocks.caller_wait, ended - self.arrived)

    @staticmethod
    def _at(event: Mapping[str, str]) -> float:
        return float(event["Timestamp"])


def figures_agree(told: Sequence[Event], config: Path) -> None:
    """The queue's figures as they were shown last are those that the same events give when they are read again."""
    settings = load(config, {})
    until = max(event.at for event in told) + 1
    figures = compute(told, settings, day_of(until, zone(settings.timezone))[0], until)
    (again,) = [report.total for report in figures.queues if report.queue == "hotline"]
    shown = [event for event in told if isinstance(event, ServiceLevelChanged) and event.queue == "hotline"][-1]
    for name in SHOWN:
        assert (name, getattr(shown, name)) == (name, getattr(again, name))
