"""Events in, pages out: the wallboard, the desks and the patches between two looks at them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.config import Agent, QueuePolicy, Settings
from gateway.events import (
    AgentStateChanged,
    AlertAcknowledged,
    AlertEnded,
    AlertEscalated,
    AlertKind,
    AlertRaised,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallRinging,
    Clocks,
    ConnectRateChanged,
    Event,
    GatewayHealth,
    Rate,
    ServiceLevelChanged,
    SurveyCompleted,
    TicketDrafted,
    TicketField,
    TicketSubmitted,
    TicketUpdated,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptPartial,
)
from gateway.views import CallBook, DeskFold, SpeechEngine, WallboardFold, merge_patch, page_data, without_callers
from gateway.views.alerts import RECENT_BREACHES, RECENT_SECONDS

T0 = 1_764_000_000.0
QUEUES = (
    QueuePolicy(name="hotline", title="政务服务热线"),
    QueuePolicy(name="second", clock="queue_wait", target_seconds=20.0, at_risk_seconds=12.0),
    QueuePolicy(name="third", clock="ring_time"),
)
SETTINGS = Settings(queue=QUEUES, agent=(Agent(id="1001", name="王敏"),))


def offered(at: float = T0, call_id: str = "c1") -> CallOffered:
    return CallOffered(at=at, call_id=call_id, caller_number="13900000000", caller_name="市民")


def queued(at: float, queue: str = "hotline", call_id: str = "c1") -> CallQueued:
    return CallQueued(at=at, call_id=call_id, queue=queue)


def ringing(at: float, agent: str = "1001", queue: str = "hotline", call_id: str = "c1") -> CallRinging:
    return CallRinging(at=at, call_id=call_id, queue=queue, agent=agent)


def missed(at: float, agent: str = "1001") -> AttemptMissed:
    return AttemptMissed(at=at, call_id="c1", queue="hotline", agent=agent, reason="no_answer", ring_seconds=5.0)


def clocks(answered: float, caller_wait: float) -> Clocks:
    return Clocks(
        arrived=T0, queued=T0 + 1, first_ring=T0 + 2, bridged=answered, caller_wait=caller_wait, ring_time=caller_wait
    )


def answered(at: float, agent: str = "1001", call_id: str = "c1") -> CallAnswered:
    return CallAnswered(at=at, call_id=call_id, queue="hotline", agent=agent, clocks=clocks(at, at - T0))


def ended(at: float, call_id: str = "c1") -> CallEnded:
    return CallEnded(at=at, call_id=call_id, hung_up_by="caller", clocks=clocks(at, 7.0))


def final(text: str, number: int = 1) -> TranscriptFinal:
    return TranscriptFinal(
        at=T0,
        call_id="c1",
        utterance_id=f"u{number}",
        speaker="caller",
        text=text,
        start=8.0,
        end=9.0,
        language="zh",
        engine="vosk",
        model="small",
    )


def partial(text: str, number: int = 1) -> TranscriptPartial:
    return TranscriptPartial(
        at=T0, call_id="c1", utterance_id=f"u{number}", speaker="caller", text=text, start=8.0, end=9.0
    )


def drafted(*names: str) -> TicketDrafted:
    fields = tuple(TicketField(name=name, value="x") for name in names)
    return TicketDrafted(at=T0, call_id="c1", ticket_id="t1", agent="1001", fields=fields)


def desk(*events: Event, agent: str = "1001") -> DeskFold:
    fold = DeskFold(SETTINGS, agent)
    for event in events:
        fold.feed(event, event.at)
    return fold


def board(*events: Event) -> WallboardFold:
    fold = WallboardFold(SETTINGS)
    for event in events:
        fold.feed(event, event.at)
    return fold


# --- the wallboard ---------------------------------------------------------------------------------------------


def test_a_call_waits_then_talks_then_leaves_the_board() -> None:
    fold = board(offered(), queued(T0 + 1), ringing(T0 + 2))
    waiting = fold.snapshot(T0 + 3).waiting["c1"]
    assert (waiting.clock_start, waiting.at_risk_at, waiting.breach_at) == (T0, T0 + 10, T0 + 15)
    assert waiting.ringing == ("1001",)
    fold.feed(answered(T0 + 7), T0 + 7)
    view = fold.snapshot(T0 + 8)
    assert view.waiting == {}
    assert (view.talking["c1"].agent, view.talking["c1"].caller_wait) == ("1001", 7.0)
    assert view.talking["c1"].within_target is True
    fold.feed(ended(T0 + 60), T0 + 60)
    assert fold.snapshot(T0 + 61).talking == {}


def test_each_queue_runs_its_own_clock() -> None:
    fold = board(offered(), queued(T0 + 3, "second"))
    waiting = fold.snapshot(T0 + 4).waiting["c1"]
    assert (waiting.clock_start, waiting.at_risk_at, waiting.breach_at) == (T0 + 3, T0 + 15, T0 + 23)
    fold = board(offered(), queued(T0 + 3, "third"))
    assert fold.snapshot(T0 + 4).waiting["c1"].clock_start is None, "nothing rings yet, so no clock runs"
    fold.feed(ringing(T0 + 6, queue="third"), T0 + 6)
    fold.feed(ringing(T0 + 9, agent="1002", queue="third"), T0 + 9)
    assert fold.snapshot(T0 + 9).waiting["c1"].breach_at == T0 + 21


def test_an_abandoned_and_an_overflowed_call_wait_no_longer() -> None:
    gone = CallAbandoned(at=T0 + 4, call_id="c1", queue="hotline", clocks=clocks(T0 + 4, 4.0))
    assert board(offered(), queued(T0 + 1), gone).snapshot(T0 + 5).waiting == {}
    over = CallOverflowed(at=T0 + 4, call_id="c1", queue="hotline", reason="full", clocks=clocks(T0 + 4, 4.0))
    fold = board(offered(), queued(T0 + 1), over)
    assert fold.snapshot(T0 + 5).waiting == {}
    fold.feed(queued(T0 + 6, "second"), T0 + 6)
    assert fold.snapshot(T0 + 7).waiting["c1"].clock_start == T0 + 6, "it waits again, in another queue"


def raised(at: float, kind: AlertKind = "answer_breached", subject: str = "c1", value: float = 15.0) -> AlertRaised:
    call = kind.startswith("answer")
    return AlertRaised(
        at=at,
        alert_id=f"{kind}:{subject}",
        kind=kind,
        queue="hotline" if call else "",
        call_id=subject if call else "",
        component="" if call else subject,
        severity="warning" if kind == "answer_at_risk" else "critical",
        value=value,
        limit=15.0,
    )


def over(alert: AlertRaised, at: float) -> AlertEnded:
    return AlertEnded(at=at, alert_id=alert.alert_id, kind=alert.kind, call_id=alert.call_id, seconds=at - alert.at)


def test_an_alert_stands_on_the_board_from_its_raising_to_its_end() -> None:
    lost = raised(T0, "ami_lost", "ami")
    fold = board(lost)
    alert = fold.snapshot(T0).alerts["ami_lost:ami"]
    assert (alert.kind, alert.severity, alert.component, alert.level) == ("ami_lost", "critical", "ami", 0)
    seen = AlertAcknowledged(at=T0 + 5, alert_id=lost.alert_id, kind="ami_lost", by="li")
    fold.feed(AlertEscalated(at=T0 + 4, alert_id=lost.alert_id, kind="ami_lost", severity="critical", level=1), T0 + 4)
    assert fold.feed(seen, T0 + 5) is True
    alert = fold.snapshot(T0 + 6).alerts["ami_lost:ami"]
    assert (alert.acknowledged_by, alert.level) == ("li", 1)
    assert fold.alert("ami_lost:ami") == alert
    fold.feed(over(lost, T0 + 9), T0 + 9)
    assert fold.snapshot(T0 + 10).alerts == {}
    assert fold.alert("ami_lost:ami") is None
    fold.feed(seen, T0 + 11)
    assert fold.snapshot(T0 + 12).alerts == {}, "of one that is over nothing more is known"


def test_a_late_call_s_alert_stays_a_while_with_the_wait_it_came_to() -> None:
    risk, late = raised(T0 + 10, "answer_at_risk", value=10.0), raised(T0 + 15)
    fold = board(risk, over(risk, T0 + 15), late)
    alerts = fold.snapshot(T0 + 15).alerts
    assert list(alerts) == ["answer_breached:c1"]
    assert alerts["answer_breached:c1"].ended is None
    fold.feed(over(late, T0 + 21), T0 + 21)
    recent = fold.snapshot(T0 + 22).alerts["answer_breached:c1"]
    assert (recent.ended, recent.value, recent.limit) == (T0 + 21, 21.0, 15.0)
    assert fold.alert("answer_breached:c1") is None, "nobody need take care of it"
    assert fold.next_expiry() == T0 + 15 + RECENT_SECONDS
    assert fold.snapshot(T0 + 15 + RECENT_SECONDS).alerts == {}


def test_recent_breaches_are_bounded_and_the_newest_stay() -> None:
    events: list[Event] = []
    for n in range(RECENT_BREACHES + 5):
        late = raised(T0 + n, subject=f"c{n}")
        events += [late, over(late, T0 + n)]
    alerts = board(*events).snapshot(T0 + 30).alerts
    assert len(alerts) == RECENT_BREACHES
    assert "answer_breached:c4" not in alerts
    assert "answer_breached:c24" in alerts


def test_health_and_connect_rate_are_figures_of_their_own() -> None:
    well = Rate(numerator=99, denominator=100, value=0.99)
    lost = GatewayHealth(at=T0, component="redis", status="lost", detail="no answer")
    fold = board(lost, ConnectRateChanged(at=T0 + 1, window_seconds=86400, required=0.95, rate=well, margin=4))
    view = fold.snapshot(T0 + 2)
    assert (view.alerts, view.health) == ({}, {"redis": "lost"})
    assert view.connect_rate is not None
    assert view.connect_rate.margin == 4


def test_figures_carry_clock_target_and_share() -> None:
    none = Rate(numerator=0, denominator=0)
    level = ServiceLevelChanged(
        at=T0,
        queue="hotline",
        clock="caller_wait",
        since=T0 - 60,
        target_seconds=15.0,
        of_offered=none,
        of_offered_less_short=none,
        of_answered=none,
    )
    fold = board(level)
    fold.set_engines([SpeechEngine(language="zh", engine="vosk", model="small", reason="preferred")])
    data = page_data(fold.snapshot(T0))
    assert data["queues"]["hotline"]["target_share"] == 0.95
    assert data["queues"]["hotline"]["of_offered"] == {"numerator": 0, "denominator": 0}, "no data is no value"
    assert data["engines"]["zh"]["engine"] == "vosk"


def test_agents_get_their_names_from_the_settings() -> None:
    view = board(AgentStateChanged(at=T0, agent="1001", state="available")).snapshot(T0)
    assert (view.agents["1001"].name, view.agents["1001"].since) == ("王敏", T0)


def test_words_and_tickets_do_not_touch_the_board() -> None:
    fold = board(offered(), queued(T0 + 1), answered(T0 + 7))
    assert fold.feed(final("路灯坏了"), T0 + 9) is False
    assert fold.feed(drafted("title"), T0 + 9) is False
    assert fold.feed(ended(T0 + 20), T0 + 20) is True


@pytest.mark.parametrize(
    ("number", "shown"), [("13900000000", "139****0000"), ("12345678", "123****5678"), ("1234567", "****"), ("", "")]
)
def test_callers_can_be_left_out(number: str, shown: str) -> None:
    call = CallOffered(at=T0, call_id="c1", caller_number=number, caller_name="市民")
    waiting = without_callers(board(call).snapshot(T0)).waiting["c1"]
    assert (waiting.caller_number, waiting.caller_name) == (shown, "")


def test_too_many_living_calls_are_counted_and_said() -> None:
    book = CallBook(limit=2)
    fold = WallboardFold(SETTINGS, book)
    for n in range(3):
        fold.feed(offered(T0 + n, f"c{n}"), T0 + n)
    view = fold.snapshot(T0 + 3)
    assert list(view.waiting) == ["c1", "c2"]
    assert (book.forgotten, view.health["views"]) == (1, "degraded")


# --- a desk ----------------------------------------------------------------------------------------------------


def test_the_pop_up_moves_from_one_desk_to_the_next() -> None:
    events = [offered(), queued(T0 + 1), ringing(T0 + 2), drafted("caller_number")]
    first, second = desk(*events), desk(*events, agent="1002")
    popped = first.snapshot(T0 + 3)
    assert popped.call is not None
    assert (popped.call.state, popped.call.caller_name, popped.call.ringing_since) == ("ringing", "市民", T0 + 2)
    assert second.snapshot(T0 + 3).call is None
    for event in (missed(T0 + 7), ringing(T0 + 8, "1002")):
        first.feed(event, event.at)
        second.feed(event, event.at)
    assert first.snapshot(T0 + 9).call is None
    moved = second.snapshot(T0 + 9)
    assert moved.call is not None
    assert (moved.call.ringing_since, moved.call.breach_at) == (T0 + 8, T0 + 15), "the caller's clock goes on"
    assert list(moved.ticket) == ["caller_number"], "the draft moves with the call"


def test_a_call_answered_elsewhere_leaves_this_desk() -> None:
    fold = desk(offered(), queued(T0 + 1), ringing(T0 + 2), ringing(T0 + 2, "1002"), answered(T0 + 5, "1002"))
    assert fold.snapshot(T0 + 6).call is None


def test_a_caller_who_gives_up_leaves_the_desk() -> None:
    gone = CallAbandoned(at=T0 + 4, call_id="c1", queue="hotline", clocks=clocks(T0 + 4, 4.0))
    assert desk(offered(), queued(T0 + 1), ringing(T0 + 2), gone).snapshot(T0 + 5).call is None


def test_conversation_words_ticket_survey_and_wrap_up() -> None:
    fold = desk(offered(), queued(T0 + 1), ringing(T0 + 2), answered(T0 + 7), drafted("title", "district"))
    fold.feed(partial("路"), T0 + 9)
    assert fold.snapshot(T0 + 9).transcript["u1"].final is False
    fold.feed(final("路灯坏了"), T0 + 10)
    assert fold.feed(partial("路灯"), T0 + 10) is False, "a late interim result"
    fold.feed(partial("还有", 2), T0 + 11)
    changed = TicketField(name="title", value="路灯", by="agent")
    fold.feed(TicketUpdated(at=T0 + 12, call_id="c1", ticket_id="t1", fields=(changed,), by="1001"), T0 + 12)
    fold.feed(ended(T0 + 60), T0 + 60)
    fold.feed(TranscriptCompleted(at=T0 + 61, call_id="c1", legs=(), share=0.98), T0 + 61)
    fold.feed(SurveyCompleted(at=T0 + 62, call_id="c1", agent="1001", queue="hotline", score=5), T0 + 62)
    view = fold.snapshot(T0 + 63)
    assert view.call is not None
    assert (view.call.state, view.call.ended_at, view.call.survey) == ("ended", T0 + 60, 5)
    assert (view.call.heard_share, view.call.within_target, view.call.caller_wait) == (0.98, True, 7.0)
    assert [(line.text, line.final) for line in view.transcript.values()] == [("路灯坏了", True)]
    assert {name: each.value for name, each in view.ticket.items()} == {"title": "路灯", "district": "x"}
    fold.feed(TicketSubmitted(at=T0 + 70, call_id="c1", ticket_id="t1", agent="1001", fields=()), T0 + 70)
    after = fold.snapshot(T0 + 71)
    assert (after.call, after.ticket, after.transcript) == (None, {}, {})


def test_a_ticket_sent_in_mid_call_stays_until_the_call_ends() -> None:
    fold = desk(offered(), queued(T0 + 1), ringing(T0 + 2), answered(T0 + 7), drafted("title"))
    fold.feed(TicketSubmitted(at=T0 + 30, call_id="c1", ticket_id="t1", agent="1001", fields=()), T0 + 30)
    view = fold.snapshot(T0 + 31)
    assert view.ticket_submitted is True
    assert view.call is not None
    fold.feed(ended(T0 + 60), T0 + 60)
    assert fold.snapshot(T0 + 61).call is None


def test_an_unfinished_sheet_comes_back_when_the_next_ring_is_missed() -> None:
    fold = desk(offered(), queued(T0 + 1), ringing(T0 + 2), answered(T0 + 7), drafted("title"), ended(T0 + 60))
    fold.feed(ringing(T0 + 62, call_id="c2"), T0 + 62)
    assert fold.call is not None
    assert fold.call.call_id == "c2"
    fold.feed(final("谢谢"), T0 + 63)
    fold.feed(
        AttemptMissed(at=T0 + 67, call_id="c2", queue="hotline", agent="1001", reason="no_answer", ring_seconds=5.0),
        T0 + 67,
    )
    view = fold.snapshot(T0 + 68)
    assert view.call is not None
    assert (view.call.call_id, list(view.ticket)) == ("c1", ["title"])
    assert view.transcript["u1"].text == "谢谢", "words that came while it was laid aside"
    fold.feed(ringing(T0 + 70, call_id="c3"), T0 + 70)
    fold.feed(answered(T0 + 71, call_id="c3"), T0 + 71)
    fold.feed(ended(T0 + 80, "c3"), T0 + 80)
    assert fold.call is not None
    assert fold.call.call_id == "c3", "an answered call takes the desk for good"


def test_a_second_ring_does_not_take_a_conversation_away() -> None:
    fold = desk(offered(), ringing(T0 + 2), answered(T0 + 7))
    assert fold.feed(ringing(T0 + 9, call_id="c2"), T0 + 9) is False
    assert fold.call is not None
    assert fold.call.call_id == "c1"


def test_a_desk_made_late_knows_the_call_from_the_shared_book() -> None:
    wall = WallboardFold(SETTINGS)
    for event in (offered(), queued(T0 + 1)):
        wall.feed(event, event.at)
    ring = ringing(T0 + 2, "1009")
    wall.feed(ring, ring.at)
    fold = DeskFold(SETTINGS, "1009", wall.calls)
    fold.feed(ring, ring.at)
    view = fold.snapshot(T0 + 3)
    assert view.call is not None
    assert (view.call.caller_number, view.call.clock_start) == ("13900000000", T0)


def test_a_conversation_whose_beginning_was_not_seen() -> None:
    view = desk(answered(T0 + 7)).snapshot(T0 + 8)
    assert view.call is not None
    assert (view.call.state, view.call.arrived, view.call.ringing_since) == ("talking", T0, T0 + 2)


def test_an_agent_nobody_spoke_of_is_offline_since_the_first_look() -> None:
    fold = desk()
    first, later = fold.snapshot(T0), fold.snapshot(T0 + 5)
    assert (first.agent.state, first.agent.name) == ("offline", "王敏")
    assert later.agent.since == T0


# --- merge patches ---------------------------------------------------------------------------------------------

LEAVES = st.one_of(st.booleans(), st.integers(), st.sampled_from(("", "x")), st.lists(st.integers(), max_size=2))
KEYS = st.sampled_from("abcd")
DOCUMENTS = st.dictionaries(
    KEYS,
    st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8),
    max_size=4,
)


def apply(target: Any, patch: Any) -> Any:
    """RFC 7396, section 2, as a page does it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = apply(result.get(name), value)
    return result


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS, DOCUMENTS)
def test_a_patch_turns_the_old_page_into_the_new_one(old: dict[str, Any], new: dict[str, Any]) -> None:
    patch = merge_patch(old, new)
    assert (patch is None) == (old == new)
    assert apply(old, patch if patch is not None else {}) == new


