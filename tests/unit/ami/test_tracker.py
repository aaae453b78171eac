"""The tracker on recorded calls of a real Asterisk, on traces cut and shuffled, and after a lost connection."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ami import messages as ami
from gateway.ami import trace
from gateway.ami.messages import Message, parse
from gateway.ami.tracker import Legs, Tracker
from gateway.ami.transitions import TABLE, Calls, diagram
from gateway.events import (
    AgentStateChanged,
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
    Clocks,
    Event,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
    PartyJoined,
    PartyLeft,
)

ROOT = Path(__file__).parents[3]
TRACES = {path.stem: list(trace.messages(path)) for path in sorted((ROOT / "tests" / "traces").glob("*.jsonl"))}
TRUNKS = ("from-trunk",)
CALL = "1764000000.1"
AGENT = "1764000003.2"


def waits(clocks: Clocks) -> str:
    """Waits in seconds with one digit; reconstructed ones after a ``~``."""
    known = (("wait", clocks.caller_wait), ("queue", clocks.queue_wait), ("ring", clocks.ring_time))
    words = [f"{name} {value:.1f}" for name, value in known if value is not None]
    return ("~ " if clocks.provenance == "reconstructed" else "") + " ".join(words)


def tell(event: Event) -> str:
    """One event in few words, so that a list of them reads like the call's story."""
    match event:
        case CallOffered():
            return f"offered {event.dialled}"
        case CallQueued():
            return f"queued {event.queue} {event.position}"
        case CallRinging():
            return f"ringing {event.agent}"
        case AttemptMissed():
            return f"missed {event.agent} {event.reason} {event.ring_seconds:.1f}"
        case CallAnswered():
            return f"answered {event.agent}, {waits(event.clocks)}"
        case CallAbandoned():
            return f"abandoned {event.queue}, {waits(event.clocks)}"
        case CallOverflowed():
            return f"overflowed {event.queue} {event.reason}, {waits(event.clocks)}"
        case PartyJoined():
            return f"{event.kind} {event.party} joins"
        case PartyLeft():
            return f"{event.kind} {event.party} leaves after {event.seconds:.1f}"
        case CallHeld():
            return f"held by {event.by} ({event.agent})"
        case CallResumed():
            return f"resumed by {event.by} ({event.agent}) after {event.held_seconds:.1f}"
        case CallTransferred():
            return f"{event.kind} transfer by {event.agent} to {event.target} {event.outcome}"
        case OutboundStarted():
            return f"outbound by {event.agent or 'nobody'} to {event.number}"
        case OutboundAnswered():
            return f"outbound answered, {event.agent or 'nobody'}"
        case OutboundEnded():
            return f"outbound ended, {'answered' if event.answered else 'in vain'}, talk {event.talk_seconds:.1f}"
        case CallEnded() if event.held_seconds:
            return f"ended by {event.hung_up_by}, talk {event.talk_seconds:.1f}, held {event.held_seconds:.1f}"
        case CallEnded():
            return f"ended by {event.hung_up_by}, talk {event.talk_seconds:.1f}"
        case AgentStateChanged():
            return f"agent {event.agent} {event.state}" + (f" ({event.reason})" if event.reason else "")
        case _:
            return type(event).__name__


def feed(tracker: Tracker, messages: list[Message]) -> list[Event]:
    return [event for message in messages for event in tracker.feed(message)]


def story(tracker: Tracker, messages: list[Message]) -> list[str]:
    return [tell(event) for event in feed(tracker, messages)]


