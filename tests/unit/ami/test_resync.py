"""The tracker after a lost connection."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from gateway.ami import messages as ami
from gateway.ami.tracker import Legs, Tracker
from gateway.events import CallEnded
from tests.unit.ami.stories import FOLDER, TRUNKS, lost, story, tracker, with_queue_log
from tests.unit.ami.stories import events as feed
from tests.unit.ami.wire import (
    ARRIVES,
    BRIDGE,
    CALL,
    CALLS,
    PICKS_UP,
    QUEUE_ENTRY,
    QUEUES,
    RINGS,
    agent,
    agent_entry,
    caller,
    caller_entry,
    entries,
    ev,
    member,
)

ROOT = Path(__file__).parents[3]


def test_a_call_found_waiting_gets_its_wait_back() -> None:
    tracker = Tracker(TRUNKS)
    told = story(
        tracker, [*entries(9, caller_entry(9), QUEUE_ENTRY), caller("HangupRequest", 11), caller("Hangup", 11)]
    )
    assert told == [
        "offered ",
        "queued hotline 3",
        "abandoned hotline, ~ wait 11.0 queue 10.0",
        "ended by caller, talk 0.0",
    ]


def test_a_call_found_ringing_goes_on_ringing() -> None:
    tracker = Tracker(TRUNKS)
    found = entries(9, caller_entry(9), agent_entry(9, ChannelState="5"), QUEUE_ENTRY)
    told = story(tracker, [*found, agent("Newstate", 10), agent("BridgeEnter", 12, BridgeUniqueid="b")])
    told += story(tracker, [caller("BridgeEnter", 12, BridgeUniqueid="b")])
    assert [line for line in told if not line.startswith("agent")] == [
        "offered ",
        "queued hotline 3",
        "ringing 2001",
        "answered 2001, ~ wait 12.0 queue 9.0 ring 1.0",
    ]


def test_a_call_found_in_conversation_has_no_known_wait() -> None:
    tracker = Tracker(TRUNKS)
    told = story(tracker, entries(9, caller_entry(9, BridgeId="b"), agent_entry(9, BridgeId="b")))
    assert told == ["offered ", "answered 2001, ~ ", "extension 2001 joins"]
    assert tracker.legs(CALL) == Legs("PJSIP/trunk-00000001", {"Local/2001@station-00000001;1": ""})


def test_a_call_that_went_on_as_it_was_stays_observed_under_its_id() -> None:
    tracker = Tracker(TRUNKS)
    feed(tracker, [ARRIVES, QUEUES, CALLS, RINGS, PICKS_UP, *BRIDGE])
    station = ev("QueueMember", 9, Queue="hotline", Name="王敏", Location="Local/2001@station/n", Status="2")
    both = (caller_entry(9, BridgeId="b"), agent_entry(9, BridgeId="b"), station)
    assert story(tracker, [ami.ConnectionLost(at=1764000008, reason=""), *entries(9, *both)]) == []
    (ended,) = [
        e for e in feed(tracker, [caller("HangupRequest", 10), caller("Hangup", 10)]) if isinstance(e, CallEnded)
    ]
    assert (ended.call_id, ended.clocks.provenance, ended.talk_seconds) == (CALL, "observed", 3.0)


def test_a_call_answered_meanwhile_is_answered_and_marked() -> None:
    tracker = Tracker(TRUNKS)
    feed(tracker, [ARRIVES, QUEUES])
    told = story(tracker, entries(9, caller_entry(9, BridgeId="b"), agent_entry(9, BridgeId="b")))
    assert told[0] == "answered 2001, ~ wait 9.0 queue 8.0"


def test_a_ringing_phone_picked_up_meanwhile_is_picked_up() -> None:
    tracker = Tracker(TRUNKS)
    feed(tracker, [ARRIVES, QUEUES, CALLS, RINGS])
    told = story(tracker, [*entries(9, caller_entry(9), agent_entry(9)), *BRIDGE])
    assert [line for line in told if not line.startswith("agent")] == ["answered 2001, ~ wait 7.0 queue 8.0 ring 6.0"]


def test_a_call_gone_meanwhile_ends_and_is_marked() -> None:
    tracker = Tracker(TRUNKS)
    feed(tracker, [ARRIVES, QUEUES, CALLS, RINGS])
    told = [line for line in story(tracker, entries(9)) if not line.startswith("agent")]
    assert told == [
        "missed 2001 caller_left 6.0",
        "abandoned hotline, ~ wait 9.0 queue 8.0",
        "ended by system, talk 0.0",
    ]


def test_what_happens_during_a_resync_counts_too() -> None:
    tracker = Tracker(TRUNKS)
    feed(tracker, [ami.ResyncStarted(at=1764000000), caller_entry(9), caller("Hangup", 9), caller_entry(9)])
    feed(tracker, [caller("Newchannel", 9, Uniqueid="n", Linkedid="n", ChannelState="4", Context="from-trunk")])
    feed(tracker, [ami.ResyncCompleted(at=1764000010)])
    assert tracker.living() == ("n",)


def test_a_member_who_calls_the_queue_is_no_citizen() -> None:
    tracker = Tracker(TRUNKS)
    feed(tracker, [member("QueueMemberAdded", 1, Status="2")])
    feed(tracker, entries(9, caller_entry(9, Channel="PJSIP/1001-00000004"), QUEUE_ENTRY))
    assert tracker.living() == ()


@pytest.mark.parametrize("name", lost())
def test_the_queue_log_fills_the_gap(name: str) -> None:
    one = tracker(name)
    assert story(one, with_queue_log(name)) == (FOLDER / f"{name}.gap.story").read_text(encoding="utf-8").splitlines()
    assert one.living() == ()
    assert one.odd == Counter()


def test_what_a_queue_log_says_again_changes_nothing() -> None:
    for name in lost():
        messages = with_queue_log(name)
        doubled = [m for message in messages for m in [message] * (1 + isinstance(message, ami.QueueLogEntry))]
        assert story(tracker(name), doubled) == story(tracker(name), messages)
