"""A storm of queue calls as Asterisk would tell it: one answered call's events, with ids and numbers of their own.

Every call has the same events in the same order: it arrives, waits in the queue, an agent's phone rings, he picks up,
both are bridged, he hangs up. ``at_once`` calls are always under way, each at another point of its life.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

CONTEXT = "from-trunk"
QUEUE = "hotline"
FIRST_AGENT = 1001

_UP = ("6", "Up")


def _channel(
    state: tuple[str, str] = _UP, *, agent: bool = False, connected: bool = True, prefix: str = ""
) -> dict[str, str]:
    """The headers Asterisk repeats in every event about a channel."""
    caller, member = ("{number}", "张建国"), ("{agent}", "王敏")
    own, other = (member, caller) if agent else (caller, member)
    if not connected:
        other = ("<unknown>", "<unknown>")
    headers = {
        "Channel": "PJSIP/{agent}-{id}" if agent else "PJSIP/citizens-{id}",
        "ChannelState": state[0],
        "ChannelStateDesc": state[1],
        "CallerIDNum": own[0],
        "CallerIDName": own[1],
        "ConnectedLineNum": other[0],
        "ConnectedLineName": other[1],
        "Language": "zh",
        "AccountCode": "",
        "Context": "from-agent" if agent else "hotline",
        "Exten": "s",
        "Priority": "3",
        "Uniqueid": "{uniqueid}.2" if agent else "{uniqueid}.1",
        "Linkedid": "{uniqueid}.1",
    }
    return {prefix + name: value for name, value in headers.items()}


def _queue(**more: str) -> dict[str, str]:
    return {**_channel(), "Queue": QUEUE, **more}


def _agent(state: tuple[str, str] = _UP, **more: str) -> dict[str, str]:
    member = {"Queue": QUEUE, "Interface": "PJSIP/{agent}", "MemberName": "王敏"}
    return {**_channel(), **_channel(state, agent=True, prefix="Dest"), **member, **more}


def _dial(state: tuple[str, str], **more: str) -> dict[str, str]:
    return {**_channel(), **_channel(state, agent=True, prefix="Dest"), **more}


def _bridge(channels: str, **channel: str) -> dict[str, str]:
    return {
        "BridgeUniqueid": "bridge-{id}",
        "BridgeType": "basic",
        "BridgeTechnology": "simple_bridge",
        "BridgeCreator": "<unknown>",
        "BridgeName": "<unknown>",
        "BridgeNumChannels": channels,
        "BridgeVideoSourceMode": "none",
        **channel,
    }


def _member(status: str) -> dict[str, str]:
    return {
        "Queue": QUEUE,
        "MemberName": "王敏",
        "Interface": "PJSIP/{agent}",
        "StateInterface": "PJSIP/{agent}",
        "Membership": "static",
        "Penalty": "0",
        "CallsTaken": "1",
        "LastCall": "0",
        "LastPause": "0",
        "InCall": "0",
        "Status": status,
        "Paused": "0",
        "PausedReason": "",
        "Wrapuptime": "0",
    }


def _device(device: str, state: str) -> dict[str, str]:
    return {"Device": device, "State": state}


_RING, _DOWN, _RINGING = ("4", "Ring"), ("0", "Down"), ("5", "Ringing")
_PHONE = "PJSIP/{agent}"

CALL: tuple[tuple[str, dict[str, str]], ...] = (
    ("Newchannel", {**_channel(_RING, connected=False), "Context": CONTEXT, "Exten": "12345", "Priority": "1"}),
    ("Newstate", _channel(connected=False)),
    ("DeviceStateChange", _device("PJSIP/citizens", "INUSE")),
    ("DeviceStateChange", _device(f"Queue:{QUEUE}", "RINGING")),
    ("QueueCallerJoin", _queue(Position="1", Count="1")),
    ("Newchannel", _channel(_DOWN, agent=True, connected=False)),
    ("AgentCalled", _agent(_DOWN)),
    ("DialBegin", _dial(_DOWN, DialString="{agent}")),
    ("NewConnectedLine", _channel()),
    ("DialState", _dial(_DOWN, DialStatus="RINGING")),
    ("Newstate", _channel(_RINGING, agent=True)),
    ("NewConnectedLine", _channel(_RINGING, agent=True)),
    ("DeviceStateChange", _device(_PHONE, "RINGING")),
    ("QueueMemberStatus", _member("6")),
    ("DeviceStateChange", _device(f"Queue:{QUEUE}_avail", "INUSE")),
    ("Newstate", _channel(agent=True)),
    ("DialEnd", _dial(_UP, DialStatus="ANSWER")),
    ("DeviceStateChange", _device(_PHONE, "INUSE")),
    ("QueueMemberStatus", _member("2")),
    ("DeviceStateChange", _device(f"Queue:{QUEUE}", "NOT_INUSE")),
    ("QueueCallerLeave", _queue(Position="1", Count="0")),
    ("AgentConnect", _agent(HoldTime="4", RingTime="1")),
    ("BridgeCreate", _bridge("0")),
    ("BridgeEnter", _bridge("1", **_channel(agent=True))),
    ("BridgeEnter", _bridge("2", **_channel())),
    ("HangupRequest", {**_channel(agent=True), "Cause": "26"}),
    ("AgentComplete", _agent(HoldTime="4", TalkTime="2", Reason="agent")),
    ("BridgeLeave", _bridge("1", **_channel(agent=True))),
    ("BridgeLeave", _bridge("0", **_channel())),
    ("Hangup", {**_channel(agent=True), "Cause": "26", "Cause-txt": "Unspecified"}),
    ("QueueMemberStatus", _member("1")),
    ("BridgeDestroy", _bridge("0")),
    ("DeviceStateChange", _device(f"Queue:{QUEUE}_avail", "NOT_INUSE")),
    ("DeviceStateChange", _device(_PHONE, "NOT_INUSE")),
    ("SoftHangupRequest", {**_channel(), "Cause": "16"}),
    ("Hangup", {**_channel(), "Cause": "16", "Cause-txt": "Normal Clearing"}),
    ("DeviceStateChange", _device("PJSIP/citizens", "UNAVAILABLE")),
)
"""One call: event and headers, with ``{uniqueid}``, ``{id}``, ``{number}`` and ``{agent}`` still open."""


def _text(event: str, headers: Mapping[str, str]) -> str:
    lines = {"Event": event, "Privilege": "call,all", "Timestamp": "{at:.6f}", **headers}
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"


_TEXTS = tuple(_text(event, headers) for event, headers in CALL)


def steps(calls: int, at_once: int) -> Iterator[tuple[int, int]]:
    """(call from 0, index into ``CALL``) in the order of the wire."""
    lanes = min(calls, at_once)
    starts = [lane * len(CALL) // lanes for lane in range(lanes)]
    left, turn = calls * len(CALL), 0
    while left:
        for lane, start in enumerate(starts):
            round_, index = divmod(turn - start, len(CALL))
            call = lane + round_ * lanes
            if 0 <= call < calls and round_ >= 0:
                yield call, index
                left -= 1
        turn += 1


def event(call: int, index: int, at_once: int, at: float) -> bytes:
    """One event as it goes over the wire; ``at`` in Unix seconds."""
    return (
        _TEXTS[index]
        .format(
            at=at,
            uniqueid=f"bench-{call}",
            id=f"{call:08x}",
            number=f"138{call:08d}",
            agent=FIRST_AGENT + call % at_once,
        )
        .encode()
    )
