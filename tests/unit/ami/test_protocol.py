"""Our protocol over panoramisk's: whole characters, and every event in the order of the wire."""

from __future__ import annotations

from pathlib import Path

import pytest
from panoramisk.actions import Action

from gateway.ami import trace
from gateway.ami.session import LONGEST_EVENT, Protocol, Session
from gateway.config import Ami

EVENT = "Event: QueueMemberStatus\r\nMemberName: 欧阳建国\r\nQueue: 热线\r\n\r\n"

GREETING = b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nMessage: Authentication accepted\r\n\r\n"
TRACES = sorted((Path(__file__).parents[2] / "traces").glob("*.jsonl"))


class Wire:
    """A transport that remembers whether it was cut."""

    aborted = False

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        self.aborted = True


def connected(heard: list[dict[str, str]]) -> tuple[Protocol, Wire]:
    protocol, wire = Protocol(Session(Ami(), heard.append)), Wire()
    protocol.connection_made(wire)  # type: ignore[arg-type]
    protocol.data_received(GREETING)
    return protocol, wire


async def test_a_character_cut_by_a_segment_border_stays_whole() -> None:
    data = EVENT.encode()
    for cut in range(1, len(data)):
        heard: list[dict[str, str]] = []
        protocol, _ = connected(heard)
        protocol.data_received(data[:cut])
        protocol.data_received(data[cut:])
        assert heard == [{"Event": "QueueMemberStatus", "MemberName": "欧阳建国", "Queue": "热线"}]


async def test_bytes_that_are_no_characters_do_not_end_the_connection() -> None:
    heard: list[dict[str, str]] = []
    protocol, wire = connected(heard)
    protocol.data_received(b"Event: Hangup\r\nChannel: \xff\xfe\r\n\r\n" + EVENT.encode())
    assert [event["Event"] for event in heard] == ["Hangup", "QueueMemberStatus"]
    assert not wire.aborted


async def test_repeated_headers_are_joined() -> None:
    heard: list[dict[str, str]] = []
    protocol, _ = connected(heard)
    protocol.data_received(b"Event: Newchannel\r\nChanVariable: a=1\r\nChanVariable: b=2\r\n\r\n")
    assert heard == [{"Event": "Newchannel", "ChanVariable": "a=1\nb=2"}]


async def test_an_event_without_end_is_cut() -> None:
    protocol, wire = connected([])
    for _ in range(3):
        protocol.data_received(b"x" * (LONGEST_EVENT // 2))
    assert wire.aborted


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_events_come_in_the_order_of_the_wire(size: int) -> None:
    heard: list[dict[str, str]] = []
    protocol, _ = connected(heard)
    data = "".join(f"Event: Hangup\r\nUniqueid: {n}\r\n\r\n" for n in range(20)).encode()
    for start in range(0, len(data), size):
        protocol.data_received(data[start : start + size])
    assert [event["Uniqueid"] for event in heard] == [str(n) for n in range(20)]


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
async def test_an_event_is_read_as_panoramisk_reads_it(path: Path) -> None:
    heard: list[dict[str, str]] = []
    protocol, _ = connected(heard)
    told = [
        {name: value for name, value in line.event.items() if value and name != "ActionID"}
        for line in trace.read(path)
        if not line.event["Event"].startswith("Hotline")
    ]
    texts = [
        "".join(f"{name}: {value}\r\n" for name, values in event.items() for value in values.split("\n")) + "\r\n"
        for event in told
    ]
    for text in texts:
        protocol.data_received(text.encode())
    past_panoramisk, heard[:] = list(heard), []
    for text in texts:  # what answers an action is read by panoramisk
        protocol.data_received(text.replace("\r\n", "\r\nActionID: none\r\n", 1).encode())
    assert past_panoramisk == told
    assert [{name: value for name, value in event.items() if name != "ActionID"} for event in heard] == told


async def test_answers_among_events_keep_their_place_and_reach_their_action() -> None:
    heard: list[dict[str, str]] = []
    protocol, _ = connected(heard)
    action = Action({"Action": "QueueStatus"})
    protocol.responses[action.id] = action
    parts = [
        "Event: Hangup\r\nUniqueid: 1\r\n\r\n",
        f"Response: Success\r\nActionID: {action.id}\r\nEventList: start\r\n\r\n",
        "Event: Hangup\r\nUniqueid: 2\r\n\r\n",
        f"Event: QueueEntry\r\nActionID: {action.id}\r\nUniqueid: 3\r\n\r\n",
        "Event: Hangup\r\nUniqueid: 4\r\n\r\n",
        f"Event: QueueStatusComplete\r\nActionID: {action.id}\r\nEventList: Complete\r\n\r\n",
    ]
    protocol.data_received("".join(parts).encode())
    assert [event.get("Uniqueid", "") for event in heard] == ["1", "2", "3", "4", ""]
    assert [entry.get("Uniqueid", "") for entry in action.future.result()] == ["", "3", ""]
