"""Whether a leg's samples arrive in real time. PURE.

A live source sends a second of audio a second. A device or file at another rate than its label sends twice or half
of it. What was held up on the way and comes in a burst is neither, nor is a leg that sends nothing for a while.
"""

from __future__ import annotations

from collections import deque

PAUSE_SECONDS = 0.5
"""Nothing for so long: the source paused or was held up, and a new stretch begins."""
SETTLE_SECONDS = 1.0
"""Of a stretch that are not counted: what was held up comes in them, all at once."""
STEP_SECONDS = 0.5
STEPS = 16
MIN_SECONDS = 5.0
TOLERANCE_SECONDS = 2.5
"""Ahead or behind within a stretch: jitter of 2 s, and half a second of blocks."""
TOLERANCE_SHARE = 0.4
"""Of the stretch, between real time and twice or half of it; half the pace is behind by half of the time."""


class ArrivalPace:
    """Give it every block's length and instant of arrival."""

    def __init__(self) -> None:
        self.fast = False
        self.slow = False
        self._arrived = 0.0
        self._heard = 0.0
        self._counted_from: float | None = None
        self._steps: deque[tuple[float, float]] = deque(maxlen=STEPS)

    def push(self, seconds: float, at: float) -> None:
        """``seconds`` of audio arrived at ``at`` (Unix seconds)."""
        if self._counted_from is None or at - self._arrived > PAUSE_SECONDS:
            self._counted_from = at + SETTLE_SECONDS
            self._steps.clear()
        self._arrived = at
        self._heard += seconds
        if at < self._counted_from or (self._steps and at - self._steps[-1][0] < STEP_SECONDS):
            return
        self._steps.append((at, self._heard))
        for then, heard in self._steps:
            elapsed = at - then
            if elapsed < MIN_SECONDS:
                break
            ahead = self._heard - heard - elapsed
            limit = max(TOLERANCE_SECONDS, TOLERANCE_SHARE * elapsed)
            self.fast = self.fast or ahead >= limit
            self.slow = self.slow or -ahead >= limit
