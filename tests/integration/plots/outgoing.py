"""Calls that go out: by a click, back to a citizen who was missed, and dialled by hand."""

from __future__ import annotations

import asyncio

from gateway.demo.phones import AgentPhone
from tests.integration.plots.scene import Plot, Scene, all_down, talk_and_end
from tests.integration.recorder import AmiRecorder

CITIZEN = "13800000001"


def click(ami: AmiRecorder, agent: str, number: str) -> None:
    """Have the agent's phone ring and then the citizen called, as the gateway does."""
    ami.send(
        Action="Originate",
        ActionID=f"click-{agent}",
        Channel=f"PJSIP/{agent}",
        Context="from-agent",
        Exten=number,
        Priority="1",
        CallerID=f"<{number}>",
        Timeout="15000",
        Async="true",
    )


async def clicked(scene: Scene, ami: AmiRecorder) -> AgentPhone:
    """1001 clicks on the citizen's number and picks his own phone up."""
    (agent,) = await scene.agents("1001")
    click(ami, "1001", CITIZEN)
    await agent.wait_ringing()
    await asyncio.sleep(0.5)
    await agent.answer()
    return agent


async def missed(scene: Scene) -> AmiRecorder:
    """The citizen calls while nobody is there, and gives up."""
    ami = await scene.record()
    caller = await scene.caller(CITIZEN)
    await caller.call("12345")
    await ami.seen("QueueCallerJoin")
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await all_down(ami)
    return ami


async def click_to_call(scene: Scene) -> AmiRecorder:
    """The agent clicks on a number and picks up; the citizen answers and hangs up."""
    citizen = await scene.citizen(CITIZEN)
    ami = await scene.record()
    await clicked(scene, ami)
    await citizen.wait_ringing()
    await asyncio.sleep(1.0)
    await citizen.answer()
    await ami.seen("BridgeEnter", 2)
    return await talk_and_end(ami, citizen)


async def click_to_call_citizen_busy(scene: Scene) -> AmiRecorder:
    """The agent clicks on a number and picks up; the citizen is busy (486)."""
    citizen = await scene.citizen(CITIZEN)
    ami = await scene.record()
    await clicked(scene, ami)
    await citizen.wait_ringing()
    await asyncio.sleep(1.0)
    await citizen.reject()
    await ami.seen("Hangup")
    await all_down(ami)
    return ami


async def click_to_call_agent_refuses(scene: Scene) -> AmiRecorder:
    """The agent clicks on a number but refuses his own phone's ringing; the citizen is never called."""
    (agent,) = await scene.agents("1001")
    ami = await scene.record()
    click(ami, "1001", CITIZEN)
    await agent.wait_ringing()
    await asyncio.sleep(1.0)
    await agent.reject()
    await ami.seen("OriginateResponse")
    await all_down(ami)
    return ami


async def click_to_call_then_transfer(scene: Scene) -> AmiRecorder:
    """The agent clicks on a number, talks to the citizen and sends him to a colleague, who hangs up in the end."""
    citizen = await scene.citizen(CITIZEN)
    ami = await scene.record()
    agent = await clicked(scene, ami)
    await citizen.wait_ringing()
    await asyncio.sleep(1.0)
    await citizen.answer()
    await ami.seen("BridgeEnter", 2)
    (colleague,) = await scene.agents("1003")
    await asyncio.sleep(1.0)
    await agent.transfer("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("BridgeEnter", 4)
    return await talk_and_end(ami, colleague)


async def call_back_answered(scene: Scene) -> AmiRecorder:
    """A citizen gave up waiting; an agent clicks to call back; the citizen answers, the agent hangs up."""
    ami = await missed(scene)
    citizen = await scene.citizen(CITIZEN)
    agent = await clicked(scene, ami)
    await citizen.wait_ringing()
    await asyncio.sleep(1.0)
    await citizen.answer()
    await ami.seen("BridgeEnter", 2)
    return await talk_and_end(ami, agent)


async def call_back_not_answered(scene: Scene) -> AmiRecorder:
    """A citizen gave up waiting; an agent calls back and hangs up after some ringing."""
    ami = await missed(scene)
    citizen = await scene.citizen(CITIZEN)
    agent = await clicked(scene, ami)
    await citizen.wait_ringing()
    await asyncio.sleep(3.0)
    await agent.hang_up()
    await all_down(ami)
    return ami


async def call_back_citizen_first(scene: Scene) -> AmiRecorder:
    """A citizen gave up waiting; the PBX calls him back by itself and then puts him through to an agent's phone."""
    ami = await missed(scene)
    citizen = await scene.citizen(CITIZEN)
    (agent,) = await scene.agents("1001")
    ami.send(
        Action="Originate",
        ActionID="call-back",
        Channel=f"PJSIP/{CITIZEN}@citizens",
        Context="from-agent",
        Exten="1001",
        Priority="1",
        CallerID="<12345>",
        Timeout="15000",
        Async="true",
    )
    await citizen.wait_ringing()
    await asyncio.sleep(1.0)
    await citizen.answer()
    await agent.wait_ringing()
    await asyncio.sleep(1.0)
    await agent.answer()
    await ami.seen("BridgeEnter", 2)
    return await talk_and_end(ami, citizen)


async def agent_dials_out(scene: Scene) -> AmiRecorder:
    """The agent dials a citizen by hand; the citizen answers, the agent hangs up."""
    citizen = await scene.citizen(CITIZEN)
    (agent,) = await scene.agents("1001")
    ami = await scene.record()
    await agent.call(CITIZEN)
    await citizen.wait_ringing()
    await asyncio.sleep(1.0)
    await citizen.answer()
    await ami.seen("BridgeEnter", 2)
    return await talk_and_end(ami, agent)


async def agent_dials_out_not_answered(scene: Scene) -> AmiRecorder:
    """The agent dials a citizen by hand and gives up after some ringing."""
    citizen = await scene.citizen(CITIZEN)
    (agent,) = await scene.agents("1001")
    ami = await scene.record()
    await agent.call(CITIZEN)
    await citizen.wait_ringing()
    await asyncio.sleep(2.0)
    await agent.hang_up()
    await ami.seen("Hangup")
    await all_down(ami)
    return ami


async def agent_calls_colleague(scene: Scene) -> AmiRecorder:
    """Two agents talk to each other; no citizen has a part in it."""
    agent, colleague = await scene.agents("1001", "1003")
    ami = await scene.record()
    await agent.call("1003")
    await colleague.wait_ringing()
    await asyncio.sleep(1.0)
    await colleague.answer()
    await ami.seen("BridgeEnter", 2)
    return await talk_and_end(ami, colleague)


PLOTS: tuple[Plot, ...] = (
    click_to_call,
    click_to_call_citizen_busy,
    click_to_call_agent_refuses,
    click_to_call_then_transfer,
    call_back_answered,
    call_back_not_answered,
    call_back_citizen_first,
    agent_dials_out,
    agent_dials_out_not_answered,
    agent_calls_colleague,
)
