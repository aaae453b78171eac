"""The AMI connection fails in mid-call: what the gateway's own client sees. A second, unharmed session sees it all."""

from __future__ import annotations

import asyncio

from gateway.demo.phones import AgentPhone, Caller
from tests.integration.plots.scene import Plot, Scene, Setting, setting
from tests.integration.recorder import AmiRecorder, ClientRecorder, Recording
from tests.integration.relay import FaultyRelay

CALM = Setting(ring_seconds=20, queue_seconds=60)
LOST = "HotlineConnectionLost"
IN_STEP = "HotlineResyncCompleted"


class Fault:
    """The gateway's client behind a relay, and a witness who is not."""

    def __init__(self, relay: FaultyRelay, seen_by_gateway: ClientRecorder, witness: AmiRecorder) -> None:
        self.relay = relay
        self.gateway = seen_by_gateway
        self.witness = witness

    async def cut(self) -> None:
        """From now on the gateway is blind."""
        self.relay.cut()
        await self.gateway.seen(LOST)

    async def mend(self) -> None:
        """The gateway sees again, and is in step."""
        self.relay.mend()
        await self.gateway.seen(IN_STEP, 2)

    async def flash(self) -> None:
        """The connection is cut and made again as soon as the client may."""
        await self.cut()
        await self.mend()


async def fault(scene: Scene) -> Fault:
    """Begin the recording."""
    witness = await scene.record()
    relay = await scene.enter(FaultyRelay(scene.instance.host, scene.instance.ami_port))
    return Fault(relay, await scene.enter(ClientRecorder(scene.instance, relay.port)), witness)


async def talk(here: Fault, agent: AgentPhone) -> None:
    """The agent whose phone rings picks up, and the two are connected."""
    before = len(here.witness.all("BridgeEnter"))
    await agent.wait_ringing()
    await asyncio.sleep(1.0)
    await agent.answer()
    await here.witness.seen("BridgeEnter", before + 2)


async def end(here: Recording, caller: Caller, hangups: int) -> None:
    """A second later the caller hangs up."""
    await asyncio.sleep(1.0)
    await caller.hang_up()
    await here.seen("Hangup", hangups)


async def waiting(scene: Scene, here: Fault) -> Caller:
    """A citizen waits in the queue."""
    caller = await scene.caller()
    joined = len(here.witness.all("QueueCallerJoin"))
    await caller.call("12345")
    await here.witness.seen("QueueCallerJoin", joined + 1)
    await asyncio.sleep(2.0)
    return caller


@setting(CALM)
async def ami_cut_while_waiting(scene: Scene) -> Recording:
    """A caller waits through the cut; then an agent comes and answers."""
    here = await fault(scene)
    caller = await waiting(scene, here)
    await here.flash()
    await asyncio.sleep(1.0)
    (agent,) = await scene.agents("1001")
    await talk(here, agent)
    await end(here.gateway, caller, 2)
    return here.gateway


@setting(CALM)
async def ami_cut_while_ringing(scene: Scene) -> Recording:
    """An agent's phone rings through the cut; then he answers."""
    (agent,) = await scene.agents("1001")
    here = await fault(scene)
    caller = await scene.caller()
    await caller.call("12345")
    await agent.wait_ringing()
    await asyncio.sleep(1.0)
    await here.flash()
    await talk(here, agent)
    await end(here.gateway, caller, 2)
    return here.gateway


@setting(CALM)
async def ami_cut_during_announcement(scene: Scene) -> Recording:
    """An agent has picked up; the connection is cut and made again while his number is announced."""
    (agent,) = await scene.agents("1001")
    here = await fault(scene)
    caller = await scene.caller()
    await caller.call("12345")
    await agent.wait_ringing()
    await asyncio.sleep(1.0)
    await agent.answer()
    await here.witness.seen("DialEnd", DialStatus="ANSWER")
    await here.flash()
    if here.witness.all("BridgeEnter"):
        raise SystemExit("the announcement was over too soon")
    await here.witness.seen("BridgeEnter", 2)
    await end(here.gateway, caller, 2)
    return here.gateway


@setting(CALM)
async def ami_cut_while_talking(scene: Scene) -> Recording:
    """Caller and agent talk through the cut."""
    (agent,) = await scene.agents("1001")
    here = await fault(scene)
    caller = await scene.caller()
    await caller.call("12345")
    await talk(here, agent)
    await asyncio.sleep(1.0)
    await here.flash()
    await end(here.gateway, caller, 2)
    return here.gateway


@setting(CALM)
async def ami_cut_and_caller_leaves_meanwhile(scene: Scene) -> Recording:
    """A waiting caller gives up while the gateway is blind."""
    here = await fault(scene)
    caller = await waiting(scene, here)
    await here.cut()
    await end(here.witness, caller, 1)
    await here.mend()
    return here.gateway


@setting(CALM)
async def ami_cut_and_answered_meanwhile(scene: Scene) -> Recording:
    """A waiting caller is answered while the gateway is blind; he hangs up when it sees again."""
    here = await fault(scene)
    caller = await waiting(scene, here)
    await here.cut()
    (agent,) = await scene.agents("1001")
    await talk(here, agent)
    await asyncio.sleep(1.0)
    await here.mend()
    await end(here.gateway, caller, 2)
    return here.gateway


