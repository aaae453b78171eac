"""The tracker where no recorded trace shows the case."""

from __future__ import annotations

from pathlib import Path

from gateway.ami import messages as ami
from gateway.ami.calls import Calls
from gateway.ami.diagram import main
from gateway.ami.tracker import Legs, Tracker
from gateway.ami.transitions import TABLE
from tests.unit.ami.stories import TRUNKS, story, traces
from tests.unit.ami.stories import events as feed
from tests.unit.ami.wire import (
    ARRIVES,
    BRIDGE,
    CALL,
    CALLS,
    PICKS_UP,
    QUEUES,
    RINGS,
    agent,
    caller,
    ev,
    queue_of,
)

ROOT = Path(__file__).parents[3]


def test_taps_are_invisible() -> None:
    tapped, plain = Tracker(TRUNKS), Tracker(TRUNKS)
    tap = {"Uniqueid": "hltap-1", "Linkedid": CALL, "Channel": "AudioSocket/1", "Context": "from-trunk"}
    noise = [
        ev("Newchannel", 1.5, ChannelState="4", **tap),
        ev("Newstate", 2.5, ChannelState="5", **tap),
        ev("BridgeEnter", 2.6, BridgeUniqueid="t", **tap),
        caller("BridgeEnter", 2.7, BridgeUniqueid="t"),
        ev("Hangup", 2.8, **tap),
    ]
    calls = [ARRIVES, QUEUES, CALLS, RINGS, PICKS_UP, *BRIDGE, caller("Hangup", 9)]
    assert story(tapped, [*calls[:3], *noise, *calls[3:]]) == story(plain, calls)
    assert tapped.living() == ()


def test_only_calls_that_come_in_through_a_trunk_count() -> None:
    tracker = Tracker(TRUNKS)
    inside = caller("Newchannel", 0, ChannelState="4", Context="from-agent", Exten="1002")
    outbound = caller("Newchannel", 0, ChannelState="0", Context="from-trunk", Exten="s")
    second = caller("Newchannel", 0, ChannelState="4", Context="from-trunk", Uniqueid="1764000000.9")
    assert feed(tracker, [inside, outbound, second]) == []


def test_legs_are_named_from_pick_up_to_hang_up() -> None:
    tracker = Tracker(TRUNKS)
    assert tracker.legs(CALL) is None
    feed(tracker, [ARRIVES, QUEUES, CALLS, RINGS])
    assert tracker.legs(CALL) == Legs("PJSIP/trunk-00000001", {})
    feed(tracker, [PICKS_UP])
    assert tracker.legs(CALL) == Legs("PJSIP/trunk-00000001", {"Local/2001@station-00000001;1": "2001"})
    feed(tracker, [*BRIDGE, agent("Hangup", 9)])
    assert tracker.legs(CALL) == Legs("PJSIP/trunk-00000001", {})
    feed(tracker, [caller("Hangup", 10)])
    assert tracker.legs(CALL) is None


def test_a_phone_that_never_said_it_rings_rang_since_it_was_called() -> None:
    told = story(Tracker(TRUNKS), [ARRIVES, QUEUES, CALLS, PICKS_UP, *BRIDGE])
    assert told[-2:] == ["answered 2001, wait 7.0 queue 4.0 ring 3.0", "agent 2001 joins"]


def test_a_phone_may_ring_before_the_queue_says_whose_it_is() -> None:
    early = agent("Newstate", 2, ChannelState="5")
    told = story(Tracker(TRUNKS), [ARRIVES, QUEUES, early, queue_of("AgentCalled", 2.5), PICKS_UP, *BRIDGE])
    assert told[-2:] == ["answered 2001, wait 7.0 queue 4.0 ring 3.0", "agent 2001 joins"]


def test_a_phone_that_cannot_be_reached_was_not_rung() -> None:
    messages = [ARRIVES, QUEUES, CALLS, queue_of("AgentRingNoAnswer", 6), agent("Hangup", 6.1)]
    assert story(Tracker(TRUNKS), messages)[2:] == ["missed 2001 unreachable 0.0"]


