"""Agents: logging in and out, pausing, out of reach, in two queues, behind a Local channel."""

from __future__ import annotations

import asyncio

from gateway.demo.phones import AgentPhone
from tests.integration.plots.scene import Plot, Scene, Setting, connected, setting
from tests.integration.recorder import AmiRecorder

UNAVAILABLE, FREE = "5", "1"
"""Device states in QueueMemberStatus."""


class FaultyAgentPhone(AgentPhone):
    """An agent's phone whose plug can be pulled: the PBX takes it for registered still."""

    async def crash(self) -> None:
        """Be gone without unregistering."""
        await self._baresip.kill()


@setting(Setting(members=()))
async def agent_logs_in_pauses_logs_out(scene: Scene) -> AmiRecorder:
    """An agent joins the queue, switches his phone on, pauses, goes on, switches it off and on, and leaves."""
    ami = await scene.record()
    await ami.ask(
        Action="QueueAdd", Queue="hotline", Interface="PJSIP/1001", MemberName="王敏", StateInterface="PJSIP/1001"
    )
    await asyncio.sleep(1.0)
    (phone,) = await scene.agents("1001")
    await ami.seen("QueueMemberStatus", Status=FREE)
    await asyncio.sleep(1.0)
    await ami.ask(Action="QueuePause", Queue="hotline", Interface="PJSIP/1001", Paused="true", Reason="培训")
    await asyncio.sleep(2.0)
    await ami.ask(Action="QueuePause", Queue="hotline", Interface="PJSIP/1001", Paused="false")
    await asyncio.sleep(1.0)
    await phone.stop()
    await ami.seen("QueueMemberStatus", Status=UNAVAILABLE)
    await asyncio.sleep(1.0)
    await phone.start()
    await ami.seen("QueueMemberStatus", 2, Status=FREE)
    await asyncio.sleep(1.0)
    await ami.ask(Action="QueueRemove", Queue="hotline", Interface="PJSIP/1001")
    await ami.seen("QueueMemberRemoved")
    return ami


@setting(Setting(members=()))
async def agent_logs_in_while_caller_waits(scene: Scene) -> AmiRecorder:
    """The queue has no member; an agent joins it, and the waiting caller's call rings at his phone."""
    (agent,) = await scene.agents("1001")
    ami, caller = await scene.call()
    await ami.seen("QueueCallerJoin")
    await asyncio.sleep(2.0)
    await ami.ask(
        Action="QueueAdd", Queue="hotline", Interface="PJSIP/1001", MemberName="王敏", StateInterface="PJSIP/1001"
    )
    await agent.wait_ringing()
    await asyncio.sleep(0.5)
    await agent.answer()
    await ami.seen("BridgeEnter", 2)
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await ami.seen("Hangup", 2)
    await ami.ask(Action="QueueRemove", Queue="hotline", Interface="PJSIP/1001")
    return ami


async def agent_pauses_while_talking(scene: Scene) -> AmiRecorder:
    """A talking agent pauses for after-call work; the call ends; he goes on 2 s later and the next call rings."""
    (agent,) = await scene.agents("1001")
    ami, first = await connected(scene, agent)
    await asyncio.sleep(1.0)
    await ami.ask(Action="QueuePause", Queue="hotline", Interface="PJSIP/1001", Paused="true", Reason="话后整理")
    second = await scene.caller("13900000002", "李秀英")
    await second.call("12345")
    await ami.seen("QueueCallerJoin", 2)
    await first.hang_up()
    await ami.seen("Hangup", 2)
    await asyncio.sleep(2.0)
    await ami.ask(Action="QueuePause", Queue="hotline", Interface="PJSIP/1001", Paused="false")
    await agent.wait_closed()
    await agent.wait_ringing()
    await agent.answer()
    await ami.seen("BridgeEnter", 4)
    await asyncio.sleep(1.0)
    await second.hang_up()
    await ami.seen("Hangup", 4)
    return ami


async def agent_pauses_while_ringing(scene: Scene) -> AmiRecorder:
    """An agent pauses while his phone rings, and answers all the same."""
    (agent,) = await scene.agents("1001")
    ami, caller = await scene.call()
    await agent.wait_ringing()
    await asyncio.sleep(0.5)
    await ami.ask(Action="QueuePause", Queue="hotline", Interface="PJSIP/1001", Paused="true", Reason="小休")
    await asyncio.sleep(0.5)
    await agent.answer()
    await ami.seen("BridgeEnter", 2)
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await ami.seen("Hangup", 2)
    return ami


