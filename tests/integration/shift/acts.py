"""What an agent does with a caller, by the caller's plan: the acts that ``plan.DECK`` names."""

from __future__ import annotations

import asyncio

from tests.integration.plots.scene import OFFICE
from tests.integration.shift.desk import LONGEST_RING, LONGEST_TALK, Desk
from tests.integration.shift.house import COMPLAINTS, NAMES, TEAMS
from tests.integration.shift.people import Citizen

UNHEARD = 0.3
"""Seconds into the announcement."""
PAUSES = ("小休", "话后整理")
"""A break, and what counts as wrap-up."""


class ActingDesk(Desk):
    """A desk with everything an agent may do."""

    # --- not answered, or not heard ------------------------------------------------------------------------

    async def let_ring(self, citizen: Citizen) -> None:
        if not await self.phone.over_within(LONGEST_RING):
            await self.talk(citizen)

    async def decline(self, citizen: Citizen) -> None:
        await asyncio.sleep(0.5)
        await self.phone.reject()

    async def be_left(self, citizen: Citizen) -> None:
        citizen.leave_in(0.8)
        await self.phone.over_within(LONGEST_RING)

    async def be_left_unheard(self, citizen: Citizen) -> None:
        if await self._answer():
            citizen.leave_in(UNHEARD)
            await self.phone.over_within(LONGEST_TALK)

    async def leave_unheard(self, citizen: Citizen) -> None:
        if await self._answer():
            await asyncio.sleep(UNHEARD)
            await self.phone.hang_up()

    async def be_picked_up(self, citizen: Citizen) -> None:
        async with self._colleague(citizen) as colleague:
            await colleague.phone.call(f"*8{self.number}")
            await colleague.phone.wait_established()
            citizen.leave_in(2.5)
            await colleague.phone.over_within(LONGEST_TALK)
            await colleague.phone.clear()

    async def be_taken_out(self, citizen: Citizen) -> None:
        async with self._colleague(citizen) as colleague:
            joined = self._house.ami.all("QueueCallerJoin", CallerIDNum=citizen.number)[-1]
            place = {"Context": "from-agent", "Exten": colleague.number, "Priority": "1"}
            self._house.taken_out.add(joined["Uniqueid"])
            await self._house.ami.ask(Action="Redirect", Channel=joined["Channel"], **place)
            await colleague.phone.wait_ringing()

    # --- in conversation -----------------------------------------------------------------------------------

    async def talk(self, citizen: Citizen) -> None:
        if await self._talk():
            await citizen.hang_up()
            await self.phone.over_within(LONGEST_TALK)

    async def end(self, citizen: Citizen) -> None:
        if await self._talk():
            await self.phone.hang_up()

    async def end_and_be_rated(self, citizen: Citizen) -> None:
        if await self._talk():
            await self.phone.hang_up()
            citizen.press_in(0.8, "5")

    async def end_and_be_left(self, citizen: Citizen) -> None:
        if await self._talk():
            await self.phone.hang_up()
            citizen.leave_in(0.7)

    async def hold(self, citizen: Citizen) -> None:
        if await self._talk():
            for _ in range(2):
                await self.phone.hold()
                await asyncio.sleep(1.0)
                await self.phone.resume()
                await asyncio.sleep(0.7)
            await citizen.hang_up()
            await self.phone.over_within(LONGEST_TALK)

    async def be_held(self, citizen: Citizen) -> None:
        if await self._talk():
            await citizen.hold()
            await asyncio.sleep(1.0)
            await citizen.resume()
            await asyncio.sleep(0.7)
            await self.phone.hang_up()

    async def hold_and_be_left(self, citizen: Citizen) -> None:
        if await self._talk():
            await self.phone.hold()
            await asyncio.sleep(1.0)
            await citizen.hang_up()
            await self.phone.over_within(LONGEST_TALK)

    # --- sent on -------------------------------------------------------------------------------------------

    async def send_to_colleague(self, citizen: Citizen) -> None:
        if await self._talk():
            async with self._colleague(citizen) as colleague:
                colleague.claimed = None
                await self.phone.transfer(colleague.number)
                await self.phone.over_within(LONGEST_RING)

    async def send_by_keys(self, citizen: Citizen) -> None:
        if await self._talk():
            async with self._colleague(citizen) as colleague:
                colleague.claimed = None
                await self.phone.press("##")
                await asyncio.sleep(1.0)
                await self.phone.press(colleague.number)
                await self.phone.over_within(LONGEST_RING)

    async def send_to_queue(self, citizen: Citizen) -> None:
        if await self._talk():
            await self.phone.transfer(COMPLAINTS)
            await self.phone.over_within(LONGEST_RING)

    async def send_over_trunk(self, citizen: Citizen) -> None:
        if await self._talk():
            async with self._house.office_line:
                await self.phone.transfer(OFFICE)
                await self._office_answers()
                citizen.leave_in(2.0)
                await self._house.office.wait_closed()

    async def hand_to_colleague(self, citizen: Citizen) -> None:
        if await self._talk():
            async with self._colleague(citizen) as colleague:
                await self._ask(colleague.number)
                await self._hand_over(colleague.number, citizen)

    async def hand_to_queue(self, citizen: Citizen) -> None:
        if await self._talk():
            await self._ask(COMPLAINTS)
            await self._hand_over(COMPLAINTS, citizen)

    async def hand_while_it_rings(self, citizen: Citizen) -> None:
        if await self._talk():
            async with self._colleague(citizen) as colleague:
                await self._ask(colleague.number, only_ring=True)
                await self._hand_over(colleague.number, citizen)

    async def hand_while_queue_rings(self, citizen: Citizen) -> None:
        if await self._talk():
            await self._ask(COMPLAINTS, only_ring=True)
            await self._hand_over(COMPLAINTS, citizen)

    async def ask_in_vain(self, citizen: Citizen) -> None:
        if await self._talk():
            async with self._colleague(citizen) as colleague:
                await self._ask(colleague.number)
                await self.phone.hang_up()
                await colleague.phone.over_within(LONGEST_TALK)
                await self._back_to(citizen)

    async def ask_and_be_declined(self, citizen: Citizen) -> None:
        if await self._talk():
            async with self._colleague(citizen) as colleague:
                colleague.declines = True
                await self._ask(colleague.number, only_ring=True)
                await colleague.phone.over_within(LONGEST_RING)
                await asyncio.sleep(0.5)
                await self._back_to(citizen)

    async def talk_in_three(self, citizen: Citizen) -> None:
        if await self._talk():
            async with self._colleague(citizen) as colleague:
                self._answers_me.clear()
                await self.phone.press("*2")
                await asyncio.sleep(1.0)
                await self.phone.press(colleague.number)
                await self._heard(self._answers_me)
                await self.phone.press("*3")
                await asyncio.sleep(2.0)
                await self.phone.hang_up()
                citizen.leave_in(1.0)
                await colleague.phone.over_within(LONGEST_TALK)

    # --- around a call -------------------------------------------------------------------------------------

    async def talk_and_pause(self, citizen: Citizen) -> None:
        if await self._talk():
            reason = self._house.chance.choice(PAUSES)
            await self._tell(Action="QueuePause", Paused="true", Reason=reason)
            await asyncio.sleep(0.5)
            await citizen.hang_up()
            await self.phone.over_within(LONGEST_TALK)
            await asyncio.sleep(self._house.chance.uniform(1.5, 3.0))
            await self._tell(Action="QueuePause", Paused="false")

    async def talk_and_log_out(self, citizen: Citizen) -> None:
        await self.talk(citizen)
        queues = [queue for queue, team in TEAMS.items() if self.number in team]
        for queue in queues:
            await self._tell(Action="QueueRemove", Queue=queue)
        await asyncio.sleep(self._house.chance.uniform(1.5, 3.0))
        known = {"MemberName": NAMES[self.number], "StateInterface": f"PJSIP/{self.number}"}
        for queue in queues:
            await self._tell(Action="QueueAdd", Queue=queue, **known)

    async def talk_and_call(self, citizen: Citizen) -> None:
        await self.talk(citizen)
        async with self._house.office_line:
            await self.phone.call(OFFICE)
            await self._office_answers()
            await asyncio.sleep(1.5)
            await self.phone.hang_up()
            await self._house.office.wait_closed()
