"""The people of a shift: citizens who call by plan, and agents at their phones."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import Awaitable, Callable

from gateway.demo.phones import AgentPhone, Caller
from gateway.errors import NeighbourError
from tests.integration.plots.scene import PlotPbx
from tests.integration.shift.plan import Plan

CONNECT_SECONDS = 30.0
LONGEST_CALL = 90.0
"""Seconds; who is on the line for longer is stuck."""
_NUMBER = re.compile(r"sip:([^@;>]*)")


class Citizen(Caller):
    """A citizen who calls again and again, each time by another plan."""

    def __init__(self, instance: PlotPbx, number: str) -> None:
        super().__init__(instance, number, "张建国", label=f"citizen {number}")
        self.number = number
        self.plan = Plan("")
        self._acts: deque[str] = deque()
        self._going: set[asyncio.Task[None]] = set()

    async def call_by(self, plan: Plan) -> None:
        """One call from dialling to its end. Raises NeighbourError when it does not end."""
        self.plan, self._acts = plan, deque(plan.acts)
        await self.call(plan.dialled)
        await self.wait_established(CONNECT_SECONDS)
        if plan.leaves is not None:
            self.leave_in(plan.leaves)
        try:
            await self.wait_closed(LONGEST_CALL)
        finally:
            for task in self._going:
                task.cancel()

    def next_act(self) -> str:
        """What the agent does whose phone rings for this caller now."""
        return self._acts.popleft() if len(self._acts) > 1 else self._acts[0]

    def leave_in(self, seconds: float) -> None:
        """Hang up then, if the call is still up."""
        self._later(seconds, self.hang_up)

    def press_in(self, seconds: float, keys: str) -> None:
        """Press keys then."""
        self._later(seconds, lambda: self.press(keys))

    def _later(self, seconds: float, deed: Callable[[], Awaitable[None]]) -> None:
        async def wait_and_do() -> None:
            await asyncio.sleep(seconds)
            with contextlib.suppress(NeighbourError):  # the call was over
                await deed()

        task = asyncio.create_task(wait_and_do())
        self._going.add(task)
        task.add_done_callback(self._going.discard)


class Agent(AgentPhone):
    """An agent's phone that knows who rings. ``rung_by``: the number it shows."""

    def __init__(self, instance: PlotPbx, agent: str) -> None:
        super().__init__(instance, agent)
        self.rung_by = ""
        self._incoming: dict[str, str] = {}

    @property
    def is_free(self) -> bool:
        """Neither rings nor has a call."""
        return not self._calls

    @property
    def rings(self) -> bool:
        """The latest call is not answered yet."""
        return self._ringing.is_set()

    async def rung(self) -> None:
        """Wait until it rings, however long."""
        await self._ringing.wait()

    async def over_within(self, seconds: float) -> bool:
        """Wait until every call is over, or so long."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), seconds)
        return self._closed.is_set()

    async def clear(self) -> None:
        """End every call there is, but for one that has only begun to ring."""
        for _ in range(5):
            if self._incoming.keys() >= set(self._calls) or await self.over_within(0.3):
                return
            with contextlib.suppress(NeighbourError):
                await self.hang_up()

    def _note(self, kind: str, call: str, text: str) -> None:
        super()._note(kind, call, text)
        if kind == "CALL_INCOMING":
            found = _NUMBER.search(text)
            self._incoming[call] = found[1] if found else ""
        elif kind in ("CALL_ESTABLISHED", "CALL_CLOSED"):
            self._incoming.pop(call, None)
        if self._incoming:  # also when another call is over: then this one still rings
            self.rung_by = list(self._incoming.values())[-1]
            self._ringing.set()