STORIES = {
    "abandoned_during_announcement": [
        "agent 1001 available",
        "offered 12345",
        "queued hotline 1",
        "ringing 1001",
        "agent 1001 ringing",
        "agent 1001 talking",
        "abandoned hotline, wait 2.3 queue 0.0 ring 0.0",
        "ended by caller, talk 0.0",
        "agent 1001 available",
    ],
    "abandoned_during_ringing": [
        "agent 1001 available",
        "offered 12345",
        "queued hotline 1",
        "ringing 1001",
        "agent 1001 ringing",
        "missed 1001 caller_left 2.0",
        "abandoned hotline, wait 3.6 queue 2.0",
        "ended by caller, talk 0.0",
        "agent 1001 available",
    ],
    "abandoned_in_queue": [
        "offered 12345",
        "queued hotline 1",
        "abandoned hotline, wait 4.6 queue 3.0",
        "ended by caller, talk 0.0",
    ],
    "agent_busy_then_next": [
        "offered 12345",
        "queued hotline 1",
        "ringing 1001",
        "agent 1001 ringing",
        "missed 1001 busy 1.0",
        "agent 1001 available",
        "ringing 1002",
        "agent 1002 ringing",
        "agent 1002 talking",
        "answered 1002, wait 5.0 queue 1.0 ring 0.0",
        "agent 1002 available",
        "ended by caller, talk 1.0",
    ],
    "agent_leaves_during_announcement": [
        "agent 1001 available",
        "offered 12345",
        "queued hotline 1",
        "ringing 1001",
        "agent 1001 ringing",
        "agent 1001 talking",
        "missed 1001 rejected 0.7",
        "agent 1001 available",
        "ringing 1001",
        "agent 1001 ringing",
        "missed 1001 caller_left 0.0",
        "abandoned hotline, wait 5.0 queue 3.4",
        "agent 1001 available",
        "ended by caller, talk 0.0",
    ],
    "answered_agent_hangs_up": [
        "agent 1001 available",
        "offered 12345",
        "queued hotline 1",
        "ringing 1001",
        "agent 1001 ringing",
        "agent 1001 talking",
        "answered 1001, wait 5.0 queue 1.0 ring 1.0",
        "agent 1001 available",
        "ended by agent, talk 2.0",
    ],
    "answered_caller_hangs_up": [
        "agent 1001 available",
        "offered 12345",
        "queued hotline 1",
        "ringing 1001",
        "agent 1001 ringing",
        "agent 1001 talking",
        "answered 1001, wait 5.0 queue 1.0 ring 1.0",
        "ended by caller, talk 2.0",
        "agent 1001 available",
    ],
    "answered_with_tap": [
        "agent 1001 available",
        "offered 12345",
        "queued hotline 1",
        "ringing 1001",
        "agent 1001 ringing",
        "agent 1001 talking",
        "answered 1001, wait 4.0 queue 0.0 ring 0.0",
        "ended by caller, talk 3.1",
        "agent 1001 available",
    ],
    "overflowed": [
        "offered 12345",
        "queued hotline 1",
        "ringing 1001",
        "agent 1001 ringing",
        "missed 1001 no_answer 4.0",
        "agent 1001 available",
        "ringing 1001",
        "agent 1001 ringing",
        "missed 1001 no_answer 4.0",
        "agent 1001 available",
        "overflowed hotline gave_up, wait 11.6 queue 10.0",
        "ended by system, talk 0.0",
    ],
    "ring_no_answer_then_next_agent": [
        "agent 1002 available",
        "offered 12345",
        "queued hotline 1",
        "ringing 1001",
        "agent 1001 ringing",
        "missed 1001 no_answer 4.0",
        "agent 1001 available",
        "ringing 1002",
        "agent 1002 ringing",
        "agent 1002 talking",
        "answered 1002, wait 10.0 queue 6.0 ring 1.0",
        "ended by caller, talk 1.0",
        "agent 1002 available",
    ],
    "two_calls_at_once": [
        "agent 1002 available",
        "offered 12345",
        "offered 12345",
        "queued hotline 1",
        "queued hotline 2",
        "ringing 1001",
        "agent 1001 ringing",
        "ringing 1002",
        "agent 1002 ringing",
        "agent 1001 talking",
        "agent 1002 talking",
        "answered 1001, wait 4.0 queue 0.0 ring 0.0",
        "answered 1002, wait 4.1 queue 0.1 ring 0.1",
        "ended by caller, talk 1.0",
        "agent 1001 available",
        "agent 1002 available",
        "ended by agent, talk 1.0",
    ],
}


@pytest.mark.parametrize("name", sorted(TRACES))
def test_a_recorded_call_is_told_exactly(name: str) -> None:
    tracker = Tracker(TRUNKS)
    assert story(tracker, TRACES[name]) == STORIES[name]
    assert tracker.living() == ()
    assert tracker.odd == Counter()


def test_every_trace_has_its_story() -> None:
    assert sorted(STORIES) == sorted(TRACES)


@pytest.mark.parametrize("name", sorted(TRACES))
def test_a_trace_may_begin_anywhere(name: str) -> None:
    for start in range(len(TRACES[name])):
        tracker = Tracker(TRUNKS)
        check_accounts(feed(tracker, TRACES[name][start:] + resync(2e9)), tracker)
        assert tracker.living() == ()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_messages_may_be_lost_doubled_and_out_of_order(data: st.DataObject) -> None:
    pool = TRACES[data.draw(st.sampled_from(sorted(TRACES)))] + resync(2e9)
    order = data.draw(st.lists(st.integers(0, len(pool) - 1), max_size=120))
    tracker = Tracker(TRUNKS)
    events = feed(tracker, [pool[index] for index in order])
    check_accounts(events, tracker)
    check_accounts(events + feed(tracker, resync(2e9)), tracker)
    assert tracker.living() == ()


