"""Missed callers on the wallboard, and what the core makes of a request to call one back."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from gateway.ami import trace
from gateway.answer_sla.missed import AlreadyRequestedError, NotMissedError
from gateway.config import QueuePolicy, Settings, load
from gateway.core import Gateway
from gateway.events import (
    CallAbandoned,
    CallbackRequested,
    CallEnded,
    CallOffered,
    CallQueued,
    Clocks,
    Event,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
)
from gateway.tickets.load import load_drafts
from gateway.views import WallboardFold, page_data, without_callers
from gateway.views.missed import SHOWN, WINDOW

ROOT = Path(__file__).parents[2]
T0 = 1_764_000_000.0
LI = "13900000001"
SETTINGS = Settings(queue=(QueuePolicy(name="hotline", title="政务服务热线"),))


def missed(at: float, call_id: str, number: str = LI) -> list[Event]:
    clocks = Clocks(arrived=at, ended=at + 20, caller_wait=20.0)
    return [
        CallOffered(at=at, call_id=call_id, caller_number=number, caller_name="李女士"),
        CallQueued(at=at, call_id=call_id, queue="hotline"),
        CallAbandoned(at=at + 20, call_id=call_id, queue="hotline", clocks=clocks),
        CallEnded(at=at + 20, call_id=call_id, hung_up_by="caller", clocks=clocks),
    ]


def board(*events: Event) -> WallboardFold:
    fold = WallboardFold(SETTINGS)
    for event in events:
        assert fold.feed(event, event.at) is True, "the page must be told"
    return fold


def test_the_board_shows_a_missed_caller_until_reached() -> None:
    fold = board(*missed(T0, "c1"), *missed(T0 + 100, "c2"), *missed(T0 + 200, "c3", ""))
    view = fold.snapshot(T0 + 300)
    assert (view.missed_callers, view.missed_withheld, list(view.missed)) == (1, 1, ["c2"])
    li = view.missed["c2"]
    assert (li.caller_number, li.caller_name, li.queue_title) == (LI, "李女士", "政务服务热线")
    assert (li.tried, li.latest_at, li.missed_at, li.longest_wait) == (2, T0 + 100, T0 + 120, 20.0)
    request = CallbackRequested(at=T0 + 310, call_id="c2", number=LI, queue="hotline", tried=2, by="boss")
    start = OutboundStarted(at=T0 + 320, call_id="o1", agent="1001", number=LI)
    for event in (request, start):
        assert fold.feed(event, event.at) is True
    li = fold.snapshot(T0 + 321).missed["c2"]
    assert (li.callback_by, li.callback_at, li.being_called_by) == ("boss", T0 + 310, "1001")
    for event in (
        OutboundAnswered(at=T0 + 330, call_id="o1", agent="1001", number=LI),
        OutboundEnded(at=T0 + 400, call_id="o1", agent="1001", number=LI, answered=True),
    ):
        assert fold.feed(event, event.at) is True
    assert fold.snapshot(T0 + 401).missed == {}


def test_numbers_and_names_are_left_out_for_those_who_need_not_see_them() -> None:
    li = without_callers(board(*missed(T0, "c1")).snapshot(T0 + 30)).missed["c1"]
    assert (li.caller_number, li.caller_name, li.tried) == ("139****0001", "", 1)
    assert "call_id" in page_data(li), "it can be asked to call back all the same"


def test_a_caller_leaves_the_board_after_a_day() -> None:
    fold = board(*missed(T0, "c1"))
    assert fold.next_expiry() == T0 + 20 + WINDOW
    assert fold.snapshot(T0 + 20 + WINDOW - 1).missed_callers == 1
    assert fold.snapshot(T0 + 20 + WINDOW).missed == {}
    assert fold.next_expiry() is None


def test_the_board_shows_the_latest_and_counts_all() -> None:
    many = [event for n in range(SHOWN + 5) for event in missed(T0 + n, f"c{n}", f"1390000{n:04}")]
    view = board(*sorted(many, key=lambda event: event.at)).snapshot(T0 + 200)
    assert (view.missed_callers, len(view.missed)) == (SHOWN + 5, SHOWN)
    assert f"c{SHOWN + 4}" in view.missed
    assert "c4" not in view.missed


# --- the core ---------------------------------------------------------------------------------------------------


def test_a_call_back_can_be_requested_once_for_a_call_nobody_took() -> None:
    settings = load(ROOT / "config", {})
    core = Gateway(settings, load_drafts(ROOT / "config", settings), lambda: str(uuid.uuid4()))
    events: list[Event] = []
    for message in trace.messages(ROOT / "tests" / "traces" / "abandoned_in_queue.jsonl"):
        events += core.feed(message, message.at)
    (gone,) = [event for event in events if isinstance(event, CallAbandoned)]
    request, *_ = core.request_callback(gone.call_id, "1001", gone.at + 60)
    assert isinstance(request, CallbackRequested)
    assert (request.call_id, request.tried, request.by, request.queue) == (gone.call_id, 1, "1001", gone.queue)
    assert request.number
    with pytest.raises(AlreadyRequestedError):
        core.request_callback(gone.call_id, "boss", gone.at + 61)
    with pytest.raises(NotMissedError):
        core.request_callback("no such call", "boss", gone.at + 61)
