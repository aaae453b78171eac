"""Frames that hold nothing but a telephone's tones: keys (ITU-T Q.23), call progress (E.180), fax (T.30). PURE."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BIN_HZ = 1000 / 64
CALL_TONES_HZ = (350, 400, 425, 440, 450, 480, 620, 950, 1100, 1400, 1800, 2100)
"""Dial, ringing, busy and congestion tones (425 Hz in Europe, 450 in China, 350 to 620 in pairs in America), special
information tones, and a fax that calls (1100) or answers (2100)."""
KEYS_LOW_HZ = (697, 770, 852, 941)
KEYS_HIGH_HZ = (1209, 1336, 1477, 1633)
TOLERANCE = 0.025
"""Of a frequency. Q.24 wants keys taken at 1.5 % and refused beyond 3.5 %; some call progress tones are made within
15 Hz only."""
PURE = 0.92
"""Share of a frame's power in its two strongest lines; a vowel on the phone has less, for its power is in many."""
SIDE_BINS = 2
"""Bins on either side of a line that its power leaks into (Hann window)."""


def _known() -> NDArray[np.bool_]:
    """Whether a frequency, in steps of 1 Hz up to 4 kHz, is a tone's."""
    known = np.zeros(4001, dtype=bool)
    for tone in (*CALL_TONES_HZ, *KEYS_LOW_HZ, *KEYS_HIGH_HZ):
        known[int(tone * (1 - TOLERANCE)) : int(tone * (1 + TOLERANCE)) + 2] = True
    return known


_KNOWN = _known()


def tone_frames(power: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which of the frames (frames, bins of BIN_HZ) are one or two lines, each at a tone's frequency."""
    total = power.sum(axis=1)
    rest = power.copy()
    first, first_hz = _take_line(rest)
    second, second_hz = _take_line(rest)
    found: NDArray[np.bool_] = (
        (first + second > PURE * total) & _KNOWN[first_hz] & (_KNOWN[second_hz] | (second < (1 - PURE) * first))
    )
    return found


def _take_line(power: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """The power and frequency of each frame's strongest line, which is taken out of ``power``."""
    rows = np.arange(len(power))
    peak = np.clip(power.argmax(axis=1), SIDE_BINS, power.shape[1] - SIDE_BINS - 1)
    around = peak[:, None] + np.arange(-SIDE_BINS, SIDE_BINS + 1)
    line = power[rows[:, None], around]
    total = line.sum(axis=1)
    centre = (line * around).sum(axis=1) / np.maximum(total, np.float32(1e-20))
    power[rows[:, None], around] = 0.0
    return total, np.round(centre * BIN_HZ).astype(np.int64)