def check_accounts(events: list[Event], tracker: Tracker) -> None:
    """Offered = answered + abandoned + overflowed + living, by each call's last outcome; each call ends once."""
    offered = Counter(event.call_id for event in events if isinstance(event, CallOffered))
    ended = Counter(event.call_id for event in events if isinstance(event, CallEnded))
    decided = {e.call_id for e in events if isinstance(e, CallAnswered | CallAbandoned | CallOverflowed)}
    assert offered - ended == Counter(tracker.living())
    assert ended - offered == Counter()
    assert set(ended) <= decided
    for event in events:
        if isinstance(event, CallAnswered | CallAbandoned | CallOverflowed | CallEnded):
            assert all(wait is None or wait >= 0 for wait in (event.clocks.caller_wait, event.clocks.queue_wait))


# --- what no trace shows yet ---------------------------------------------------------------------------------


def ev(event: str, at: float, **headers: str) -> Message:
    message = parse({"Event": event, "Timestamp": f"{1764000000 + at:.6f}", **headers}, received=0.0)
    assert message is not None
    return message


def caller(event: str, at: float, **headers: str) -> Message:
    ids = {"Channel": "PJSIP/trunk-00000001", "Uniqueid": CALL, "Linkedid": CALL, "ChannelState": "6"}
    return ev(event, at, **{**ids, **headers})


def agent(event: str, at: float, **headers: str) -> Message:
    ids = {"Channel": "Local/2001@station-00000001;1", "Uniqueid": AGENT, "Linkedid": CALL, "ChannelState": "6"}
    return ev(event, at, **{**ids, **headers})


def queue_of(event: str, at: float, **headers: str) -> Message:
    leg = {"DestChannel": "Local/2001@station-00000001;1", "DestUniqueid": AGENT, "DestChannelState": "0"}
    member = {"Queue": "hotline", "Interface": "Local/2001@station/n", "MemberName": "王敏"}
    return caller(event, at, **{**leg, **member, **headers})


def entries(at: float, *messages: Message) -> list[Message]:
    return [ami.ResyncStarted(at=1764000000 + at), *messages, ami.ResyncCompleted(at=1764000000 + at)]


def resync(at: float) -> list[Message]:
    return [ami.ResyncStarted(at=at), ami.ResyncCompleted(at=at)]


ARRIVES = caller("Newchannel", 0, ChannelState="4", Context="from-trunk", Exten="12345", CallerIDNum="13800000001")
QUEUES = caller("QueueCallerJoin", 1, Queue="hotline", Position="1")
CALLS = queue_of("AgentCalled", 2)
RINGS = agent("Newstate", 3, ChannelState="5")
PICKS_UP = agent("Newstate", 5)
BRIDGE = [agent("BridgeEnter", 7, BridgeUniqueid="b"), caller("BridgeEnter", 7, BridgeUniqueid="b")]


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
    assert tracker.legs(CALL) == Legs("PJSIP/trunk-00000001", "", "")
    feed(tracker, [PICKS_UP])
    assert tracker.legs(CALL) == Legs("PJSIP/trunk-00000001", "Local/2001@station-00000001;1", "2001")
    feed(tracker, [*BRIDGE, agent("Hangup", 9)])
    assert tracker.legs(CALL) == Legs("PJSIP/trunk-00000001", "", "")
    feed(tracker, [caller("Hangup", 10)])
    assert tracker.legs(CALL) is None


def test_a_phone_that_never_said_it_rings_rang_since_it_was_called() -> None:
    told = story(Tracker(TRUNKS), [ARRIVES, QUEUES, CALLS, PICKS_UP, *BRIDGE])
    assert told[-1] == "answered 2001, wait 7.0 queue 4.0 ring 3.0"


def test_a_phone_may_ring_before_the_queue_says_whose_it_is() -> None:
    early = agent("Newstate", 2, ChannelState="5")
    told = story(Tracker(TRUNKS), [ARRIVES, QUEUES, early, queue_of("AgentCalled", 2.5), PICKS_UP, *BRIDGE])
    assert told[-1] == "answered 2001, wait 7.0 queue 4.0 ring 3.0"


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
    assert told == ["offered 12345", "agent 2001 talking", "answered 2001, wait 7.0"]


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


# --- agents --------------------------------------------------------------------------------------------------


def member(event: str, at: float, **headers: str) -> Message:
    return ev(event, at, Queue="hotline", Interface="PJSIP/1001", MemberName="王敏", **headers)


