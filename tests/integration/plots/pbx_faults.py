"""Asterisk stopped, killed or frozen in mid-call, as the gateway's own AMI client sees it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.demo.phones import AgentPhone, Caller
from tests.integration.plots.faults import CALM, IN_STEP, LOST, end
from tests.integration.plots.scene import Plot, Scene, setting
from tests.integration.recorder import ClientRecorder, Recording


async def two_calls(scene: Scene) -> tuple[Recording, AgentPhone, Caller, Caller]:
    """A citizen talks to the agent, another waits; the gateway's client is connected without a relay."""
    (agent,) = await scene.agents("1001")
    seen = await scene.enter(ClientRecorder(scene.instance, scene.instance.ami_port))
    first, second = await scene.caller(), await scene.caller("13900000002", "李秀英")
    await first.call("12345")
    await agent.wait_ringing()
    await agent.answer()
    await seen.seen("BridgeEnter", 2)
    await second.call("12345")
    await seen.seen("QueueCallerJoin", 2)
    await asyncio.sleep(2.0)
    return seen, agent, first, second


async def again(scene: Scene, seen: Recording, agent: AgentPhone, caller: Caller) -> None:
    """A citizen calls and is answered by the agent."""
    bridged, gone = len(seen.all("BridgeEnter")), len(seen.all("Hangup"))
    await caller.call("12345")
    await agent.wait_ringing()
    await asyncio.sleep(0.5)
    await agent.answer()
    await seen.seen("BridgeEnter", bridged + 2)
    await end(seen, caller, gone + 2)


def process(scene: Scene) -> int:
    """Asterisk's process id."""
    return int((scene.instance.folder / "run" / "asterisk.pid").read_text())


@setting(CALM)
async def asterisk_restarted_in_mid_call(scene: Scene) -> Recording:
    """Asterisk is stopped and started while one citizen talks and another waits; then the second calls again."""
    seen, agent, first, second = await two_calls(scene)
    await scene.instance.stop()
    await seen.seen(LOST)
    await scene.instance.start()
    await seen.seen(IN_STEP, 2)
    await asyncio.gather(*(phone.wait_closed() for phone in (agent, first, second)))
    await again(scene, seen, agent, second)
    return seen


@setting(CALM)
async def asterisk_killed_in_mid_call(scene: Scene) -> Recording:
    """Asterisk dies (SIGKILL) and is started while one citizen talks and another waits; then the second calls again."""
    seen, agent, first, second = await two_calls(scene)
    os.kill(process(scene), signal.SIGKILL)
    await seen.seen(LOST)
    await scene.instance.stop()
    await scene.instance.start()
    await seen.seen(IN_STEP, 2)
    for phone in (agent, first, second):
        await phone.hang_up()
        await phone.wait_closed()
    await again(scene, seen, agent, second)
    return seen


@asynccontextmanager
async def frozen(scene: Scene, seen: Recording) -> AsyncIterator[None]:
    """Asterisk stands still (SIGSTOP) until the client has noticed and the block is over; then wait for the resync."""
    pid = process(scene)
    os.kill(pid, signal.SIGSTOP)
    try:
        await seen.seen(LOST)
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
    await seen.seen(IN_STEP, 2)


@setting(CALM)
async def asterisk_frozen_in_mid_call(scene: Scene) -> Recording:
    """Asterisk stands still for 4 s while one citizen talks and another waits; both calls go on."""
    seen, agent, first, second = await two_calls(scene)
    async with frozen(scene, seen):
        await asyncio.sleep(2.0)
    await end(seen, first, 2)
    await agent.wait_closed()
    await agent.wait_ringing()
    await asyncio.sleep(0.5)
    await agent.answer()
    await seen.seen("BridgeEnter", 4)
    await end(seen, second, 4)
    return seen


@setting(CALM)
async def asterisk_frozen_and_callers_leave(scene: Scene) -> Recording:
    """Asterisk stands still while one citizen talks and another waits; both hang up meanwhile."""
    seen, _, first, second = await two_calls(scene)
    async with frozen(scene, seen):
        await first.hang_up()
        await second.hang_up()
        await asyncio.sleep(1.0)
    async with asyncio.timeout(10):
        while "0 active channels" not in await scene.instance.cli("core show channels"):  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return seen


PLOTS: tuple[Plot, ...] = (
    asterisk_restarted_in_mid_call,
    asterisk_killed_in_mid_call,
    asterisk_frozen_in_mid_call,
    asterisk_frozen_and_callers_leave,
)
