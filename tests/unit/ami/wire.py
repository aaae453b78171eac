"""Messages of one invented call, made as Asterisk would have sent them, for what no trace shows."""

from __future__ import annotations

from gateway.ami import messages as ami
from gateway.ami.messages import Message
from gateway.ami.parse import parse

CALL = "1764000000.1"
AGENT = "1764000003.2"


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


def member(event: str, at: float, **headers: str) -> Message:
    return ev(event, at, Queue="hotline", Interface="PJSIP/1001", MemberName="王敏", **headers)


def caller_entry(at: float, **headers: str) -> Message:
    where = {"Context": "hotline", "Exten": "s", "Duration": "00:00:09", "Application": "Queue"}
    return caller("CoreShowChannel", at, **{**where, "ApplicationData": "hotline,c,,,300", **headers})


def agent_entry(at: float, **headers: str) -> Message:
    return agent("CoreShowChannel", at, Application="AppQueue", Duration="00:00:05", Context="station", **headers)


QUEUE_ENTRY = caller("QueueEntry", 9, Queue="hotline", Position="3", Wait="8")