def test_several_phones_ring_and_one_answers() -> None:
    other = {"DestUniqueid": "1764000003.3", "DestChannel": "PJSIP/1002-00000001", "DestChannelState": "5"}
    second = caller("AgentCalled", 3, Queue="hotline", Interface="PJSIP/1002", **other)
    told = story(Tracker(TRUNKS), [ARRIVES, QUEUES, CALLS, RINGS, second, PICKS_UP, *BRIDGE])
    assert [line for line in told if not line.startswith("agent")][2:] == [
        "ringing 2001",
        "ringing 1002",
        "missed 1002 answered_elsewhere 2.0",
        "answered 2001, wait 7.0 queue 4.0 ring 2.0",
    ]


def test_answered_before_any_queue_counts_as_answered() -> None:
    told = story(Tracker(TRUNKS), [ARRIVES, *BRIDGE])
    assert told == ["offered 12345", "answered 2001, wait 7.0", "extension 2001 joins"]


def test_an_overflowed_call_may_be_answered_in_the_next_queue() -> None:
    leaves = caller("QueueCallerLeave", 2, Queue="hotline")
    joins = caller("QueueCallerJoin", 2.5, Queue="second", Position="1")
    messages = [ARRIVES, QUEUES, leaves, joins, queue_of("AgentCalled", 3, DestChannelState="5"), PICKS_UP, *BRIDGE]
    told = [line for line in story(Tracker(TRUNKS), messages) if not line.startswith("agent")]
    assert told[2:] == [
        "overflowed hotline left, wait 2.0 queue 1.0",
        "queued second 1",
        "ringing 2001",
        "answered 2001, wait 7.0 queue 2.5 ring 2.0",
    ]


def test_a_call_queued_again_after_a_conversation_stays_answered() -> None:
    again = caller("QueueCallerJoin", 10, Queue="second", Position="1")
    gone = [caller("HangupRequest", 14), caller("Hangup", 14)]
    rings = queue_of("AgentCalled", 11, DestUniqueid="x", DestChannelState="5", Interface="PJSIP/1002")
    up = caller("Newstate", 12, Uniqueid="x")
    bridge = [ev("BridgeEnter", 13, BridgeUniqueid="c", Uniqueid="x"), caller("BridgeEnter", 13, BridgeUniqueid="c")]
    first = [ARRIVES, QUEUES, CALLS, RINGS, PICKS_UP, *BRIDGE, agent("HangupRequest", 9)]
    told = [line for line in story(Tracker(TRUNKS), [*first, again, *gone]) if not line.startswith("agent")]
    assert told[4:] == ["queued second 1", "ended by caller, talk 2.0"]
    told = [line for line in story(Tracker(TRUNKS), [*first, again, rings, up, *bridge, *gone]) if "agent" not in line]
    assert told[3:] == [
        "answered 2001, wait 7.0 queue 4.0 ring 2.0",
        "queued second 1",
        "ringing 1002",
        "answered 1002, wait 7.0 queue 2.0 ring 1.0",
        "ended by caller, talk 3.0",
    ]


# --- the table -----------------------------------------------------------------------------------------------


def test_the_queue_may_be_quicker_than_a_colleague_who_picks_up() -> None:
    messages = list(traces()["agent_picks_up_for_colleague"])
    (leaves,) = [message for message in messages if isinstance(message, ami.QueueCallerLeave)]
    (pickup,) = [message for message in messages if isinstance(message, ami.Pickup)]
    told = story(Tracker(TRUNKS), messages)
    messages.remove(leaves)
    messages.insert(messages.index(pickup), leaves)
    assert story(Tracker(TRUNKS), messages) == told


def test_a_caller_who_leaves_the_queue_while_a_phone_rings_left_it_then() -> None:
    leaves = caller("QueueCallerLeave", 6, Queue="hotline")
    told = story(Tracker(TRUNKS), [ARRIVES, QUEUES, CALLS, RINGS, leaves, agent("Hangup", 7), caller("Hangup", 8)])
    assert [line for line in told if "flowed" in line] == ["overflowed hotline left, wait 6.0 queue 5.0"]
    assert told == story(Tracker(TRUNKS), [ARRIVES, QUEUES, CALLS, RINGS, leaves, caller("Hangup", 8)])


def test_every_action_of_the_table_exists() -> None:
    assert [t.action for t in TABLE.values() if not callable(getattr(Calls, t.action, None))] == []


def test_the_diagram_in_the_documents_is_current() -> None:
    assert main(["--check"]) == 0
