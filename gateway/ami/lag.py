"""How long events take from Asterisk to here, and whether that is worth a word. PURE."""

from __future__ import annotations

import math

from gateway.events import GatewayHealth

REPEAT = 10.0
"""Seconds between two reports of a lag that stays."""


class LagMeter:
    """Judges the lag of one PBX's events; degraded beyond ``limit`` seconds, ok again below half of it.

    A lag is receipt less Asterisk's instant, so it holds the difference of the two machines' clocks. Pings tell the
    two apart: their answers carry an instant too, and their round trip is measured by our clock alone. An event
    raises the alarm at once; only a ping ends it, with the worst of what came since the ping before.
    """

    def __init__(self, component: str, limit: float) -> None:
        self._component = component
        self._limit = limit
        self._worst: float | None = None
        self._clock_off = False
        self._degraded = False
        self._told_at = -math.inf
        self.latest: float | None = None
        """Seconds, as last measured; None before the first event or ping."""

    def event(self, lag: float, at: float) -> GatewayHealth | None:
        """An event was received at ``at`` (Unix seconds), ``lag`` seconds after its instant."""
        self.latest = lag
        if self._worst is None or abs(lag) > abs(self._worst):
            self._worst = lag
        return self._tell(lag, at) if abs(lag) > self._limit else None

    def unanswered(self, seconds: float, at: float) -> GatewayHealth | None:
        """A ping has waited so long and still waits: events would too."""
        self.latest = seconds
        return self._tell(seconds, at) if seconds > self._limit else None

    def ping(self, round_trip: float, lag: float | None, at: float) -> GatewayHealth | None:
        """A ping was answered after ``round_trip`` seconds; ``lag`` that of the answer, None when it had no instant."""
        worst, self._worst = self._worst, None
        if lag is not None and round_trip < self._limit / 2:
            self._clock_off = abs(lag) > self._limit
        measured = [value for value in (round_trip, lag if worst is None else worst) if value is not None]
        self.latest = max(measured, key=abs)
        if abs(self.latest) > self._limit:
            return self._tell(self.latest, at)
        if not self._degraded:
            return None
        return self._recover(at) if abs(self.latest) < self._limit / 2 else self._tell(self.latest, at)

    def _tell(self, lag: float, at: float) -> GatewayHealth | None:
        if self._degraded and at - self._told_at < REPEAT:
            return None
        self._degraded, self._told_at = True, at
        return GatewayHealth(
            at=at, component=self._component, status="degraded", detail=self._why(lag), value=round(lag, 3)
        )

    def _recover(self, at: float) -> GatewayHealth:
        self._degraded = False
        value = None if self.latest is None else round(self.latest, 3)
        return GatewayHealth(
            at=at, component=self._component, status="ok", detail="seconds from Asterisk to here", value=value
        )

    def _why(self, lag: float) -> str:
        if lag < 0 or self._clock_off:
            side = "ahead of" if lag < 0 else "behind"
            return f"the PBX's clock is {abs(lag):.1f} s {side} this machine's: set both by NTP"
        return f"events take {lag:.1f} s from Asterisk to here: it is overloaded, or the network between is"
