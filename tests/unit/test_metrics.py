"""Events in, Prometheus figures out."""

from __future__ import annotations

import math

from msgspec.structs import replace

from gateway.events import (
    AnswerBreached,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallQueued,
    Clocks,
    ConnectRateChanged,
    Event,
    GatewayHealth,
    LegSeconds,
    Rate,
    RecordingCompleted,
    ServiceLevelChanged,
    SpeechLevelChanged,
    TranscriptCompleted,
    TranscriptGap,
    TranscriptRevised,
)
from gateway.metrics import MAX_COMPONENTS, MAX_REASONS, Metrics

T0 = 1_764_000_000.0
NUMBER = "13912345678"


def fed(*events: Event) -> Metrics:
    metrics = Metrics()
    for event in events:
        metrics.feed(event)
    metrics.render()
    return metrics


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def offered(call_id: str) -> CallOffered:
    return CallOffered(at=T0, call_id=call_id, caller_number=NUMBER, caller_name="张三")


def queued(call_id: str) -> CallQueued:
    return CallQueued(at=T0, call_id=call_id, queue="hotline")


def answered(call_id: str, wait: float) -> CallAnswered:
    clocks = Clocks(arrived=T0, caller_wait=wait)
    return CallAnswered(at=T0 + wait, call_id=call_id, queue="hotline", agent="1001", clocks=clocks)


def test_calls_by_outcome_and_the_wait_with_an_edge_at_the_target() -> None:
    gone = CallAbandoned(at=T0 + 3, call_id="c3", queue="hotline", clocks=Clocks(arrived=T0))
    metrics = fed(offered("c1"), offered("c2"), offered("c3"), answered("c1", 15.0), answered("c2", 15.1), gone)
    assert value(metrics, "hotline_calls_offered_total") == 3
    assert value(metrics, "hotline_calls_total", queue="hotline", outcome="answered") == 2
    assert value(metrics, "hotline_calls_total", queue="hotline", outcome="abandoned") == 1
    assert value(metrics, "hotline_caller_wait_seconds_bucket", queue="hotline", le="15.0") == 1
    assert value(metrics, "hotline_caller_wait_seconds_count", queue="hotline") == 2


def test_waiting_and_talking_now_go_back_to_zero() -> None:
    metrics = fed(offered("c1"), queued("c1"), offered("c2"), queued("c2"), answered("c2", 4.0))
    assert value(metrics, "hotline_calls_waiting", queue="hotline") == 1
    assert value(metrics, "hotline_calls_talking", queue="hotline") == 1
    clocks = Clocks(arrived=T0)
    for call_id in ("c1", "c2"):
        metrics.feed(CallEnded(at=T0 + 9, call_id=call_id, hung_up_by="caller", clocks=clocks))
    metrics.render()
    assert value(metrics, "hotline_calls_waiting", queue="hotline") == 0
    assert value(metrics, "hotline_calls_talking", queue="hotline") == 0


def test_shares_are_nan_without_data() -> None:
    none, half = Rate(numerator=0, denominator=0), Rate(numerator=1, denominator=2, value=0.5)
    level = ServiceLevelChanged(
        at=T0,
        queue="hotline",
        clock="caller_wait",
        since=T0,
        target_seconds=15.0,
        of_offered=half,
        of_offered_less_short=half,
        of_answered=none,
    )
    metrics = fed(level)
    assert value(metrics, "hotline_service_level", queue="hotline", denominator="offered") == 0.5
    assert math.isnan(value(metrics, "hotline_service_level", queue="hotline", denominator="answered") or 0)
    assert math.isnan(value(metrics, "hotline_connect_rate") or 0)
    metrics.feed(ConnectRateChanged(at=T0, window_seconds=86400, required=0.95, rate=half, margin=-1))
    assert value(metrics, "hotline_connect_rate") == 0.5
    assert value(metrics, "hotline_connect_rate_margin") == -1


def test_speech_seconds_breaches_and_health() -> None:
    leg = LegSeconds(speaker="caller", expected=60.0, heard=58.5, lost=1.5, transcribed=30.0)
    breach = AnswerBreached(at=T0, call_id="c1", queue="hotline", clock="caller_wait", waited=15.0, target=15.0)
    lag = GatewayHealth(at=T0, component="redis", status="degraded", detail="events waiting", value=12.0)
    metrics = fed(TranscriptCompleted(at=T0, call_id="c1", legs=(leg,), share=0.975), breach, lag)
    assert value(metrics, "hotline_transcript_seconds_total", speaker="caller", fate="heard") == 58.5
    assert value(metrics, "hotline_transcript_seconds_total", speaker="caller", fate="lost") == 1.5
    assert value(metrics, "hotline_answer_breaches_total", queue="hotline") == 1
    assert value(metrics, "hotline_component_up", component="redis") == 0.5
    assert value(metrics, "hotline_component_value", component="redis") == 12


def test_no_person_in_the_figures() -> None:
    text = fed(offered("c1"), queued("c1"), answered("c1", 4.0)).render().decode()
    assert "hotline_calls_offered_total 1.0" in text
    without_instants = "\n".join(line for line in text.splitlines() if "_created" not in line)
    for secret in (NUMBER, "张三", "c1", "1001"):
        assert secret not in without_instants


def test_parts_without_end_are_bounded_and_counted() -> None:
    metrics = fed(*(GatewayHealth(at=T0, component=f"worker:{n}", status="ok") for n in range(MAX_COMPONENTS + 3)))
    assert value(metrics, "hotline_components_left_out_total") == 3


def test_what_became_of_speech() -> None:
    leg = LegSeconds(speaker="caller", expected=60.0, heard=58.5, lost=1.5, transcribed=30.0, deferred=20.0)
    lost = TranscriptGap(at=T0, call_id="c1", speaker="caller", start=5.0, end=6.5, reason="worker_lost")
    file = RecordingCompleted(at=T0, call_id="c1", file="a.opus", start=0.0, seconds=60.0)
    metrics = fed(
        TranscriptCompleted(at=T0, call_id="c1", legs=(leg,), share=0.975),
        TranscriptCompleted(at=T0, call_id="c2", legs=(), share=None),
        lost,
        lost,
        file,
        replace(file, complete=False),
        TranscriptRevised(
            at=T0, call_id="c1", utterances=(), language="zh", engine="vosk", model="m", reason="deferred"
        ),
        SpeechLevelChanged(at=T0, level="callers_only", lag=2.0, legs=30, capacity=32),
    )
    assert value(metrics, "hotline_transcribed_seconds_total", speaker="caller") == 30
    assert value(metrics, "hotline_deferred_seconds_total", speaker="caller") == 20
    assert value(metrics, "hotline_transcript_lost_seconds_total", speaker="caller", reason="worker_lost") == 3
    assert value(metrics, "hotline_transcript_share_bucket", le="0.95") == 0
    assert value(metrics, "hotline_transcript_share_bucket", le="0.98") == 1
    assert value(metrics, "hotline_transcript_share_count") == 1
    assert value(metrics, "hotline_recordings_total", end="whole") == 1
    assert value(metrics, "hotline_recordings_total", end="early") == 1
    assert value(metrics, "hotline_transcripts_revised_total", reason="deferred") == 1
    assert value(metrics, "hotline_speech_level") == 2


def test_reasons_without_end_are_bounded() -> None:
    gaps = (
        TranscriptGap(at=T0, call_id="c1", speaker="caller", start=0.0, end=1.0, reason=f"reason {number}")
        for number in range(MAX_REASONS + 3)
    )
    assert value(fed(*gaps), "hotline_transcript_lost_seconds_total", speaker="caller", reason="other") == 3
