"""Callers who wait: until somebody is free, until they have had enough, until another queue takes them."""

from __future__ import annotations

import asyncio
import time

from gateway.demo.phones import Caller
from tests.integration.plots.scene import Plot, Scene, Setting, connected, setting
from tests.integration.recorder import AmiRecorder

PATIENT = Setting(queue_seconds=40)
EXACT_SECONDS = 0.05
BYE_SECONDS = 0.004
"""From the order to hang up to the PBX's Hangup."""


async def leave_after(ami: AmiRecorder, caller: Caller, wait: float) -> None:
    """The caller hangs up ``wait`` seconds after his arrival, to within 50 ms. Raises SystemExit."""
    await ami.seen("Newchannel")
    arrived, arrival = next((received, e) for received, e in ami.lines if e["Event"] == "Newchannel")
    loop = asyncio.get_running_loop()
    lag = arrived - float(arrival["Timestamp"])
    begun = loop.time() - (time.time() - arrived) - lag
    await asyncio.sleep(begun + wait - BYE_SECONDS - loop.time())
    await caller.hang_up()
    gone = await ami.seen("Hangup", Uniqueid=arrival["Uniqueid"])
    waited = float(gone["Timestamp"]) - float(arrival["Timestamp"])
    if abs(waited - wait) > EXACT_SECONDS:
        raise SystemExit(f"the caller left after {waited:.3f} s instead of {wait:g} s")


@setting(PATIENT)
async def abandoned_at_14_9_seconds(scene: Scene) -> AmiRecorder:
    """No agent is there; the caller leaves 14.9 s after his arrival."""
    ami, caller = await scene.call()
    await leave_after(ami, caller, 14.9)
    return ami


@setting(PATIENT)
async def abandoned_at_15_1_seconds(scene: Scene) -> AmiRecorder:
    """No agent is there; the caller leaves 15.1 s after his arrival."""
    ami, caller = await scene.call()
    await leave_after(ami, caller, 15.1)
    return ami


@setting(Setting(options={"strategy": "ringall"}))
async def two_members_ring_at_once(scene: Scene) -> AmiRecorder:
    """Both agents' phones ring; the second picks up, the first falls silent."""
    first, second = await scene.agents("1001", "1002")
    ami, caller = await scene.call()
    await first.wait_ringing()
    await second.wait_ringing()
    await asyncio.sleep(1.0)
    await second.answer()
    await first.wait_closed()
    await ami.seen("BridgeEnter", 2)
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await ami.seen("Hangup", 3)
    if ami.all("AgentRingNoAnswer"):
        raise SystemExit("the phones rang one after the other")
    return ami


@setting(PATIENT)
async def all_agents_busy(scene: Scene) -> AmiRecorder:
    """The only agent talks; a second caller waits and is answered when the first has hung up."""
    (agent,) = await scene.agents("1001")
    ami, first = await connected(scene, agent)
    second = await scene.caller("13900000002", "李秀英")
    await second.call("12345")
    await ami.seen("QueueCallerJoin", 2)
    await asyncio.sleep(3.0)
    await first.hang_up()
    await agent.wait_closed()
    await agent.wait_ringing()
    await asyncio.sleep(0.5)
    await agent.answer()
    await ami.seen("BridgeEnter", 4)
    await asyncio.sleep(1.0)
    await second.hang_up()
    await ami.seen("Hangup", 4)
    return ami


@setting(Setting(queue_seconds=5))
async def all_agents_paused(scene: Scene) -> AmiRecorder:
    """Both agents pause; a caller waits until the queue gives up, and hears goodbye."""
    await scene.agents("1001", "1002")
    ami = await scene.record()
    for agent in ("1001", "1002"):
        await ami.ask(Action="QueuePause", Interface=f"PJSIP/{agent}", Paused="true", Reason="小休")
    caller = await scene.caller()
    await caller.call("12345")
    await caller.wait_closed(30)
    await ami.seen("Hangup")
    return ami


@setting(Setting(queue_seconds=5))
async def no_agent_logged_in(scene: Scene) -> AmiRecorder:
    """No agent's phone is registered; a caller waits until the queue gives up."""
    ami, caller = await scene.call()
    await caller.wait_closed(30)
    await ami.seen("Hangup")
    return ami


