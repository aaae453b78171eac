"""A word as an engine heard it. PURE."""

from __future__ import annotations

from msgspec import Struct


class Word(Struct, frozen=True):
    """One word; ``start`` and ``end`` in seconds since the utterance's first sample."""

    text: str
    start: float
    end: float
    confidence: float
