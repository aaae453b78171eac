"""Events counted for Prometheus. No label ever names a person, a number or a call."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import get_args

from prometheus_client import CollectorRegistry, Gauge, Histogram, generate_latest
from prometheus_client import Counter as PrometheusCounter

from gateway.events import (
    AnswerBreached,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallOffered,
    CallOverflowed,
    ConnectRateAtRisk,
    ConnectRateChanged,
    Event,
    GatewayHealth,
    Rate,
    RecordingCompleted,
    ServiceLevelChanged,
    SpeechLevel,
    SpeechLevelChanged,
    SurveyCompleted,
    TranscriptCompleted,
    TranscriptGap,
    TranscriptRevised,
)
from gateway.views import CallBook

WAIT_BUCKETS = (1, 2, 5, 10, 15, 20, 30, 45, 60, 120, 300)
"""Seconds; 15 is the target of GB/T 33358-2016."""
SHARE_BUCKETS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 1.0)
MAX_COMPONENTS = 100
"""Parts and neighbours shown; further ones are left out and counted."""
MAX_REASONS = 30
"""Reasons for lost speech that are told apart; further ones are counted together as ``other``."""
LEVELS: tuple[SpeechLevel, ...] = get_args(SpeechLevel)


class Metrics:
    """Fed with every event; renders Prometheus' text format.

    What a part reports with its health (a backlog in events, a lag in seconds) is ``hotline_component_value``,
    labelled with the part: ``journal``, ``redis``, ``ami``, a worker.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._calls = CallBook()
        self._queues: set[str] = set()
        self._components: set[str] = set()

        def counter(name: str, text: str, *labels: str) -> PrometheusCounter:
            return PrometheusCounter(f"hotline_{name}", text, labels, registry=self.registry)

        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"hotline_{name}", text, labels, registry=self.registry)

        self._offered = counter("calls_offered", "Calls that arrived")
        self._outcomes = counter("calls", "Calls whose wait is over, by queue and outcome", "queue", "outcome")
        self._breaches = counter("answer_breaches", "Calls that waited past their target", "queue")
        self._attempts = counter("attempts_missed", "Rings of one agent that ended unanswered", "queue", "reason")
        self._surveys = counter("surveys", "Ratings given by callers, by score", "score")
        self._wait = Histogram(
            "hotline_caller_wait_seconds",
            "From arrival until the caller hears a person",
            ["queue"],
            buckets=WAIT_BUCKETS,
            registry=self.registry,
        )
        self._waiting = gauge("calls_waiting", "Calls nobody has answered yet", "queue")
        self._talking = gauge("calls_talking", "Calls in conversation", "queue")
        self._level = gauge(
            "service_level", "Share answered within target today; NaN without data", "queue", "denominator"
        )
        self._rate = gauge("connect_rate", "Answered of offered over the rolling window; NaN without data")
        self._margin = gauge("connect_rate_margin", "Calls that may still be missed within the required connect rate")
        self._rate.set(math.nan)
        self._margin.set(math.nan)
        self._speech = counter("transcript_seconds", "Seconds of call audio", "speaker", "fate")
        self._transcribed = counter("transcribed_seconds", "Seconds of speech that became words", "speaker")
        self._deferred = counter("deferred_seconds", "Seconds recorded to be transcribed after the call", "speaker")
        self._lost = counter("transcript_lost_seconds", "Seconds nobody transcribed, by reason", "speaker", "reason")
        self._reasons: set[str] = set()
        self._share = Histogram(
            "hotline_transcript_share",
            "Part of a call's audio that was heard",
            buckets=SHARE_BUCKETS,
            registry=self.registry,
        )
        self._revised = counter("transcripts_revised", "Calls transcribed again from their recording", "reason")
        self._recordings = counter("recordings", "Files of recordings that ended, whole or early", "end")
        self._speech_level = gauge("speech_level", f"What is transcribed live: {_numbered(LEVELS)}")
        self._up = gauge("component_up", "1: ok, 0.5: degraded, 0: lost", "component")
        self._value = gauge("component_value", "The figure a part reports with its health", "component")
        self._lag = gauge("ami_lag_seconds", "From Asterisk's instant to here, as last measured; NaN before", "pbx")
        self._left_out = counter("components_left_out", "Health reports of parts beyond the number shown")

    def feed(self, event: Event) -> None:
        """Take one event in."""
        self._calls.feed(event)
        match event:
            case CallOffered():
                self._offered.inc()
            case CallAnswered():
                self._outcomes.labels(event.queue, "answered").inc()
                if event.clocks.caller_wait is not None:
                    self._wait.labels(event.queue).observe(event.clocks.caller_wait)
            case CallAbandoned():
                self._outcomes.labels(event.queue, "abandoned").inc()
            case CallOverflowed():
                self._outcomes.labels(event.queue, "overflowed").inc()
            case AnswerBreached():
                self._breaches.labels(event.queue).inc()
            case AttemptMissed():
                self._attempts.labels(event.queue, event.reason).inc()
            case SurveyCompleted():
                self._surveys.labels(str(event.score)).inc()
            case ServiceLevelChanged():
                self._level.labels(event.queue, "offered").set(_share(event.of_offered))
                self._level.labels(event.queue, "offered_less_short").set(_share(event.of_offered_less_short))
                self._level.labels(event.queue, "answered").set(_share(event.of_answered))
            case ConnectRateChanged() | ConnectRateAtRisk():
                self._rate.set(_share(event.rate))
                self._margin.set(event.margin)
            case TranscriptCompleted():
                for leg in event.legs:
                    self._speech.labels(leg.speaker, "heard").inc(max(0.0, leg.heard))
                    self._speech.labels(leg.speaker, "lost").inc(max(0.0, leg.lost))
                    self._transcribed.labels(leg.speaker).inc(max(0.0, leg.transcribed))
                    self._deferred.labels(leg.speaker).inc(max(0.0, leg.deferred))
                if event.share is not None:
                    self._share.observe(event.share)
            case TranscriptGap():
                self._lost.labels(event.speaker, self._reason(event.reason)).inc(max(0.0, event.end - event.start))
            case TranscriptRevised():
                self._revised.labels(event.reason).inc()
            case RecordingCompleted():
                self._recordings.labels("whole" if event.complete else "early").inc()
            case SpeechLevelChanged():
                self._speech_level.set(LEVELS.index(event.level))
            case GatewayHealth():
                self._health(event)

    def show_lag(self, pbx: str, lag: Callable[[], float | None]) -> None:
        """Have the PBX's lag asked of ``lag`` whenever the figures are rendered."""

        def seconds() -> float:
            value = lag()
            return math.nan if value is None else value

        self._lag.labels(pbx).set_function(seconds)

    def restore(self, event: Event) -> None:
        """What the journal knows: living calls are shown; counters count from the start of the process."""
        self._calls.feed(event)

    def render(self) -> bytes:
        """All figures in Prometheus' text format."""
        calls = self._calls.calls.values()
        waiting = Counter(call.queue for call in calls if call.waiting)
        talking = Counter(call.queue for call in calls if call.talking)
        self._queues |= waiting.keys() | talking.keys()
        for queue in self._queues:
            self._waiting.labels(queue).set(waiting[queue])
            self._talking.labels(queue).set(talking[queue])
        return generate_latest(self.registry)

    def _reason(self, reason: str) -> str:
        if len(self._reasons) < MAX_REASONS:
            self._reasons.add(reason)
        return reason if reason in self._reasons else "other"

    def _health(self, event: GatewayHealth) -> None:
        if event.component not in self._components and len(self._components) >= MAX_COMPONENTS:
            self._left_out.inc()
            return
        self._components.add(event.component)
        self._up.labels(event.component).set({"ok": 1.0, "degraded": 0.5, "lost": 0.0}[event.status])
        if event.value is not None:
            self._value.labels(event.component).set(event.value)


def _numbered(names: tuple[str, ...]) -> str:
    return ", ".join(f"{number} {name}" for number, name in enumerate(names))


def _share(rate: Rate) -> float:
    return math.nan if rate.value is None else rate.value
