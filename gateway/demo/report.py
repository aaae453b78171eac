"""What the demo's calls became: each scripted call held against the events that stand in Redis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec import Struct

from gateway.asr.evaluate import cer
from gateway.demo.citizens import ScriptedCall, expectation_met
from gateway.events import (
    CallAbandoned,
    CallAnswered,
    CallEvent,
    Clocks,
    Speaker,
    SurveyCompleted,
    TicketDrafted,
    TicketField,
    TicketSubmitted,
    TicketUpdated,
    TranscriptFinal,
)

WAIT_TOLERANCE = 1.0
"""Seconds between our queue wait and Asterisk's HoldTime, which counts whole seconds."""

Outcome = Literal["answered", "abandoned", "unknown"]


class Line(Struct, frozen=True, kw_only=True):
    """One utterance of the live transcript; seconds since the call's arrival."""

    speaker: Speaker
    text: str
    start: float
    end: float


class CallReport(Struct, frozen=True, kw_only=True):
    """One call. Waits in seconds; ``cer`` is the character error rate by side, None where nobody spoke.

    ``asterisk_hold_seconds`` is Asterisk's HoldTime at pick-up (whole seconds; the one in AgentConnect has the
    announcement to the caller in it), and so means the same as ``queue_wait_seconds``.
    """

    call_id: str
    number: str
    outcome: Outcome
    expected_outcome: Outcome
    wait_seconds: float | None
    queue_wait_seconds: float | None
    asterisk_hold_seconds: float | None
    within_target: bool | None
    cer: dict[str, float | None]
    transcript: list[Line]
    ticket: dict[str, str]
    ticket_expected: dict[str, str]
    ticket_right: dict[str, bool]
    ticket_ok: bool
    survey: int | None
    survey_expected: int | None
    redis_ids: list[str]
    problems: list[str]


class Summary(Struct, frozen=True, kw_only=True):
    """All calls together. ``cer`` weighs each side's calls by the characters spoken."""

    calls: int
    answered: int
    abandoned: int
    cer: dict[str, float | None]
    tickets_right: int
    tickets_expected: int


class Report(Struct, frozen=True, kw_only=True):
    """The whole report. ``ok``: every call went as scripted, was measured, transcribed, ticketed and published."""

    ok: bool
    engine: str
    summary: Summary
    calls: list[CallReport]


def report_call(
    script: ScriptedCall,
    call_id: str,
    entries: Sequence[tuple[str, CallEvent]],
    hold_seconds: float | None,
    target_seconds: float,
) -> CallReport:
    """Hold one call's published events, with their stream ids in stream order, against its script."""
    outcome: Outcome = "unknown"
    clocks: Clocks | None = None
    lines: list[Line] = []
    fields: dict[str, TicketField] = {}
    survey = None
    for _, event in entries:
        match event:
            case CallAnswered():
                outcome, clocks = "answered", event.clocks
            case CallAbandoned():
                outcome, clocks = "abandoned", event.clocks
            case TranscriptFinal():
                lines.append(Line(speaker=event.speaker, text=event.text, start=event.start, end=event.end))
            case TicketDrafted() | TicketUpdated() | TicketSubmitted():
                fields.update({field.name: field for field in event.fields})
            case SurveyCompleted():
                survey = event.score
            case _:
                pass
    lines.sort(key=lambda line: line.start)
    answered = script.outcome == "answered"
    spoken = {
        "caller": "".join(script.caller_says) if answered else "",
        "agent": "".join(script.agent_says) if answered else "",
    }
    heard = {side: "".join(line.text for line in lines if line.speaker == side) for side in spoken}
    right = expectation_met(script.expect, fields)
    call = CallReport(
        call_id=call_id,
        number=script.number,
        outcome=outcome,
        expected_outcome=script.outcome,
        wait_seconds=clocks.caller_wait if clocks else None,
        queue_wait_seconds=clocks.queue_wait if clocks else None,
        asterisk_hold_seconds=hold_seconds,
        within_target=(
            clocks.caller_wait <= target_seconds
            if clocks is not None and clocks.caller_wait is not None and outcome == "answered"
            else None
        ),
        cer={side: cer(spoken[side], heard[side]) if spoken[side] else None for side in spoken},
        transcript=lines,
        ticket={name: field.value for name, field in fields.items()},
        ticket_expected=dict(script.expect),
        ticket_right=right,
        ticket_ok=all(right.values()) and (bool(fields) or not answered),
        survey=survey,
        survey_expected=script.survey,
        redis_ids=[stream_id for stream_id, _ in entries],
        problems=[],
    )
    call.problems.extend(_problems(call, heard))
    return call


def summarise(calls: Sequence[CallReport], scripts: Sequence[ScriptedCall], engines: Sequence[str]) -> Report:
    """The report over all calls."""
    expected = [call for call in calls if call.ticket_expected]
    return Report(
        ok=bool(calls) and not any(call.problems for call in calls),
        engine=", ".join(engines),
        summary=Summary(
            calls=len(calls),
            answered=sum(call.outcome == "answered" for call in calls),
            abandoned=sum(call.outcome == "abandoned" for call in calls),
            cer={
                "caller": _overall(calls, [len("".join(script.caller_says)) for script in scripts], "caller"),
                "agent": _overall(calls, [len("".join(script.agent_says)) for script in scripts], "agent"),
            },
            tickets_right=sum(call.ticket_ok for call in expected),
            tickets_expected=len(expected),
        ),
        calls=list(calls),
    )


def _overall(calls: Sequence[CallReport], lengths: Sequence[int], side: str) -> float | None:
    rated = [(call.cer[side], length) for call, length in zip(calls, lengths, strict=True)]
    known = [(rate, length) for rate, length in rated if rate is not None]
    characters = sum(length for _, length in known)
    return round(sum(rate * length for rate, length in known) / characters, 4) if characters else None


def _problems(call: CallReport, heard: Mapping[str, str]) -> list[str]:
    """What did not go as it should, in words; empty when all is well."""
    problems = []
    if call.outcome != call.expected_outcome:
        problems.append(f"outcome is {call.outcome}, scripted was {call.expected_outcome}")
    ours, theirs = call.queue_wait_seconds, call.asterisk_hold_seconds
    if ours is None or theirs is None:
        problems.append("queue wait unknown" if ours is None else "Asterisk logged no hold time")
    elif abs(ours - theirs) > WAIT_TOLERANCE:
        problems.append(f"queue wait {ours:.2f} s, Asterisk says {theirs:.0f} s")
    problems += [
        f"nothing transcribed of the {side}" for side, text in heard.items() if call.cer[side] is not None and not text
    ]
    if call.expected_outcome == "answered" and not call.ticket:
        problems.append("no ticket draft")
    if call.survey_expected is not None and call.survey != call.survey_expected:
        problems.append(f"survey key {call.survey_expected} pressed, event says {call.survey}")
    order = [tuple(int(part) for part in stream_id.split("-")) for stream_id in call.redis_ids]
    if not order:
        problems.append("no event in Redis")
    elif order != sorted(set(order)):
        problems.append("events in Redis out of order or doubled")
    return problems
