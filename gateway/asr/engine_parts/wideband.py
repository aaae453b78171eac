"""Telephone sound for recognisers that were trained on wideband speech. PURE.

Half of the spectrum such a model listens to is empty on a telephone line, and an empty band looks like nothing it has
ever heard: a small Kaldi model then errs on most words. Two things bring it back to what it was trained on: the upper
band is filled with the mirror image of the lower one (so that it sounds when the voice does, loud where it hisses), and
there is a floor of noise, as every microphone has. Both are the same for the same samples, always.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HALF_TAPS = 16
"""Samples on each side from which one between them is worked out: a delay of 2 ms."""
NOISE_SAMPLES = 1 << 16


class Widener:
    """Doubles the rate of one utterance after another.

    ``mirror``: amplitude of the image beside the original, 0 to 1. ``floor``: standard deviation of the noise, in steps
    of a 16-bit sample.
    """

    def __init__(self, mirror: float, floor: float) -> None:
        between = np.arange(-HALF_TAPS, HALF_TAPS) + 0.5
        taps = np.sinc(between) * np.kaiser(2 * HALF_TAPS, 6.0)
        # Zeros between the samples give the original and its image, interpolation the original alone; of the two
        # together each sample and each value between samples takes its share.
        self._taps = taps / taps.sum() * (1.0 - mirror)
        self._gain = 1.0 + mirror
        self._noise = np.random.default_rng(0).normal(0.0, floor, NOISE_SAMPLES)
        self._before = np.zeros(2 * HALF_TAPS)
        self._count = 0

    def push(self, samples: bytes) -> bytes:
        """The next 16-bit samples at the doubled rate, ``HALF_TAPS`` of them later."""
        heard = np.concatenate((self._before, np.frombuffer(samples, "<i2")))
        count = len(heard) - 2 * HALF_TAPS
        wide: NDArray[np.float64] = np.take(self._noise, np.arange(self._count, self._count + 2 * count), mode="wrap")
        wide[::2] += self._gain * heard[HALF_TAPS : HALF_TAPS + count]
        wide[1::2] += np.convolve(heard, self._taps, "valid")[1:]
        self._before = heard[count:]
        self._count += 2 * count
        return np.round(np.clip(wide, -32768, 32767)).astype("<i2").tobytes()

    def finish(self) -> bytes:
        """What is still to come of the utterance; the next ``push`` begins another."""
        rest = self.push(bytes(HALF_TAPS * 2))
        self._before = np.zeros(2 * HALF_TAPS)
        self._count = 0
        return rest
