"""Transfers, three parties and holds on the wallboard and on the desks, by the stories of recorded traces."""

from __future__ import annotations

import pytest

from gateway.config import Settings
from gateway.events import CallHeld, CallResumed, Event, PartyJoined, PartyLeft
from gateway.views import DeskFold, WallboardFold
from tests.unit.ami.stories import events, traces, tracker


def said(name: str) -> list[Event]:
    return events(tracker(name), traces()[name])


def states(name: str, agent: str) -> list[str]:
    """What the agent's desk shows of the call, one word per change."""
    desk, seen = DeskFold(Settings(), agent), list[str]()
    for event in said(name):
        desk.feed(event, event.at)
        state = desk.call.state if desk.call else "empty"
        if not seen or seen[-1] != state:
            seen.append(state)
    return seen


@pytest.mark.parametrize(
    ("name", "agent", "expected"),
    [
        ("blind_transfer_to_extension", "1001", ["empty", "ringing", "talking", "ended"]),
        ("blind_transfer_to_extension", "1003", ["empty", "talking", "ended"]),
        ("attended_transfer_to_extension", "1003", ["empty", "talking", "ended"]),
        ("attended_transfer_by_keys_aborted", "1001", ["empty", "ringing", "talking", "ended", "talking", "ended"]),
        ("attended_transfer_by_keys_aborted", "1003", ["empty"]),
        ("three_party_call", "1003", ["empty", "talking", "ended"]),
    ],
)
def test_the_desk_follows_the_conversation(name: str, agent: str, expected: list[str]) -> None:
    assert states(name, agent) == expected


def test_the_board_counts_the_parties() -> None:
    board, most = WallboardFold(Settings()), 0
    for event in said("three_party_call"):
        board.feed(event, event.at)
        talking = board.snapshot(event.at).talking
        most = max([most, *(call.people for call in talking.values())])
    assert most == 2


def test_who_is_alone_talks_with_nobody() -> None:
    board = WallboardFold(Settings())
    for event in said("caller_hangs_up_in_survey"):
        board.feed(event, event.at)
        talking = board.snapshot(event.at).talking
        if isinstance(event, PartyJoined):
            assert len(talking) == 1
        if isinstance(event, PartyLeft):
            assert talking == {}


def test_a_hold_is_shown() -> None:
    board = WallboardFold(Settings())
    for event in said("hold_and_resume"):
        board.feed(event, event.at)
        held = [call.held for call in board.snapshot(event.at).talking.values()]
        if isinstance(event, CallHeld):
            assert held == [True]
        if isinstance(event, CallResumed):
            assert held == [False]
