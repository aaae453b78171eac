"""Agents behind Local channels that stay, as FreePBX makes them: what they send on is the channel's far half."""

from __future__ import annotations

import asyncio

from gateway.demo.phones import AgentPhone, Caller
from tests.integration.plots.members import KEPT
from tests.integration.plots.scene import COMPLAINTS, Plot, Scene, all_down, setting, talk_and_end
from tests.integration.recorder import AmiRecorder


async def talking(scene: Scene, agent: AgentPhone) -> tuple[AmiRecorder, Caller]:
    """A citizen and an agent who have talked for a second."""
    ami, caller = await scene.call()
    await agent.wait_ringing()
    await asyncio.sleep(1.0)
    await agent.answer()
    await ami.seen("AgentConnect")
    await asyncio.sleep(1.0)
    return ami, caller


@setting(KEPT)
async def agent_hangs_up_behind_kept_local_channel(scene: Scene) -> AmiRecorder:
    """The agent ends the call."""
    (agent,) = await scene.agents("1001")
    ami, _ = await talking(scene, agent)
    return await talk_and_end(ami, agent)


@setting(KEPT)
async def blind_transfer_behind_kept_local_channel(scene: Scene) -> AmiRecorder:
    """The agent sends the citizen to a colleague, who answers; the citizen hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.transfer("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await colleague.wait_established()
    return await talk_and_end(ami, caller)


@setting(KEPT)
async def blind_transfer_declined_behind_kept_local_channel(scene: Scene) -> AmiRecorder:
    """The agent sends the citizen to a colleague, who refuses (486); no gateway is there for the survey."""
    (agent,) = await scene.agents("1001")
    ami, _ = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.transfer("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.reject()
    await all_down(ami)
    return ami


@setting(KEPT)
async def blind_transfer_to_queue_behind_kept_local_channel(scene: Scene) -> AmiRecorder:
    """The agent sends the citizen to the complaints queue, whose agent answers and hangs up."""
    (agent,) = await scene.agents("1001")
    ami, _ = await talking(scene, agent)
    (colleague,) = await scene.agents("1002")
    await agent.transfer(COMPLAINTS)
    await agent.stop()
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("AgentConnect", 2)
    return await talk_and_end(ami, colleague)


@setting(KEPT)
async def abandoned_in_queue_behind_kept_local_channel(scene: Scene) -> AmiRecorder:
    """The agent sends the citizen to the complaints queue, and the citizen leaves while a phone rings there."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1002")
    await agent.transfer(COMPLAINTS)
    await agent.stop()
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await all_down(ami)
    return ami


@setting(KEPT)
async def attended_transfer_behind_kept_local_channel(scene: Scene) -> AmiRecorder:
    """The agent asks a colleague first, then hands over; the citizen hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.consult("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await colleague.wait_established()
    await asyncio.sleep(1.0)
    await agent.hand_over("1003")
    await agent.wait_closed()
    return await talk_and_end(ami, caller)


@setting(KEPT)
async def blonde_transfer_to_queue_behind_kept_local_channel(scene: Scene) -> AmiRecorder:
    """The agent hands over while waiting in the complaints queue; its agent answers, the citizen hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1002")
    await agent.consult(COMPLAINTS)
    await colleague.wait_ringing()
    await agent.hand_over(COMPLAINTS)
    await agent.wait_closed()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("AgentConnect", 2)
    return await talk_and_end(ami, caller)


@setting(KEPT)
async def agent_picks_up_from_kept_local_channel(scene: Scene) -> AmiRecorder:
    """The phone behind the Local channel rings; a colleague dials *8 and has the citizen, who hangs up."""
    agent, colleague = await scene.agents("1001", "1003")
    ami, caller = await scene.call()
    await agent.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.call("*8")
    await colleague.wait_established()
    await ami.seen("AgentConnect")
    return await talk_and_end(ami, caller)


@setting(KEPT)
async def withdrawn_while_kept_local_channel_rings(scene: Scene) -> AmiRecorder:
    """A supervisor takes the caller away while the agent's phone rings, to a desk in no queue."""
    agent, desk = await scene.agents("1001", "1003")
    ami, caller = await scene.call()
    waiting = await ami.seen("QueueCallerJoin")
    await agent.wait_ringing()
    await asyncio.sleep(1.0)
    await ami.ask(Action="Redirect", Channel=waiting["Channel"], Context="from-agent", Exten="1003", Priority="1")
    await desk.wait_ringing()
    await asyncio.sleep(0.5)
    await desk.answer()
    await ami.seen("BridgeEnter", 2)
    return await talk_and_end(ami, caller)


PLOTS: tuple[Plot, ...] = (
    agent_hangs_up_behind_kept_local_channel,
    blind_transfer_behind_kept_local_channel,
    blind_transfer_declined_behind_kept_local_channel,
    blind_transfer_to_queue_behind_kept_local_channel,
    abandoned_in_queue_behind_kept_local_channel,
    attended_transfer_behind_kept_local_channel,
    blonde_transfer_to_queue_behind_kept_local_channel,
    agent_picks_up_from_kept_local_channel,
    withdrawn_while_kept_local_channel_rings,
)
