"""Citizens: with a name, without, unknown; calling again; leaving late; taken away by a supervisor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.config import Ivr
from gateway.demo.phones import Caller
from gateway.ivr.agi import AgiServer
from tests.integration.plots.scene import Plot, PlotPbx, Scene, Setting, connected, setting
from tests.integration.recorder import AmiRecorder


class WithheldCaller(Caller):
    """A citizen whose number and name the From header withholds (RFC 3323, section 4.1.1.3)."""

    def __init__(self, instance: PlotPbx) -> None:
        super().__init__(instance, "anonymous")
        self._baresip.account = (
            '"Anonymous" <sip:anonymous@anonymous.invalid>;regint=0'
            f';outbound="sip:{instance.host}:{instance.sip_port}";audio_codecs=PCMA/8000/1'
        )


async def answered(scene: Scene, caller: Caller) -> AmiRecorder:
    """The citizen calls, one agent answers, the citizen hangs up."""
    (agent,) = await scene.agents("1001")
    ami = await scene.record()
    await caller.call("12345")
    await agent.wait_ringing()
    await asyncio.sleep(0.5)
    await agent.answer()
    await ami.seen("BridgeEnter", 2)
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await ami.seen("Hangup", 2)
    return ami


async def caller_with_chinese_name(scene: Scene) -> AmiRecorder:
    """A name of rare characters, of three and four bytes each."""
    return await answered(scene, await scene.caller(name="欧阳喆𬭚·买买提"))


async def caller_without_name(scene: Scene) -> AmiRecorder:
    """A number only."""
    return await answered(scene, await scene.caller(name=""))


async def caller_withheld(scene: Scene) -> AmiRecorder:
    """Neither number nor name is told."""
    async with WithheldCaller(scene.instance) as caller:
        return await answered(scene, caller)


@setting(Setting(dialplan="[from-trunk]\nexten => 12345,1,Set(CALLERPRES()=prohib)\n same => n,Goto(hotline,s,1)"))
async def caller_told_but_not_to_be_shown(scene: Scene) -> AmiRecorder:
    """The carrier tells the PBX the number, with the caller's wish that it is not shown."""
    return await answered(scene, await scene.caller())


async def recalled_by_same_number(scene: Scene) -> AmiRecorder:
    """A citizen gives up, calls again 2 s later, and is answered."""
    ami, caller = await scene.call()
    await ami.seen("QueueCallerJoin")
    await asyncio.sleep(2.0)
    await caller.hang_up()
    await ami.seen("Hangup")
    (agent,) = await scene.agents("1001")
    await caller.call("12345")
    await agent.wait_ringing()
    await asyncio.sleep(0.5)
    await agent.answer()
    await ami.seen("BridgeEnter", 2)
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await ami.seen("Hangup", 3)
    return ami


async def caller_drops_during_notice(scene: Scene) -> AmiRecorder:
    """The caller leaves before he is in the queue, while he hears that calls are recorded."""
    ami, caller = await scene.call()
    await ami.seen("Newstate", ChannelStateDesc="Up")
    await asyncio.sleep(0.7)
    await caller.hang_up()
    await ami.seen("Hangup")
    return ami


async def caller_hangs_up_in_goodbye(scene: Scene) -> AmiRecorder:
    """The agent hangs up; there is no survey; the caller leaves while he hears goodbye."""
    (agent,) = await scene.agents("1001")
    ami, caller = await connected(scene, agent)
    await asyncio.sleep(1.0)
    await agent.hang_up()
    await ami.seen("AgentComplete")
    await asyncio.sleep(0.2)
    await caller.hang_up()
    await ami.seen("HangupRequest", 2)
    await ami.seen("Hangup", 2)
    return ami


@asynccontextmanager
async def survey(scene: Scene) -> AsyncIterator[None]:
    """The gateway's survey asks callers."""
    server = AgiServer(Ivr(port=scene.instance.agi_port, key_timeout=3.0), lambda call_id, score: None)
    running = asyncio.create_task(server.run())
    try:
        await asyncio.wait_for(server.ready.wait(), 5)
        yield
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def caller_hangs_up_in_survey(scene: Scene) -> AmiRecorder:
    """The agent hangs up; the caller leaves while he is asked to rate the call."""
    (agent,) = await scene.agents("1001")
    async with survey(scene):
        ami, caller = await connected(scene, agent)
        await asyncio.sleep(1.0)
        await agent.hang_up()
        await ami.seen("AgentComplete")
        await asyncio.sleep(1.5)
        await caller.hang_up()
        await ami.seen("HangupRequest", 2)
        await ami.seen("Hangup", 2)
    return ami


async def caller_rates_the_call(scene: Scene) -> AmiRecorder:
    """The agent hangs up; the caller presses 5 in the survey, is thanked, and the PBX ends the call."""
    (agent,) = await scene.agents("1001")
    async with survey(scene):
        ami, caller = await connected(scene, agent)
        await asyncio.sleep(1.0)
        await agent.hang_up()
        await ami.seen("AgentComplete")
        await asyncio.sleep(1.0)
        await caller.press("5")
        await caller.wait_closed()
        await ami.seen("Hangup", 2)
    return ami


@setting(Setting(members=("PJSIP/1001,0,王敏,PJSIP/1001",)))
async def withdrawn_by_redirect(scene: Scene) -> AmiRecorder:
    """A supervisor takes a waiting caller out of the queue and to an agent who is in no queue."""
    (desk,) = await scene.agents("1002")
    ami, caller = await scene.call()
    waiting = await ami.seen("QueueCallerJoin")
    await asyncio.sleep(2.0)
    await ami.ask(Action="Redirect", Channel=waiting["Channel"], Context="from-agent", Exten="1002", Priority="1")
    await desk.wait_ringing()
    await asyncio.sleep(1.0)
    await desk.answer()
    await ami.seen("BridgeEnter", 2)
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await ami.seen("Hangup", 2)
    return ami


@setting(Setting(members=("PJSIP/1001,0,王敏,PJSIP/1001",)))
async def withdrawn_while_ringing(scene: Scene) -> AmiRecorder:
    """As when waiting, but while an agent's phone rings for the caller."""
    first, desk = await scene.agents("1001", "1002")
    ami, caller = await scene.call()
    waiting = await ami.seen("QueueCallerJoin")
    await first.wait_ringing()
    await asyncio.sleep(1.0)
    await ami.ask(Action="Redirect", Channel=waiting["Channel"], Context="from-agent", Exten="1002", Priority="1")
    await desk.wait_ringing()
    await asyncio.sleep(1.0)
    await desk.answer()
    await ami.seen("BridgeEnter", 2)
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await ami.seen("Hangup", 3)
    return ami


PLOTS: tuple[Plot, ...] = (
    caller_with_chinese_name,
    caller_without_name,
    caller_withheld,
    caller_told_but_not_to_be_shown,
    recalled_by_same_number,
    caller_drops_during_notice,
    caller_hangs_up_in_goodbye,
    caller_hangs_up_in_survey,
    caller_rates_the_call,
    withdrawn_by_redirect,
    withdrawn_while_ringing,
)
