"""Plain calls of one queue: answered, abandoned, refused, overflowed, tapped."""

from __future__ import annotations

import asyncio

from gateway.demo.phones import AgentPhone
from tests.integration.plots.scene import Plot, Scene, connected
from tests.integration.recorder import AmiRecorder, TapReader


async def answered_caller_hangs_up(scene: Scene) -> AmiRecorder:
    """One agent answers; the caller ends the call."""
    (agent,) = await scene.agents("1001")
    ami, caller = await connected(scene, agent)
    await asyncio.sleep(2.0)
    await caller.hang_up()
    await ami.seen("Hangup", 2)
    return ami


async def answered_agent_hangs_up(scene: Scene) -> AmiRecorder:
    """One agent answers and ends the call; no gateway is there for the survey."""
    (agent,) = await scene.agents("1001")
    ami, _ = await connected(scene, agent)
    await asyncio.sleep(2.0)
    await agent.hang_up()
    await ami.seen("Hangup", 2)
    return ami


async def abandoned_in_queue(scene: Scene) -> AmiRecorder:
    """No agent is there; the caller gives up."""
    ami, caller = await scene.call()
    await ami.seen("QueueCallerJoin")
    await asyncio.sleep(3.0)
    await caller.hang_up()
    await ami.seen("Hangup")
    return ami


async def abandoned_during_ringing(scene: Scene) -> AmiRecorder:
    """An agent's phone rings; the caller gives up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await scene.call()
    await agent.wait_ringing()
    await asyncio.sleep(2.0)
    await caller.hang_up()
    await ami.seen("Hangup", 2)
    return ami


async def abandoned_during_announcement(scene: Scene) -> AmiRecorder:
    """An agent picked up; the caller leaves while the agent's number is announced."""
    (agent,) = await scene.agents("1001")
    ami, caller = await scene.call()
    await agent.wait_ringing()
    await agent.answer()
    await ami.seen("DialEnd", DialStatus="ANSWER")
    await asyncio.sleep(0.7)
    await caller.hang_up()
    await ami.seen("Hangup", 2)
    return ami


async def agent_leaves_during_announcement(scene: Scene) -> AmiRecorder:
    """An agent picked up and hangs up while his number is announced; the caller, back in the queue, gives up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await scene.call()
    await agent.wait_ringing()
    await agent.answer()
    await ami.seen("DialEnd", DialStatus="ANSWER")
    await asyncio.sleep(0.7)
    await agent.hang_up()
    await ami.seen("QueueCallerJoin", 2)
    await agent.wait_ringing()
    await caller.hang_up()
    await ami.seen("Hangup", 3)
    return ami


async def ring_no_answer_then_next_agent(scene: Scene) -> AmiRecorder:
    """The first agent lets it ring; the second answers."""
    phones = await scene.agents("1001", "1002")
    ami, caller = await scene.call()
    _, (second,) = await scene.first_to(AgentPhone.wait_ringing, phones)
    await second.wait_ringing()
    await asyncio.sleep(1.0)
    await second.answer()
    await ami.seen("BridgeEnter", 2)
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await ami.seen("Hangup", 3)
    return ami


async def agent_busy_then_next(scene: Scene) -> AmiRecorder:
    """The first agent refuses (486); the second answers."""
    phones = await scene.agents("1001", "1002")
    ami, caller = await scene.call()
    first, (second,) = await scene.first_to(AgentPhone.wait_ringing, phones)
    await asyncio.sleep(1.0)
    await first.reject()
    await second.wait_ringing()
    await second.answer()
    await ami.seen("BridgeEnter", 2)
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await ami.seen("Hangup", 3)
    return ami


async def overflowed(scene: Scene) -> AmiRecorder:
    """Nobody answers until the queue's longest wait is over."""
    await scene.agents("1001")
    ami, caller = await scene.call()
    await caller.wait_closed(60)
    await ami.seen("Hangup", Context="hotline")
    return ami


async def answered_with_tap(scene: Scene) -> AmiRecorder:
    """One agent answers; both legs are tapped; the caller ends the call."""
    (agent,) = await scene.agents("1001")
    async with TapReader() as taps:
        ami, caller = await scene.call()
        await agent.wait_ringing()
        await agent.answer()
        connect = await ami.seen("AgentConnect")
        for channel in (connect["Channel"], connect["DestChannel"]):
            ami.tap(channel, taps)
        await ami.seen("ChanSpyStart", 2)
        await asyncio.sleep(3.0)
        await caller.hang_up()
        await ami.seen("Hangup", 4)
        silent = [tap for tap, audio in taps.heard.items() if len(audio) < 16000]
        if len(taps.heard) != 2 or silent:
            raise SystemExit(f"{len(taps.heard)} taps of 2 connected, {len(silent)} heard less than a second")
    return ami


async def two_calls_at_once(scene: Scene) -> AmiRecorder:
    """Two citizens, two agents; one call ends by the caller, the other by the agent."""
    phones = await scene.agents("1001", "1002")
    ami = await scene.record()
    first = await scene.caller()
    second = await scene.caller("13900000002", "")
    await first.call("12345")
    await second.call("12345")
    for phone in phones:
        await phone.wait_ringing()
    for phone in phones:
        await phone.answer()
    await ami.seen("BridgeEnter", 4)
    await asyncio.sleep(1.0)
    await first.hang_up()
    _, (talking,) = await scene.first_to(AgentPhone.wait_closed, phones)
    await talking.hang_up()
    await ami.seen("Hangup", 4)
    return ami


PLOTS: tuple[Plot, ...] = (
    answered_caller_hangs_up,
    answered_agent_hangs_up,
    abandoned_in_queue,
    abandoned_during_ringing,
    abandoned_during_announcement,
    agent_leaves_during_announcement,
    ring_no_answer_then_next_agent,
    agent_busy_then_next,
    overflowed,
    answered_with_tap,
    two_calls_at_once,
)
