"""Calls that go on: how they began, and how Asterisk lists them to a client that connects. PURE.

Of five calls four are in conversation and one rings: two channels each, the caller's and the agent's.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.bench.ami_events import (
    QUEUE,
    UP,
    Line,
    agent_channel,
    arrives,
    caller_channel,
    joins,
    member,
    picks_up,
    rings,
    text,
)
from gateway.bench.ami_events import RINGING as PHONE_RINGS
from gateway.bench.ami_storm import fields

CHANNELS_A_CALL = 2
WAITING_CALL: tuple[Line, ...] = (
    *(line for line in arrives() if line[0] in ("Newchannel", "Newstate")),
    *(line for line in joins() if line[0] == "QueueCallerJoin"),
)
"""The least Asterisk says of a caller until he waits."""
_RINGING = (*arrives(), *joins(), *rings(0))
_TALKING = (*_RINGING, *picks_up(0))
_WAITING_TEXTS, _RINGING_TEXTS, _TALKING_TEXTS = (
    tuple(text(line) for line in lines) for lines in (WAITING_CALL, _RINGING, _TALKING)
)


def talks(call: int) -> bool:
    """Is this call (from 0) in conversation? Else a phone rings for it."""
    return call % 5 != 4


def beginnings(name: str, calls: int, at: float) -> Iterator[bytes]:
    """All that was told of these calls until they are where ``channels`` and ``queues`` list them."""
    for call in range(calls):
        texts = _TALKING_TEXTS if talks(call) else _RINGING_TEXTS
        yield "".join(texts).format(at=at, **fields(name, call, call)).encode()


def waiting(name: str, call: int, at: float) -> bytes:
    """A call that arrives and joins the queue at ``at``, where nobody is called for it."""
    return "".join(_WAITING_TEXTS).format(at=at, **fields(name, call, call)).encode()


def channels(name: str, calls: int, age: float) -> Iterator[dict[str, str]]:
    """The entries of CoreShowChannels; the calls are ``age`` seconds old."""
    for call in range(calls):
        talking = talks(call)
        bridge = {"BridgeId": "bridge-{id}" if talking else ""}
        caller = {**caller_channel(agent=0), "Application": "Queue", "ApplicationData": f"{QUEUE},c,,,300", **bridge}
        agent = agent_channel(0, UP if talking else PHONE_RINGS)
        agent = {**agent, "Application": "AppQueue", "ApplicationData": "(Outgoing Line)", **bridge}
        for channel in (caller, agent):
            yield _entry("CoreShowChannel", {**channel, "Duration": _age(age)}, name, call)


def queues(name: str, calls: int, age: float) -> Iterator[dict[str, str]]:
    """The entries of QueueStatus: the queue, its members, and who waits."""
    waiting = [call for call in range(calls) if not talks(call)]
    yield {"Event": "QueueParams", "Queue": QUEUE, "Max": "0", "Strategy": "ringall", "Calls": str(len(waiting))}
    for call in range(calls):
        told = member(0, "2" if talks(call) else "6")
        headers = {**told, "Name": told["MemberName"], "Location": told["Interface"]}
        yield _entry("QueueMember", headers, name, call)
    for place, call in enumerate(waiting, 1):
        headers = {**caller_channel(agent=0), "Queue": QUEUE, "Position": str(place), "Wait": str(int(age))}
        yield _entry("QueueEntry", headers, name, call)


def _entry(event: str, headers: dict[str, str], name: str, call: int) -> dict[str, str]:
    opened = fields(name, call, call)
    return {"Event": event, **{header: value.format(**opened) for header, value in headers.items()}}


def _age(seconds: float) -> str:
    minutes, second = divmod(int(seconds), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}"
