"""An alert as one line of Chinese, for a supervisor's phone. It names queues and parts, never a caller. PURE."""

from __future__ import annotations

from datetime import datetime

from gateway.config import Settings, zone
from gateway.events import AlertEnded, AlertEscalated, AlertEvent, AlertRaised

COMPONENTS = {
    "alerts": "告警",
    "ami": "电话交换机",
    "core": "呼叫跟踪",
    "history": "历史数据",
    "journal": "事件库",
    "queue_log": "队列日志",
    "recording": "通话录音",
    "redis": "消息流",
    "speech": "语音转写",
    "views": "页面数据",
    "vocabulary": "词表",
    "webhook": "告警推送",
}
"""What people call the parts and neighbours, by the component's name before its colon."""


def line(event: AlertEvent, raised: AlertRaised, settings: Settings) -> str:
    """What became of the alert that was ``raised``: label, time of day, what it is about, and how long."""
    about = _about(raised, settings)
    match event:
        case AlertEscalated():
            label, about = "升级", f"{about}，已 {_duration(event.at - raised.at)}无人确认"
        case AlertEnded():
            label, about = "解除", f"{about}，历时 {_duration(event.seconds)}"
        case _:
            label = "严重" if raised.severity == "critical" else "警告"
    return f"【{label}】{datetime.fromtimestamp(event.at, zone(settings.timezone)):%H:%M:%S} {about}"


def _about(alert: AlertRaised, settings: Settings) -> str:
    queue = (settings.policy(alert.queue).title or alert.queue) if alert.queue else "热线"
    value, limit = alert.value or 0.0, alert.limit or 0.0
    match alert.kind:
        case "answer_at_risk":
            return f"{queue}：来电已等 {value:g} 秒，目标 {limit:g} 秒"
        case "answer_breached":
            return f"{queue}：来电超过 {limit:g} 秒未接"
        case "longest_wait":
            return f"{queue}：有来电等待超过 {_duration(limit)}"
        case "service_level":
            return f"{queue}：今日服务水平 {_percent(value)}，低于 {_percent(limit)}"
        case "connect_rate":
            return f"{settings.connect_rate_window_hours:g} 小时接通率 {_percent(value)}，低于 {_percent(limit)}"
        case "queue_unstaffed":
            return f"{queue}：无坐席在岗"
        case "ami_lost":
            return f"{_component(alert.component)}：连接中断"
        case "ami_lag":
            return f"{_component(alert.component)}：消息延迟 {value:.1f} 秒"
        case "neighbour":
            return f"{_component(alert.component)}：{'中断' if alert.severity == 'critical' else '异常'}"
        case "transcript_incomplete":
            return f"{queue}：一通来电只转写了 {_percent(value)}，低于 {_percent(limit)}"


def _component(component: str) -> str:
    """``ami.lag:pbx-2`` is the exchange pbx-2."""
    base, _, name = component.partition(":")
    called = COMPONENTS.get(base.partition(".")[0], base)
    return f"{called} {name}" if name else called


def _percent(share: float) -> str:
    return f"{share * 100:.1f}%"


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} 秒"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} 分 {rest} 秒" if rest else f"{minutes} 分钟"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} 小时 {minutes} 分" if minutes else f"{hours} 小时"
