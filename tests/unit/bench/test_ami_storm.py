"""The storm is calls as the gateway knows them: each scenario tells the story it says it tells, and nothing odd."""

from __future__ import annotations

from collections import Counter

import pytest

from gateway.ami import messages
from gateway.ami.parse import parse
from gateway.ami.tracker import Tracker
from gateway.bench import ami_living
from gateway.bench.ami_events import CONTEXT, text
from gateway.bench.ami_storm import MIX, SCENARIOS, Scenario, Storm, fields
from gateway.events import CallEvent, Event, event_type

T0 = 1_764_000_000.0


def headers(wire: bytes) -> list[dict[str, str]]:
    """The events in this piece of the wire."""
    assert wire.endswith(b"\r\n\r\n")
    blocks = wire.decode().removesuffix("\r\n\r\n").split("\r\n\r\n")
    return [dict(line.split(": ", 1) for line in block.split("\r\n")) for block in blocks]


def feed(tracker: Tracker, wire: bytes) -> list[Event]:
    parsed = [parse(each, T0) for each in headers(wire)]
    return [event for message in parsed if message is not None for event in tracker.feed(message)]


def own_story(events: list[Event]) -> Counter[str]:
    """Of each call's own events: those the scenarios name."""
    named = {kind for scenario in SCENARIOS for kind in scenario.told}
    return Counter(event_type(event) for event in events if event_type(event) in named)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_a_scenario_tells_its_story_and_nothing_odd(scenario: Scenario) -> None:
    tracker = Tracker((CONTEXT,))
    opened = fields("call", 7, 0)
    wire = "".join(text(line).format(at=T0 + n / 10, **opened) for n, line in enumerate(scenario.lines)).encode()
    events = feed(tracker, wire)
    assert own_story(events) == Counter(scenario.told)
    assert {event.call_id for event in events if isinstance(event, CallEvent)} == {"call-7.1"}
    assert tracker.living() == ()
    assert not tracker.odd


@pytest.mark.parametrize(("calls", "at_once"), [(1, 1), (7, 3), (45, 100), (130, 20)])
def test_a_storm_is_all_its_calls(calls: int, at_once: int) -> None:
    storm, tracker = Storm(calls, at_once), Tracker((CONTEXT,))
    steps = list(storm.steps())
    wire = b"".join(storm.event(call, index, T0 + n / 1000) for n, (call, index) in enumerate(steps))
    assert len(headers(wire)) == len(steps) == storm.events()
    assert own_story(feed(tracker, wire)) == storm.told()
    assert tracker.living() == ()
    assert not tracker.odd


def test_a_storm_keeps_the_order_of_each_call_and_interweaves_the_calls() -> None:
    storm = Storm(6, 3)
    steps = list(storm.steps())
    for call in range(6):
        assert [index for one, index in steps if one == call] == list(range(len(storm.scenario(call).lines)))
    middle = steps[len(steps) // 3 : len(steps) // 3 + 6]
    assert len({call for call, _ in middle}) == 3


def test_twenty_calls_have_every_scenario_in_its_share_and_as_many_events_as_real_ones() -> None:
    assert Counter(scenario.name for scenario in MIX) == {each.name: each.share for each in SCENARIOS}
    assert len(MIX) == 20
    assert 50 <= sum(len(scenario.lines) for scenario in MIX) / len(MIX) <= 70


def test_what_is_listed_is_what_had_begun() -> None:
    """A client that comes back to calls it saw begin learns nothing new; one that comes first finds them all."""
    calls, now = 10, {"Timestamp": str(T0 + 5)}
    lists = [*ami_living.channels("living", calls, 5.0), *ami_living.queues("living", calls, 5.0)]
    around = [{"Event": messages.RESYNC_STARTED, **now}, *({**entry, **now} for entry in lists)]
    around.append({"Event": messages.RESYNC_COMPLETED, **now})
    resync = [message for each in around if (message := parse(each, T0 + 5)) is not None]
    witness, late = Tracker((CONTEXT,)), Tracker((CONTEXT,))
    feed(witness, b"".join(ami_living.beginnings("living", calls, T0)))
    again = [event for message in resync for event in witness.feed(message)]
    assert [event for event in again if isinstance(event, CallEvent)] == []
    found = [event for message in resync for event in late.feed(message)]
    assert set(late.living()) == set(witness.living()) == {f"living-{call}.1" for call in range(calls)}
    talking = sum(ami_living.talks(call) for call in range(calls))
    kinds = Counter(event_type(event) for event in found if isinstance(event, CallEvent))
    assert kinds["call.answered"] == talking
    assert kinds["call.ringing"] == calls - talking
    assert not late.odd
