"""Percentiles and ratios."""

from __future__ import annotations

from gateway.bench.figures import percentiles, ratio


def test_a_percentile_is_one_of_the_values() -> None:
    figures = percentiles([float(n) for n in range(100, 0, -1)])
    assert (figures.count, figures.p50, figures.p95, figures.p99, figures.max) == (100, 50.0, 95.0, 99.0, 100.0)
    assert percentiles([3.0]).p50 == percentiles([3.0]).p99 == 3.0
    assert percentiles([]).p95 is None


def test_no_reference_no_ratio() -> None:
    assert ratio(3.0, 2.0) == 1.5
    assert ratio(3.0, 0.0) is ratio(None, 2.0) is ratio(2.0, None) is None
