"""Reads an event's headers into a message, or None when it is of no interest. PURE.

A missing or broken header gives an empty value and never raises: the tracker decides what can be done with it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from gateway.ami.messages import (
    CONNECTION_LOST,
    CONNECTION_UP,
    QUEUE_LOG,
    RESYNC_COMPLETED,
    RESYNC_STARTED,
    STATE_NOT_TOLD,
    AgentCalled,
    AgentComplete,
    AgentConnect,
    AgentRingNoAnswer,
    AttendedTransfer,
    BlindTransfer,
    BridgeEnter,
    BridgeLeave,
    ChannelEntry,
    ConnectionLost,
    ConnectionUp,
    DialBegin,
    DialEnd,
    Hangup,
    HangupRequest,
    Hold,
    LocalOptimizationBegin,
    LocalOptimizationEnd,
    Message,
    NewChannel,
    NewState,
    Pickup,
    QueueCallerAbandon,
    QueueCallerJoin,
    QueueCallerLeave,
    QueueEntry,
    QueueLogEntry,
    QueueMemberChanged,
    QueueMemberEntry,
    QueueMemberRemoved,
    ResyncCompleted,
    ResyncStarted,
    Unhold,
)

Headers = Mapping[str, str]


def parse(headers: Headers, received: float) -> Message | None:
    """One event's headers as a message; None when it is of no interest. ``received``: Unix seconds of receipt."""
    kind = _KINDS.get(_text(headers, "Event"))
    if kind is None:
        return None
    values = {field: _READERS[field](headers) for field in kind.__struct_fields__ if field != "at"}
    return kind(at=_number(headers, "Timestamp", received), **values)


def _text(headers: Headers, *names: str) -> str:
    """The first header of these names that says something."""
    for name in names:
        value = headers.get(name)
        if value and isinstance(value, str):
            return value
    return ""


def _party(headers: Headers, name: str) -> str:
    text = _text(headers, name)
    return "" if text in ("<unknown>", "unknown") else text


def _number(headers: Headers, name: str, default: float = 0.0) -> float:
    try:
        value = float(_text(headers, name))
    except ValueError:
        return default
    return value if math.isfinite(value) else default


def _whole(headers: Headers, name: str, default: int = 0) -> int:
    return int(_number(headers, name, default))


def _age(headers: Headers, name: str) -> float:
    """``HH:MM:SS`` in seconds; 0 when it is not that."""
    try:
        hours, minutes, seconds = (int(part) for part in _text(headers, name).split(":"))
        return hours * 3600.0 + minutes * 60.0 + seconds
    except (ValueError, OverflowError):
        return 0.0


def _instant(headers: Headers, name: str) -> float | None:
    value = _number(headers, name, math.nan)
    return None if math.isnan(value) else value


