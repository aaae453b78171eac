"""An agent asks a colleague, another queue or an office first, and hands the citizen over, or does not."""

from __future__ import annotations

import asyncio

from tests.integration.plots.scene import COMPLAINTS, OFFICE, OFFICE_NAME, Plot, Scene, all_down, talk_and_end, talking
from tests.integration.recorder import AmiRecorder


async def attended_transfer_to_extension(scene: Scene) -> AmiRecorder:
    """The agent asks a colleague first, then hands over; the citizen hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.consult("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("BridgeEnter", 4)
    await asyncio.sleep(1.0)
    await agent.hand_over("1003")
    await agent.wait_closed()
    return await talk_and_end(ami, caller)


async def attended_transfer_to_queue(scene: Scene) -> AmiRecorder:
    """The agent calls the complaints queue, talks to its agent and hands over; the citizen hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.consult(COMPLAINTS)
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("BridgeEnter", 4)
    await asyncio.sleep(1.0)
    await agent.hand_over(COMPLAINTS)
    await agent.wait_closed()
    return await talk_and_end(ami, caller)


async def attended_transfer_to_trunk(scene: Scene) -> AmiRecorder:
    """The agent asks an office over the trunk, then hands over; the office hangs up."""
    (agent,) = await scene.agents("1001")
    office = await scene.citizen(OFFICE, OFFICE_NAME)
    ami, _ = await talking(scene, agent)
    await agent.consult(OFFICE)
    await office.wait_ringing()
    await asyncio.sleep(1.0)
    await office.answer()
    await ami.seen("BridgeEnter", 4)
    await asyncio.sleep(1.0)
    await agent.hand_over(OFFICE)
    await agent.wait_closed()
    return await talk_and_end(ami, office)


async def attended_transfer_aborted(scene: Scene) -> AmiRecorder:
    """The agent asks a colleague, who cannot help, and goes back to the citizen, who hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.consult("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("BridgeEnter", 4)
    await asyncio.sleep(1.0)
    await agent.hang_up()
    await colleague.wait_closed()
    await agent.resume()
    await ami.seen("Unhold")
    return await talk_and_end(ami, caller)


async def attended_transfer_declined(scene: Scene) -> AmiRecorder:
    """The colleague the agent wants to ask refuses (486); the agent goes back to the citizen and hangs up."""
    (agent,) = await scene.agents("1001")
    ami, _ = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.consult("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.reject()
    await ami.seen("Hangup", 2)
    await agent.resume()
    await ami.seen("Unhold")
    return await talk_and_end(ami, agent)


async def caller_hangs_up_during_consultation(scene: Scene) -> AmiRecorder:
    """The citizen, on hold, hangs up while the agent asks a colleague, who then ends their talk."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.consult("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("BridgeEnter", 4)
    await caller.hang_up()
    await ami.seen("Hangup", 2)
    return await talk_and_end(ami, colleague)


async def blonde_transfer_to_extension(scene: Scene) -> AmiRecorder:
    """The agent hands over while the colleague's phone still rings; the colleague answers, the citizen hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.consult("1003")
    await colleague.wait_ringing()
    await agent.hand_over("1003")
    await agent.wait_closed()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await colleague.wait_established()
    return await talk_and_end(ami, caller)


async def blonde_transfer_declined(scene: Scene) -> AmiRecorder:
    """The agent hands over while the colleague's phone rings; the colleague refuses (486)."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.consult("1003")
    await colleague.wait_ringing()
    await agent.hand_over("1003")
    await agent.wait_closed()
    await asyncio.sleep(1.0)
    await colleague.reject()
    await ami.seen("QueueCallerJoin", 2)
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await all_down(ami)
    return ami


async def blonde_transfer_to_queue(scene: Scene) -> AmiRecorder:
    """The agent hands over while waiting in the complaints queue; its agent answers, the citizen hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.consult(COMPLAINTS)
    await colleague.wait_ringing()
    await agent.hand_over(COMPLAINTS)
    await agent.wait_closed()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("AgentConnect", 2)
    return await talk_and_end(ami, caller)


async def attended_transfer_by_keys(scene: Scene) -> AmiRecorder:
    """The agent presses *2 and the colleague's number, talks to him and hangs up; the citizen hangs up later."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.press("*2")
    await asyncio.sleep(1.0)
    await agent.press("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await colleague.wait_established()
    await asyncio.sleep(1.0)
    await agent.hang_up()
    await ami.seen("AttendedTransfer")
    return await talk_and_end(ami, caller)


async def blonde_transfer_by_keys(scene: Scene) -> AmiRecorder:
    """The agent presses *2 and the colleague's number and hangs up while it rings; the colleague answers."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.press("*2")
    await asyncio.sleep(1.0)
    await agent.press("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await agent.hang_up()
    await ami.seen("AttendedTransfer")
    await asyncio.sleep(1.0)
    await colleague.answer()
    await colleague.wait_established()
    return await talk_and_end(ami, caller)


async def attended_transfer_by_keys_aborted(scene: Scene) -> AmiRecorder:
    """The agent presses *2 and the colleague's number, then *1 to go back to the citizen; the citizen hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await talking(scene, agent)
    (colleague,) = await scene.agents("1003")
    await agent.press("*2")
    await asyncio.sleep(1.0)
    await agent.press("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await colleague.wait_established()
    await asyncio.sleep(1.0)
    await agent.press("*1")
    await colleague.wait_closed()
    return await talk_and_end(ami, caller)


PLOTS: tuple[Plot, ...] = (
    attended_transfer_to_extension,
    attended_transfer_to_queue,
    attended_transfer_to_trunk,
    attended_transfer_aborted,
    attended_transfer_declined,
    caller_hangs_up_during_consultation,
    blonde_transfer_to_extension,
    blonde_transfer_declined,
    blonde_transfer_to_queue,
    attended_transfer_by_keys,
    blonde_transfer_by_keys,
    attended_transfer_by_keys_aborted,
)
