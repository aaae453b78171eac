"""What the plots of traces have in common: a PBX, a recorder, and phones that join as they are needed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from typing import TypeAlias

from gateway.demo.phones import AgentPhone, Caller
from gateway.demo.stage import AsteriskInstance
from tests.integration.recorder import AmiRecorder


class Scene:
    """A PBX with a recorder; phones join as the plot needs them."""

    def __init__(self, instance: AsteriskInstance, stack: AsyncExitStack) -> None:
        self.instance = instance
        self._stack = stack

    async def agents(self, *numbers: str) -> list[AgentPhone]:
        """Switch agents' phones on and wait until they are registered."""
        phones = [await self._stack.enter_async_context(AgentPhone(self.instance, n)) for n in numbers]
        for phone in phones:
            await phone.wait_registered()
        return phones

    async def caller(self, number: str = "13800000001", name: str = "张建国") -> Caller:
        """Switch a citizen's phone on."""
        return await self._stack.enter_async_context(Caller(self.instance, number, name))

    async def record(self) -> AmiRecorder:
        """Begin the recording."""
        return await self._stack.enter_async_context(AmiRecorder(self.instance))

    async def call(self) -> tuple[AmiRecorder, Caller]:
        """Begin the recording; a citizen calls."""
        ami, caller = await self.record(), await self.caller()
        await caller.call("12345")
        return ami, caller

    async def first_to(
        self, wait: Callable[[AgentPhone], Coroutine[None, None, None]], phones: list[AgentPhone]
    ) -> tuple[AgentPhone, list[AgentPhone]]:
        """The phone whose wait is over first, and the others."""
        waits = {asyncio.create_task(wait(phone)): phone for phone in phones}
        done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        first = waits[done.pop()]
        return first, [phone for phone in phones if phone is not first]


Plot: TypeAlias = Callable[[Scene], Awaitable[AmiRecorder]]
"""What the phones do; gives the recording."""


async def connected(scene: Scene, agent: AgentPhone) -> tuple[AmiRecorder, Caller]:
    """A citizen calls and the agent picks up."""
    ami, caller = await scene.call()
    await agent.wait_ringing()
    await asyncio.sleep(1.0)
    await agent.answer()
    await ami.seen("BridgeEnter", 2)
    return ami, caller
