"""Each rule of alerts: what raises it, that it is raised once, and what ends it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from gateway.config import Alerts, Ami, Period, QueuePolicy, Settings
from gateway.events import AlertRaised, Event, TranscriptCompleted
from tests.unit.answer_sla import alerting
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

# Alerts that nobody acknowledges are another test's matter.
SETTINGS = Settings(alerts=Alerts(escalate_levels=0), queue=(QueuePolicy(name="hotline"), QueuePolicy(name="second")))


def house(settings: Settings = SETTINGS) -> House:
    return House(settings)


def staffed(settings: Settings = SETTINGS) -> House:
    """One agent is in every queue all the time."""
    return House(settings).hear(agent(0, "available", "hotline", "second", agent_id="1000"))


# --- calls -------------------------------------------------------------------------------------------------------


def test_late_replaces_at_risk_and_ends_with_the_answer() -> None:
    waiting = staffed().hear(offered(0), queued(1), at_risk(10), breached(15), answered(21))
    assert waiting.story() == [
        ("raised", "answer_at_risk", 10),
        ("ended", "answer_at_risk", 15),
        ("raised", "answer_breached", 15),
        ("ended", "answer_breached", 21),
    ]
    risk, _, breach, end = waiting.said
    assert isinstance(risk, AlertRaised)
    assert (risk.severity, risk.value, risk.limit, risk.queue, risk.call_id) == ("warning", 10, 15, "hotline", "c1")
    assert isinstance(breach, AlertRaised)
    assert (breach.severity, breach.value, breach.limit) == ("critical", 15, 15)
    assert end.alert_id == breach.alert_id


@pytest.mark.parametrize("end", [answered(12), overflowed(12), ended(12)])
def test_the_risk_is_over_with_the_wait(end: Event) -> None:
    assert staffed().hear(offered(0), at_risk(10), end).story()[-1] == ("ended", "answer_at_risk", 12)


def test_a_warning_is_raised_once_however_often_it_comes() -> None:
    story = staffed().hear(offered(0), at_risk(10), at_risk(10), breached(15), breached(15), at_risk(15)).story()
    assert [kind for what, kind, _ in story if what == "raised"] == ["answer_at_risk", "answer_breached"]


def test_a_wait_that_is_over_when_it_is_noticed_raises_nothing() -> None:
    assert staffed().hear(offered(0), answered(16)).hear_late(breached(15), 16).story() == []
    assert staffed().hear(breached(15)).story() == [], "of a call nobody knows"


def test_late_in_one_queue_is_late_in_the_next() -> None:
    story = staffed().hear(offered(0), queued(1), breached(15), overflowed(20), queued(22, queue="second"), ended(30))
    assert story.story() == [
        ("raised", "answer_breached", 15),
        ("ended", "answer_breached", 20),
        ("raised", "answer_breached", 22),
        ("ended", "answer_breached", 30),
    ]
    again = story.said[2]
    assert isinstance(again, AlertRaised)
    assert (again.queue, again.value) == ("second", 22), "it has waited since its arrival"


# --- the longest wait --------------------------------------------------------------------------------------------


def test_one_alert_a_queue_while_any_call_waits_too_long() -> None:
    story = staffed().hear(
        offered(0), queued(1), offered(5, "c2"), queued(6, "c2"), answered(62), ended(64, "c2"), answered(80, "c2")
    )
    assert story.story() == [("raised", "longest_wait", 60), ("ended", "longest_wait", 62)]
    story = staffed().hear(offered(0), queued(1), offered(0, "c2"), queued(6, "c2"), answered(70), answered(80, "c2"))
    assert story.story() == [("raised", "longest_wait", 60), ("ended", "longest_wait", 80)]
    (raised, _) = story.said
    assert isinstance(raised, AlertRaised)
    assert (raised.queue, raised.value, raised.limit, raised.severity) == ("hotline", 60, 60, "critical")


def test_an_answer_in_time_is_in_time_however_late_the_news() -> None:
    assert staffed().hear(offered(0), queued(1)).hear_late(answered(59.9), 75).story() == []


def test_a_call_out_of_sight_waits_too_long_only_if_it_still_waits_afterwards() -> None:
    lost = {"c1", "c2"}
    alerts = alerting.Alerts(SETTINGS, lambda call_id: call_id not in lost)
    said: list[Event] = []
    there = agent(0, "available", "hotline", "second", agent_id="1000")
    for event in (there, offered(0), queued(1), offered(5, "c2"), queued(6, "c2")):
        said += alerts.feed(event, event.at)
    said += alerts.tick(T0 + 90) + alerts.feed(answered(20), T0 + 90)
    assert said == []
    lost.clear()
    alerts.look_again()
    (raised,) = alerts.tick(T0 + 90)
    assert isinstance(raised, AlertRaised)
    assert (raised.kind, raised.at, raised.value) == ("longest_wait", T0 + 65, 60)


def test_the_wait_begins_where_the_queue_s_clock_does() -> None:
    by_queue = replace(SETTINGS, queue=(QueuePolicy(name="hotline", clock="queue_wait", longest_wait_seconds=30),))
    assert staffed(by_queue).hear(offered(0), queued(8)).wait(100).story() == [("raised", "longest_wait", 38)]


def test_a_place_in_the_queue_is_no_new_wait_but_another_queue_is_another_matter() -> None:
    moved = staffed().hear(offered(0), queued(1), queued(30), queued(50, queue="second"), ended(55))
    assert moved.wait(200).story() == []
    stayed = staffed().hear(offered(0), queued(1), queued(30)).wait(200)
    assert stayed.story() == [("raised", "longest_wait", 60)]


def test_thousands_wait_and_leave() -> None:
    crowd = staffed()
    for number in range(5000):
        crowd.hear(offered(number * 0.01, f"c{number}"), queued(number * 0.01, f"c{number}"))
    for number in range(5000):
        crowd.hear(ended(55 + number * 0.001, f"c{number}"))
    assert crowd.story() == []
    assert crowd.alerts.next_deadline() is None


# --- rates -------------------------------------------------------------------------------------------------------


def test_the_service_level_falls_and_must_rise_above_its_target_to_end() -> None:
    story = house().hear(
        level(0, 1, 2),  # too few calls
        level(1, 19, 20),  # at the target
        level(2, 18, 20),
        level(3, 17, 20),
        level(4, 95, 100),  # at the target, not yet above it
        level(5, 96, 100),
    )
    assert story.story() == [("raised", "service_level", 2), ("ended", "service_level", 5)]
    raised = story.said[0]
    assert isinstance(raised, AlertRaised)
    assert (raised.queue, raised.value, raised.limit, raised.severity) == ("hotline", 0.9, 0.95, "warning")


def test_each_queue_has_its_own_service_level_and_a_new_day_ends_it() -> None:
    story = house().hear(level(0, 10, 20), level(1, 10, 20, "second"), level(2, 0, 0), level(3, 1, 2, "second"))
    assert story.story() == [
        ("raised", "service_level", 0),
        ("raised", "service_level", 1),
        ("ended", "service_level", 2),
    ]
    assert [alert.queue for alert in story.open().values()] == ["second"], "few calls end nothing"


def test_a_target_of_all_can_be_reached_again() -> None:
    strict = replace(SETTINGS, queue=(QueuePolicy(name="hotline", target_share=1.0),))
    assert len(house(strict).hear(level(0, 19, 20), level(1, 20, 20)).story()) == 2


def test_the_connect_rate_falls_and_rises() -> None:
    story = house().hear(
        connect_rate(0, 18, 19), connect_rate(1, 18, 20), connect_rate(2, 19, 20), connect_rate(3, 96, 100)
    )
    assert story.story() == [("raised", "connect_rate", 1), ("ended", "connect_rate", 3)]
    raised = story.said[0]
    assert isinstance(raised, AlertRaised)
    assert (raised.value, raised.limit, raised.severity) == (0.9, 0.95, "critical")


# --- queues without agents ---------------------------------------------------------------------------------------


def test_a_queue_whose_last_agent_leaves_is_unstaffed_after_a_while() -> None:
    one = replace(SETTINGS, queue=(QueuePolicy(name="hotline"),))
    story = house(one).hear(
        agent(0, "available", "hotline"),
        agent(1, "talking", "hotline", agent_id="1002"),
        agent(2, "paused", "hotline"),
        agent(20, "offline", agent_id="1002"),
        agent(25, "available", "hotline"),  # back in time
        agent(30, "paused", "hotline"),
        agent(50, "wrap_up", "hotline", agent_id="1002"),
    )
    assert story.story() == [("raised", "queue_unstaffed", 40), ("ended", "queue_unstaffed", 50)]
    raised = story.said[0]
    assert isinstance(raised, AlertRaised)
    assert (raised.queue, raised.value, raised.limit) == ("hotline", 10, 10)


def test_a_queue_that_never_had_an_agent_counts_once_it_matters() -> None:
    assert house().wait(1000).story() == [], "nothing is known yet"
    assert house().hear(queued(5)).wait(20).story() == [("raised", "queue_unstaffed", 15)]
    in_step = house().hear(health(0, "ami:north", "ok"), agent(0, "available", "second")).wait(20)
    assert [alert.queue for alert in in_step.open().values()] == ["hotline"]


def test_an_agent_who_moves_to_another_queue_leaves_the_first() -> None:
    story = house().hear(agent(0, "available", "hotline"), agent(5, "available", "second")).wait(60)
    assert story.story() == [("raised", "queue_unstaffed", 15)]
    assert [alert.queue for alert in story.open().values()] == ["hotline"]


def test_members_told_at_the_same_instant_staff_the_queue_at_once() -> None:
    at_once = replace(SETTINGS, alerts=Alerts(unstaffed_seconds=0, escalate_levels=0))
    story = house(at_once).hear(health(0, "ami", "ok"))
    story.hear_late(agent(0, "available", "hotline", "second"), 0)
    assert story.wait(10).story() == []


# --- the house's own health --------------------------------------------------------------------------------------


@pytest.mark.parametrize("component", ["ami", "ami:north"])
def test_the_pbx_is_lost_once_until_it_is_back(component: str) -> None:
    story = staffed().hear(*(health(at, component, "lost") for at in (1, 2, 3)), health(9, component, "ok"))
    assert story.story() == [("raised", "ami_lost", 1), ("ended", "ami_lost", 9)]
    assert (story.said[0].component, story.said[1].component) == (component, component)


def test_a_lag_has_its_seconds_and_its_pbx_s_limit() -> None:
    two = replace(SETTINGS, ami=Ami(name="north"), pbx=(Ami(name="south", lag_limit=0.5),))
    story = house(two).hear(health(0, "ami.lag:south", "degraded", 0.8), health(5, "ami.lag:south", "ok", 0.1))
    assert story.story() == [("raised", "ami_lag", 0), ("ended", "ami_lag", 5)]
    raised = story.said[0]
    assert isinstance(raised, AlertRaised)
    assert (raised.value, raised.limit, raised.severity) == (0.8, 0.5, "warning")


def test_a_neighbour_that_is_lost_is_worse_than_a_degraded_one_but_not_the_other_way() -> None:
    story = house().hear(
        health(0, "redis", "degraded"),
        health(1, "redis", "lost"),
        health(2, "redis", "degraded"),
        health(3, "redis", "lost"),
        health(4, "redis", "ok"),
        health(5, "redis", "ok"),
    )
    assert story.story() == [
        ("raised", "neighbour", 0),
        ("ended", "neighbour", 1),
        ("raised", "neighbour", 1),
        ("ended", "neighbour", 4),
    ]


def test_a_pbx_that_is_degraded_first_is_lost_then() -> None:
    story = staffed().hear(health(0, "ami", "degraded"), health(1, "ami", "lost"), health(2, "ami", "ok"))
    assert [what for what in story.story() if what[0] == "raised"] == [
        ("raised", "neighbour", 0),
        ("raised", "ami_lost", 1),
    ]
    assert story.open() == {}


def test_a_call_s_limits_are_those_of_its_hour() -> None:
    night = Period(start="00:00", end="23:59", target_seconds=40.0, at_risk_seconds=30.0, clock="queue_wait")
    policy = QueuePolicy(name="hotline", longest_wait_seconds=20.0, period=(night,))
    story = staffed(replace(SETTINGS, queue=(policy,))).hear(offered(0), queued(7)).wait(100)
    assert story.story() == [("raised", "longest_wait", 27)], "from joining the queue, as the period has it"
    assert story.said[0].at == T0 + 27


# --- transcripts -------------------------------------------------------------------------------------------------


def transcribed(at: float, share: float | None, call_id: str = "c1") -> TranscriptCompleted:
    return TranscriptCompleted(at=T0 + at, call_id=call_id, legs=(), share=share)


def test_a_call_that_was_not_heard_whole_alarms_until_another_one_was() -> None:
    told = staffed().hear(transcribed(10, 0.9), transcribed(20, 0.5, "c2"), transcribed(30, None, "c3"))
    assert told.story() == [("raised", "transcript_incomplete", 10)]
    (raised,) = told.said
    assert isinstance(raised, AlertRaised)
    assert (raised.call_id, raised.value, raised.limit, raised.severity) == ("c1", 0.9, 0.98, "warning")
    assert told.hear(transcribed(40, 0.98, "c4")).story()[1:] == [("ended", "transcript_incomplete", 40)]
