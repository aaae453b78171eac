"""Instants at which something is due, the earliest first. PURE."""

from __future__ import annotations

import heapq

SLACK = 64
"""Stale entries the heap may hold beyond as many as there are live ones."""


class Timers:
    """One instant per key; ``set`` again moves it. Thousands may run: all steps cost O(log n), amortised."""

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def __contains__(self, key: str) -> bool:
        return key in self._at

    def __len__(self) -> int:
        return len(self._at)

    def set(self, key: str, at: float) -> None:
        """``key`` is due at ``at``, and at no other instant."""
        self._at[key] = at
        heapq.heappush(self._heap, (at, key))
        if len(self._heap) > 2 * len(self._at) + SLACK:
            self._heap = [(at, key) for key, at in self._at.items()]
            heapq.heapify(self._heap)

    def clear(self, key: str) -> None:
        """``key`` is not due any more."""
        self._at.pop(key, None)

    def next(self) -> float | None:
        """The earliest instant; None when nothing runs."""
        while self._heap and self._at.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def pop(self, limit: float, *, inclusive: bool) -> tuple[float, str] | None:
        """Take out the earliest instant before ``limit`` (or at it) with its key; None when none is due."""
        at = self.next()
        if at is None or at > limit or (at == limit and not inclusive):
            return None
        _, key = heapq.heappop(self._heap)
        del self._at[key]
        return at, key
