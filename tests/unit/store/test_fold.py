from collections.abc import Sequence

import pytest
from msgspec.structs import fields
from sqlalchemy import Table

from gateway.events import (
    AgentStateChanged,
    AlertAcknowledged,
    AlertEnded,
    AlertEscalated,
    AlertRaised,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallRinging,
    CallTransferred,
    Clocks,
    Event,
    GatewayHealth,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
    PartyJoined,
    PartyLeft,
)
from gateway.store import rows, tables
from gateway.store.entry import Entry
from gateway.store.fold import Fold, touched
from gateway.store.rows import AgentStateRow, AlertRow, CallRow, LegRow, OutboundRow

ID = "1764.1"


def folded(events: Sequence[Event]) -> Fold:
    fold = Fold()
    for seq, event in enumerate(events, 1):
        fold.take(Entry(seq, seq, event))  # type: ignore[arg-type]
    return fold


@pytest.mark.parametrize(
    ("row", "table"),
    [
        (rows.CallRow, tables.calls),
        (rows.LegRow, tables.legs),
        (rows.AgentStateRow, tables.agent_states),
        (rows.OutboundRow, tables.outbound),
        (rows.AlertRow, tables.alerts),
        (rows.FiguresRow, tables.figures),
    ],
)
def test_rows_have_the_columns_of_their_table(row: type, table: Table):
    assert [field.name for field in fields(row)] == [column.name for column in table.columns]


def test_an_answered_call_that_was_sent_on():
    clocks = Clocks(arrived=0.5, queued=1.0, first_ring=2.0, picked_up=14.0, bridged=14.5, caller_wait=14.0)
    ended = Clocks(arrived=0.5, queued=1.0, first_ring=2.0, picked_up=14.0, bridged=14.5, ended=99.5, caller_wait=14.0)
    fold = folded(
        [
            CallOffered(at=0.5, call_id=ID, caller_number="13800000000", caller_name="王\0芳", dialled="12345"),
            CallQueued(at=1.0, call_id=ID, queue="hotline"),
            CallRinging(at=2.0, call_id=ID, queue="hotline", agent="1001"),
            AttemptMissed(at=12.0, call_id=ID, queue="hotline", agent="1001", reason="no_answer", ring_seconds=10.0),
            AttemptMissed(at=12.5, call_id=ID, queue="hotline", agent="1009", reason="unreachable"),
            CallRinging(at=13.0, call_id=ID, queue="hotline", agent="1002"),
            CallAnswered(at=14.5, call_id=ID, queue="hotline", agent="1002", clocks=clocks),
            PartyJoined(at=14.5, call_id=ID, party="1002"),
            CallTransferred(at=60.0, call_id=ID, agent="1002", target="1003", kind="blind", outcome="failed"),
            PartyJoined(at=70.0, call_id=ID, party="01066666666", kind="external"),
            CallTransferred(at=80.0, call_id=ID, agent="1002", target="01066666666", kind="attended"),
            PartyLeft(at=80.0, call_id=ID, party="1002", seconds=65.5),
            CallEnded(
                at=100.0, call_id=ID, hung_up_by="caller", clocks=ended, talk_seconds=80.0, held_seconds=5.0, cause=16
            ),
            PartyLeft(at=100.1, call_id=ID, party="01066666666", kind="external", seconds=30.1),
        ]
    )
    assert fold.calls == {
        ID: CallRow(
            ID,
            caller_number="13800000000",
            caller_name="王芳",
            dialled="12345",
            arrived=0.5,
            queue="hotline",
            queued=1.0,
            first_ring=2.0,
            picked_up=14.0,
            bridged=14.5,
            ended=99.5,
            agent="1002",
            outcome="answered",
            answered_at=14.5,
            caller_wait=14.0,
            talk_seconds=80.0,
            held_seconds=5.0,
            hung_up_by="caller",
            cause=16,
            transfers=1,
        )
    }
    assert fold.legs[ID] == [
        LegRow(3, ID, "attempt", "1001", "agent", "hotline", 2.0, 12.0, 10.0, "no_answer"),
        LegRow(5, ID, "attempt", "1009", "agent", "hotline", 12.5, 12.5, 0.0, "unreachable"),
        LegRow(6, ID, "attempt", "1002", "agent", "hotline", 13.0, 14.0, 1.0, "answered"),
        LegRow(8, ID, "party", "1002", "agent", "hotline", 14.5, 80.0, 65.5),
        LegRow(10, ID, "party", "01066666666", "external", "hotline", 70.0, 99.5, 29.5),
    ]


