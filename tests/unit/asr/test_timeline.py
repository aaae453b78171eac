from itertools import accumulate

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from gateway.asr.recordings.timeline import Samples, Side, Timeline


def samples(*values: int) -> Samples:
    return np.array(values, np.int16)


def test_samples_lie_where_they_were_spoken_and_silence_between() -> None:
    timeline = Timeline(100)
    assert timeline.lay(0, 1, samples(5, 6)) == (3, 0)
    assert timeline.lay(1, 3, samples(7)) == (4, 0)
    assert timeline.take(5).tolist() == [[0, 0], [5, 0], [6, 0], [0, 7], [0, 0]]
    assert timeline.taken == 5


def test_two_agents_together_are_mixed_and_never_wrap_around() -> None:
    timeline = Timeline(100)
    timeline.lay(1, 0, samples(100, 30_000, -30_000))
    timeline.lay(1, 0, samples(11, 30_000, -30_000))
    assert timeline.take(3).tolist() == [[0, 111], [0, 32767], [0, -32768]]


def test_what_comes_too_late_is_cut_and_what_follows_lies_right() -> None:
    timeline = Timeline(100)
    timeline.take(10)
    assert timeline.lay(0, 7, samples(1, 0, 3, 4, 5)) == (12, 2), "of three late samples two had sound"
    assert timeline.take(12)[:, 0].tolist() == [4, 5]


def test_what_runs_too_far_ahead_has_no_room_and_the_rest_does_not_move() -> None:
    timeline = Timeline(4)
    timeline.take(10)
    assert timeline.lay(0, 12, samples(1, 2, 3, 4)) == (14, 2)
    assert timeline.lay(0, 14, samples(9)) == (14, 1)
    assert timeline.lay(1, 20, samples(9)) == (20, 1), "a track that begins beyond it"
    assert timeline.take(15)[:, 0].tolist() == [0, 0, 1, 2, 0]


@given(
    st.lists(st.tuples(st.sampled_from([0, 1]), st.lists(st.integers(-9, 9), max_size=9)), max_size=20),
    st.lists(st.integers(0, 9), max_size=20),
)
def test_however_it_is_taken_it_is_the_same_sound(laid: list[tuple[Side, list[int]]], steps: list[int]) -> None:
    ends = [0, 0]
    timeline = Timeline(1000)
    for side, values in laid:
        ends[side], cut = timeline.lay(side, ends[side], samples(*values))
        assert cut == 0
    whole = np.concatenate([timeline.take(until) for until in [*accumulate(steps), 400]])
    for side in (0, 1):
        expected = [value for of, values in laid if of == side for value in values]
        assert whole[: len(expected), side].tolist() == expected
        assert not whole[len(expected) :, side].any()
