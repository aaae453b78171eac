"""Agents' states."""

from __future__ import annotations

from pathlib import Path

from gateway.ami.tracker import Tracker
from gateway.events import AgentStateChanged
from tests.unit.ami.stories import TRUNKS, story
from tests.unit.ami.stories import events as feed
from tests.unit.ami.wire import (
    ARRIVES,
    CALL,
    QUEUES,
    entries,
    ev,
    member,
    queue_of,
)

ROOT = Path(__file__).parents[3]


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


def test_after_a_restart_a_wrap_up_ends_on_time_and_a_pause_for_it_when_the_agent_goes_on() -> None:
    def start(*story: AgentStateChanged) -> Tracker:
        tracker = Tracker(TRUNKS, wrap_up=lambda queue: 5.0, wrap_up_reasons=("after",))
        for event in story:
            tracker.restore(event)
        return tracker

    after_call = AgentStateChanged(at=100.0, agent="1001", state="wrap_up", call_id=CALL, queues=("hotline",))
    pause = AgentStateChanged(at=102.0, agent="1001", state="wrap_up", reason="after", queues=("hotline",))
    lunch = AgentStateChanged(at=103.0, agent="1001", state="paused", reason="lunch", queues=("hotline",))
    again = AgentStateChanged(at=104.0, agent="1001", state="wrap_up", call_id=CALL, queues=("hotline",))
    free = AgentStateChanged(at=104.5, agent="1001", state="available", queues=("hotline",))
    for one in (start(after_call), start(after_call, lunch, again)):
        assert one.next_deadline() == 105.0
        assert [(event.at, event.state) for event in feed_time(one, 110.0)] == [(105.0, "available")]
    for one in (start(pause), start(after_call, pause), start(after_call, lunch), start(after_call, free)):
        assert feed_time(one, 110.0) == []


def feed_time(tracker: Tracker, now: float) -> list[AgentStateChanged]:
    return [event for event in tracker.tick(now) if isinstance(event, AgentStateChanged)]
