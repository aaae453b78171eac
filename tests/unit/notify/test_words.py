"""Alerts in words for a phone, and which of them a webhook is told of."""

from __future__ import annotations

import pytest

from gateway.config import QueuePolicy, Settings, Webhook
from gateway.events import (
    AlertAcknowledged,
    AlertEnded,
    AlertEscalated,
    AlertEvent,
    AlertKind,
    AlertRaised,
    AlertSeverity,
)
from gateway.notify.selection import Selection
from gateway.notify.words import line

T0 = 1_764_000_000.0  # 2025-11-25 00:00:00 in Shanghai
SETTINGS = Settings(queue=(QueuePolicy(name="hotline", title="政务服务热线"),))


def raised(
    kind: AlertKind,
    severity: AlertSeverity = "warning",
    *,
    queue: str = "",
    component: str = "",
    value: float | None = None,
    limit: float | None = None,
) -> AlertRaised:
    return AlertRaised(
        at=T0,
        alert_id=f"{kind}:1",
        kind=kind,
        queue=queue,
        component=component,
        severity=severity,
        value=value,
        limit=limit,
        detail="a part's own words, in English",
    )


@pytest.mark.parametrize(
    ("alert", "words"),
    [
        (
            raised("answer_at_risk", queue="hotline", value=10.0, limit=15.0),
            "【警告】00:00:00 政务服务热线：来电已等 10 秒，目标 15 秒",
        ),
        (raised("answer_breached", "critical", value=15.0, limit=15.0), "【严重】00:00:00 热线：来电超过 15 秒未接"),
        (
            raised("longest_wait", "critical", queue="other", value=90.0, limit=90.0),
            "【严重】00:00:00 other：有来电等待超过 1 分 30 秒",
        ),
        (
            raised("service_level", queue="hotline", value=0.9, limit=0.95),
            "【警告】00:00:00 政务服务热线：今日服务水平 90.0%，低于 95.0%",
        ),
        (
            raised("connect_rate", "critical", value=0.9444, limit=0.95),
            "【严重】00:00:00 24 小时接通率 94.4%，低于 95.0%",
        ),
        (raised("queue_unstaffed", "critical", queue="hotline"), "【严重】00:00:00 政务服务热线：无坐席在岗"),
        (raised("ami_lost", "critical", component="ami:南区"), "【严重】00:00:00 电话交换机 南区：连接中断"),
        (raised("ami_lag", component="ami.lag", value=2.34, limit=1.0), "【警告】00:00:00 电话交换机：消息延迟 2.3 秒"),
        (
            raised("transcript_incomplete", queue="hotline", value=0.9312, limit=0.98),
            "【警告】00:00:00 政务服务热线：一通来电只转写了 93.1%，低于 98.0%",
        ),
        (raised("neighbour", component="vocabulary"), "【警告】00:00:00 词表：异常"),
        (raised("neighbour", component="redis"), "【警告】00:00:00 消息流：异常"),
        (raised("neighbour", "critical", component="webhook:群"), "【严重】00:00:00 告警推送 群：中断"),
    ],
)
def test_every_kind_has_its_sentence(alert: AlertRaised, words: str) -> None:
    assert line(alert, alert, SETTINGS) == words


def test_what_became_of_it() -> None:
    alert = raised("queue_unstaffed", "critical", queue="hotline")
    escalated = AlertEscalated(at=T0 + 120, alert_id="x", kind=alert.kind, severity="critical", level=1)
    assert line(escalated, alert, SETTINGS) == "【升级】00:02:00 政务服务热线：无坐席在岗，已 2 分钟无人确认"
    over = AlertEnded(at=T0 + 7500, alert_id="x", kind=alert.kind, seconds=7500.0)
    assert line(over, alert, SETTINGS) == "【解除】02:05:00 政务服务热线：无坐席在岗，历时 2 小时 5 分"


# --- selection ---------------------------------------------------------------------------------------------------


def life(kind: AlertKind, severity: AlertSeverity = "warning", component: str = "") -> list[AlertEvent]:
    alert_id = f"{kind}:1"
    return [
        raised(kind, severity, component=component),
        AlertEscalated(at=T0 + 1, alert_id=alert_id, kind=kind, severity="critical", level=1),
        AlertAcknowledged(at=T0 + 2, alert_id=alert_id, kind=kind, by="li"),
        AlertEnded(at=T0 + 3, alert_id=alert_id, kind=kind, seconds=3.0),
    ]


def told(webhook: Webhook, events: list[AlertEvent]) -> list[str]:
    selection = Selection(webhook)
    return [type(event).__name__.removeprefix("Alert") for event in events if selection.take(event) is not None]


def hook(**chosen: object) -> Webhook:
    return Webhook(name="w", url="https://example.invalid/", **chosen)  # type: ignore[arg-type]


def test_a_program_is_told_everything_and_a_robot_no_acknowledgements() -> None:
    assert told(hook(), life("ami_lag")) == ["Raised", "Escalated", "Acknowledged", "Ended"]
    assert told(hook(format="wecom"), life("ami_lag")) == ["Raised", "Escalated", "Ended"]


def test_only_the_kinds_that_were_chosen() -> None:
    assert told(hook(kinds=("ami_lost",)), life("ami_lag")) == []
    assert told(hook(kinds=("ami_lag",)), life("ami_lag"))[0] == "Raised"


def test_a_warning_is_told_once_it_is_grave_enough_and_then_its_end_too() -> None:
    grave = hook(least_severity="critical")
    assert told(grave, life("ami_lag")) == ["Escalated", "Acknowledged", "Ended"]
    alert, _, _, over = life("ami_lag")
    assert told(grave, [alert, over]) == []
    assert told(grave, life("ami_lost", "critical"))[0] == "Raised"


def test_the_end_of_what_was_never_told_and_its_own_faults_are_not_told() -> None:
    assert told(hook(), life("ami_lag")[1:]) == []
    assert told(hook(), life("neighbour", component="webhook:w")) == []
    assert told(hook(), life("neighbour", component="webhook:other")) != []
