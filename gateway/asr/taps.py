"""Which legs are to be heard, which tap hears each, and when one is tapped again. PURE.

A leg is wanted from the moment its person speaks with the caller, or is about to, until he leaves or the call ends. A
tap that fails or ends before that is replaced: at once, then ever less often.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from gateway.asr.protocol import ExpectTap, Leg, LivingTap, Mode

PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds before a leg is tapped again, by the number of tries that failed; the last goes on. A tap that ends with its
channel is known to be one of those before the first is over.
"""
STEADY_SECONDS = 10.0
"""A tap that was heard for so long has not failed."""


class _Wanted(Struct):
    leg: Leg
    language: str
    mode: Mode
    record: bool
    try_at: float | None
    tap_id: str = ""
    opened: float | None = None
    failures: int = 0


class TapBook:
    """``new_id`` makes the UUID of a tap."""

    def __init__(self, new_id: Callable[[], str]) -> None:
        self._new_id = new_id
        self._wanted: dict[tuple[str, str], _Wanted] = {}
        self._by_tap: dict[str, _Wanted] = {}

    def want(self, leg: Leg, language: str, mode: Mode, record: bool, now: float) -> None:
        """The leg is to be heard from ``now`` on; said again, nothing happens."""
        key = leg.call_id, leg.channel
        if key not in self._wanted:
            self._wanted[key] = _Wanted(leg, language, mode, record, now)

    def end(self, call_id: str) -> None:
        """The call is over."""
        for key in [key for key in self._wanted if key[0] == call_id]:
            self._by_tap.pop(self._wanted.pop(key).tap_id, None)

    def due(self, living: Callable[[Leg], bool], now: float) -> list[ExpectTap]:
        """Taps to be placed now; a leg that is not ``living`` any more is no longer wanted."""
        orders = []
        for key, wanted in list(self._wanted.items()):
            if wanted.try_at is None or wanted.try_at > now:
                continue
            if not living(wanted.leg):
                del self._wanted[key]
                continue
            wanted.try_at, wanted.tap_id, wanted.opened = None, self._new_id(), None
            self._by_tap[wanted.tap_id] = wanted
            orders.append(
                ExpectTap(
                    tap_id=wanted.tap_id,
                    language=wanted.language,
                    leg=wanted.leg,
                    mode=wanted.mode,
                    record=wanted.record,
                )
            )
        return orders

    def opened(self, tap_id: str, at: float) -> None:
        """The tap is heard."""
        if tap_id in self._by_tap:
            self._by_tap[tap_id].opened = at

    def over(self, tap_id: str, now: float) -> None:
        """The tap could not be placed, or ended; its leg may still be wanted."""
        wanted = self._by_tap.pop(tap_id, None)
        if wanted is None:
            return
        steady = wanted.opened is not None and now - wanted.opened >= STEADY_SECONDS
        wanted.failures = 0 if steady else wanted.failures + 1
        wanted.try_at = now + PAUSES[min(wanted.failures, len(PAUSES) - 1)]
        wanted.tap_id, wanted.opened = "", None

    def adopt(self, tap: LivingTap, language: str, mode: Mode, record: bool) -> bool:
        """A worker hears the leg already; False when another tap does."""
        key = tap.leg.call_id, tap.leg.channel
        wanted = self._wanted.setdefault(key, _Wanted(tap.leg, language, mode, record, None))
        if wanted.tap_id:
            return wanted.tap_id == tap.tap_id
        wanted.try_at, wanted.tap_id, wanted.opened = None, tap.tap_id, tap.opened
        self._by_tap[tap.tap_id] = wanted
        return True

    def hurry(self, now: float) -> None:
        """A worker is ready: legs that wait for one are tried at once."""
        for wanted in self._wanted.values():
            if wanted.try_at is not None:
                wanted.try_at = min(wanted.try_at, now)

    def living(self, call_id: str) -> list[str]:
        """The taps of a call."""
        return [tap_id for tap_id, wanted in self._by_tap.items() if wanted.leg.call_id == call_id]

    def set_language(self, call_id: str, language: str) -> None:
        """Further taps of the call are in this language."""
        for wanted in self._wanted.values():
            if wanted.leg.call_id == call_id:
                wanted.language = language

    def set_mode(self, mode: Mode, wanted_if: Callable[[Leg], bool]) -> list[str]:
        """Change the mode of these legs; gives the living taps concerned."""
        changed = [w for w in self._wanted.values() if w.mode != mode and wanted_if(w.leg)]
        for wanted in changed:
            wanted.mode = mode
        return [wanted.tap_id for wanted in changed if wanted.tap_id]

    def next_deadline(self) -> float | None:
        """When ``due`` has something to give."""
        return min((w.try_at for w in self._wanted.values() if w.try_at is not None), default=None)
