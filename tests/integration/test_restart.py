"""The gateway ends in mid-call, by ``kill -9`` or politely, and starts again on the same journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.demo.phones import AgentPhone, Caller
from gateway.events import (
    AgentStateChanged,
    AnswerAtRisk,
    AnswerBreached,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallResumed,
    CallRinging,
    CallTransferred,
    PartyJoined,
    TicketSubmitted,
    TicketUpdated,
)
from gateway.views import Wallboard
from tests.integration.hotline import AT_RISK, TARGET, WRAP_UP, Hotline, answer, hotline
from tests.integration.plots.scene import OFFICE, OFFICE_NAME
from tests.integration.truth import OBSERVED, RECONSTRUCTED, Truth

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(180)]

LISTENER = "Local/2001@station/n"
"""A member without a phone, who is paused."""
PLACE = "人民路320号"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hotline]:
    async with hotline(tmp_path_factory.mktemp("restart"), {"HOTLINE_AMI_QUEUE_LOG": "{queue_log}"}) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def here(house: Hotline) -> AsyncIterator[Hotline]:
    async with house.scene() as here:
        yield here


def stays(board: Wallboard) -> dict[str, object]:
    """What a supervisor sees that a restart may not change; those who wait may become late meanwhile."""
    queues = {name: (queue.of_answered, queue.average_wait, queue.longest_wait) for name, queue in board.queues.items()}
    return {
        "waiting": board.waiting,
        "talking": board.talking,
        "agents": board.agents,
        "queues": queues,
        "connect rate": board.connect_rate,
        "missed": board.missed,
    }


async def test_killed_and_told_to_end_while_nothing_changes(here: Hotline) -> None:
    """Calls that wait, ring, talk, are on hold and were transferred, and agents who wrap up and are paused."""
    seen = here.seen
    phones = {phone.agent: phone for phone in await here.agents("1001", "1002", "1003", "1004")}
    office = await here.citizen(OFFICE, OFFICE_NAME)
    witness = await here.record()
    await witness.ask(
        Action="QueueAdd", Queue="hotline", Interface=LISTENER, MemberName="听众", Paused="true", Reason="培训"
    )

    async def connect(number: str) -> tuple[Caller, str, AgentPhone]:
        caller, call_id = await here.calls(number)
        agent = phones[(await seen.first(CallRinging, "a phone rings", call_id=call_id)).agent]
        await answer(agent)
        await seen.first(PartyJoined, "they talk", call_id=call_id)
        return caller, call_id, agent

    (
        (talker, talking, agent),
        (holder, on_hold, holding),
        (sent, transferred, sender),
    ) = await asyncio.gather(*(connect(f"1380000000{number}") for number in (1, 2, 3)))
    await holding.hold()
    await sender.transfer(OFFICE)
    await answer(office)
    await seen.first(PartyJoined, "the office talks", call_id=transferred, kind="external")
    await here.pause(witness, sender.agent, "话后整理")
    await seen.first(AgentStateChanged, "he wraps up", agent=sender.agent, state="wrap_up", reason="话后整理")
    await seen.first(CallHeld, "one is on hold", call_id=on_hold)
    await seen.ticket(agent.agent, talking, {"place": PLACE})
    await seen.first(TicketUpdated, "the draft has it", call_id=talking, by=agent.agent)
    rung, ringing = await here.calls("13800000004")
    last = phones[(await seen.first(CallRinging, "a phone rings", call_id=ringing)).agent]
    patient, waiting = await here.calls("13800000005")
    calls = (talking, on_hold, transferred, ringing, waiting)
    await seen.first(AnswerAtRisk, "one waits long", call_id=ringing)

    before = await seen.wallboard()
    await here.gateway.kill()
    await here.gateway.start()
    after_kill = await seen.wallboard()
    await here.gateway.stop()
    await here.gateway.start()
    after_stop = await seen.wallboard()
    assert (set(before.waiting), set(before.talking)) == ({ringing, waiting}, {talking, on_hold, transferred})
    states = {name: (one.state, one.reason) for name, one in before.agents.items()}
    assert states[agent.agent] == ("talking", "")
    assert states[holding.agent] == ("hold", "")
    assert states[sender.agent] == ("wrap_up", "话后整理")
    assert states[last.agent] == ("ringing", "")
    assert states["2001"] == ("paused", "培训")
    assert stays(after_kill) == stays(before)
    assert stays(after_stop) == stays(before)

    for call_id in (ringing, waiting):
        arrived = Truth(witness, call_id).arrived
        risk = await seen.first(AnswerAtRisk, "it is at risk", call_id=call_id)
        breach = await seen.first(AnswerBreached, "it is late", call_id=call_id)
        assert abs(risk.at - arrived - AT_RISK) < OBSERVED
        assert abs(breach.at - arrived - TARGET) < OBSERVED
    await answer(last)
    await here.go_on(witness, sender.agent)
    await answer(sender)
    await seen.first(CallAnswered, "the one who waited is answered", call_id=waiting)
    await holding.resume()
    resumed = await seen.first(CallResumed, "the hold is over", call_id=on_hold)
    await seen.ticket(agent.agent, talking, {})
    submitted = await seen.first(TicketSubmitted, "the ticket is off", call_id=talking)
    assert {field.name: field.value for field in submitted.fields}["place"] == PLACE
    await seen.first(CallAnswered, "the one who was rung for is answered", call_id=ringing)
    for caller in (talker, holder, sent, rung, patient):
        await caller.hang_up()
    ends = {call_id: await seen.first(CallEnded, "it ended", call_id=call_id) for call_id in calls}
    await witness.ask(Action="QueueRemove", Queue="hotline", Interface=LISTENER)

    for call_id, end in ends.items():
        truth = Truth(witness, call_id)
        (first,) = seen.all(CallAnswered, call_id=call_id)
        for clocks in (first.clocks, end.clocks):
            assert clocks.provenance == "observed"
            truth.wait_is_right(clocks, truth.bridged, OBSERVED)
        if call_id != transferred:
            assert abs(end.talk_seconds + end.held_seconds - (truth.left - truth.bridged)) < OBSERVED
        assert (end.hung_up_by, end.queue) == ("caller", "hotline")
    held = witness.moment("Unhold", Linkedid=on_hold) - witness.moment("Hold", Linkedid=on_hold)
    assert abs(resumed.held_seconds - held) < OBSERVED
    assert ends[on_hold].held_seconds == resumed.held_seconds
    way, risky = ["CallOffered", "CallQueued", "CallRinging"], ["AnswerAtRisk", "AnswerBreached"]
    talk = ["CallAnswered", "PartyJoined", "PartyLeft", "CallEnded"]
    assert seen.plot(talking) == way + talk
    assert seen.plot(on_hold) == [*way, *talk[:2], "CallHeld", "CallResumed", *talk[2:]]
    assert seen.plot(transferred)[:6] == [*way, *talk[:2], "PartyLeft"]
    assert sorted(seen.plot(transferred)[6:]) == ["CallEnded", "CallTransferred", "PartyJoined", "PartyLeft"]
    assert seen.plot(ringing) == way + risky + talk
    assert seen.plot(waiting) == way[:2] + risky + way[2:] + talk
    assert len(seen.all(CallTransferred, call_id=transferred, outcome="completed")) == 1
    await here.all_told_once()


async def test_what_happened_while_it_was_down_is_told_once_at_its_own_instant(here: Hotline) -> None:
    """One is answered, one leaves, one is hung up on, one becomes late; and an agent's wrap-up ends."""
    seen, phones = here.seen, await here.agents("1001", "1002")
    witness = await here.record()
    for phone in phones:
        await here.pause(witness, phone.agent, "小休")
    await here.go_on(witness, "1001")
    _, dropped = await here.calls("13800000011")
    await answer(phones[0])
    await seen.first(PartyJoined, "they talk", call_id=dropped)
    await here.pause(witness, "1001", "小休")
    _, answered = await here.calls("13800000012")
    leaver, left = await here.calls("13800000013")
    patient, late = await here.calls("13800000014")

    await here.gateway.kill()
    await here.go_on(witness, "1002")
    await answer(phones[1])
    await leaver.hang_up()
    await phones[0].hang_up()
    for call_id in (dropped, left):
        await Truth(witness, call_id).gone()
    await Truth(witness, answered).connected()
    await here.passes(Truth(witness, late).arrived + TARGET)
    await here.gateway.start()

    told = await seen.first(CallAnswered, "it was answered", call_id=answered)
    truth = Truth(witness, answered)
    assert (told.agent, told.clocks.provenance) == ("1002", "reconstructed")
    truth.wait_is_right(told.clocks, truth.bridged, RECONSTRUCTED)
    warned = truth.bridged - truth.arrived > AT_RISK
    assert len(seen.all(AnswerAtRisk, call_id=answered)) == warned
    gone = await seen.first(CallAbandoned, "the caller left", call_id=left)
    truth = Truth(witness, left)
    assert gone.clocks.provenance == "reconstructed"
    truth.wait_is_right(gone.clocks, truth.left, RECONSTRUCTED)
    over = await seen.first(CallEnded, "it ended", call_id=dropped)
    truth = Truth(witness, dropped)
    assert (over.hung_up_by, over.agent, over.clocks.provenance) == ("agent", "1001", "reconstructed")
    assert abs(over.talk_seconds - (witness.moment("AgentComplete", Uniqueid=dropped) - truth.bridged)) < RECONSTRUCTED
    for kind, seconds in ((AnswerAtRisk, AT_RISK), (AnswerBreached, TARGET)):
        warning = await seen.first(kind, "it is late", call_id=late)
        assert abs(warning.at - Truth(witness, late).arrived - seconds) < OBSERVED

    await here.go_on(witness, "1001")
    await answer(phones[0])
    told = await seen.first(CallAnswered, "it is answered at last", call_id=late)
    truth = Truth(witness, late)
    assert (told.agent, told.clocks.provenance) == ("1001", "observed")
    truth.wait_is_right(told.clocks, truth.bridged, OBSERVED)
    await phones[1].hang_up()
    wraps_up = await seen.first(AgentStateChanged, "he wraps up", call_id=answered, state="wrap_up")
    since = len(seen.events.entries)
    await here.gateway.kill()
    await here.gateway.start()
    free = await seen.first(AgentStateChanged, "he is there again", since, agent="1002")
    assert (free.state, round(free.at - wraps_up.at, 3)) == ("available", WRAP_UP)
    await patient.hang_up()
    for call_id in (answered, late):
        await seen.first(CallEnded, "it ended", call_id=call_id)
    assert [len(seen.all(AnswerBreached, call_id=one)) for one in (dropped, answered, left, late)] == [0, 0, 0, 1]
    await here.all_told_once()