def test_a_patch_names_only_what_changed() -> None:
    fold = board(offered(), queued(T0 + 1))
    old = page_data(fold.snapshot(T0 + 2))
    fold.feed(ringing(T0 + 2), T0 + 2)
    new = page_data(fold.snapshot(T0 + 2))
    assert merge_patch(old, new) == {"waiting": {"c1": {"ringing": ["1001"]}}}
    fold.feed(answered(T0 + 7), T0 + 7)
    patch = merge_patch(new, page_data(fold.snapshot(T0 + 2)))
    assert patch is not None
    assert patch["waiting"] == {"c1": None}


def test_queues_go_by_their_titles() -> None:
    calls = CallBook()
    board, desk = WallboardFold(SETTINGS, calls), DeskFold(SETTINGS, "1001", calls)
    for event in (offered(), queued(T0 + 1), ringing(T0 + 2), raised(T0 + 15)):
        board.feed(event, event.at)
        desk.feed(event, event.at)
    shown = board.snapshot(T0 + 15)
    assert shown.waiting["c1"].queue_title == "政务服务热线"
    assert shown.alerts["answer_breached:c1"].queue_title == "政务服务热线"
    assert desk.call is not None
    assert desk.call.queue_title == "政务服务热线"


def test_before_it_queues_a_call_is_promised_what_every_queue_promises() -> None:
    lenient = QueuePolicy(name="slow", target_seconds=30.0, at_risk_seconds=20.0)
    board = WallboardFold(Settings(queue=(QueuePolicy(name="hotline"), lenient)))
    board.feed(offered(), T0)
    assert board.snapshot(T0).waiting["c1"].breach_at == T0 + 30
    board.feed(queued(T0 + 3), T0 + 3)
    assert board.snapshot(T0 + 3).waiting["c1"].breach_at == T0 + 15


def test_before_it_queues_nothing_is_promised_when_some_clock_starts_later() -> None:
    board = WallboardFold(SETTINGS)
    board.feed(offered(), T0)
    assert board.snapshot(T0).waiting["c1"].breach_at is None
