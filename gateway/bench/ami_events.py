"""What Asterisk tells of one hotline call, step by step: events with their headers, ids and numbers still open. PURE.

The steps follow traces of real calls on an Asterisk whose manager.conf filters nothing: a PBX that tells of dialplan
steps, variables, hints and RTCP too, which the gateway has to read and lay aside.

Open in a text: ``{at}`` the instant in Unix seconds, ``{uniqueid}`` and ``{id}`` the call's, ``{number}`` the caller's,
``{agent0}`` to ``{agent2}`` the agents who may be called for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

CONTEXT = "from-trunk"
QUEUE = "hotline"
AGENT_NAMES = ("王敏", "李强", "赵静")
"""By the agent's place in ``{agent0}`` to ``{agent2}``."""

State: TypeAlias = tuple[str, str]
DOWN, RING, RINGING, UP = ("0", "Down"), ("4", "Ring"), ("5", "Ringing"), ("6", "Up")
BUSY, FREE = ("BUSY", "3"), ("NOT_INUSE", "1")
"""A phone's state as a device, and as a queue's member."""

Line: TypeAlias = tuple[str, Mapping[str, str]]
Lines: TypeAlias = tuple[Line, ...]

_CALLER, _NOBODY = ("{number}", "张建国"), ("<unknown>", "<unknown>")


def text(line: Line) -> str:
    """The event as it goes over the wire, with its places still open."""
    event, headers = line
    lines = {"Event": event, "Privilege": "call,all", "Timestamp": "{at:.6f}", **headers}
    return "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"


def caller_channel(state: State = UP, agent: int | None = None, context: str = "hotline") -> dict[str, str]:
    """The headers Asterisk repeats in every event about the caller's channel. ``agent``: whom it is connected to."""
    other = _NOBODY if agent is None else (f"{{agent{agent}}}", AGENT_NAMES[agent])
    exten = "12345" if context == CONTEXT else "s"
    return _channel("PJSIP/citizens-{id}", "1", state, _CALLER, other, context, exten)


def agent_channel(agent: int, state: State = UP, *, connected: bool = True) -> dict[str, str]:
    """The same for the channel of the agent's phone."""
    own = (f"{{agent{agent}}}", AGENT_NAMES[agent])
    channel, place = f"PJSIP/{{agent{agent}}}-{{id}}", str(2 + agent)
    return _channel(channel, place, state, own, _CALLER if connected else _NOBODY, "from-agent", "s")


def member(agent: int, status: str) -> dict[str, str]:
    """What a queue tells of its member. ``status``: the device state's code."""
    phone = f"PJSIP/{{agent{agent}}}"
    return {
        "Queue": QUEUE,
        "MemberName": AGENT_NAMES[agent],
        "Interface": phone,
        "StateInterface": phone,
        "Membership": "static",
        "Penalty": "0",
        "CallsTaken": "1",
        "LastCall": "0",
        "LastPause": "0",
        "LoginTime": "0",
        "InCall": "0",
        "Status": status,
        "Paused": "0",
        "PausedReason": "",
        "Ringinuse": "0",
        "Wrapuptime": "0",
    }


def arrives() -> Lines:
    """A call comes in, is answered by the dialplan and welcomed."""
    early = caller_channel(RING, context=CONTEXT)
    return (
        ("Newchannel", early),
        *(_step(early, "Goto", "hotline,s,1"), _variable(early, "HOTLINE_LANGUAGE", "zh")),
        _step(caller_channel(RING), "Answer", ""),
        ("Newstate", caller_channel()),
        _device("PJSIP/citizens", "INUSE"),
        _step(caller_channel(), "Playback", "hotline/welcome"),
        _variable(caller_channel(), "PLAYBACKSTATUS", "SUCCESS"),
    )


def joins() -> Lines:
    """It joins the queue."""
    return (
        _step(caller_channel(), "Queue", f"{QUEUE},c,,,300"),
        _device(f"Queue:{QUEUE}", "RINGING"),
        ("QueueCallerJoin", {**caller_channel(), "Queue": QUEUE, "Position": "1", "Count": "1"}),
        ("MusicOnHoldStart", {**caller_channel(), "Class": "default"}),
    )


