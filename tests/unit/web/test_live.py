"""Live looks at an event only where it may change something: every desk is as if it had looked at all of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.ami import trace
from gateway.ami.tracker import Tracker
from gateway.config import Settings
from gateway.events import (
    CallAnswered,
    CallEnded,
    Event,
    SpeechLevelChanged,
    TicketDrafted,
    TicketField,
    TicketSubmitted,
)
from gateway.views import CallBook, DeskFold
from gateway.web.live import Live

TRACES = sorted((Path(__file__).parents[2] / "traces").glob("*.jsonl"))
AGENTS = ("1001", "1002", "1003", "2001")


def told(path: Path) -> list[Event]:
    """What the core says of a trace, with a ticket for each answered call that is submitted after its end.

    The machine is full from each answer to the next end.
    """
    tracker = Tracker(("from-trunk",))
    fields = (TicketField(name="place", value="人民路"),)
    events: list[Event] = []
    for event in (event for message in trace.messages(path) for event in tracker.feed(message)):
        events.append(event)
        match event:
            case CallAnswered(at=at, call_id=call_id):
                events.append(TicketDrafted(at=at, call_id=call_id, ticket_id=call_id, fields=fields))
                events.append(SpeechLevelChanged(at=at, level="recorded_only", lag=2.0, legs=4, capacity=4))
            case CallEnded(at=at, call_id=call_id, agent=agent):
                events.append(SpeechLevelChanged(at=at, level="full", lag=0.0, legs=2, capacity=4))
                events.append(TicketSubmitted(at=at, call_id=call_id, ticket_id=call_id, agent=agent, fields=fields))
            case _:
                pass
    return events


@pytest.mark.parametrize("path", TRACES, ids=lambda path: path.stem)
def test_every_desk_is_as_if_it_had_seen_everything(path: Path) -> None:
    live, book = Live(Settings(), clock=lambda: 0.0), CallBook()
    desks = {agent: DeskFold(Settings(), agent, book) for agent in AGENTS}
    for event in told(path):
        live.publish(event, event.at)
        book.feed(event)
        for agent, desk in desks.items():
            desk.feed(event, event.at)
            assert live.desk(agent) == desk.snapshot(0.0)
