"""A shift of real calls of all kinds: live figures, figures computed again, and Asterisk's queue_log agree.

HOTLINE_SHIFT_CALLS and HOTLINE_SHIFT_SEED change the number of calls and their order. What happened is told by a
failed test's output; the same seed gives the same plans, though not the same milliseconds.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator

import msgspec
import pytest
import pytest_asyncio

from gateway.ami import trace
from gateway.answer_sla.figures import compute
from gateway.config import Settings
from gateway.events import (
    AgentStateChanged,
    AnswerAtRisk,
    AnswerBreached,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallResumed,
    CallRinging,
    CallTransferred,
    ConnectRateChanged,
    Event,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
    PartyJoined,
    PartyLeft,
    ServiceLevelChanged,
    SurveyCompleted,
)
from tests.integration.shift.comparison import KNOWN, Comparison
from tests.integration.shift.house import NAMES
from tests.integration.shift.plan import DECK
from tests.integration.shift.queue_book import QueueBook
from tests.integration.shift.records import Records, agents_seen, agents_told, play

CALLS = int(os.environ.get("HOTLINE_SHIFT_CALLS", "200"))
SEED = int(os.environ.get("HOTLINE_SHIFT_SEED", "0")) or random.randrange(1, 1_000_000)
WHOLE_DECK = sum(count for count, _ in DECK)
FROM_PBX = (
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallResumed,
    CallRinging,
    CallTransferred,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
    PartyJoined,
    PartyLeft,
)
"""What follows from the PBX's messages alone, not from the clock between two of them."""
BUSY = ("talking", "hold")
TOLERANCE = 0.5
"""Seconds of one agent in one call, between what his states and what the call's parties say."""
pytestmark = [pytest.mark.timeout(480), pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shift(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Records]:
    print(f"a shift of {CALLS} calls, HOTLINE_SHIFT_SEED={SEED}")
    folder = tmp_path_factory.mktemp("shift")
    records = await play(CALLS, SEED, folder)
    print(f"its records are in {folder}")
    print(f"{records.seconds:.0f} s, gateway's CPU {records.cpu:.1f} s, not by plan: {records.surprises}")
    yield records


@pytest.fixture(scope="module")
def compared(shift: Records) -> Comparison:
    book = QueueBook(shift.queue_log, {name: agent for agent, name in NAMES.items()})
    return Comparison(shift.events, book, NAMES, shift.taken_out)


async def test_figures_computed_again_are_the_live_ones(shift: Records) -> None:
    (figures, _) = shift.figures
    told = {event.queue: event for event in shift.of(ServiceLevelChanged)}
    assert {queue["queue"] for queue in figures["queues"]} == set(told)
    for queue in figures["queues"]:
        live = msgspec.to_builtins(told[queue["queue"]])
        again = {**queue["total"], **queue["policies"][0], "since": figures["since"], "queue": queue["queue"]}
        fields = live.keys() - {"type", "at"}
        assert {field: again[field] for field in fields} == {field: live[field] for field in fields}
        board = shift.board["queues"][queue["queue"]]
        shown = board.keys() - {"queue_title"}
        assert {field: again[field] for field in shown} == {field: board[field] for field in shown}
    live = msgspec.to_builtins(shift.of(ConnectRateChanged)[-1])
    again = figures["connect_rate"]
    assert {field: live[field] for field in again} == again
    assert shift.board["connect_rate"] == again


async def test_figures_are_the_same_again_and_from_the_stream(shift: Records) -> None:
    first, second = shift.figures
    assert first == second
    from_stream = compute(shift.events, shift.settings, shift.since, shift.until)
    assert json.loads(msgspec.json.encode(from_stream)) == first


async def test_queue_log_agrees_call_by_call(compared: Comparison) -> None:
    print(f"{compared.visits} visits, waits off by {compared.largest:.2f} s at most, {dict(compared.outcomes)}")
    print(f"told otherwise, as known: {dict(compared.known)}")
    assert compared.differences == []
    assert compared.visits > CALLS / 2


async def test_no_call_is_lost_or_open(shift: Records) -> None:
    offered = Counter(event.call_id for event in shift.of(CallOffered))
    assert offered.total() == CALLS
    assert Counter(event.call_id for event in shift.of(CallEnded)) == offered
    calls = shift.figures[0]["calls"]
    assert (calls["offered"], calls["waiting"], calls["reconstructed"]) == (CALLS, 0, 0)
    assert calls["answered"] + calls["abandoned"] + calls["overflowed"] == CALLS
    for queue in shift.figures[0]["queues"]:
        total = queue["total"]
        assert total["offered"] == total["answered"] + total["abandoned"] + total["overflowed"]
        assert total["waiting"] == total["late"] == 0
    assert shift.board["waiting"] == shift.board["talking"] == {}


async def test_agents_end_as_asterisk_has_them(shift: Records) -> None:
    seen, told = agents_seen(shift.members), agents_told(shift.events)
    assert {"paused", "available"} <= set(seen.values())
    assert told == seen


async def test_agents_are_busy_as_long_as_calls_have_them(shift: Records) -> None:
    """From pick-up on, the announcement with it; and while they ask by keys, the citizen on hold."""
    busy, heard = defaultdict[tuple[str, str], float](float), defaultdict[tuple[str, str], float](float)
    unheard: dict[tuple[str, str], float] = {}
    state: dict[str, AgentStateChanged] = {}
    ended = {event.call_id: event.at for event in shift.of(CallEnded)}
    for event in shift.events:
        if isinstance(event, AgentStateChanged):
            who, before = (event.call_id, event.agent), (event.previous_call_id, event.agent)
            goes_on = event.state in BUSY and event.previous in BUSY and who == before
            if event.previous in BUSY and before[0] in ended:
                # A phone that is in use for something else keeps its agent talking when the call is over.
                busy[before] += event.previous_seconds - max(0.0, event.at - ended[before[0]])
            if not goes_on and before in unheard:
                heard[before] += event.at - unheard.pop(before)
            if not goes_on and event.state in BUSY:
                unheard[who] = event.at
            state[event.agent] = event
        elif isinstance(event, PartyJoined) and event.kind == "agent":
            who = event.call_id, event.party
            heard[who] += event.at - unheard.pop(who, event.at)
        elif isinstance(event, PartyLeft) and event.kind == "agent":
            who = event.call_id, event.party
            heard[who] += event.seconds
            if (state[event.party].state, state[event.party].call_id) == ("hold", event.call_id):
                unheard[who] = event.at
    off = {who: round(busy[who] - seconds, 3) for who, seconds in heard.items() if who[0] in ended}
    assert {who: seconds for who, seconds in off.items() if abs(seconds) > TOLERANCE} == {}


async def test_a_call_is_talked_as_long_as_its_only_party_is_there(shift: Records) -> None:
    parties: defaultdict[str, list[float]] = defaultdict(list)
    for event in shift.of(PartyLeft):
        parties[event.call_id].append(event.seconds)
    only = {call_id: seconds[0] for call_id, seconds in parties.items() if len(seconds) == 1}
    told = {event.call_id: event.talk_seconds + event.held_seconds for event in shift.of(CallEnded)}
    assert {call_id: told[call_id] for call_id in only} == pytest.approx(only, abs=0.001)
    assert len(only) > CALLS / 4


async def test_the_recorded_ami_tells_the_same_again(shift: Records) -> None:
    live = [event for event in shift.events if isinstance(event, FROM_PBX)]
    again = [event for event in trace.replay(shift.ami, shift.settings) if isinstance(event, FROM_PBX)]
    for number, (first, second) in enumerate(zip(live, again, strict=False)):
        assert first == second, f"event {number}"
    assert len(live) == len(again)


async def test_the_shift_had_everything(shift: Records, compared: Comparison) -> None:
    if CALLS < 2 * WHOLE_DECK:
        pytest.skip("too few calls to have everything")
    found = Counter(what for event in shift.events for what in kinds(event, shift.settings))
    print(dict(sorted(found.items())))
    assert [kind for kind in KINDS if not found[kind]] == []
    assert KNOWN.keys() - compared.known.keys() <= {"sent on behind a Local channel"}, "which is by chance"
    assert max_living(shift) >= 12


KINDS = (
    *("short abandon", "abandon", "abandon in the notice", "overflow", "survey", "at risk", "breach"),
    *("answer in time", "late answer", "answer after a transfer"),
    *("no_answer", "busy", "rejected", "caller_left", "answered_elsewhere"),
    *("blind completed", "attended completed", "blonde completed", "blind failed"),
    *("hold by agent", "hold by caller", "agent joins", "extension joins", "external joins"),
    *("ended by caller", "ended by agent", "ended by system", "call to an office", "answer by another queue"),
    *("available", "ringing", "talking", "hold", "wrap_up", "paused", "offline"),
)


def kinds(event: Event, settings: Settings) -> list[str]:
    """What of ``KINDS`` this is."""
    match event:
        case CallAbandoned():
            limit = settings.policy(event.queue).short_abandon_seconds
            short = "short abandon" if (event.clocks.caller_wait or 0) <= limit else "abandon"
            return [short] if event.queue else ["abandon in the notice"]
        case CallOverflowed():
            return ["overflow"]
        case CallAnswered() if event.at != event.clocks.bridged:
            return ["answer after a transfer"]
        case CallAnswered():
            late = (event.clocks.caller_wait or 0) > settings.policy(event.queue).target_seconds
            return [
                "late answer" if late else "answer in time",
                *["answer by another queue"] * (event.queue != "hotline"),
            ]
        case AttemptMissed():
            return [event.reason]
        case CallTransferred():
            return [f"{event.kind} {event.outcome}"]
        case CallHeld():
            return [f"hold by {event.by}"]
        case PartyJoined():
            return [f"{event.kind} joins"]
        case CallEnded():
            return [f"ended by {event.hung_up_by}"]
        case AgentStateChanged():
            return [event.state]
        case SurveyCompleted():
            return ["survey"]
        case OutboundAnswered():
            return ["call to an office"]
        case AnswerAtRisk():
            return ["at risk"]
        case AnswerBreached():
            return ["breach"]
        case _:
            return []


def max_living(shift: Records) -> int:
    """Calls at the same time."""
    most = living = 0
    for event in sorted(shift.events, key=lambda event: event.at):
        living += isinstance(event, CallOffered) - isinstance(event, CallEnded)
        most = max(most, living)
    return most
