"""Our protocol over panoramisk's: whole characters, and every event in the order of the wire."""

from __future__ import annotations

import pytest

from gateway.ami.session import LONGEST_EVENT, Protocol, Session
from gateway.config import Ami

EVENT = "Event: QueueMemberStatus\r\nMemberName: 欧阳建国\r\nQueue: 热线\r\n\r\n"


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
