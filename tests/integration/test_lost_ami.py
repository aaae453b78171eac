"""The connection to Asterisk is cut in mid-call and comes back: with Asterisk's queue_log at hand, and without."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from gateway.demo.phones import AgentPhone, Caller
from gateway.events import (
    AnswerAtRisk,
    AnswerBreached,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallRinging,
    PartyJoined,
)
from tests.integration.hotline import AT_RISK, TARGET, Hotline, Watched, answer, hotline
from tests.integration.truth import OBSERVED, RECONSTRUCTED, Truth

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def here(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hotline]:
    """Two gateways behind the same relay: the first reads the queue_log, the second does not."""
    folder = tmp_path_factory.mktemp("lost-ami")
    async with hotline(folder, {"HOTLINE_AMI_QUEUE_LOG": "{queue_log}"}, {}) as house, house.scene() as here:
        yield here


async def test_calls_go_on_and_what_happened_meanwhile_is_told_with_its_provenance(here: Hotline) -> None:
    """Two talk, one of them is hung up on meanwhile; one who waits is answered, one leaves, one waits on."""
    phones = {phone.agent: phone for phone in await here.agents("1001", "1002", "1003")}
    witness = await here.record()
    await here.pause(witness, "1003", "小休")

    async def connect(number: str) -> tuple[Caller, str, AgentPhone]:
        caller, call_id = await here.calls(number)
        agent = phones[(await here.seen.first(CallRinging, "a phone rings", call_id=call_id)).agent]
        await answer(agent)
        for one in here.watched:
            await one.first(PartyJoined, "they talk", call_id=call_id)
        await here.pause(witness, agent.agent, "小休")
        return caller, call_id, agent

    talker, kept, staying = await connect("13800000021")
    asked, dropped, going = await connect("13800000022")
    lucky, answered = await here.calls("13800000023")
    leaver, left = await here.calls("13800000024")
    patient, late = await here.calls("13800000025")

    since = [len(one.events.entries) for one in here.watched]
    here.relay.cut()
    for one in here.watched:
        await one.health("ami", "lost")
    await here.go_on(witness, "1003")
    await answer(phones["1003"])
    await leaver.hang_up()
    await going.hang_up()
    await witness.seen("AgentComplete", Uniqueid=dropped)
    await asked.hang_up()
    for call_id in (dropped, left):
        await Truth(witness, call_id).gone()
    await Truth(witness, answered).connected()
    await here.passes(Truth(witness, late).arrived + TARGET)
    here.relay.mend()
    for one, start in zip(here.watched, since, strict=True):
        back = await one.health("ami", "ok", start)
        assert one.all(CallAnswered, call_id=answered)[0].agent == "1003"
        for kind, seconds in ((AnswerAtRisk, AT_RISK), (AnswerBreached, TARGET)):
            warning = await one.first(kind, "it is late", call_id=late)
            assert abs(warning.at - Truth(witness, late).arrived - seconds) < OBSERVED
        assert [len(one.all(CallEnded, call_id=call_id)) for call_id in (kept, late, answered)] == [0, 0, 0]
        assert back.at > Truth(witness, late).arrived + TARGET
    changes_are_those_of_asterisk(here.watched[0], Truth(witness, answered), Truth(witness, left))
    changes_count_from_the_resync(here.watched[1], answered, left, dropped)
    talked = witness.moment("AgentComplete", Uniqueid=dropped) - Truth(witness, dropped).bridged
    (over,) = here.seen.all(CallEnded, call_id=dropped)
    assert (over.hung_up_by, over.agent, over.clocks.provenance) == ("agent", going.agent, "reconstructed")
    assert abs(over.talk_seconds - talked) < RECONSTRUCTED

    await here.go_on(witness, going.agent)
    await answer(going)
    for one in here.watched:
        told = await one.first(CallAnswered, "it is answered at last", call_id=late)
        truth = Truth(witness, late)
        assert (told.agent, told.clocks.provenance) == (going.agent, "observed")
        truth.wait_is_right(told.clocks, truth.bridged, OBSERVED)
    for caller in (talker, lucky, patient):
        await caller.hang_up()
    for one in here.watched:
        for call_id in (kept, answered, late):
            await one.first(CallEnded, "it ended", call_id=call_id)
        (over,) = one.all(CallEnded, call_id=kept)
        assert (over.agent, over.hung_up_by, over.clocks.provenance) == (staying.agent, "caller", "observed")
        assert abs(over.talk_seconds - (Truth(witness, kept).left - Truth(witness, kept).bridged)) < OBSERVED
        once = [len(one.all(CallEnded, call_id=call_id)) for call_id in (kept, dropped, answered, left, late)]
        assert once == [1] * 5
    await here.all_told_once()


def changes_are_those_of_asterisk(one: Watched, answered: Truth, left: Truth) -> None:
    """Within the queue_log's whole second; and nobody was called late who was not."""
    (told,) = one.all(CallAnswered, call_id=answered.call_id)
    (gone,) = one.all(CallAbandoned, call_id=left.call_id)
    for event, end, truth in ((told, answered.bridged, answered), (gone, left.left, left)):
        assert event.clocks.provenance == "reconstructed"
        assert abs(event.at - end) < RECONSTRUCTED
        truth.wait_is_right(event.clocks, end, RECONSTRUCTED)
        assert event.clocks.caller_wait is not None
        assert len(one.all(AnswerBreached, call_id=truth.call_id)) == (event.clocks.caller_wait > TARGET)


def changes_count_from_the_resync(one: Watched, answered: str, left: str, dropped: str) -> None:
    """All that is known is that they were over by then."""
    back = one.all_health("ami", "ok")[-1]
    (told,) = one.all(CallAnswered, call_id=answered)
    (gone,) = one.all(CallAbandoned, call_id=left)
    (over,) = one.all(CallEnded, call_id=dropped)
    for at, clocks in ((told.at, told.clocks), (gone.at, gone.clocks), (over.at, over.clocks)):
        assert (at, clocks.provenance) == (back.at, "reconstructed")
