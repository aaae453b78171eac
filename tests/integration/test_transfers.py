"""Who may send a call on, and that nobody is lost on the way. What AMI says meanwhile stands in the traces."""

from __future__ import annotations

from pathlib import Path

from gateway.demo.phones import AgentPhone, Caller
from gateway.demo.stage import AsteriskInstance
from tests.integration.prompts import noise, read, share_heard, write
from tests.integration.recorder import AmiRecorder

HEARD = 0.6
HOTLINE = "12345"
NUMBER = "13800000001"
OFFICE = "02787654321"


async def test_a_citizen_handed_over_hears_the_colleague(asterisk: AsteriskInstance, tmp_path: Path) -> None:
    word = noise(201, 1.0)
    async with (
        Caller(asterisk, NUMBER) as caller,
        AgentPhone(asterisk, "1001") as agent,
        AgentPhone(asterisk, "1002") as colleague,
        AmiRecorder(asterisk) as ami,
    ):
        await agent.wait_registered()
        await caller.call(HOTLINE)
        await agent.wait_ringing()
        await agent.answer()
        await ami.seen("BridgeEnter", 2)
        await colleague.wait_registered()
        await agent.consult("1002")
        await colleague.wait_ringing()
        await colleague.answer()
        await ami.seen("BridgeEnter", 4)
        await agent.hand_over("1002")
        await agent.wait_closed()
        await colleague.say(write(tmp_path / "word.wav", word))
        await caller.hang_up()
        await colleague.wait_closed()
        await caller.wait_closed()
        heard = read(caller.heard())

    assert share_heard(word, heard) > HEARD


async def test_a_citizen_cannot_transfer_at_the_hotlines_expense(asterisk: AsteriskInstance) -> None:
    async with (
        Caller(asterisk, NUMBER) as caller,
        AgentPhone(asterisk, "1001") as agent,
        Caller(asterisk, OFFICE, reachable=True),
        AmiRecorder(asterisk) as ami,
    ):
        await agent.wait_registered()
        await caller.call(HOTLINE)
        await agent.wait_ringing()
        await agent.answer()
        await ami.seen("BridgeEnter", 2)
        await caller.transfer(OFFICE)
        await caller.wait_closed()
        await ami.seen("Hangup", 2)

    assert (ami.count("BlindTransfer"), ami.count("Newchannel")) == (0, 2)


async def test_the_agent_of_an_outgoing_call_is_not_put_into_the_queue(asterisk: AsteriskInstance) -> None:
    async with (
        Caller(asterisk, OFFICE, reachable=True) as office,
        AgentPhone(asterisk, "1001") as agent,
        AmiRecorder(asterisk) as ami,
    ):
        await agent.wait_registered()
        await agent.call(OFFICE)
        await office.wait_ringing()
        await office.reject()
        await agent.wait_closed()
        await ami.seen("Hangup", 2)

    assert ami.count("QueueCallerJoin") == 0
