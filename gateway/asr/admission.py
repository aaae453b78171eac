"""How much is transcribed live: less when the machine is full, everything again when it has caught up. PURE.

The workers tell every second how far their slowest decoder is behind. The steps, each taken when the one before has
not helped: interim words go first, since nobody misses a ticket for them; then the agents' legs; then new calls are
recorded only. What was not transcribed live is transcribed from the recording after the call.
"""

from __future__ import annotations

from typing import get_args

from gateway.asr.protocol import Load
from gateway.events import SpeechLevel, SpeechLevelChanged

LEVELS: tuple[SpeechLevel, ...] = get_args(SpeechLevel)
WORSE_SECONDS = 3.0
"""The machine must have been full for so long at one level before the next step."""
BETTER_SECONDS = 10.0
"""It must have kept up for so long before a step back."""
CAUGHT_UP_SHARE = 0.3
"""Part of ``full_lag`` below which the machine keeps up."""
ROOM_SHARE = 0.9
"""Part of the legs' capacity that must be free to take new calls live again: below it."""


class Admission:
    """``full_lag``: seconds a decoder may be behind."""

    def __init__(self, full_lag: float) -> None:
        self._full_lag = full_lag
        self._loads: dict[str, tuple[Load, int]] = {}
        self._level = 0
        self._since: float | None = None
        self._direction = 0

    @property
    def level(self) -> SpeechLevel:
        """What is transcribed live now."""
        return LEVELS[self._level]

    def feed(self, worker_id: str, load: Load, capacity: int, now: float) -> list[SpeechLevelChanged]:
        """A worker's load; ``capacity``: the legs it can take."""
        self._loads[worker_id] = load, capacity
        return self._judge(now)

    def lose(self, worker_id: str, now: float) -> list[SpeechLevelChanged]:
        """The worker is gone."""
        self._loads.pop(worker_id, None)
        return self._judge(now)

    def _judge(self, now: float) -> list[SpeechLevelChanged]:
        lag = max((load.lag for load, _ in self._loads.values()), default=0.0)
        legs = sum(load.legs for load, _ in self._loads.values())
        capacity = sum(capacity for _, capacity in self._loads.values())
        crowded = capacity > 0 and legs >= capacity
        if lag > self._full_lag or (crowded and self._level < len(LEVELS) - 1):
            direction = 1
        elif lag < self._full_lag * CAUGHT_UP_SHARE and legs < capacity * ROOM_SHARE:
            direction = -1
        else:
            direction = 0
        if direction != self._direction:
            self._direction, self._since = direction, now
        held = now - (self._since if self._since is not None else now)
        if direction > 0 and (crowded or held >= WORSE_SECONDS) and self._level < len(LEVELS) - 1:
            # A full house of legs does not get better by leaving words out: new calls are recorded only.
            self._level = len(LEVELS) - 1 if crowded else self._level + 1
        elif direction < 0 and held >= BETTER_SECONDS and self._level > 0:
            self._level -= 1
        else:
            return []
        self._since = now
        return [SpeechLevelChanged(at=now, level=self.level, lag=lag, legs=legs, capacity=capacity)]
