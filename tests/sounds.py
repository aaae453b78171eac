"""Sounds made of numbers, 16-bit: somebody who babbles, music, noise, tones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]
"""Full scale is 1."""
VOWELS = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))
"""Formants in Hz (Peterson and Barney's means for men)."""


def samples(sound: Sound) -> bytes:
    """16-bit little-endian, as a leg brings them; what is beyond full scale is clipped."""
    return (np.clip(sound, -1.0, 1.0) * 32767).astype("<i2").tobytes()


def times(seconds: float, rate: int) -> Sound:
    return np.arange(int(seconds * rate)) / rate


def babble(seconds: float, rate: int = 8000, pitch: float = 160.0, seed: int = 1) -> Sound:
    """Syllables of a hissed consonant and a vowel whose pitch and formants glide, and pauses behind some of them."""
    random = np.random.default_rng(seed)
    parts: list[Sound] = []
    vowel = VOWELS[0]
    while sum(map(len, parts)) < seconds * rate:
        before, vowel = vowel, VOWELS[random.integers(len(VOWELS))]
        parts.append(_hiss(random, rate))
        parts.append(_vowel(random, rate, before, vowel, pitch * random.uniform(0.85, 1.2)))
        if random.random() < 0.2:
            parts.append(random.normal(size=int(rate * random.uniform(0.2, 0.6))) * 1e-4)
    sound = np.concatenate(parts)[: int(seconds * rate)]
    scaled: Sound = sound * (0.35 / np.abs(sound).max())
    return scaled


def _hiss(random: np.random.Generator, rate: int) -> Sound:
    noise = np.diff(random.normal(size=int(rate * random.uniform(0.03, 0.08)) + 1))
    hiss: Sound = noise * np.hanning(len(noise)) * random.uniform(0.02, 0.1)
    return hiss


def _vowel(random: np.random.Generator, rate: int, start: tuple[int, ...], end: tuple[int, ...], pitch: float) -> Sound:
    """Harmonics of a gliding pitch, as loud as formants on their way from ``start`` to ``end`` make them."""
    time = times(random.uniform(0.1, 0.22), rate)
    way = time / time[-1]
    hertz = pitch * (1.0 + random.uniform(-0.25, 0.25) * way)
    phase = 2 * np.pi * np.cumsum(hertz) / rate
    there = np.clip(way * 2.5, 0.0, 1.0)
    formants = [a + (b - a) * there for a, b in zip(start, end, strict=True)]
    sound = np.zeros(len(time))
    for harmonic in range(1, int(min(rate / 2, 3800) / hertz.max())):
        level = sum(
            gain / (1.0 + ((harmonic * hertz - formant) / (60.0 + 0.05 * formant)) ** 2)
            for formant, gain in zip(formants, (1.0, 0.5, 0.25), strict=True)
        )
        sound += level * np.sin(harmonic * phase)
    voiced: Sound = sound * np.sin(np.pi * way) ** 0.5
    return voiced


def music(seconds: float, rate: int = 8000) -> Sound:
    """Broken chords over a held bass, each note with harmonics and a decay."""
    sound = 0.03 * np.sin(2 * np.pi * 130.8 * times(seconds, rate))
    for at, note in enumerate(np.resize([0, 4, 7, 12, 7, 4, 5, 9, 12, 17, 12, 9], int(seconds / 0.4))):
        start = int(at * 0.4 * rate)
        time = times(1.2, rate)[: len(sound) - start]
        for harmonic in (1, 2, 3, 4):
            hertz = harmonic * 261.6 * 2 ** (note / 12)
            sound[start : start + len(time)] += 0.1 / harmonic * np.sin(2 * np.pi * hertz * time) * np.exp(-2 * time)
    return sound


def noise(seconds: float, level: float, rate: int = 8000) -> Sound:
    """White, with this RMS."""
    white: Sound = np.random.default_rng(7).normal(size=int(seconds * rate)) * level
    return white


def hum(seconds: float, rate: int = 8000) -> Sound:
    """Mains: 50 Hz and what a rectifier makes of it."""
    time = times(seconds, rate)
    return sum((0.05 / n * np.sin(2 * np.pi * 50 * n * time) for n in (1, 2, 3, 5, 7)), start=np.zeros(len(time)))


def tones(seconds: float, *hertz: float, on: float = 1.0, off: float = 0.0, rate: int = 8000) -> Sound:
    """These tones together, ``on`` seconds with ``off`` seconds between."""
    time = times(seconds, rate)
    there = (time % (on + off)) < on
    return sum((0.1 * np.sin(2 * np.pi * each * time) for each in hertz), start=np.zeros(len(time))) * there
