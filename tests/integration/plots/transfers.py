"""An agent sends the citizen on: without asking there first: to a colleague, to another queue, over the trunk."""

from __future__ import annotations

import asyncio

from tests.integration.plots.scene import COMPLAINTS, OFFICE, OFFICE_NAME, Plot, Scene, all_down, talk_and_end, talking
from tests.integration.recorder import AmiRecorder


async def blind_transfer_to_extension(scene: Scene) -> AmiRecorder:
    """The agent sends the citizen to a colleague, who answers; the citizen hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.transfer("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("BridgeEnter", 4)
    return await talk_and_end(ami, caller)


async def blind_transfer_to_queue(scene: Scene) -> AmiRecorder:
    """The agent sends the citizen to the complaints queue, whose agent answers and hangs up."""
    (agent,) = await scene.agents("1001")
    ami, _ = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.transfer(COMPLAINTS)
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("BridgeEnter", 4)
    return await talk_and_end(ami, colleague)


async def blind_transfer_to_queue_then_abandoned(scene: Scene) -> AmiRecorder:
    """The agent sends the citizen to the complaints queue, where nobody is; the citizen gives up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    await agent.transfer(COMPLAINTS)
    await ami.seen("QueueCallerJoin", Queue="complaints")
    await asyncio.sleep(2.0)
    await caller.hang_up()
    await all_down(ami)
    return ami


async def blind_transfer_to_trunk(scene: Scene) -> AmiRecorder:
    """The agent sends the citizen to an office over the trunk; the citizen hangs up."""
    (agent,) = await scene.agents("1001")
    office = await scene.citizen(OFFICE, OFFICE_NAME)
    ami, caller = await talking(scene, agent)
    await agent.transfer(OFFICE)
    await office.wait_ringing()
    await asyncio.sleep(1.0)
    await office.answer()
    await ami.seen("BridgeEnter", 4)
    return await talk_and_end(ami, caller)


async def blind_transfer_declined(scene: Scene) -> AmiRecorder:
    """The colleague refuses (486); the queue rings the same colleague with the citizen, and now he answers."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.transfer("1003")
    await agent.wait_closed()
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.reject()
    await ami.seen("AgentCalled", 2)
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("BridgeEnter", 4)
    return await talk_and_end(ami, caller)


async def blind_transfer_to_absent_extension(scene: Scene) -> AmiRecorder:
    """The colleague's phone is off; the citizen is back in the queue and gives up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    await agent.transfer("1003")
    await ami.seen("QueueCallerJoin", 2)
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await all_down(ami)
    return ami


async def blind_transfer_to_unknown_number(scene: Scene) -> AmiRecorder:
    """The agent presses ## and a number that does not exist; he goes on talking to the citizen and hangs up."""
    (agent,) = await scene.agents("1001")
    ami, _ = await talking(scene, agent)
    await agent.press("##")
    await ami.seen("Hold")
    await asyncio.sleep(1.0)
    await agent.press("9")
    await ami.seen("Unhold")
    return await talk_and_end(ami, agent)


async def blind_transfer_to_busy_trunk_number(scene: Scene) -> AmiRecorder:
    """The office is busy; the citizen is back in the queue and gets the first agent again, who hangs up."""
    (agent,) = await scene.agents("1001")
    office = await scene.citizen(OFFICE, OFFICE_NAME)
    ami, _ = await talking(scene, agent)
    await agent.transfer(OFFICE)
    await agent.wait_closed()
    await office.wait_ringing()
    await asyncio.sleep(1.0)
    await office.reject()
    await agent.wait_ringing()
    await asyncio.sleep(1.0)
    await agent.answer()
    await ami.seen("BridgeEnter", 4)
    return await talk_and_end(ami, agent)


async def blind_transfer_by_keys(scene: Scene) -> AmiRecorder:
    """The agent presses ## and the colleague's number; the colleague answers and hangs up."""
    (agent,) = await scene.agents("1001")
    ami, _ = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.press("##")
    await asyncio.sleep(1.0)
    await agent.press("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("BridgeEnter", 4)
    return await talk_and_end(ami, colleague)


async def transferred_twice(scene: Scene) -> AmiRecorder:
    """The first agent sends the citizen to a second, who sends him to a third; the citizen hangs up."""
    (first,) = await scene.agents("1001")
    ami, caller = await talking(scene, first)
    second, third = await scene.agents("1003", "1004")
    for phone, number, target, entered in ((first, "1003", second, 4), (second, "1004", third, 6)):
        await phone.transfer(number)
        await target.wait_ringing()
        await asyncio.sleep(1.0)
        await target.answer()
        await ami.seen("BridgeEnter", entered)
        await asyncio.sleep(1.0)
    return await talk_and_end(ami, caller)


PLOTS: tuple[Plot, ...] = (
    blind_transfer_to_extension,
    blind_transfer_to_queue,
    blind_transfer_to_queue_then_abandoned,
    blind_transfer_to_trunk,
    blind_transfer_declined,
    blind_transfer_to_absent_extension,
    blind_transfer_to_unknown_number,
    blind_transfer_to_busy_trunk_number,
    blind_transfer_by_keys,
    transferred_twice,
)
