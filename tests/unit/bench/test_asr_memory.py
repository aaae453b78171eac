"""Whether memory is flat: growth while recognisers warm up is none, growth after that is."""

from __future__ import annotations

import pytest

from gateway.bench.asr_memory import MEGABYTE, Sample, memory_of, slope


def samples(*megabytes: int) -> list[Sample]:
    return [Sample(10.0 * i, {7: (mb * MEGABYTE, mb * MEGABYTE // 2)}) for i, mb in enumerate(megabytes)]


def test_warming_up_is_no_growth() -> None:
    memory = memory_of(samples(100, 300, 500, *[1000] * 17), [7])
    assert (memory.first_mb, memory.warm_mb, memory.last_mb, memory.last_pss_mb) == (100, 1000, 1000, 500)
    assert (memory.growth, memory.slope_mb_per_hour) == (0.0, 0.0)
    assert memory.flat()


def test_growth_afterwards_is_and_so_is_a_peak() -> None:
    grown = memory_of(samples(*[1000] * 10, *[1200] * 10), [7])
    assert grown.growth == pytest.approx(0.2)
    assert grown.slope_mb_per_hour > 0
    assert not grown.flat()
    peak = memory_of(samples(*[1000] * 10, 1200, *[1000] * 9), [7])
    assert (peak.growth, peak.highest_growth) == (0.0, pytest.approx(0.2))
    assert not peak.flat()


def test_workers_add_up_and_one_that_is_not_there_has_none() -> None:
    both = [Sample(0.0, {7: (MEGABYTE, 0)}), Sample(1.0, {7: (MEGABYTE, 0), 8: (2 * MEGABYTE, 0)})]
    assert memory_of(both, [7, 8]).last_mb == 3
    assert memory_of(both, [8]).first_mb == 0


def test_the_slope_of_a_line_is_its_own() -> None:
    assert slope([(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]) == pytest.approx(2.0)
    assert slope([(3.0, 1.0)]) == 0.0
