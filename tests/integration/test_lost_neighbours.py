"""Asterisk stands still, Asterisk dies, Redis dies: in mid-call."""

from __future__ import annotations

import time
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
    PartyJoined,
)
from tests.integration.hotline import AT_RISK, TARGET, Hotline, answer, hotline, until
from tests.integration.recorder import AmiRecorder
from tests.integration.truth import OBSERVED, Truth

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(120)]

NOTICED = 15.0
"""Seconds in which a frozen Asterisk must be noticed, with the default settings."""
FROZEN = 13.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Hotline]:
    async with hotline(tmp_path_factory.mktemp("neighbours"), {}) as house:
        yield house


@pytest_asyncio.fixture(loop_scope="module")
async def here(house: Hotline) -> AsyncIterator[Hotline]:
    async with house.scene() as here:
        yield here


class Calls:
    """One citizen talks with the agent, another waits in the queue."""

    def __init__(self, agent: AgentPhone, talker: Caller, talking: str, patient: Caller, waiting: str) -> None:
        self.agent = agent
        self.talker, self.talking = talker, talking
        self.patient, self.waiting = patient, waiting


async def two_calls(here: Hotline) -> Calls:
    (agent,) = await here.agents("1001")
    talker, talking = await here.calls("13800000031")
    await answer(agent)
    await here.seen.first(PartyJoined, "they talk", call_id=talking)
    patient, waiting = await here.calls("13800000032")
    return Calls(agent, talker, talking, patient, waiting)


async def they_end(witness: AmiRecorder, calls: Calls) -> None:
    """The first citizen hangs up; the second is answered and hangs up."""
    await calls.talker.hang_up()
    await calls.agent.wait_closed()
    await answer(calls.agent)
    await Truth(witness, calls.waiting).connected()
    await calls.patient.hang_up()
    await Truth(witness, calls.waiting).gone()


async def all_is_right(here: Hotline, witness: AmiRecorder, calls: Calls) -> None:
    """Both calls ended under their ids, with exact waits."""
    for call_id in (calls.talking, calls.waiting):
        truth = Truth(witness, call_id)
        over = await here.seen.first(CallEnded, "it ended", call_id=call_id)
        assert (over.agent, over.hung_up_by, over.clocks.provenance) == ("1001", "caller", "observed")
        truth.wait_is_right(over.clocks, truth.bridged, OBSERVED)
        assert abs(over.talk_seconds - (truth.left - truth.bridged)) < OBSERVED


async def test_calls_go_on_after_asterisk_stood_still(here: Hotline) -> None:
    seen, witness = here.seen, await here.record()
    calls = await two_calls(here)
    since = len(seen.events.entries)
    with here.frozen():
        stopped = time.time()
        lost = await seen.health("ami", "lost", since)
        assert lost.at - stopped < NOTICED
        assert "silent for 10 s" in lost.detail
        await here.passes(stopped + FROZEN)
    await seen.health("ami", "ok", since)
    for kind, seconds in ((AnswerAtRisk, AT_RISK), (AnswerBreached, TARGET)):
        warning = await seen.first(kind, "it is late", call_id=calls.waiting)
        assert abs(warning.at - Truth(witness, calls.waiting).arrived - seconds) < OBSERVED
    await they_end(witness, calls)
    await all_is_right(here, witness, calls)
    await here.all_told_once()


async def test_nothing_stays_open_after_asterisk_died_and_new_calls_are_followed(here: Hotline) -> None:
    seen = here.seen
    calls = await two_calls(here)
    since = len(seen.events.entries)
    await here.kill_asterisk()
    lost = await seen.health("ami", "lost", since)
    await here.instance.start()
    back = await seen.health("ami", "ok", since)
    for call_id in (calls.talking, calls.waiting):
        over = await seen.first(CallEnded, "it ended", call_id=call_id)
        assert over.clocks.provenance == "reconstructed"
        assert lost.at <= over.at <= back.at
    assert [event.agent for event in seen.all(CallAnswered, call_id=calls.talking)] == ["1001"]
    assert len(seen.all(CallAbandoned, call_id=calls.waiting)) == 1
    board = await seen.wallboard()
    assert (board.waiting, board.talking) == ({}, {})

    for phone in (calls.agent, calls.talker, calls.patient):
        await phone.hang_up()
        await phone.wait_closed()
    witness = await here.record()
    caller, call_id = await here.calls("13800000033")
    await answer(calls.agent)
    await seen.first(PartyJoined, "they talk", call_id=call_id)
    await caller.hang_up()
    over = await seen.first(CallEnded, "it ended", call_id=call_id)
    truth = Truth(witness, call_id)
    truth.wait_is_right(over.clocks, truth.bridged, OBSERVED)
    assert over.clocks.provenance == "observed"
    await here.all_told_once()


async def test_redis_gets_all_in_order_after_it_died(here: Hotline) -> None:
    witness = await here.record()
    calls = await two_calls(here)

    async def redis(status: str) -> None:
        async def reached() -> bool:
            return (await here.gateway.parts()).get("redis") == status

        await until(reached)

    async with here.without_redis():
        await redis("lost")
        await they_end(witness, calls)
    await redis("ok")
    await all_is_right(here, witness, calls)
    await here.all_told_once()
