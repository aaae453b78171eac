"""Calls on hold, calls of three, and a call a colleague picks up."""

from __future__ import annotations

import asyncio

from tests.integration.plots.scene import Plot, Scene, Setting, setting, talk_and_end, talking
from tests.integration.recorder import AmiRecorder


async def hold_and_resume(scene: Scene) -> AmiRecorder:
    """The agent puts the citizen on hold twice; the citizen ends the call."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    for count in (1, 2):
        await asyncio.sleep(0.5)
        await agent.hold()
        await ami.seen("Hold", count)
        await asyncio.sleep(1.0)
        await agent.resume()
        await ami.seen("Unhold", count)
    return await talk_and_end(ami, caller)


async def caller_holds(scene: Scene) -> AmiRecorder:
    """The citizen puts the agent on hold for a while; the agent ends the call."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    await caller.hold()
    await ami.seen("Hold")
    await asyncio.sleep(1.0)
    await caller.resume()
    await ami.seen("Unhold")
    return await talk_and_end(ami, agent)


async def caller_hangs_up_on_hold(scene: Scene) -> AmiRecorder:
    """The agent puts the citizen on hold, and the citizen hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    await agent.hold()
    await ami.seen("Hold")
    return await talk_and_end(ami, caller)


@setting(Setting(members=("PJSIP/1001,0,王敏,PJSIP/1001",)))
async def extension_holds(scene: Scene) -> AmiRecorder:
    """The agent sends the citizen to a colleague in no queue, who puts him on hold for a while."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.transfer("1003")
    await colleague.wait_ringing()
    await colleague.answer()
    await ami.seen("BridgeEnter", 4)
    await asyncio.sleep(0.5)
    await colleague.hold()
    await ami.seen("Hold")
    await asyncio.sleep(1.0)
    await colleague.resume()
    await ami.seen("Unhold")
    return await talk_and_end(ami, caller)


async def three_party_call(scene: Scene) -> AmiRecorder:
    """The agent fetches an expert and joins all three by keys, then leaves; citizen and expert go on."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (expert,) = await scene.agents("1003")
    await agent.press("*2")
    await asyncio.sleep(1.0)
    await agent.press("1003")
    await expert.wait_ringing()
    await asyncio.sleep(1.0)
    await expert.answer()
    await expert.wait_established()
    await asyncio.sleep(1.0)
    await agent.press("*3")
    await ami.seen("AttendedTransfer")
    await asyncio.sleep(2.0)
    await agent.hang_up()
    await agent.wait_closed()
    return await talk_and_end(ami, caller)


async def three_party_call_expert_leaves(scene: Scene) -> AmiRecorder:
    """The agent fetches an expert over the trunk and joins all three; the expert leaves first, the citizen last."""
    (agent,) = await scene.agents("1001")
    expert = await scene.citizen("13900000003", "周工")
    ami, caller = await talking(scene, agent)
    await agent.press("*2")
    await asyncio.sleep(1.0)
    await agent.press("13900000003")
    await expert.wait_ringing()
    await asyncio.sleep(1.0)
    await expert.answer()
    await expert.wait_established()
    await asyncio.sleep(1.0)
    await agent.press("*3")
    await ami.seen("AttendedTransfer")
    await asyncio.sleep(2.0)
    await expert.hang_up()
    await expert.wait_closed()
    return await talk_and_end(ami, caller)


async def three_party_call_mixed_by_phone(scene: Scene) -> AmiRecorder:
    """The agent's phone itself joins citizen and expert: two calls, none on hold; he ends one after the other."""
    (agent,) = await scene.agents("1001")
    ami, _ = await talking(scene, agent)
    (expert,) = await scene.agents("1003")
    await agent.consult("1003")
    await expert.wait_ringing()
    await asyncio.sleep(1.0)
    await expert.answer()
    await ami.seen("BridgeEnter", 4)
    await asyncio.sleep(1.0)
    await agent.take_back()
    await ami.seen("Unhold")
    await asyncio.sleep(2.0)
    await agent.hang_up()
    await ami.seen("Hangup", 2)
    return await talk_and_end(ami, agent)


async def agent_picks_up_for_colleague(scene: Scene) -> AmiRecorder:
    """The phone of 1001 rings; a colleague dials *8 and has the citizen, who hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await scene.call()
    await agent.wait_ringing()
    (colleague,) = await scene.agents("1003")
    await colleague.call("*8")
    await colleague.wait_established()
    await ami.seen("BridgeEnter", 2)
    return await talk_and_end(ami, caller)


PLOTS: tuple[Plot, ...] = (
    hold_and_resume,
    caller_holds,
    caller_hangs_up_on_hold,
    extension_holds,
    three_party_call,
    three_party_call_expert_leaves,
    three_party_call_mixed_by_phone,
    agent_picks_up_for_colleague,
)