def test_the_outcome_that_counts_is_kept():
    clocks = Clocks(arrived=0.0)
    overflowed = CallOverflowed(at=1.0, call_id=ID, queue="hotline", reason="gave_up", clocks=clocks)
    abandoned = CallAbandoned(at=2.0, call_id=ID, queue="night", clocks=clocks)
    answered = CallAnswered(at=3.0, call_id=ID, queue="", agent="1001", clocks=clocks)
    assert folded([overflowed]).calls[ID].outcome == "overflowed"
    assert folded([overflowed, abandoned]).calls[ID].outcome == "abandoned"
    assert folded([overflowed, answered, abandoned]).calls[ID].outcome == "answered"
    assert folded([overflowed]).calls[ID].ended is None


def test_an_agents_state_lasts_until_the_next():
    fold = folded(
        [
            AgentStateChanged(at=1.0, agent="1001", state="available"),
            AgentStateChanged(at=1.0, agent="1002", state="paused", reason="午餐"),
            AgentStateChanged(at=5.0, agent="1001", state="ringing", call_id=ID),
            AgentStateChanged(at=4.9, agent="1001", state="talking", call_id=ID),
        ]
    )
    assert fold.states == {
        "1001": [
            AgentStateRow(1, "1001", "available", "", "", 1.0, 5.0),
            AgentStateRow(3, "1001", "ringing", "", ID, 5.0, 5.0),
            AgentStateRow(4, "1001", "talking", "", ID, 4.9),
        ],
        "1002": [AgentStateRow(2, "1002", "paused", "午餐", "", 1.0)],
    }


def test_calls_we_place_and_alerts():
    fold = folded(
        [
            OutboundStarted(at=1.0, call_id=ID, agent="1001", number="13800000000"),
            AlertRaised(at=2.0, alert_id="a", kind="longest_wait", queue="hotline", severity="warning", limit=60.0),
            OutboundAnswered(at=6.0, call_id=ID, agent="1001", number="13800000000"),
            AlertEscalated(at=7.0, alert_id="a", kind="longest_wait", queue="hotline", severity="critical", level=1),
            AlertAcknowledged(at=8.0, alert_id="a", kind="longest_wait", queue="hotline", by="li"),
            AlertEnded(at=9.0, alert_id="a", kind="longest_wait", queue="hotline", seconds=7.0),
            OutboundEnded(
                at=9.0, call_id=ID, agent="1001", number="13800000000", answered=True, talk_seconds=3.0, cause=99999
            ),
            GatewayHealth(at=9.0, component="ami", status="ok"),
        ]
    )
    assert fold.outbound == {ID: OutboundRow(ID, "1001", "13800000000", 1.0, 6.0, 9.0, 3.0, 0)}
    assert fold.alerts == {
        "a": AlertRow(
            "a", "longest_wait", "critical", "hotline", "", "", 2.0, None, 60.0, 1, acknowledged=8.0,
            acknowledged_by="li", ended=9.0,
        )
    }  # fmt: skip
    assert not fold.calls


def test_what_is_touched_is_named_before():
    entries = [
        Entry(1, 1, CallQueued(at=1.0, call_id="c\0", queue="hotline")),
        Entry(2, 2, AgentStateChanged(at=1.0, agent="1001", state="talking", call_id="other")),
        Entry(3, 3, GatewayHealth(at=9.0, component="ami", status="ok")),
    ]
    keys = touched(entries)
    assert (keys.calls, keys.agents, keys.outbound, keys.alerts) == ({"c"}, {"1001"}, set(), set())
