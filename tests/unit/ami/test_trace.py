"""Traces: written, read, and replayed through tracker, clock and figures."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.ami import trace
from gateway.config import Ami, QueuePolicy, Settings
from gateway.errors import InputError
from gateway.events import AnswerAtRisk, AnswerBreached, CallAnswered, CallOffered, ServiceLevelChanged

TRACES = Path(__file__).parents[2] / "traces"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    with path.open("wb") as file:
        writer = trace.TraceWriter(file)
        writer.write({"Event": "Hangup", "CallerIDName": "张建国"}, 1.5)
        writer.write({"Event": "HotlineConnectionLost", "Reason": "x"}, 2.0)
    assert list(trace.read(path)) == [
        trace.TraceLine(1.5, {"Event": "Hangup", "CallerIDName": "张建国"}),
        trace.TraceLine(2.0, {"Event": "HotlineConnectionLost", "Reason": "x"}),
    ]
    assert [message.at for message in trace.messages(path)] == [1.5, 2.0]


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"received": 1, "event": {}}\n\n{"received": 1}\n', encoding="utf-8")
    with pytest.raises(InputError, match=r"t\.jsonl:3"):
        list(trace.read(path))
    with pytest.raises(InputError, match="No such file"):
        list(trace.read(tmp_path / "absent.jsonl"))


def test_a_replay_fires_the_clock_between_messages() -> None:
    hasty = Settings(
        ami=Ami(trunk_contexts=("from-trunk",)),
        queue=(QueuePolicy(name="hotline", at_risk_seconds=2.5, target_seconds=3.0),),
    )
    events = list(trace.replay(TRACES / "answered_caller_hangs_up.jsonl", hasty))
    (offered,) = [event for event in events if isinstance(event, CallOffered)]
    story = [event for event in events if isinstance(event, AnswerAtRisk | AnswerBreached | CallAnswered)]
    assert [(type(event), round(event.at - offered.at, 3)) for event in story[:2]] == [
        (AnswerAtRisk, 2.5),
        (AnswerBreached, 3.0),
    ]
    assert isinstance(story[2], CallAnswered)
    levels = [event.of_offered for event in events if isinstance(event, ServiceLevelChanged)]
    shares = [(level.numerator, level.denominator) for level in levels]
    # At first, with the call in the queue, when it is late, with the answer, when its line is down.
    assert shares == [(0, 0), (0, 0), (0, 1), (0, 1), (0, 1)]