def rings(agent: int) -> Lines:
    """The queue calls an agent, whose phone rings."""
    return (
        ("Newchannel", agent_channel(agent, DOWN, connected=False)),
        ("AgentCalled", _called(agent, DOWN)),
        ("DialBegin", {**_dial(agent, DOWN), "DialString": f"{{agent{agent}}}"}),
        ("NewConnectedLine", caller_channel(agent=agent)),
        ("Newstate", agent_channel(agent, RINGING)),
        ("NewConnectedLine", agent_channel(agent, RINGING)),
        ("DialState", {**_dial(agent, RINGING), "DialStatus": "RINGING"}),
        *_phone(agent, BUSY),
    )


def stops_ringing(agent: int, why: str) -> Lines:
    """It rang in vain. ``why``: ``NOANSWER`` when nobody picked up there, ``CANCEL`` when the call went elsewhere."""
    missed: Lines = ()
    if why == "NOANSWER":
        missed = (
            ("AgentRingNoAnswer", {**_called(agent, RINGING), "RingTime": "15000"}),
            ("DialEnd", {**_dial(agent, RINGING), "DialStatus": "NOANSWER"}),
        )
    return (
        *missed,
        ("DialEnd", {**_dial(agent, RINGING), "DialStatus": "CANCEL"}),
        ("Hangup", {**agent_channel(agent, RINGING), "Cause": "26", "Cause-txt": "Unspecified"}),
        *_phone(agent, FREE),
    )


def picks_up(agent: int) -> Lines:
    """The agent picks up; the caller leaves the queue and, after the announcement, hears him."""
    return (
        ("Newstate", agent_channel(agent)),
        ("DialEnd", {**_dial(agent, UP), "DialStatus": "ANSWER"}),
        _device(f"Queue:{QUEUE}", "NOT_INUSE"),
        ("QueueCallerLeave", {**caller_channel(agent=agent), "Queue": QUEUE, "Position": "1", "Count": "0"}),
        ("MusicOnHoldStop", caller_channel(agent=agent)),
        _variable(caller_channel(agent=agent), "MEMBERINTERFACE", f"PJSIP/{{agent{agent}}}"),
        _variable(caller_channel(agent=agent), "QEHOLDTIME", "4"),
        ("AgentConnect", {**_called(agent, UP), "HoldTime": "4", "RingTime": "1"}),
        ("BridgeCreate", _bridge("0")),
        ("BridgeEnter", {**_bridge("1"), **agent_channel(agent)}),
        ("BridgeEnter", {**_bridge("2"), **caller_channel(agent=agent)}),
        _variable(caller_channel(agent=agent), "BRIDGEPEER", f"PJSIP/{{agent{agent}}}-{{id}}"),
        _variable(agent_channel(agent), "BRIDGEPEER", "PJSIP/citizens-{id}"),
        ("RTCPReceived", {**caller_channel(agent=agent), "SSRC": "0x5f3759df", "PT": "200(SR)", "ReportCount": "1"}),
        ("RTCPSent", {**agent_channel(agent), "SSRC": "0x2545f491", "PT": "200(SR)", "ReportCount": "1"}),
    )


def agent_hangs_up(agent: int) -> Lines:
    """The agent ends the conversation, then the dialplan the call."""
    return (
        ("HangupRequest", agent_channel(agent)),
        ("AgentComplete", {**_called(agent, UP), "HoldTime": "4", "TalkTime": "2", "Reason": "agent"}),
        ("BridgeLeave", {**_bridge("1"), **agent_channel(agent)}),
        ("BridgeLeave", {**_bridge("0"), **caller_channel(agent=agent)}),
        ("Hangup", {**agent_channel(agent), "Cause": "26", "Cause-txt": "Unspecified"}),
        ("BridgeDestroy", _bridge("0")),
        *_phone(agent, FREE),
        *_line_goes_down(caller_channel(agent=agent), "16"),
    )


def caller_hangs_up(agent: int) -> Lines:
    """The caller ends the conversation."""
    caller = caller_channel(agent=agent)
    return (
        ("HangupRequest", caller),
        ("AgentComplete", {**_called(agent, UP), "HoldTime": "4", "TalkTime": "2", "Reason": "caller"}),
        ("BridgeLeave", {**_bridge("1"), **caller}),
        *_line_goes_down(caller, "16"),
        ("BridgeLeave", {**_bridge("0"), **agent_channel(agent)}),
        ("BridgeDestroy", _bridge("0")),
        ("Hangup", {**agent_channel(agent), "Cause": "26", "Cause-txt": "Unspecified"}),
        *_phone(agent, FREE),
    )


