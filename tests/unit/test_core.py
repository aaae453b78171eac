"""The core as a whole: messages, words and keys in; events and taps out."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from gateway.ami import trace
from gateway.ami.messages import ConnectionLost, Message
from gateway.asr.protocol import ExpectTap, Heard, LegClosed, LegOpened
from gateway.config import QueuePolicy, Settings, Speech, load
from gateway.core import Gateway, SurveyKey, Worker
from gateway.events import (
    AnswerAtRisk,
    AnswerBreached,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallOffered,
    CallQueued,
    Event,
    GatewayHealth,
    SurveyCompleted,
    TicketDrafted,
    TicketSubmitted,
    TicketUpdated,
    TranscriptCompleted,
    TranscriptFinal,
    event_type,
)
from gateway.tickets.load import load_drafts
from tests.unit.ami.exchange import Exchange

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"


def gateway(settings: Settings | None = None) -> Gateway:
    settings = settings or load(CONFIG, {})
    numbers = count(1)
    return Gateway(settings, load_drafts(CONFIG, settings), lambda: f"tap-{next(numbers)}")


def messages(name: str) -> list[Message]:
    return list(trace.messages(ROOT / "tests" / "traces" / f"{name}.jsonl"))


def play(core: Gateway, name: str) -> tuple[list[Event], list[ExpectTap]]:
    """The whole trace, with the core's deadlines kept between its messages."""
    events: list[Event] = []
    taps: list[ExpectTap] = []
    for message in messages(name):
        while (deadline := core.next_deadline()) is not None and deadline < message.at:
            events += core.tick(deadline)
        events += core.feed(message, message.at)
        taps += core.taps(message.at)
    return events, taps


def heard(tap_id: str, text: str, at: float, number: int = 1) -> Worker:
    return Worker(
        "w",
        Heard(
            tap_id=tap_id,
            number=number,
            final=True,
            text=text,
            start=at,
            end=at + 2,
            engine="vosk",
            model="m",
            language="zh",
        ),
    )


def until_answered(core: Gateway) -> tuple[str, float, dict[str, str], list[Message]]:
    """The call id, the instant of the answer, tap ids by speaker, and the messages still to come."""
    rest = messages("answered_agent_hangs_up")
    while rest:
        message = rest.pop(0)
        for event in core.feed(message, message.at):
            if isinstance(event, CallAnswered):
                taps = {}
                for order in core.taps(message.at):
                    taps[str(order.leg.speaker)] = order.tap_id
                    core.listening.placed(order, message.at)
                return event.call_id, event.at, taps, rest
    raise AssertionError("nobody answered")


def test_both_legs_are_tapped_once_at_pick_up() -> None:
    events, taps = play(gateway(), "answered_caller_hangs_up")
    (call_id,) = {event.call_id for event in events if isinstance(event, CallEnded)}
    assert [(tap.leg.call_id, tap.leg.speaker, tap.language) for tap in taps] == [
        (call_id, "caller", "zh"),
        (call_id, "agent", "zh"),
    ]
    assert taps[0].leg.channel != taps[1].leg.channel


@pytest.mark.parametrize("name", ["abandoned_in_queue", "abandoned_during_ringing", "overflowed"])
def test_a_call_nobody_took_is_not_tapped(name: str) -> None:
    events, taps = play(gateway(), name)
    assert any(isinstance(event, CallEnded) for event in events)
    assert taps == []
    completed = [event for event in events if isinstance(event, TranscriptCompleted)]
    assert [(event.legs, event.share) for event in completed] == [((), None)]


def test_without_speech_nothing_is_tapped() -> None:
    settings = Settings(speech=Speech(enabled=False))
    assert play(gateway(settings), "answered_caller_hangs_up")[1] == []


