"""Legs speak their share of the time, nothing twice alike, and the same take is the same audio."""

from __future__ import annotations

import random

import numpy as np
import pytest

from gateway.bench.speech import ACTIVITY, SHORTEST_PAUSE, SPEEDS, Speech, leg_audio
from gateway.demo.voices import RATE


def tone(seconds: float) -> bytes:
    return bytes((1000 * np.sin(np.arange(round(seconds * RATE)) / 3)).astype("<i2").tobytes())


def test_a_leg_speaks_its_share_of_the_time_and_ends_in_time() -> None:
    for take in range(5):
        leg = leg_audio([tone(1.0), tone(2.0), tone(3.0)], random.Random(take), 40.0)
        assert leg.seconds == pytest.approx(40.0)
        assert leg.speech_seconds / leg.seconds == pytest.approx(ACTIVITY, abs=0.06)
        for line, following in zip(leg.lines, leg.lines[1:], strict=False):
            assert following.start - line.end >= SHORTEST_PAUSE - 0.001
        assert all(np.abs(np.frombuffer(leg.of_line(line), "<i2")).max() > 900 for line in leg.lines)


def test_a_line_that_is_too_long_makes_the_leg_longer() -> None:
    leg = leg_audio([tone(4.0)], random.Random(1), 3.0)
    (line,) = leg.lines
    assert 4.0 / SPEEDS[1] <= line.end - line.start <= 4.0 / SPEEDS[0] + 0.01
    assert leg.seconds == pytest.approx(line.end + SHORTEST_PAUSE)


def test_takes_differ_and_repeat() -> None:
    speech = Speech("tones", "", (tone(1.0), tone(1.5)))
    one, again, other = (speech.legs(2, 20.0, take) for take in (4, 4, 5))
    assert one == again
    assert one != other
    lengths = [line.end - line.start for leg in one for line in leg.lines]
    assert len(set(lengths)) == len(lengths)
