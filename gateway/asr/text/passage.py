"""A text that is edited step by step while places in it are kept. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from gateway.events import Correction


class Edit(Struct, frozen=True, order=True):
    """``text[start:end]`` becomes ``written``."""

    start: int
    end: int
    written: str


class Passage(Struct, frozen=True):
    """A text, the offsets in it at which the speaker paused, and the places that the vocabulary has corrected."""

    text: str
    pauses: tuple[int, ...] = ()
    corrections: tuple[Correction, ...] = ()

    def edited(self, edits: Iterable[Edit]) -> Passage:
        """With ``edits`` made, which neither overlap one another nor a correction. A pause within one is forgotten."""
        ordered = sorted(edits)
        return Passage(
            replaced(self.text, ordered),
            _kept(self.pauses, ordered),
            tuple(_shifted(correction, ordered) for correction in self.corrections),
        )

    def corrected(self, text: str, corrections: Sequence[Correction]) -> Passage:
        """With the text and its corrections as a vocabulary has returned them for ``self.text``."""
        edits, grown = [], 0
        for c in sorted(corrections, key=lambda c: c.start):
            start = c.start - grown
            edits.append(Edit(start, start + len(c.heard), text[c.start : c.end]))
            grown += c.end - c.start - len(c.heard)
        return Passage(text, _kept(self.pauses, edits), tuple(corrections))


def replaced(text: str, edits: Sequence[Edit]) -> str:
    """``text`` with ``edits`` made, which are in order."""
    parts, done = [], 0
    for edit in edits:
        parts += [text[done : edit.start], edit.written]
        done = edit.end
    return "".join([*parts, text[done:]])


def _shift(at: int, edits: Sequence[Edit]) -> int:
    return sum(len(e.written) - (e.end - e.start) for e in edits if e.end <= at)


def _kept(pauses: Sequence[int], edits: Sequence[Edit]) -> tuple[int, ...]:
    return tuple(at + _shift(at, edits) for at in pauses if not any(e.start < at < e.end for e in edits))


def _shifted(correction: Correction, edits: Sequence[Edit]) -> Correction:
    shift = _shift(correction.start, edits)
    return Correction(start=correction.start + shift, end=correction.end + shift, heard=correction.heard)