_READERS: dict[str, Callable[[Headers], str | int | float | bool | tuple[str, ...] | None]] = {
    "channel": lambda h: _text(h, "Channel"),
    "uniqueid": lambda h: _text(h, "Uniqueid"),
    "linkedid": lambda h: _text(h, "Linkedid"),
    "state": lambda h: _whole(h, "ChannelState", -1),
    "context": lambda h: _text(h, "Context"),
    "exten": lambda h: _text(h, "Exten"),
    "caller_number": lambda h: _party(h, "CallerIDNum"),
    "caller_name": lambda h: _party(h, "CallerIDName"),
    "cause": lambda h: _whole(h, "Cause"),
    "called_uniqueid": lambda h: _text(h, "DestUniqueid"),
    "called_channel": lambda h: _text(h, "DestChannel"),
    "status_word": lambda h: _text(h, "DialStatus"),
    "picked_up": lambda h: _text(h, "TargetUniqueid"),
    "picked_up_channel": lambda h: _text(h, "TargetChannel"),
    "picked_up_linkedid": lambda h: _text(h, "TargetLinkedid"),
    "local": lambda h: _text(h, "LocalOneChannel").removesuffix(";1"),
    "local_linkedid": lambda h: _text(h, "LocalOneLinkedid"),
    "dialled": lambda h: _text(h, "DialString"),
    "transferer": lambda h: _text(h, "TransfererUniqueid", "OrigTransfererUniqueid"),
    "second": lambda h: _text(h, "SecondTransfererUniqueid"),
    "transferee": lambda h: _text(h, "TransfereeUniqueid"),
    "target": lambda h: _text(h, "TransferTargetUniqueid"),
    "target_state": lambda h: _whole(h, "TransferTargetChannelState", STATE_NOT_TOLD),
    "target_channel": lambda h: _text(h, "TransferTargetChannel"),
    "second_exten": lambda h: _text(h, "SecondTransfererExten"),
    "destination": lambda h: _text(h, "DestType"),
    "extension": lambda h: _text(h, "Extension"),
    "result": lambda h: _text(h, "Result"),
    "bridge": lambda h: _text(h, "BridgeUniqueid", "BridgeId"),
    "queue": lambda h: _text(h, "Queue"),
    "position": lambda h: _whole(h, "Position", 1),
    "interface": lambda h: _text(h, "Interface", "Location"),
    "member_name": lambda h: _text(h, "MemberName", "Name"),
    "agent_channel": lambda h: _text(h, "DestChannel"),
    "agent_uniqueid": lambda h: _text(h, "DestUniqueid"),
    "agent_state": lambda h: _whole(h, "DestChannelState", -1),
    "reason": lambda h: _text(h, "Reason"),
    "status": lambda h: _whole(h, "Status", -1),
    "paused": lambda h: _text(h, "Paused") == "1",
    "pause_reason": lambda h: _text(h, "PausedReason"),
    "application": lambda h: _text(h, "Application"),
    "application_data": lambda h: _text(h, "ApplicationData"),
    "duration": lambda h: _age(h, "Duration"),
    "wait": lambda h: max(0.0, _number(h, "Wait")),
    "audit": lambda h: _text(h, "Audit") == "1",
    "since": lambda h: _instant(h, "Since"),
    "agent": lambda h: _text(h, "Agent"),
    "verb": lambda h: _text(h, "Verb"),
    "data": lambda h: tuple(_text(h, "Data").split("|")) if _text(h, "Data") else (),
}

_KINDS: dict[str, type[Message]] = {
    "Newchannel": NewChannel,
    "Newstate": NewState,
    "HangupRequest": HangupRequest,
    "Hangup": Hangup,
    "BridgeEnter": BridgeEnter,
    "Hold": Hold,
    "Unhold": Unhold,
    "DialBegin": DialBegin,
    "DialEnd": DialEnd,
    "BlindTransfer": BlindTransfer,
    "Pickup": Pickup,
    "LocalOptimizationBegin": LocalOptimizationBegin,
    "LocalOptimizationEnd": LocalOptimizationEnd,
    "AttendedTransfer": AttendedTransfer,
    "BridgeLeave": BridgeLeave,
    "QueueCallerJoin": QueueCallerJoin,
    "QueueCallerLeave": QueueCallerLeave,
    "QueueCallerAbandon": QueueCallerAbandon,
    "AgentCalled": AgentCalled,
    "AgentConnect": AgentConnect,
    "AgentRingNoAnswer": AgentRingNoAnswer,
    "AgentComplete": AgentComplete,
    "QueueMemberStatus": QueueMemberChanged,
    "QueueMemberAdded": QueueMemberChanged,
    "QueueMemberPause": QueueMemberChanged,
    "QueueMemberRemoved": QueueMemberRemoved,
    "QueueMember": QueueMemberEntry,
    "QueueEntry": QueueEntry,
    "CoreShowChannel": ChannelEntry,
    CONNECTION_UP: ConnectionUp,
    CONNECTION_LOST: ConnectionLost,
    RESYNC_STARTED: ResyncStarted,
    RESYNC_COMPLETED: ResyncCompleted,
    QUEUE_LOG: QueueLogEntry,
}
