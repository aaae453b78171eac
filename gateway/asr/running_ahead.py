"""What is left out of a leg whose sound comes faster than it can have been spoken: its clock stays true. PURE."""

from __future__ import annotations

MAX_AHEAD_SECONDS = 2.0
"""Sound that is ahead of the clock by more than this, as no burst behind a hold-up is, was not spoken in real time. It
is left out until the leg is within RESUME_SECONDS again: its clock stays the wall's, and words stay whole.
"""
RESUME_SECONDS = 1.0


class RunningAhead:
    """One leg's. ``reached``: the instant up to which it has been heard; both in Unix seconds."""

    def __init__(self) -> None:
        self._since: float | None = None

    def leaves_out(self, reached: float, now: float) -> bool:
        """Whether what arrives now is left out. Ask ``ended`` first."""
        if self._since is None and reached - now > MAX_AHEAD_SECONDS:
            self._since = now
        return self._since is not None

    def ended(self, reached: float, now: float) -> tuple[float, float] | None:
        """The stretch that was left out, once the leg is in time again."""
        return None if reached - now > RESUME_SECONDS else self.end(reached, now)

    def end(self, reached: float, now: float) -> tuple[float, float] | None:
        """The stretch that was left out, if any; nothing more is."""
        if self._since is None:
            return None
        start, self._since = self._since, None
        return start, min(now, reached - RESUME_SECONDS)
