"""What is wrong with the sound of a line's side: of the call that is on, and of the time without one. PURE.

A line has no end, so it is judged in parts: each call by itself, and minutes between calls, in which silence is as it
should be. A wrong rate, noise and music are found then: they may be why no call ever begins.
"""

from __future__ import annotations

from gateway.asr.sound.sound_check import Found, SoundCheck

PART_SECONDS = 300.0
"""Of a line without a call that is judged as one."""


class SideSound:
    """One side at ``rate`` samples a second. ``found``: what is wrong with the part that is being heard."""

    def __init__(self, rate: int) -> None:
        self.found: tuple[Found, ...] = ()
        self._rate = rate
        self._check = SoundCheck(rate)
        self._since: float | None = None
        self._told: set[Found] = set()

    def push(self, samples: bytes, at: float) -> None:
        """Take 16-bit mono samples as they arrived, at the instant ``at`` (Unix seconds)."""
        if self._since is None:
            self._since = at
        self._check.push(samples, at)

    def look(self, at: float, *, in_call: bool) -> list[Found]:
        """What was not wrong when it was last looked."""
        if self._since is None:
            return []
        found = self._check.findings(at - self._since)
        self.found = tuple(each for each in found if in_call or each.finding not in ("silence", "no_audio"))
        new = [each for each in self.found if each not in self._told]
        self._told.update(new)
        if not in_call and at - self._since >= PART_SECONDS:
            self.begin()
        return new

    def begin(self) -> None:
        """Another part begins; what was wrong to the end of this one is not told again."""
        self._told.intersection_update(self.found)
        self._check, self._since, self.found = SoundCheck(self._rate), None, ()
