"""Headers in, typed messages out, whatever the headers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ami import messages as ami
from gateway.ami import trace
from gateway.ami.parse import parse

TRACES = sorted((Path(__file__).parents[2] / "traces").glob("*.jsonl"))
NAMES = [
    "Newchannel",
    "Newstate",
    "HangupRequest",
    "Hangup",
    "BridgeEnter",
    "QueueCallerJoin",
    "AgentCalled",
    "AgentComplete",
    "QueueMemberStatus",
    "QueueEntry",
    "QueueMember",
    "CoreShowChannel",
    "HotlineConnectionLost",
    "HotlineResyncCompleted",
]
HEADERS = ["Timestamp", "ChannelState", "Cause", "Position", "Status", "Wait", "Duration", "Paused", "Uniqueid"]
NUMBERISH = st.one_of(
    st.text(st.sampled_from("0123456789.:-+e_²٣九 \n\x00"), max_size=12),
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(["", "nan", "inf", "-1", "1e400", "1" * 500, "00:00:07", ":".join(["9" * 400] * 3)]),
)


def test_a_message_carries_asterisks_own_instant() -> None:
    assert parse({"Event": "Newstate", "Timestamp": "1764000000.123456"}, 5.0) == ami.NewState(
        at=1764000000.123456, channel="", uniqueid="", linkedid="", state=-1
    )
    assert parse({"Event": "Newstate"}, 5.0) == ami.NewState(at=5.0, channel="", uniqueid="", linkedid="", state=-1)


def test_an_unknown_caller_has_no_number() -> None:
    message = parse({"Event": "Newchannel", "CallerIDNum": "<unknown>", "CallerIDName": "张建国"}, 1.0)
    assert isinstance(message, ami.NewChannel)
    assert (message.caller_number, message.caller_name) == ("", "张建国")


def test_members_are_named_alike_in_events_and_in_lists() -> None:
    event = {"Event": "QueueMemberStatus", "Interface": "PJSIP/1001", "MemberName": "王敏", "Queue": "hotline"}
    entry = {"Event": "QueueMember", "Location": "PJSIP/1001", "Name": "王敏", "Queue": "hotline"}
    told, listed = parse(event, 1.0), parse(entry, 1.0)
    assert isinstance(told, ami.QueueMemberChanged)
    assert isinstance(listed, ami.QueueMemberEntry)
    assert (told.interface, told.member_name, told.queue) == (listed.interface, listed.member_name, listed.queue)


def test_the_age_of_a_channel_is_in_seconds() -> None:
    message = parse({"Event": "CoreShowChannel", "Duration": "01:02:03"}, 1.0)
    assert isinstance(message, ami.ChannelEntry)
    assert message.duration == 3723.0


@pytest.mark.parametrize("name", ["RTCPSent", "", "newchannel", "VarSet"])
def test_other_events_are_of_no_interest(name: str) -> None:
    assert parse({"Event": name, "Uniqueid": "1.1"}, 1.0) is None


def test_no_event_at_all_is_of_no_interest() -> None:
    assert parse({"Response": "Success"}, 1.0) is None


@settings(deadline=None)
@given(name=st.sampled_from(NAMES), headers=st.dictionaries(st.sampled_from(HEADERS), NUMBERISH))
def test_broken_headers_never_raise(name: str, headers: dict[str, str]) -> None:
    message = parse({"Event": name, **headers}, 7.0)
    assert message is not None
    assert message.at == message.at


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_recorded_events_carry_their_instants(path: Path) -> None:
    lags = [line.received - m.at for line in trace.read(path) if (m := parse(line.event, line.received))]
    assert lags
    late = 2.0 if path.stem == "ami_late_while_ringing" else 1.0
    assert all(0 <= lag < late for lag in lags)
