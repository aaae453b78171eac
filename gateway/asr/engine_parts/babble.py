"""Sound like speech that says nothing, to warm a recogniser with. PURE.

Vowels, each the harmonics of a voice under three formants, at the pace of syllables, with a hiss before every second
one; a recogniser works on it as hard as on words.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SYLLABLE_SECONDS = 0.2
HISS_SHARE = 0.25
FORMANTS = ((730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480), (490, 1350, 1690))
"""Hertz; the vowels of "father", "see", "too", "bed", "bird" by a man."""
BANDWIDTH = 100.0
PITCH, PITCH_SWING = 120.0, 30.0
LOUDNESS = 6000.0


def babble(rate: int, seconds: float) -> bytes:
    """16-bit mono samples at ``rate`` Hz, the same every time."""
    chance = np.random.default_rng(0)
    syllables = round(seconds / SYLLABLE_SECONDS)
    return b"".join(_syllable(chance, rate, i).astype("<i2").tobytes() for i in range(syllables))


def _syllable(chance: np.random.Generator, rate: int, number: int) -> NDArray[np.float64]:
    count = int(rate * SYLLABLE_SECONDS)
    pitch = PITCH + PITCH_SWING * np.sin(number)
    harmonics = pitch * np.arange(1, rate / 2 // pitch)
    formants = np.array(FORMANTS[chance.integers(len(FORMANTS))])
    weights = (1 / (1 + ((harmonics[:, None] - formants) / BANDWIDTH) ** 2)).sum(axis=1)
    phases = 2 * np.pi * (harmonics[:, None] * np.arange(count) / rate + chance.random(len(harmonics))[:, None])
    sound: NDArray[np.float64] = weights @ np.sin(phases)
    hiss = int(count * HISS_SHARE) if number % 2 else 0
    sound[:hiss] = chance.normal(0.0, 1.0, hiss)
    shaped: NDArray[np.float64] = sound * np.hanning(count) * LOUDNESS / np.abs(sound).max()
    return shaped