@setting(CALM)
async def ami_cut_and_answered_and_ended_meanwhile(scene: Scene) -> Recording:
    """A waiting caller is answered and hangs up, all while the gateway is blind."""
    here = await fault(scene)
    caller = await waiting(scene, here)
    await here.cut()
    (agent,) = await scene.agents("1001")
    await talk(here, agent)
    await end(here.witness, caller, 2)
    await here.mend()
    return here.gateway


@setting(CALM)
async def ami_cut_and_agent_ends_meanwhile(scene: Scene) -> Recording:
    """Caller and agent talk; the agent hangs up while the gateway is blind."""
    (agent,) = await scene.agents("1001")
    here = await fault(scene)
    caller = await scene.caller()
    await caller.call("12345")
    await talk(here, agent)
    await asyncio.sleep(1.0)
    await here.cut()
    await asyncio.sleep(1.0)
    await agent.hang_up()
    await here.witness.seen("Hangup", 2)
    await here.mend()
    return here.gateway


@setting(Setting(queue_seconds=5))
async def ami_cut_and_overflowed_meanwhile(scene: Scene) -> Recording:
    """Nobody comes, and the queue gives up while the gateway is blind."""
    here = await fault(scene)
    caller = await waiting(scene, here)
    await here.cut()
    await caller.wait_closed()
    await here.witness.seen("Hangup")
    await here.mend()
    return here.gateway


@setting(CALM)
async def ami_cut_whole_call_missed(scene: Scene) -> Recording:
    """A call comes, is answered and ends while the gateway is blind."""
    (agent,) = await scene.agents("1001")
    here = await fault(scene)
    await here.cut()
    caller = await scene.caller()
    await caller.call("12345")
    await talk(here, agent)
    await end(here.witness, caller, 2)
    await here.mend()
    return here.gateway


@setting(CALM)
async def ami_cut_whole_wait_missed(scene: Scene) -> Recording:
    """A call comes and is abandoned while the gateway is blind."""
    here = await fault(scene)
    await here.cut()
    caller = await waiting(scene, here)
    await end(here.witness, caller, 1)
    await here.mend()
    return here.gateway


@setting(CALM)
async def ami_cut_and_called_again_meanwhile(scene: Scene) -> Recording:
    """A waiting caller gives up and calls again while the gateway is blind; an agent comes and answers."""
    here = await fault(scene)
    caller = await waiting(scene, here)
    await here.cut()
    await end(here.witness, caller, 1)
    await caller.call("12345")
    await here.witness.seen("QueueCallerJoin", 2)
    await asyncio.sleep(1.0)
    await here.mend()
    (agent,) = await scene.agents("1001")
    await talk(here, agent)
    await end(here.gateway, caller, 2)
    return here.gateway


@setting(CALM)
async def ami_cut_and_agents_change_meanwhile(scene: Scene) -> Recording:
    """While the gateway is blind one agent pauses, one switches his phone off, one on."""
    _, going = await scene.agents("1001", "1002")
    here = await fault(scene)
    await here.cut()
    await here.witness.ask(Action="QueuePause", Interface="PJSIP/1001", Paused="true", Reason="小休")
    await going.stop()
    await scene.agents("1003")
    await here.witness.seen("QueueMemberStatus", Interface="PJSIP/1003", Status="1")
    await here.mend()
    return here.gateway


@setting(CALM)
async def ami_late_while_ringing(scene: Scene) -> Recording:
    """The events of ringing and answering come 1.5 s late; the connection holds."""
    (agent,) = await scene.agents("1001")
    here = await fault(scene)
    caller = await scene.caller()
    await caller.call("12345")
    await here.gateway.seen("QueueCallerJoin")
    here.relay.stall()
    await agent.wait_ringing()
    await asyncio.sleep(0.5)
    await agent.answer()
    await asyncio.sleep(1.0)
    here.relay.mend()
    await here.witness.seen("BridgeEnter", 2)
    await end(here.gateway, caller, 2)
    if here.gateway.all(LOST):
        raise SystemExit("the client gave the connection up")
    return here.gateway


@setting(CALM)
async def ami_silent_while_waiting(scene: Scene) -> Recording:
    """The network swallows everything while a caller waits; the client gives the connection up and makes a new one."""
    here = await fault(scene)
    caller = await waiting(scene, here)
    here.relay.stall()
    await here.gateway.seen(LOST)
    await here.mend()
    (agent,) = await scene.agents("1001")
    await talk(here, agent)
    await end(here.gateway, caller, 2)
    return here.gateway


PLOTS: tuple[Plot, ...] = (
    ami_cut_while_waiting,
    ami_cut_while_ringing,
    ami_cut_during_announcement,
    ami_cut_while_talking,
    ami_cut_and_caller_leaves_meanwhile,
    ami_cut_and_answered_meanwhile,
    ami_cut_and_answered_and_ended_meanwhile,
    ami_cut_and_agent_ends_meanwhile,
    ami_cut_and_overflowed_meanwhile,
    ami_cut_whole_call_missed,
    ami_cut_whole_wait_missed,
    ami_cut_and_called_again_meanwhile,
    ami_cut_and_agents_change_meanwhile,
    ami_late_while_ringing,
    ami_silent_while_waiting,
)