@setting(Setting(options={"autopause": "yes"}))
async def agent_paused_by_the_queue(scene: Scene) -> AmiRecorder:
    """An agent lets it ring and the queue pauses him; the caller gives up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await scene.call()
    await agent.wait_ringing()
    await ami.seen("QueueMemberPause")
    await asyncio.sleep(2.0)
    await caller.hang_up()
    await ami.seen("Hangup", 2)
    return ami


async def unreachable(scene: Scene, phone: FaultyAgentPhone) -> AmiRecorder:
    """The queue tries the dead phone; the caller gives up."""
    await phone.wait_registered()
    await phone.crash()
    ami, caller = await scene.call()
    await ami.seen("AgentRingNoAnswer")
    await asyncio.sleep(0.5)
    await caller.hang_up()
    await ami.seen("Hangup", Context="hotline")
    return ami


async def agent_unreachable(scene: Scene) -> AmiRecorder:
    """An agent's phone lost its power and is registered still; the queue tries it in vain and the caller gives up."""
    async with FaultyAgentPhone(scene.instance, "1001") as phone:
        return await unreachable(scene, phone)


@setting(
    Setting(
        members=("PJSIP/1001,0,王敏,PJSIP/1001",),
        queues="[duty]\nringinuse = no\nmember => PJSIP/1001,0,王敏,PJSIP/1001",
        dialplan="[from-trunk]\nexten => 12346,1,Answer()\n same => n,Queue(duty,cirC,,,20)\n same => n,Hangup(16)",
    )
)
async def two_queues_with_one_agent(scene: Scene) -> AmiRecorder:
    """One agent serves two queues; he answers a caller of the first, then the one who waited in the second."""
    (agent,) = await scene.agents("1001")
    ami, first = await connected(scene, agent)
    second = await scene.caller("13900000002", "李秀英")
    await second.call("12346")
    await ami.seen("QueueCallerJoin", Queue="duty")
    await asyncio.sleep(2.0)
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


AGENTS = "[agents]\nexten => _XXXX,1,Dial(PJSIP/${EXTEN},20)\n same => n,Hangup()"
KEPT = Setting(members=("Local/1001@agents/n,0,王敏,PJSIP/1001", "PJSIP/1002,0,李强,PJSIP/1002"), dialplan=AGENTS)
OPTIMISED = Setting(members=("Local/1001@agents,0,王敏,PJSIP/1001",), dialplan=AGENTS)


async def local_answers(scene: Scene, hangups: int) -> AmiRecorder:
    """The agent behind the Local channel answers; the caller hangs up."""
    (agent,) = await scene.agents("1001")
    ami, caller = await scene.call()
    await agent.wait_ringing()
    await asyncio.sleep(1.0)
    await agent.answer()
    await ami.seen("AgentConnect")
    await asyncio.sleep(2.0)
    await caller.hang_up()
    await ami.seen("Hangup", hangups)
    return ami


@setting(KEPT)
async def member_behind_local_channel(scene: Scene) -> AmiRecorder:
    """The queue's member is a Local channel that stays."""
    return await local_answers(scene, 4)


@setting(OPTIMISED)
async def member_behind_local_channel_optimised(scene: Scene) -> AmiRecorder:
    """The queue's member is a Local channel that Asterisk takes out once both sides talk."""
    return await local_answers(scene, 4)


@setting(OPTIMISED)
async def agent_hangs_up_behind_local_channel(scene: Scene) -> AmiRecorder:
    """As when optimised, but the agent ends the call."""
    (agent,) = await scene.agents("1001")
    ami, _ = await scene.call()
    await agent.wait_ringing()
    await agent.answer()
    await ami.seen("AgentConnect")
    await asyncio.sleep(2.0)
    await agent.hang_up()
    await ami.seen("Hangup", 4)
    return ami


@setting(KEPT)
async def local_member_rings_then_next_agent(scene: Scene) -> AmiRecorder:
    """The agent behind a Local channel lets it ring; the next answers."""
    behind, other = await scene.agents("1001", "1002")
    ami, caller = await scene.call()
    await ami.seen("AgentRingNoAnswer")
    answering = behind if ami.all("AgentRingNoAnswer", Interface="PJSIP/1002") else other
    await answering.wait_ringing()
    await asyncio.sleep(1.0)
    await answering.answer()
    await ami.seen("AgentConnect")
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await ami.seen("Hangup", 5)
    if answering is behind:
        raise SystemExit("the queue rang the other agent first; record again")
    return ami


PLOTS: tuple[Plot, ...] = (
    agent_logs_in_pauses_logs_out,
    agent_logs_in_while_caller_waits,
    agent_pauses_while_talking,
    agent_pauses_while_ringing,
    agent_paused_by_the_queue,
    agent_unreachable,
    two_queues_with_one_agent,
    member_behind_local_channel,
    member_behind_local_channel_optimised,
    agent_hangs_up_behind_local_channel,
    local_member_rings_then_next_agent,
)
