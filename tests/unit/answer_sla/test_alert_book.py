"""The life of an alert: acknowledged, escalated, ended; and after a restart as if there had been none."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.answer_sla.alert_book import AlertBook
from gateway.answer_sla.timers import Timers
from gateway.config import Alerts, Ami, QueuePolicy, Settings, Speech, Webhook
from gateway.errors import InputError
from gateway.events import (
    AlertAcknowledged,
    AlertEnded,
    AlertEscalated,
    AlertRaised,
    Event,
    GatewayHealth,
)
from tests.unit.answer_sla.alerting import (
    T0,
    House,
    agent,
    answered,
    at_risk,
    breached,
    connect_rate,
    ended,
    health,
    level,
    offered,
    overflowed,
    queued,
)

SETTINGS = Settings(
    alerts=Alerts(escalate_seconds=120, escalate_levels=2, fewest_calls=1),
    queue=(QueuePolicy(name="hotline"), QueuePolicy(name="second")),
)


def lost(at: float = 0) -> House:
    return House(SETTINGS).hear(health(at, "redis", "degraded"))


# --- acknowledged, escalated, ended ------------------------------------------------------------------------------


def test_nobody_acknowledges_so_it_is_escalated_as_often_as_set() -> None:
    story = lost().wait(10_000).hear(health(10_000, "redis", "ok"))
    assert story.story() == [
        ("raised", "neighbour", 0),
        ("escalated", "neighbour", 120),
        ("escalated", "neighbour", 240),
        ("ended", "neighbour", 10_000),
    ]
    assert [(e.level, e.severity) for e in story.said if isinstance(e, AlertEscalated)] == [
        (1, "critical"),
        (2, "critical"),
    ]
    assert len({event.alert_id for event in story.said}) == 1
    end = story.said[-1]
    assert isinstance(end, AlertEnded)
    assert end.seconds == 10_000
    assert story.alerts.next_deadline() is None


def test_acknowledged_by_a_name_it_is_escalated_no_more() -> None:
    story = lost().wait(130)
    (alert_id,) = story.open()
    story.acknowledge(alert_id, "li", 200)
    assert story.wait(10_000).story()[1:] == [("escalated", "neighbour", 120), ("acknowledged", "neighbour", 200)]
    seen = story.said[-1]
    assert isinstance(seen, AlertAcknowledged)
    assert (seen.by, seen.component) == ("li", "redis")


def test_it_is_acknowledged_once_and_only_while_it_is_open() -> None:
    story = lost()
    (alert_id,) = story.open()
    with pytest.raises(InputError, match="no such alert"):
        story.alerts.acknowledge("neighbour:redis:0", "li", T0)
    story.acknowledge(alert_id, "li", 5)
    with pytest.raises(InputError, match="li has acknowledged"):
        story.alerts.acknowledge(alert_id, "wang", T0 + 6)
    story.hear(health(7, "redis", "ok"))
    with pytest.raises(InputError, match="it is over"):
        story.alerts.acknowledge(alert_id, "wang", T0 + 8)


def test_without_levels_nothing_is_escalated() -> None:
    quiet = House(Settings(alerts=Alerts(escalate_levels=0))).hear(health(0, "redis", "lost"))
    assert quiet.alerts.next_deadline() is None


def test_the_same_thing_twice_is_two_alerts() -> None:
    story = House(SETTINGS)
    for _ in range(3):
        story.hear_late(health(0, "redis", "lost"), 0)
        story.hear_late(health(0, "redis", "ok"), 0)
    raised = [event.alert_id for event in story.said if isinstance(event, AlertRaised)]
    assert len(set(raised)) == 3
    assert raised[0] == f"neighbour:redis:{round(T0 * 1e6)}"


def test_after_a_restart_nobody_waits_for_a_part_that_is_set_up_no_longer() -> None:
    here = Settings(
        alerts=Alerts(escalate_levels=0),
        webhook=(Webhook(name="here", url="http://x"),),
        ami=Ami(name="north"),
        speech=Speech(enabled=False),
    )
    components = ("webhook:here", "webhook:gone", "ami:north", "ami:gone", "speech", "redis")
    before = House(here).hear(*(health(0, component, "lost") for component in components))
    after = House(here, before.journal).wait(5)
    assert {event.component for event in after.said} == {"webhook:gone", "ami:gone", "speech"}
    assert all(isinstance(event, AlertEnded) for event in after.said)


def test_more_alerts_than_fit_are_counted_and_said() -> None:
    book = AlertBook(Alerts(), max_open=4)

    def begin(number: int) -> list[Event]:
        alert = AlertRaised(at=T0, alert_id="", kind="answer_breached", call_id=f"c{number}", severity="critical")
        return book.begin(f"c{number}", alert)

    events = [event for number in range(7) for event in begin(number)]
    assert [type(event) for event in events] == [AlertRaised] * 4 + [GatewayHealth]
    assert isinstance(events[-1], GatewayHealth)
    assert (events[-1].component, events[-1].status, book.left_out) == ("alerts", "degraded", 3)
    ends = [event for number in range(7) for event in book.end("answer_breached", f"c{number}", T0 + 1)]
    assert [type(event) for event in ends] == [AlertEnded, AlertEnded, GatewayHealth, AlertEnded, AlertEnded]


def test_timers_forget_what_was_moved_and_stay_small() -> None:
    timers = Timers()
    for step in range(1000):
        timers.set("a", float(step))
    timers.set("b", 5.0)
    assert len(timers._heap) < 200
    timers.clear("b")
    assert timers.next() == 999.0
    assert timers.pop(999.0, inclusive=False) is None
    assert timers.pop(999.0, inclusive=True) == (999.0, "a")
    assert (timers.next(), len(timers)) == (None, 0)


# --- anything may happen -----------------------------------------------------------------------------------------

CALLS = ("c1", "c2", "c3")
QUEUES = ("hotline", "second")
COMPONENTS = ("ami", "ami.lag", "redis")
STATES = ("available", "talking", "paused", "offline")
STATUSES = ("ok", "degraded", "lost")

call_events = st.builds(
    lambda make, call, queue: (make, (call, queue) if make in (queued, at_risk, breached) else (call,)),
    st.sampled_from((offered, queued, at_risk, breached, answered, overflowed, ended)),
    st.sampled_from(CALLS),
    st.sampled_from(QUEUES),
)
house_events = st.one_of(
    st.builds(lambda c, s: (health, (c, s)), st.sampled_from(COMPONENTS), st.sampled_from(STATUSES)),
    st.builds(
        lambda state, queues, who: (lambda at: agent(at, state, *queues, agent_id=who), ()),
        st.sampled_from(STATES),
        st.sets(st.sampled_from(QUEUES)).map(sorted),
        st.sampled_from(("1001", "1002")),
    ),
    st.builds(lambda n, queue: (level, (n, 100, queue)), st.integers(90, 100), st.sampled_from(QUEUES)),
    st.builds(lambda n: (connect_rate, (n, 100)), st.integers(90, 100)),
)
acknowledgements = st.just((None, ()))
steps = st.lists(
    st.tuples(
        st.sampled_from((0.0, 0.0, 0.5, 7.0, 31.0, 130.0)),
        st.sampled_from((0.0, 0.0, 0.0, 0.3, 8.0)),
        st.one_of(call_events, house_events, acknowledgements),
    ),
    max_size=30,
)
anything = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def play(house: House, story: list[Any], now: float = 0.0) -> float:
    """Each step after its pause; its news may come late. None: somebody acknowledges the oldest open alert."""
    for pause, lag, (make, arguments) in story:
        now += pause
        house.wait(now)
        if make is not None:
            house.hear_late(make(now - lag, *arguments), now)
            continue
        seen = {event.alert_id for event in house.journal if isinstance(event, AlertAcknowledged)}
        for alert_id in [each for each in house.open() if each not in seen][:1]:
            house.acknowledge(alert_id, "li", now)
    return now


def recover(house: House, now: float) -> None:
    """Every call is over, every queue served, every figure and part well."""
    house.hear(*(ended(now, call) for call in CALLS), agent(now, "available", *QUEUES))
    house.hear(*(health(now, component, "ok") for component in COMPONENTS))
    house.hear(*(level(now, 100, 100, queue) for queue in QUEUES), connect_rate(now, 100, 100))
    house.wait(now + 10_000)


@anything
@given(steps)
def test_every_alert_is_raised_once_under_its_own_name_and_ended_once_when_all_is_well(story: list[Any]) -> None:
    house = House(SETTINGS)
    recover(house, play(house, story) + 1)
    raised = [event.alert_id for event in house.said if isinstance(event, AlertRaised)]
    ends = [event.alert_id for event in house.said if isinstance(event, AlertEnded)]
    assert len(set(raised)) == len(raised)
    assert sorted(ends) == sorted(raised)
    told: dict[str, list[str]] = {}
    for event in house.said:
        told.setdefault(event.alert_id, []).append(type(event).__name__)
    for names in told.values():
        assert names[0] == "AlertRaised"
        assert names[-1] == "AlertEnded"
        assert names.count("AlertAcknowledged") <= 1
        assert names.count("AlertEscalated") <= SETTINGS.alerts.escalate_levels
        if "AlertAcknowledged" in names:
            assert "AlertEscalated" not in names[names.index("AlertAcknowledged") :]


@anything
@given(steps, steps)
def test_a_restart_says_nothing_twice_and_forgets_nothing(before: list[Any], after: list[Any]) -> None:
    through = House(SETTINGS)
    now = play(through, before)
    restarted = House(SETTINGS, through.journal)
    assert restarted.alerts.tick(T0 + now) == through.alerts.tick(T0 + now)
    said = len(through.said)
    for house in (through, restarted):
        recover(house, play(house, after, now) + 1)
    assert restarted.said == through.said[said:]


@anything
@given(steps, st.integers(0, 60))
def test_what_a_crash_kept_from_the_journal_is_said_after_it(story: list[Any], cut: int) -> None:
    house = House(SETTINGS)
    now = play(house, story)
    cut_off = House(SETTINGS, house.journal[: len(house.journal) - cut])
    recover(cut_off, now + 1)
    raised = [event.alert_id for event in cut_off.journal if isinstance(event, AlertRaised)]
    ends = [event.alert_id for event in cut_off.journal if isinstance(event, AlertEnded)]
    assert len(set(raised)) == len(raised)
    assert sorted(ends) == sorted(raised)
