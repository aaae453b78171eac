"""One shift: citizens call, agents serve them, until every call is over."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from contextlib import AsyncExitStack
from typing import Self

from gateway.demo.phones import Caller
from gateway.errors import NeighbourError
from tests.integration.plots.scene import OFFICE, OFFICE_NAME
from tests.integration.recorder import AmiRecorder
from tests.integration.shift.acts import ActingDesk
from tests.integration.shift.desk import Desk
from tests.integration.shift.house import COLLEAGUES, MEMBERS, NAMES, TEAMS, ShiftPbx
from tests.integration.shift.people import Agent, Citizen
from tests.integration.shift.plan import Plan

CITIZENS = 20
"""Phones that call at the same time."""
FREE_SECONDS = 8.0
"""How long an agent looks for a colleague who is free."""
POLL = 0.1


class Shift:
    """Async context manager: everybody at their phones. ``surprises``: what did not go by plan, in words."""

    def __init__(self, pbx: ShiftPbx, chance: random.Random) -> None:
        self.pbx, self.chance = pbx, chance
        self.surprises: list[str] = []
        self.taken_out: set[str] = set()
        self.office_line = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            self.ami = await stack.enter_async_context(AmiRecorder(self.pbx))
            office = Caller(self.pbx, OFFICE, OFFICE_NAME, label="the office", reachable=True)
            self.office = await stack.enter_async_context(office)
            phones = [Agent(self.pbx, number) for number in NAMES]
            citizens = [Citizen(self.pbx, f"138000001{index:02}") for index in range(CITIZENS)]
            for phone in (*phones, *citizens):
                await stack.enter_async_context(phone)
            for phone in phones:
                await phone.wait_registered()
            self._desks: dict[str, Desk] = {phone.agent: ActingDesk(phone, self) for phone in phones}
            self._citizens = {citizen.number: citizen for citizen in citizens}
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def citizen(self, number: str) -> Citizen | None:
        """Who has this number."""
        return self._citizens.get(number)

    def desk(self, number: str) -> Desk | None:
        """Whose number it is."""
        return self._desks.get(number)

    async def free_colleague(self) -> Desk:
        """Somebody with little to do. Raises NeighbourError when all are busy."""
        loop = asyncio.get_running_loop()
        end = loop.time() + FREE_SECONDS
        while loop.time() < end:
            for number in COLLEAGUES:
                desk = self._desks[number]
                if desk.claimed is None and desk.phone.is_free:
                    return desk
            await asyncio.sleep(POLL)
        raise NeighbourError("no colleague is free")

    async def play(self, plans: list[Plan]) -> None:
        """Every plan once; then one agent goes for a break and one home. Raises NeighbourError."""
        waiting = deque(plans)
        working = [asyncio.create_task(desk.work()) for desk in self._desks.values()]
        async with asyncio.TaskGroup() as tasks:
            for citizen in self._citizens.values():
                tasks.create_task(self._call(citizen, waiting))
        for desk in self._desks.values():
            await desk.phone.clear()
        for task in working:
            task.cancel()
        ends = await asyncio.gather(*working, return_exceptions=True)
        failures = [end for end in ends if isinstance(end, Exception)]
        if failures:
            raise ExceptionGroup("agents", failures)
        resting, leaving = TEAMS["hotline"][:2]
        await self.ami.ask(Action="QueuePause", Interface=MEMBERS[resting], Paused="true", Reason="小休")
        await self.ami.ask(Action="QueueRemove", Interface=MEMBERS[leaving], Queue="hotline")

    async def _call(self, citizen: Citizen, waiting: deque[Plan]) -> None:
        await asyncio.sleep(self.chance.uniform(0, 3.0))
        while waiting:
            await citizen.call_by(waiting.popleft())
            await asyncio.sleep(self.chance.uniform(0.2, 1.5))
