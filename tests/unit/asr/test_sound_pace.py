import random
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from gateway.asr.sound.sound_pace import ArrivalPace

BLOCK = 0.02


def arrive(instants: Iterable[float], block: float = BLOCK) -> tuple[bool, bool]:
    """Blocks that arrive at these instants: whether that is too fast, and too slow."""
    pace = ArrivalPace()
    for at in instants:
        pace.push(block, at)
    return pace.fast, pace.slow


def steady(seconds: float, pace: float = 1.0, start: float = 1000.0) -> list[float]:
    """Instants of blocks sent ``pace`` times as fast as they last, for ``seconds`` on the wall's clock."""
    return [start + i * BLOCK / pace for i in range(int(seconds / BLOCK * pace))]


def test_real_time_is_neither() -> None:
    assert arrive(steady(60.0)) == (False, False)
    assert arrive(steady(60.0, 1.05)) == (False, False)
    assert arrive(steady(60.0, 0.95)) == (False, False)


def test_twice_and_half_as_fast_are_found_within_seven_seconds() -> None:
    assert arrive(steady(7.0, 2.0)) == (True, False)
    assert arrive(steady(7.0, 0.5)) == (False, True)
    assert arrive(steady(4.0, 2.0)) == (False, False)
    assert arrive(steady(4.0, 0.5)) == (False, False)


def test_a_source_that_goes_wrong_later_is_found_too() -> None:
    assert arrive(steady(60.0) + steady(15.0, 2.0, 1060.0)) == (True, False)


@given(st.integers(), st.floats(0.02, 2.0))
def test_jitter_is_neither(seed: int, most: float) -> None:
    """Blocks held up by up to two seconds, each at most until the next that is held up less: they come in order."""
    random_ = random.Random(seed)
    latest, instants, delay = 0.0, [], 0.0
    for i, sent in enumerate(steady(40.0)):
        if i % 25 == 0:
            delay = random_.uniform(0.0, most)
        latest = max(latest, sent + delay)
        instants.append(latest)
    assert arrive(instants) == (False, False)


def test_a_hold_up_and_the_burst_behind_it_are_neither() -> None:
    before, held_up = steady(20.0), [1035.0 + i * 0.0001 for i in range(int(15.0 / BLOCK))]
    assert arrive(before + held_up + steady(20.0, 1.0, 1035.1)) == (False, False)


def test_pauses_are_not_slow() -> None:
    talk = [at for spurt in range(10) for at in steady(1.0, 1.0, 1000.0 + 3.0 * spurt)]
    assert arrive(talk) == (False, False)


def test_large_blocks_are_neither() -> None:
    assert arrive([1000.0 + 0.4 * i for i in range(100)], 0.4) == (False, False)
    assert arrive([1000.0 + 0.2 * i for i in range(100)], 0.4) == (True, False)