def test_words_fill_the_ticket_and_the_last_of_them_come_after_the_line_is_down() -> None:
    core = gateway()
    call_id, at, taps, rest = until_answered(core)
    events = core.feed(Worker("w", LegOpened(tap_id=taps["caller"], at=at)), at)
    events += core.feed(heard(taps["caller"], "我要投诉烧烤店噪音，在人民路320号。", at), at + 2)
    assert [type(event) for event in events] == [TranscriptFinal, TicketUpdated]
    fields = {field.name: field for field in events[1].fields} if isinstance(events[1], TicketUpdated) else {}
    assert fields["request_type"].value == "投诉"
    assert "人民路320号" in fields["place"].value
    evidence = fields["place"].evidence[0]
    assert evidence.text == "我要投诉烧烤店噪音，在人民路320号。"[evidence.start : evidence.end]
    for message in rest:
        events = core.feed(message, message.at)
    ended = [event for event in events if isinstance(event, CallEnded)]
    assert [event.call_id for event in ended] == [call_id]
    now = ended[0].at
    last = core.feed(heard(taps["caller"], "谢谢。", now - 2, number=2), now + 1)
    assert isinstance(last[0], TranscriptFinal)
    done: list[Event] = []
    for tap_id in taps.values():
        done += core.feed(
            Worker(
                "w",
                LegClosed(
                    tap_id=tap_id,
                    at=now,
                    expected=10,
                    heard=10,
                    lost=0,
                    transcribed=4,
                    engine="vosk",
                    model="m",
                    reason="hangup",
                ),
            ),
            now + 1,
        )
    assert [event.call_id for event in done if isinstance(event, TranscriptCompleted)] == [call_id]


def test_the_survey_belongs_to_the_agent_who_answered() -> None:
    core = gateway()
    call_id, at, _, rest = until_answered(core)
    (event,) = core.feed(SurveyKey(call_id, 4), at + 30)
    assert isinstance(event, SurveyCompleted)
    assert (event.call_id, event.score, event.queue) == (call_id, 4, "hotline")
    assert event.agent in {"1001", "1002", "1003", "1004"}
    for message in rest:
        core.feed(message, message.at)
    assert core.feed(SurveyKey(call_id, 4), at + 60) == []


def test_an_agent_edits_and_submits() -> None:
    core = gateway()
    call_id, at, _, _ = until_answered(core)
    (edited, *_) = core.edit_ticket(call_id, {"place": "中山路1号"}, "1001", at + 1)
    assert isinstance(edited, TicketUpdated)
    assert (edited.by, edited.fields[0].value, edited.fields[0].by) == ("1001", "中山路1号", "agent")
    submitted = core.submit_ticket(call_id, "1001", at + 2)
    assert isinstance(submitted[0], TicketSubmitted)


def test_a_breach_fires_by_the_clock_before_the_next_message() -> None:
    strict = Settings(queue=(QueuePolicy(name="hotline", at_risk_seconds=1.0, target_seconds=3.0),))
    events, _ = play(gateway(strict), "ring_no_answer_then_next_agent")
    kinds = [event_type(event) for event in events]
    (breach,) = [event for event in events if isinstance(event, AnswerBreached)]
    assert breach.waited == pytest.approx(3.0)
    assert kinds.index("answer.at_risk") < kinds.index("answer.breached") < kinds.index("call.answered")


def test_a_draft_is_opened_with_the_answer() -> None:
    events, _ = play(gateway(), "answered_caller_hangs_up")
    kinds = [type(event) for event in events]
    assert TicketDrafted in kinds[kinds.index(CallAnswered) :]


@pytest.mark.parametrize("fault", ["connection", "gateway"])
def test_while_nobody_listens_no_call_is_called_late_and_afterwards_those_that_wait(fault: str) -> None:
    strict = Settings(queue=(QueuePolicy(name="hotline", at_risk_seconds=4.0, target_seconds=6.0),))
    subject, exchange, said = gateway(strict), Exchange(), list[Event]()
    for message in messages("all_agents_paused"):
        said += subject.feed(message, message.at)
        exchange.feed(message)
        if any(isinstance(event, CallQueued) for event in said):
            break
    arrived = next(event.at for event in said if isinstance(event, CallOffered))
    if fault == "connection":
        subject.feed(ConnectionLost(at=arrived + 3, reason="cut"), arrived + 3)
    else:
        subject = gateway(strict)
        for event in said:
            subject.restore(event)
    now = arrived + 20
    blind = subject.tick(now) + subject.feed(GatewayHealth(at=now, component="redis", status="ok"), now)
    *entries, completed = exchange.resync(now, since=arrived + 3)
    for message in entries:
        blind += subject.feed(message, now)
    assert not [event for event in blind if isinstance(event, AnswerAtRisk | AnswerBreached)]
    seen = subject.feed(completed, now) + subject.tick(now)
    late = [(type(event), round(event.at - arrived, 3)) for event in seen if isinstance(event, CallEvent)]
    assert late == [(AnswerAtRisk, 4.0), (AnswerBreached, 6.0)]