def gives_up_waiting(*ringing: int) -> Lines:
    """The caller hangs up in the queue, while these agents' phones ring."""
    caller = caller_channel(agent=ringing[0] if ringing else None)
    return (
        ("HangupRequest", caller),
        *(line for agent in ringing for line in stops_ringing(agent, "CANCEL")),
        *_leaves_queue(caller),
        *_line_goes_down(caller, "0"),
    )


def is_given_up() -> Lines:
    """The queue's time is over: the dialplan goes on, with a message, to the end."""
    return (
        *_leaves_queue(caller_channel()),
        _variable(caller_channel(), "QUEUESTATUS", "TIMEOUT"),
        _step(caller_channel(), "Playback", "hotline/all-busy"),
        _variable(caller_channel(), "PLAYBACKSTATUS", "SUCCESS"),
        *_line_goes_down(caller_channel(), "16"),
    )


def _leaves_queue(caller: Mapping[str, str]) -> Lines:
    place = {"Queue": QUEUE, "Position": "1", "OriginalPosition": "1", "HoldTime": "8"}
    return (
        ("QueueCallerAbandon", {**caller, **place}),
        _device(f"Queue:{QUEUE}", "NOT_INUSE"),
        ("QueueCallerLeave", {**caller, **place, "Count": "0"}),
        ("MusicOnHoldStop", caller),
    )


def _line_goes_down(caller: Mapping[str, str], cause: str) -> Lines:
    return (
        ("SoftHangupRequest", {**caller, "Cause": "16"}),
        _variable(caller, "RTPAUDIOQOS", "ssrc=1;themssrc=2;lp=0;rxjitter=0.001;rxcount=512;txcount=512;rtt=0.002"),
        ("Hangup", {**caller, "Cause": cause, "Cause-txt": "Normal Clearing"}),
        _device("PJSIP/citizens", "UNAVAILABLE"),
    )


def _channel(
    channel: str, place: str, state: State, own: tuple[str, str], other: tuple[str, str], context: str, exten: str
) -> dict[str, str]:
    return {
        "Channel": channel,
        "ChannelState": state[0],
        "ChannelStateDesc": state[1],
        "CallerIDNum": own[0],
        "CallerIDName": own[1],
        "ConnectedLineNum": other[0],
        "ConnectedLineName": other[1],
        "Language": "zh",
        "AccountCode": "",
        "Context": context,
        "Exten": exten,
        "Priority": "3",
        "Uniqueid": f"{{uniqueid}}.{place}",
        "Linkedid": "{uniqueid}.1",
    }


def _dial(agent: int, state: State) -> dict[str, str]:
    destination = {f"Dest{name}": value for name, value in agent_channel(agent, state).items()}
    return {**caller_channel(agent=agent), **destination}


def _called(agent: int, state: State) -> dict[str, str]:
    named = {"Queue": QUEUE, "Interface": f"PJSIP/{{agent{agent}}}", "MemberName": AGENT_NAMES[agent]}
    return {**_dial(agent, state), **named}


def _phone(agent: int, state: tuple[str, str]) -> Lines:
    """The agent's phone changes its state: as a device, as a member, and as a hint of two lines' keys."""
    hint = {"Context": "hints", "Hint": f"PJSIP/{{agent{agent}}}", "Status": state[1], "StatusText": state[0]}
    return (
        _device(f"PJSIP/{{agent{agent}}}", state[0]),
        ("QueueMemberStatus", member(agent, state[1])),
        ("ExtensionStatus", {"Exten": f"{{agent{agent}}}", **hint}),
        _device(f"Queue:{QUEUE}_avail", "INUSE" if state is BUSY else "NOT_INUSE"),
    )


def _bridge(channels: str) -> dict[str, str]:
    return {
        "BridgeUniqueid": "bridge-{id}",
        "BridgeType": "basic",
        "BridgeTechnology": "simple_bridge",
        "BridgeCreator": "<unknown>",
        "BridgeName": "<unknown>",
        "BridgeNumChannels": channels,
        "BridgeVideoSourceMode": "none",
    }


def _device(device: str, state: str) -> Line:
    return "DeviceStateChange", {"Device": device, "State": state}


def _step(channel: Mapping[str, str], application: str, data: str) -> Line:
    return "Newexten", {**channel, "Extension": channel["Exten"], "Application": application, "AppData": data}


def _variable(channel: Mapping[str, str], name: str, value: str) -> Line:
    return "VarSet", {**channel, "Variable": name, "Value": value}
