"""The most legs that fit are found from below, and one bad moment does not decide."""

from __future__ import annotations

import msgspec

from gateway.bench.asr_capacity import MOST_LEGS, fits, most_legs
from gateway.bench.asr_sides import Side
from gateway.bench.figures import percentiles


def side(*lags: float, lost: float = 0.0) -> Side:
    none = percentiles([])
    return Side(
        what="made up",
        chunk_lag=percentiles(lags),
        end_to_final=none,
        first_words=none,
        unheard=0,
        covered=1.0,
        lost=lost,
        deferred=0.0,
        sender_late=0.0,
        real_time_factor=0.1,
        cpu_seconds_per_call_minute=1.0,
        peak_memory_mb=None,
    )


class Machine:
    """Takes so many legs; ``hiccups`` are (legs, attempt) at which something else had the processor."""

    def __init__(self, most: int, *hiccups: tuple[int, int]) -> None:
        self.most = most
        self.hiccups = hiccups
        self.asked: list[tuple[int, int]] = []

    async def measure(self, legs: int, attempt: int) -> Side:
        self.asked.append((legs, attempt))
        return side(0.1 if legs <= self.most and (legs, attempt) not in self.hiccups else 3.0)


def test_what_is_late_lost_or_put_off_does_not_fit() -> None:
    assert fits(side(0.5))
    assert not fits(side(0.51))
    assert not fits(side(0.1, lost=0.5))
    assert not fits(msgspec.structs.replace(side(0.1), deferred=3.0))
    assert not fits(side())


async def test_it_goes_up_from_what_is_known_until_it_fails_twice() -> None:
    machine = Machine(10)
    found = await most_legs(machine.measure, {4: side(0.1), 8: side(0.2), 12: side(0.9)})
    assert found.legs == 10
    assert machine.asked == [(10, 0), (12, 1)]
    assert [tried.legs for tried in found.tried] == [10, 12, 12]


async def test_one_hiccup_is_forgiven() -> None:
    machine = Machine(6, (4, 0))
    assert (await most_legs(machine.measure, {2: side(0.1)})).legs == 6
    assert machine.asked == [(4, 0), (4, 1), (6, 0), (8, 0), (8, 1)]


async def test_a_machine_may_be_too_small_for_one_call_or_too_large_to_find_its_end() -> None:
    assert (await most_legs(Machine(0).measure, {4: side(2.0)})).legs == 0
    assert (await most_legs(Machine(1000).measure, {MOST_LEGS - 2: side(0.1)})).legs == MOST_LEGS
