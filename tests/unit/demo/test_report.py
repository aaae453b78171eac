"""The demo's report: what went as scripted, and each thing that did not, in words."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from gateway.demo.citizens import ScriptedCall
from gateway.demo.report import CallReport, report_call, summarise
from gateway.events import (
    CallAbandoned,
    CallAnswered,
    CallEvent,
    Clocks,
    SurveyCompleted,
    TicketField,
    TicketUpdated,
    TranscriptFinal,
)

SCRIPT = ScriptedCall(
    number="13800000001",
    caller_says=("我家停水了。",),
    agent_says=("您好。",),
    survey=5,
    expect={"category": "公用事业"},
)
HOLD = 3.0


def said(speaker: Any, text: str, start: float) -> TranscriptFinal:
    return TranscriptFinal(
        at=start,
        call_id="1.1",
        utterance_id=f"{speaker}{start}",
        speaker=speaker,
        text=text,
        start=start,
        end=start + 1,
        language="zh",
        engine="vosk",
        model="m",
    )


def answered() -> list[CallEvent]:
    clocks = Clocks(arrived=0.0, caller_wait=12.0, queue_wait=3.2)
    field = TicketField(name="category", value="公用事业")
    return [
        CallAnswered(at=12.0, call_id="1.1", queue="hotline", agent="1001", clocks=clocks),
        said("caller", "我家停水了", 15.0),
        said("agent", "您好", 13.0),
        TicketUpdated(at=16.0, call_id="1.1", ticket_id="T11", fields=(field,)),
        SurveyCompleted(at=30.0, call_id="1.1", agent="1001", queue="hotline", score=5),
    ]


def report(
    events: list[CallEvent], script: ScriptedCall = SCRIPT, hold: float | None = HOLD, ids: list[str] | None = None
) -> CallReport:
    ids = ids or [f"1000-{number}" for number, _ in enumerate(events, 1)]
    return report_call(script, "1.1", list(zip(ids, events, strict=True)), hold, 15.0)


def test_a_call_as_scripted_has_no_problem() -> None:
    call = report(answered())
    assert call.problems == []
    assert (call.outcome, call.within_target, call.survey, call.ticket_ok) == ("answered", True, 5, True)
    assert call.cer == {"caller": 0.0, "agent": 0.0}
    assert [line.speaker for line in call.transcript] == ["agent", "caller"], "in the order in which it was said"
    assert (call.queue_wait_seconds, call.asterisk_hold_seconds) == (3.2, 3.0)
    whole = summarise([call], [SCRIPT], ["vosk m"])
    assert (whole.ok, whole.summary.answered, whole.summary.tickets_right) == (True, 1, 1)


@pytest.mark.parametrize(
    ("events", "ids", "hold", "problem"),
    [
        (answered()[1:], None, HOLD, "outcome is unknown"),
        (answered(), None, 5.0, "queue wait 3.20 s, Asterisk says 5 s"),
        (answered(), None, None, "no hold time"),
        (answered()[:1] + answered()[2:], None, HOLD, "nothing transcribed of the caller"),
        (answered()[:-1], None, HOLD, "survey key 5 pressed, event says None"),
        (answered(), ["1-1", "1-2", "1-2", "1-3", "1-4"], HOLD, "out of order or doubled"),
        (answered(), ["1-1", "1-3", "1-2", "1-4", "1-5"], HOLD, "out of order or doubled"),
        ([], None, HOLD, "no event in Redis"),
    ],
)
def test_what_went_wrong_is_said(
    events: list[CallEvent], ids: list[str] | None, hold: float | None, problem: str
) -> None:
    call = report(events, hold=hold, ids=ids)
    assert any(problem in one for one in call.problems), call.problems
    assert not summarise([call], [SCRIPT], []).ok


def test_a_wrong_ticket_is_counted_but_the_call_went_well() -> None:
    call = report(answered(), msgspec.structs.replace(SCRIPT, expect={"category": "市政设施"}))
    assert (call.ticket_ok, call.ticket_right, call.problems) == (False, {"category": False}, [])


def test_an_abandoned_call_needs_no_words() -> None:
    script = ScriptedCall(number="13800000002", outcome="abandoned", hang_up_after=4.0)
    clocks = Clocks(arrived=0.0, caller_wait=8.0, queue_wait=4.1)
    call = report([CallAbandoned(at=8.0, call_id="1.1", queue="hotline", clocks=clocks)], script, 4.0)
    assert (call.outcome, call.problems, call.ticket_ok) == ("abandoned", [], True)
    assert call.cer == {"caller": None, "agent": None}