@setting(Setting(queue_seconds=5, members=()))
async def no_member_at_all(scene: Scene) -> AmiRecorder:
    """The queue has no member; a caller waits until the queue gives up."""
    ami, caller = await scene.call()
    await caller.wait_closed(30)
    await ami.seen("Hangup")
    return ami


SECOND_QUEUE = """
[from-trunk]
exten => 12345,1,Answer()
 same => n,Queue(hotline,cirC,,,4)
 same => n,Queue(duty,cirC,,,20)
 same => n,Playback(hotline/goodbye)
 same => n,Hangup(16)
"""


@setting(
    Setting(
        members=("PJSIP/1001,0,王敏,PJSIP/1001",),
        queues="[duty]\nringinuse = no\nmember => PJSIP/1002,0,李强,PJSIP/1002",
        dialplan=SECOND_QUEUE,
    )
)
async def overflow_to_second_queue(scene: Scene) -> AmiRecorder:
    """The first queue's agent lets it ring until the queue gives up; an agent of the second queue answers."""
    _, second = await scene.agents("1001", "1002")
    ami, caller = await scene.call()
    await second.wait_ringing(20)
    await asyncio.sleep(1.0)
    await second.answer()
    await ami.seen("BridgeEnter", 2)
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await ami.seen("Hangup", 3)
    return ami


@setting(
    Setting(
        members=(),
        queues="[duty]\nringinuse = no",
        dialplan=SECOND_QUEUE.replace("duty,cirC,,,20", "duty,cirC,,,3"),
    )
)
async def overflow_of_two_queues(scene: Scene) -> AmiRecorder:
    """Two queues in turn give up; the caller hears goodbye."""
    ami, caller = await scene.call()
    await caller.wait_closed(30)
    await ami.seen("Hangup")
    return ami


@setting(
    Setting(
        members=(),
        queues="[duty]\nringinuse = no",
        dialplan=SECOND_QUEUE,
    )
)
async def abandoned_in_second_queue(scene: Scene) -> AmiRecorder:
    """The first queue gives up; the caller leaves while he waits in the second."""
    ami, caller = await scene.call()
    await ami.seen("QueueCallerJoin", 2)
    await asyncio.sleep(2.0)
    await caller.hang_up()
    await ami.seen("Hangup")
    return ami


@setting(Setting(options={"wrapuptime": "3"}))
async def wrap_up(scene: Scene) -> AmiRecorder:
    """Two callers, one agent; the second call rings 3 s after the first has ended."""
    (agent,) = await scene.agents("1001")
    ami, first = await connected(scene, agent)
    second = await scene.caller("13900000002", "李秀英")
    await second.call("12345")
    await ami.seen("QueueCallerJoin", 2)
    await first.hang_up()
    await agent.wait_closed()
    await agent.wait_ringing()
    await asyncio.sleep(0.5)
    await agent.answer()
    await ami.seen("BridgeEnter", 4)
    await asyncio.sleep(1.0)
    await second.hang_up()
    await ami.seen("Hangup", 4)
    return ami


@setting(Setting(options={"leavewhenempty": "unavailable,paused"}))
async def queue_left_when_empty(scene: Scene) -> AmiRecorder:
    """The only agent pauses while his phone rings; when it has rung its time, the queue sends the caller on."""
    await scene.agents("1001")
    ami, caller = await scene.call()
    await ami.seen("AgentCalled")
    await asyncio.sleep(1.0)
    await ami.ask(Action="QueuePause", Interface="PJSIP/1001", Paused="true", Reason="小休")
    await caller.wait_closed(30)
    await ami.seen("Hangup", 2)
    return ami


PLOTS: tuple[Plot, ...] = (
    abandoned_at_14_9_seconds,
    abandoned_at_15_1_seconds,
    two_members_ring_at_once,
    all_agents_busy,
    all_agents_paused,
    no_agent_logged_in,
    no_member_at_all,
    overflow_to_second_queue,
    overflow_of_two_queues,
    abandoned_in_second_queue,
    wrap_up,
    queue_left_when_empty,
)
