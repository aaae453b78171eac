"""Tracks of a call mixed by time into stereo: whoever comes when, each sample lands where it was spoken."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int16]
Side: TypeAlias = Literal[0, 1]
"""Left (the caller) or right (the agents)."""

LOUDEST, LOWEST = 32767, -32768


class Timeline:
    """16-bit stereo from its first sample on, taken from the front while samples are laid further behind.

    Positions are samples from the start. At most ``most`` samples lie beyond what was taken.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._laid = np.zeros((0, 2), np.int32)

    @property
    def taken(self) -> int:
        """The position up to which samples were taken."""
        return self._taken

    def lay(self, side: Side, position: int, samples: Samples) -> tuple[int, int]:
        """Add samples to what others laid there. Gives the position behind them, and how many with sound were cut:
        those before ``taken`` (too late) and those that have no room, for which the position stays.
        """
        late = min(max(self._taken - position, 0), len(samples))
        end = max(min(position + len(samples), self._taken + self._most), position + late)
        placed = samples[late : end - position]
        first = position + late - self._taken
        if len(placed):
            self._grow(first + len(placed))
            self._laid[first : first + len(placed), side] += placed
        cut = int(np.count_nonzero(samples[:late])) + int(np.count_nonzero(samples[end - position :]))
        return end, cut

    def take(self, until: int) -> Samples:
        """Everything up to ``until``, of shape (samples, 2), with silence where nobody laid any; the loudest possible
        where several together are louder.
        """
        number = max(until - self._taken, 0)
        self._grow(number)
        block = np.clip(self._laid[:number], LOWEST, LOUDEST).astype(np.int16)
        self._laid = self._laid[number:].copy()
        self._taken += number
        return block

    def _grow(self, number: int) -> None:
        missing = number - len(self._laid)
        if missing > 0:
            self._laid = np.concatenate((self._laid, np.zeros((missing, 2), np.int32)))