def test_agents_states_follow_device_and_pause_and_are_told_once() -> None:
    tracker = Tracker(TRUNKS, {"1001": "王工"})
    events = feed(
        tracker,
        [
            member("QueueMemberAdded", 1, Status="1"),
            member("QueueMemberStatus", 2, Status="1"),
            member("QueueMemberStatus", 3, Status="6"),
            member("QueueMemberStatus", 4, Status="2"),
            member("QueueMemberStatus", 5, Status="1"),
            member("QueueMemberPause", 6, Status="1", Paused="1", PausedReason="lunch"),
            member("QueueMemberPause", 7, Status="1", Paused="0"),
            member("QueueMemberStatus", 8, Status="5"),
            member("QueueMemberStatus", 9, Status="1"),
            member("QueueMemberRemoved", 10, Status="1"),
        ],
    )
    told = [(e.at - 1764000000, e.state, e.reason) for e in events if isinstance(e, AgentStateChanged)]
    assert told == [
        (1, "available", ""),
        (4, "talking", ""),
        (5, "available", ""),
        (6, "paused", "lunch"),
        (7, "available", ""),
        (8, "offline", ""),
        (9, "available", ""),
        (10, "offline", ""),
    ]
    assert {e.name for e in events if isinstance(e, AgentStateChanged)} == {"王工"}


def test_a_device_in_use_before_the_queue_names_its_agent_is_no_other_call() -> None:
    tracker = Tracker(TRUNKS)
    born = ev("Newchannel", 1.5, Channel="PJSIP/1001-00000002", Uniqueid="x", Linkedid=CALL, ChannelState="0")
    names = queue_of("AgentCalled", 2, DestUniqueid="x", DestChannelState="5", Interface="PJSIP/1001")
    feed(tracker, [member("QueueMemberAdded", 0, Status="1"), ARRIVES, QUEUES, born])
    assert story(tracker, [member("QueueMemberStatus", 1.9, Status="3"), names]) == [
        "ringing 1001",
        "agent 1001 ringing",
    ]
    feed(tracker, [member("QueueMemberStatus", 5, Status="1"), ev("Hangup", 5, Channel="PJSIP/1001-2", Uniqueid="x")])
    assert story(tracker, [member("QueueMemberStatus", 6, Status="2")]) == ["agent 1001 talking"]


def test_an_agent_who_is_gone_after_a_resync_is_offline() -> None:
    tracker = Tracker(TRUNKS)
    feed(tracker, [member("QueueMemberAdded", 1, Status="1")])
    assert story(tracker, entries(5)) == ["agent 1001 offline"]


# --- a lost connection ---------------------------------------------------------------------------------------


def caller_entry(at: float, **headers: str) -> Message:
    where = {"Context": "hotline", "Exten": "s", "Duration": "00:00:09", "Application": "Queue"}
    return caller("CoreShowChannel", at, **{**where, "ApplicationData": "hotline,c,,,300", **headers})


def agent_entry(at: float, **headers: str) -> Message:
    return agent("CoreShowChannel", at, Application="AppQueue", Duration="00:00:05", Context="station", **headers)


QUEUE_ENTRY = caller("QueueEntry", 9, Queue="hotline", Position="3", Wait="8")


def test_a_call_found_waiting_gets_its_wait_back() -> None:
    tracker = Tracker(TRUNKS)
    told = story(
        tracker, [*entries(9, caller_entry(9), QUEUE_ENTRY), caller("HangupRequest", 11), caller("Hangup", 11)]
    )
    assert told == [
        "offered s",
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
        "offered s",
        "queued hotline 3",
        "ringing 2001",
        "answered 2001, ~ wait 12.0 queue 9.0 ring 1.0",
    ]


def test_a_call_found_in_conversation_has_no_known_wait() -> None:
    tracker = Tracker(TRUNKS)
    told = story(tracker, entries(9, caller_entry(9, BridgeId="b"), agent_entry(9, BridgeId="b")))
    assert told == ["offered s", "answered 2001, ~ ", "agent 2001 talking"]
    assert tracker.legs(CALL) == Legs("PJSIP/trunk-00000001", "Local/2001@station-00000001;1", "2001")


def test_a_call_that_went_on_as_it_was_stays_observed_under_its_id() -> None:
    tracker = Tracker(TRUNKS)
    feed(tracker, [ARRIVES, QUEUES, CALLS, RINGS, PICKS_UP, *BRIDGE])
    station = ev("QueueMember", 9, Queue="hotline", Name="王敏", Location="Local/2001@station/n", Status="2")
    both = (caller_entry(9, BridgeId="b"), agent_entry(9, BridgeId="b"), station)
    assert story(tracker, [ami.ConnectionLost(at=1764000008, reason=""), *entries(9, *both)]) == []
    (ended, *_) = feed(tracker, [caller("HangupRequest", 10), caller("Hangup", 10)])
    assert isinstance(ended, CallEnded)
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


# --- the table -----------------------------------------------------------------------------------------------


def test_every_action_of_the_table_exists() -> None:
    assert [t.action for t in TABLE.values() if not callable(getattr(Calls, t.action, None))] == []


def test_the_diagram_in_the_documents_is_current() -> None:
    """Else: python -c 'from gateway.ami.transitions import diagram; print(diagram())' and paste it."""
    assert f"```mermaid\n{diagram()}\n```" in (ROOT / "docs" / "call-flow.md").read_text(encoding="utf-8")
