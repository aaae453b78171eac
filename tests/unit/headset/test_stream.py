"""The jitter buffer, levels and tones."""

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.headset.device import FRAME_BYTES, SILENCE
from gateway.headset.stream import FLOOR, JitterBuffer, Tone, level


def frame(number: int) -> bytes:
    return bytes([number]) * FRAME_BYTES


def test_frames_leave_in_order_once_enough_have_gathered() -> None:
    buffer = JitterBuffer(prefill=2, limit=5)
    buffer.put(frame(1))
    assert buffer.get() == SILENCE
    buffer.put(frame(2))
    assert [buffer.get(), buffer.get()] == [frame(1), frame(2)]
    assert (buffer.underruns, buffer.overruns) == (0, 0)


def test_running_dry_is_counted_once_and_frames_gather_again() -> None:
    buffer = JitterBuffer(prefill=2, limit=5)
    for number in (1, 2):
        buffer.put(frame(number))
    for _ in range(2):
        buffer.get()
    assert [buffer.get(), buffer.get()] == [SILENCE, SILENCE]
    assert buffer.underruns == 1
    buffer.put(frame(3))
    assert buffer.get() == SILENCE
    buffer.put(frame(4))
    assert buffer.get() == frame(3)


def test_the_oldest_frame_goes_when_it_is_full() -> None:
    buffer = JitterBuffer(prefill=1, limit=3)
    for number in range(1, 6):
        buffer.put(frame(number))
    assert buffer.overruns == 2
    assert buffer.get() == frame(3)


def test_clearing_begins_anew() -> None:
    buffer = JitterBuffer(prefill=1, limit=1)
    for number in (1, 2):
        buffer.put(frame(number))
    buffer.get()
    buffer.get()
    assert (buffer.underruns, buffer.overruns) == (1, 1)
    buffer.put(frame(3))
    buffer.clear()
    assert (buffer.underruns, buffer.overruns) == (0, 0)
    assert buffer.get() == SILENCE


@given(st.lists(st.booleans(), max_size=200))
def test_every_frame_is_played_dropped_or_waiting(puts: list[bool]) -> None:
    buffer = JitterBuffer(prefill=3, limit=6)
    put = played = waiting = 0
    for is_put in puts:
        if is_put:
            put += 1
            buffer.put(frame(7))
        else:
            played += buffer.get() != SILENCE
    waiting = put - played - buffer.overruns
    assert 0 <= waiting <= 6


def test_levels_are_decibels_of_full_scale() -> None:
    assert level(SILENCE) == FLOOR
    assert level(b"") == FLOOR
    assert level(array("h", [16384, -16384] * 160).tobytes()) == pytest.approx(-6.02, abs=0.01)


def test_a_tone_has_its_pauses() -> None:
    tone = Tone(450.0, on=0.04, off=0.02)
    levels = [level(tone.frame()) for _ in range(6)]
    assert [value > -30 for value in levels] == [True, True, False, True, True, False]
    assert levels[0] == pytest.approx(-23.0, abs=0.5)
