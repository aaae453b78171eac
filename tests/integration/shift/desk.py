"""An agent's desk: whom he answers, and what is asked of him."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from gateway.demo.phones import Caller
from gateway.errors import NeighbourError
from tests.integration.recorder import AmiRecorder
from tests.integration.shift.house import MEMBERS
from tests.integration.shift.people import Agent, Citizen

LONGEST_RING, LONGEST_TALK = 8.0, 20.0
"""Seconds after which an agent takes a ringing call after all, or stops asking; and ends a call that nobody ends."""


class House(Protocol):
    """Where the agent works."""

    ami: AmiRecorder
    office: Caller
    office_line: asyncio.Lock
    chance: random.Random
    surprises: list[str]
    taken_out: set[str]
    """Ids of calls that a supervisor took out of their queue."""

    def citizen(self, number: str) -> Citizen | None:
        """Who has this number."""

    def desk(self, number: str) -> Desk | None:
        """Whose number it is."""

    async def free_colleague(self) -> Desk:
        """Somebody with little to do. Raises NeighbourError when all are busy."""


class Desk:
    """One agent at work. ``claimed``: by a colleague, for this citizen, and whether he answers a question."""

    def __init__(self, phone: Agent, house: House) -> None:
        self.phone = phone
        self.number = phone.agent
        self.claimed: tuple[Desk, Citizen] | None = None
        self.declines = False
        self._house = house
        self._rings_for_me = asyncio.Event()
        self._answers_me = asyncio.Event()

    async def work(self) -> None:
        """Take calls until cancelled."""
        while True:
            await self.phone.rung()
            act = ""
            try:
                asker = self._asker()
                if asker is not None:
                    act = "be asked"
                    await self._be_asked(asker)
                    continue
                citizen = self._house.citizen(self.phone.rung_by)
                if citizen is None:
                    await self.phone.over_within(LONGEST_RING)
                    continue
                act = citizen.next_act()
                await getattr(self, act)(citizen)
            except NeighbourError as error:
                self._house.surprises.append(f"{self.number} {act}: {str(error).splitlines()[0]}")
            finally:
                await self.phone.clear()

    def _asker(self) -> Desk | None:
        """Who wants to ask something, if it is not a citizen who rings."""
        if self.claimed is not None and self.phone.rung_by in (self.claimed[0].number, self.claimed[1].number):
            return self.claimed[0]
        return self._house.desk(self.phone.rung_by)

    async def _be_asked(self, asker: Desk) -> None:
        asker._rings_for_me.set()
        if self.declines:
            await asyncio.sleep(0.5)
            await self.phone.reject()
            return
        if await self._answer():
            await asyncio.sleep(1.0)
            asker._answers_me.set()
            await self.phone.over_within(LONGEST_TALK)

    async def _answer(self) -> bool:
        """Pick up after a while; False when the caller was quicker."""
        await asyncio.sleep(self._house.chance.uniform(0.3, 1.2))
        if not self.phone.rings:
            return False
        await self.phone.answer()
        await self.phone.wait_established()
        return True

    async def _talk(self) -> bool:
        """Pick up and talk for a while; False when there is no call any more."""
        return await self._answer() and not await self.phone.over_within(self._house.chance.uniform(1.5, 3.5))

    # --- what several acts share ---------------------------------------------------------------------------

    async def _tell(self, **headers: str) -> None:
        await self._house.ami.ask(**headers, Interface=MEMBERS[self.number])

    async def _office_answers(self) -> None:
        await self._house.office.wait_ringing()
        await asyncio.sleep(0.5)
        await self._house.office.answer()
        await self._house.office.wait_established()

    async def _ask(self, number: str, *, only_ring: bool = False) -> None:
        """Put the citizen on hold and call somebody, until he rings or answers."""
        waited_for = self._rings_for_me if only_ring else self._answers_me
        waited_for.clear()
        await self.phone.consult(number)
        await self._heard(waited_for)

    async def _heard(self, event: asyncio.Event) -> None:
        try:
            await asyncio.wait_for(event.wait(), LONGEST_RING)
        except TimeoutError:
            raise NeighbourError("nobody to be asked") from None

    async def _hand_over(self, number: str, citizen: Citizen) -> None:
        await asyncio.sleep(0.3)
        await self.phone.hand_over(number)
        citizen.leave_in(self._house.chance.uniform(3.0, 4.0))
        await self.phone.over_within(LONGEST_RING)

    async def _back_to(self, citizen: Citizen) -> None:
        await self.phone.resume()
        citizen.leave_in(1.0)
        await self.phone.over_within(LONGEST_TALK)

    @asynccontextmanager
    async def _colleague(self, citizen: Citizen) -> AsyncIterator[Desk]:
        """Somebody who waits for what this agent wants of him. Raises NeighbourError."""
        colleague = await self._house.free_colleague()
        colleague.claimed = self, citizen
        try:
            yield colleague
        finally:
            colleague.claimed, colleague.declines = None, False
