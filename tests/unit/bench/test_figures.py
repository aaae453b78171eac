"""Percentiles, ratios, and which words belong to which line."""

from __future__ import annotations

import pytest

from gateway.bench.asr import lags
from gateway.bench.figures import percentiles, ratio
from gateway.bench.speech import RATE, Spoken, leg_audio


def test_a_percentile_is_one_of_the_values() -> None:
    figures = percentiles([float(n) for n in range(100, 0, -1)])
    assert (figures.count, figures.p50, figures.p95, figures.p99, figures.max) == (100, 50.0, 95.0, 99.0, 100.0)
    assert percentiles([3.0]).p50 == percentiles([3.0]).p99 == 3.0
    assert percentiles([]).p95 is None


def test_no_reference_no_ratio() -> None:
    assert ratio(3.0, 2.0) == 1.5
    assert ratio(3.0, 0.0) is ratio(None, 2.0) is ratio(2.0, None) is None


def test_a_line_waits_for_the_last_of_its_words() -> None:
    spoken = [Spoken(1.0, 2.0), Spoken(4.0, 5.0), Spoken(7.0, 8.0)]
    finals = [(101.5, 102.0), (102.1, 103.5), (108.0, 108.25)]
    assert lags(spoken, 100.0, finals) == [1.5, None, 0.25]


def test_a_leg_speaks_its_share_of_the_time_and_ends_in_time() -> None:
    line = b"\1\0" * RATE
    leg = leg_audio([line, line, line], 1, 10.0)
    assert len(leg.samples) == 10 * RATE * 2
    assert leg.speech_seconds == pytest.approx(4.0)
    assert [leg.of_line(spoken) for spoken in leg.lines] == [line] * 4
