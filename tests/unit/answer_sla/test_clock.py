"""The answer clock fires at the second, once, and never early."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.answer_sla.clock import AnswerClock
from gateway.answer_sla.policy import Deadlines, deadlines, wait, within_target
from gateway.config import Period, QueuePolicy, Settings
from gateway.events import (
    AgentStateChanged,
    AnswerAtRisk,
    AnswerBreached,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallRinging,
    Clocks,
    Event,
    GatewayHealth,
)

T0 = 1_764_000_000.0
STRICT = QueuePolicy(name="hotline")
BY_QUEUE = QueuePolicy(name="hotline", clock="queue_wait")
BY_RING = QueuePolicy(name="hotline", clock="ring_time")


def clock(*policies: QueuePolicy) -> AnswerClock:
    return AnswerClock(Settings(queue=policies))


def offered(at: float = 0, call_id: str = "1") -> CallOffered:
    return CallOffered(at=T0 + at, call_id=call_id, caller_number="")


def queued(at: float, call_id: str = "1", queue: str = "hotline") -> CallQueued:
    return CallQueued(at=T0 + at, call_id=call_id, queue=queue)


def answered(at: float, call_id: str = "1") -> CallAnswered:
    clocks = Clocks(arrived=T0, bridged=T0 + at, caller_wait=at)
    return CallAnswered(at=T0 + at, call_id=call_id, queue="hotline", agent="1001", clocks=clocks)


def run(subject: AnswerClock, *events: Event, until: float = 100) -> list[tuple[str, float]]:
    """Feed each event at its instant, wake at every deadline; what fired, with seconds since T0."""
    fired: list[Event] = []
    now = T0
    for event in [*events, None]:
        end = T0 + until if event is None else event.at
        while (due := subject.next_deadline()) is not None and due < end:
            now = max(now, due)
            fired += subject.tick(now)
        if event is not None:
            fired += subject.feed(event, end)
    return [(type(event).__name__, round(event.at - T0, 6)) for event in fired]


def test_a_waiting_call_is_at_risk_and_then_late_without_any_event() -> None:
    assert run(clock(STRICT), offered(), queued(3)) == [("AnswerAtRisk", 10), ("AnswerBreached", 15)]


def test_the_event_says_which_clock_and_how_long() -> None:
    subject = clock(STRICT)
    subject.feed(offered(), T0)
    subject.feed(queued(1), T0 + 1)
    risk, breach = subject.tick(T0 + 20)
    assert risk == AnswerAtRisk(at=T0 + 10, call_id="1", queue="hotline", clock="caller_wait", waited=10.0, target=15.0)
    assert breach == AnswerBreached(
        at=T0 + 15, call_id="1", queue="hotline", clock="caller_wait", waited=15.0, target=15.0
    )
    assert subject.next_deadline() is None


def test_each_clock_starts_at_its_own_instant() -> None:
    ringing = CallRinging(at=T0 + 7, call_id="1", queue="hotline", agent="1001")
    second = CallRinging(at=T0 + 12, call_id="1", queue="hotline", agent="1002")
    story = (offered(), queued(3), ringing, second)
    assert run(clock(STRICT), *story) == [("AnswerAtRisk", 10), ("AnswerBreached", 15)]
    assert run(clock(BY_QUEUE), *story) == [("AnswerAtRisk", 13), ("AnswerBreached", 18)]
    assert run(clock(BY_RING), *story) == [("AnswerAtRisk", 17), ("AnswerBreached", 22)]
    assert run(clock(BY_RING), offered(), queued(3)) == []


def test_an_answer_in_time_whose_news_is_late_is_in_time() -> None:
    subject = clock(STRICT)
    subject.feed(offered(), T0)
    subject.feed(queued(1), T0 + 1)
    assert [type(event) for event in subject.feed(answered(14.9), T0 + 60)] == [AnswerAtRisk]


def test_a_late_answer_known_only_now_was_late() -> None:
    subject = clock(STRICT)
    subject.feed(offered(), T0)
    assert [type(event) for event in subject.feed(answered(15.1), T0 + 60)] == [AnswerAtRisk, AnswerBreached]


def test_nobody_waits_after_the_end() -> None:
    gone = Clocks(arrived=T0)
    for end in (
        answered(5),
        CallAbandoned(at=T0 + 5, call_id="1", queue="hotline", clocks=gone),
        CallEnded(at=T0 + 5, call_id="1", hung_up_by="caller", clocks=gone),
    ):
        subject = clock(STRICT)
        assert run(subject, offered(), queued(1), end) == []
        assert subject.next_deadline() is None
        assert subject.deadlines("1") is None


def test_before_a_queue_the_most_lenient_promise_counts() -> None:
    slow = QueuePolicy(name="slow", target_seconds=30, at_risk_seconds=20)
    assert run(clock(STRICT, slow), offered()) == [("AnswerAtRisk", 20), ("AnswerBreached", 30)]
    assert run(clock(STRICT, slow), offered(), queued(25)) == [
        ("AnswerAtRisk", 20),
        ("AnswerBreached", 15),
    ]
    assert run(clock(STRICT, QueuePolicy(name="other", clock="queue_wait")), offered()) == []


def test_an_overflowed_caller_still_waits() -> None:
    left = CallOverflowed(at=T0 + 12, call_id="1", queue="hotline", reason="gave_up", clocks=Clocks(arrived=T0))
    assert run(clock(STRICT), offered(), queued(1), left) == [("AnswerAtRisk", 10), ("AnswerBreached", 15)]
    assert run(clock(BY_QUEUE), offered(), queued(1), left) == [("AnswerAtRisk", 11)]


def test_where_the_wait_ends_at_pick_up_the_announcement_breaks_no_promise() -> None:
    ringing = CallRinging(at=T0 + 7, call_id="1", queue="hotline", agent="1001")
    picked_up = AgentStateChanged(at=T0 + 13, agent="1001", state="talking", call_id="1")
    lost = AttemptMissed(at=T0 + 21, call_id="1", queue="hotline", agent="1001", reason="rejected")
    story = (offered(), queued(3), ringing, picked_up)
    assert run(clock(STRICT), *story, answered(20)) == [("AnswerAtRisk", 10), ("AnswerBreached", 15)]
    assert run(clock(BY_QUEUE), *story, answered(20)) == []
    assert run(clock(BY_RING), *story, answered(30)) == []
    assert run(clock(BY_QUEUE), *story, lost, answered(30)) == [("AnswerAtRisk", 13), ("AnswerBreached", 18)]
    assert run(clock(BY_RING), *story, lost, answered(30)) == [("AnswerAtRisk", 17), ("AnswerBreached", 22)]


def test_a_call_keeps_the_promise_of_the_hour_it_arrived() -> None:
    """T0 is midnight in Shanghai."""
    night = Period(start="23:00", end="00:00", target_seconds=40.0, at_risk_seconds=30.0)
    subject = clock(QueuePolicy(name="hotline", period=(night,)))
    before = CallOffered(at=T0 - 1, call_id="1", caller_number="")
    assert run(subject, before, queued(5)) == [("AnswerAtRisk", 29), ("AnswerBreached", 39)]
    assert run(subject, offered(0, "2"), queued(5, "2")) == [("AnswerAtRisk", 10), ("AnswerBreached", 15)]


def test_after_a_restart_nothing_is_said_twice() -> None:
    first = clock(STRICT)
    story: list[Event] = [offered(), queued(1)]
    for event in story:
        first.feed(event, event.at)
    story += first.tick(T0 + 12)
    second = clock(STRICT)
    for event in story:
        second.restore(event)
    assert [type(event) for event in second.tick(T0 + 20)] == [AnswerBreached]
    third = clock(STRICT)
    for event in [*story, answered(13)]:
        third.restore(event)
    assert third.next_deadline() is None


def test_a_call_out_of_sight_is_judged_when_it_is_known_how_long_it_waited() -> None:
    def away(*news: Event, now: float = 30) -> list[tuple[str, float]]:
        """A call waits in its queue when it gets out of sight; all news comes at ``now``, then it is in sight again."""
        lost: set[str] = set()
        subject = AnswerClock(Settings(queue=(STRICT,)), lambda call_id: call_id not in lost)
        fired = subject.feed(offered(), T0) + subject.feed(queued(1), T0 + 1)
        lost.add("1")
        other = GatewayHealth(at=T0 + now, component="redis", status="ok")
        fired += subject.tick(T0 + 20) + subject.feed(other, T0 + now)
        for event in news:
            fired += subject.feed(event, T0 + now)
        assert subject.next_deadline() is None
        lost.clear()
        subject.look_again()
        fired += subject.tick(T0 + now)
        return [(type(event).__name__, round(event.at - T0, 6)) for event in fired]

    ringing = CallRinging(at=T0 + 12, call_id="1", queue="hotline", agent="1001")
    unknown = CallAnswered(at=T0 + 30, call_id="1", queue="hotline", agent="1001", clocks=Clocks(arrived=T0))
    risk, breach = ("AnswerAtRisk", 10), ("AnswerBreached", 15)
    assert away() == [risk, breach]
    assert away(answered(8)) == []
    assert away(answered(12)) == [risk]
    assert away(answered(20)) == [risk, breach]
    assert away(unknown) == []
    assert away(ringing) == [risk, breach]
    assert away(ringing, answered(14)) == [risk]
    assert away(now=12) == [risk]


def test_pages_get_the_same_deadlines() -> None:
    subject = clock(STRICT)
    subject.feed(offered(), T0)
    subject.feed(queued(3), T0 + 3)
    assert subject.deadlines("1") == Deadlines(T0, T0 + 10, T0 + 15)
    assert deadlines(BY_QUEUE, arrived=T0, queued=T0 + 3) == Deadlines(T0 + 3, T0 + 13, T0 + 18)
    assert deadlines(BY_RING, arrived=T0, queued=T0 + 3) is None


def test_the_verdict_uses_the_queues_clock() -> None:
    clocks = Clocks(
        arrived=T0,
        queued=T0 + 5,
        first_ring=T0 + 6,
        picked_up=T0 + 22,
        bridged=T0 + 25,
        caller_wait=25.0,
        queue_wait=17.0,
        ring_time=2.0,
    )
    assert [wait(clocks, policy) for policy in (STRICT, BY_QUEUE, BY_RING)] == [25.0, 17.0, 16.0]
    assert within_target(clocks, STRICT) is False
    assert within_target(Clocks(arrived=T0, caller_wait=15.0), STRICT) is True
    assert within_target(Clocks(arrived=T0), STRICT) is None
    assert within_target(Clocks(arrived=T0), BY_RING) is None


def test_thousands_may_wait() -> None:
    subject = clock(STRICT)
    for number in range(5000):
        subject.feed(offered(number / 1000, str(number)), T0 + number / 1000)
    for number in range(0, 5000, 2):
        subject.feed(answered(6, str(number)), T0 + 6)
    fired = subject.tick(T0 + 60)
    assert len(fired) == 2 * 2500
    assert [event.at for event in fired] == sorted(event.at for event in fired)


@example(answers=[(0.0, 0.0, 15.0), (0.0, 0.0, 15.0)], naps=[], policy=STRICT)
@settings(max_examples=200, deadline=None)
@given(
    answers=st.lists(st.tuples(st.floats(0, 30), st.floats(0, 5), st.floats(0, 40)), max_size=8),
    naps=st.lists(st.floats(0, 90), max_size=20),
    policy=st.sampled_from([STRICT, BY_QUEUE]),
)
def test_late_is_fired_exactly_once_and_never_early(
    answers: list[tuple[float, float, float]], naps: list[float], policy: QueuePolicy
) -> None:
    """Whenever the clock is looked at: a call is late exactly when its wait is longer than the target."""
    events: list[Event] = []
    late: set[str] = set()
    for number, (start, menu, waiting) in enumerate(answers):
        call_id, end = str(number), T0 + start + menu + waiting
        events += [offered(start, call_id), queued(start + menu, call_id)]
        events.append(answered(end - T0, call_id))
        begin = T0 + start if policy.clock == "caller_wait" else T0 + (start + menu)
        if T0 + (end - T0) > begin + policy.target_seconds:
            late.add(call_id)
    subject = clock(policy)
    fired: list[Event] = []
    steps = [(event.at, event) for event in events] + [(T0 + nap, None) for nap in naps]
    for now, event in sorted(steps, key=lambda step: (step[0], step[1] is None)):
        news = subject.tick(now) if event is None else subject.feed(event, now)
        assert all(one.at <= now for one in news)
        fired += news
    breached = [event.call_id for event in fired if isinstance(event, AnswerBreached)]
    assert sorted(breached) == sorted(late)
    at_risk = [event.call_id for event in fired if isinstance(event, AnswerAtRisk)]
    assert len(at_risk) == len(set(at_risk))
    assert set(breached) <= set(at_risk)
