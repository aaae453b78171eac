"""The lag of events: alarm at once, relief by a ping, and whose clock is to blame."""

from __future__ import annotations

from gateway.ami.lag import REPEAT, LagMeter
from gateway.events import GatewayHealth

T0 = 1764000000.0


def meter() -> LagMeter:
    return LagMeter("ami.lag:pbx-1", 1.0)


def degraded(health: GatewayHealth | None) -> GatewayHealth:
    assert health is not None
    assert (health.component, health.status) == ("ami.lag:pbx-1", "degraded")
    return health


def test_a_small_lag_is_shown_and_not_reported() -> None:
    lag = meter()
    assert lag.latest is None
    assert lag.event(0.9, T0) is None
    assert lag.latest == 0.9
    assert lag.ping(0.001, 0.0005, T0 + 1) is None


def test_a_late_event_is_reported_at_once_and_then_every_ten_seconds() -> None:
    lag = meter()
    health = degraded(lag.event(1.5, T0))
    assert (health.value, health.at) == (1.5, T0)
    assert "1.5 s" in health.detail
    assert lag.event(2.5, T0 + REPEAT - 0.1) is None
    assert degraded(lag.event(3.5, T0 + REPEAT)).value == 3.5


def test_a_prompt_event_does_not_end_it_but_a_ping_without_late_events_does() -> None:
    lag = meter()
    degraded(lag.event(1.5, T0))
    assert lag.event(0.01, T0 + 0.1) is None
    assert lag.ping(0.001, 0.0, T0 + 1) is None, "an event was late since the last ping"
    lag.event(0.01, T0 + 2)
    health = lag.ping(0.001, 0.0, T0 + 4)
    assert health is not None
    assert (health.status, health.value) == ("ok", 0.01)


def test_it_is_ok_again_only_below_half_of_the_limit() -> None:
    lag = meter()
    degraded(lag.event(1.5, T0))
    lag.ping(0.001, 0.0, T0 + 1)
    lag.event(0.6, T0 + 2)
    assert lag.ping(0.001, 0.0, T0 + 4) is None
    lag.event(0.4, T0 + 5)
    health = lag.ping(0.001, 0.0, T0 + 7)
    assert health is not None
    assert health.status == "ok"


def test_a_ping_without_an_answer_is_a_lag() -> None:
    lag = meter()
    assert lag.unanswered(0.9, T0) is None
    assert degraded(lag.unanswered(1.1, T0)).value == 1.1
    assert lag.ping(2.0, 0.0, T0 + 1) is None, "told already"
    assert lag.latest == 2.0
    health = lag.ping(0.001, 0.0005, T0 + 4)
    assert health is not None
    assert health.status == "ok"


def test_in_quiet_times_the_answers_instant_counts() -> None:
    lag = meter()
    assert "clock is 5.0 s behind" in degraded(lag.ping(0.001, 5.0, T0)).detail


def test_a_clock_that_is_ahead_is_named() -> None:
    health = degraded(meter().event(-3.25, T0))
    assert health.detail == "the PBX's clock is 3.2 s ahead of this machine's: set both by NTP"
    assert health.value == -3.25


def test_a_clock_that_is_behind_is_told_from_late_events_by_the_ping() -> None:
    lag = meter()
    lag.ping(0.001, 3.0, T0)
    assert "clock is 3.1 s behind" in degraded(lag.event(3.1, T0 + REPEAT)).detail
    late = meter()
    late.ping(0.001, 0.0, T0)
    assert "overloaded" in degraded(late.event(3.1, T0)).detail


def test_an_answer_without_an_instant_still_has_a_round_trip() -> None:
    assert degraded(meter().ping(1.5, None, T0)).value == 1.5
