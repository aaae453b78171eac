"""One call's words as the agent's desk shows them: the live ones, what is missing, and what replaces them. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import structs

from gateway.events import TranscriptFinal, TranscriptGap, TranscriptPartial, TranscriptRevised, Utterance
from gateway.views.pages import Gap, Line, Revision

MAX_LINES = 3000
"""Utterances, and gaps, shown for one call; beyond it the oldest leave the page and are counted."""
TOUCH = 1.0
"""Seconds between two gaps of one leg that are shown as one."""

TranscriptEvent: TypeAlias = TranscriptPartial | TranscriptFinal | TranscriptGap | TranscriptRevised


class Transcript:
    """Fed with the call's events. ``left_out`` counts what no longer finds room."""

    def __init__(self) -> None:
        self.lines: dict[str, Line] = {}
        self.gaps: dict[str, Gap] = {}
        self.agents: set[str] = set()
        """Ids of those who spoke."""
        self.revised: Revision | None = None
        self.left_out = 0
        self._gap_number = 0

    def feed(self, event: TranscriptEvent) -> bool:
        """Take one event in; True when the transcript may look different."""
        match event:
            case TranscriptGap():
                self._miss(event)
            case TranscriptRevised():
                self.revised = Revision(
                    reason=event.reason,
                    language=event.language,
                    engine=event.engine,
                    model=event.model,
                    lines=_revised(event.utterances),
                )
            case _:
                return self._say(event)
        return True

    def complete(self) -> None:
        """All words are in: what is not final by now stays unsaid."""
        self.lines = {key: line for key, line in self.lines.items() if line.final}

    def _say(self, event: TranscriptPartial | TranscriptFinal) -> bool:
        final = isinstance(event, TranscriptFinal)
        before = self.lines.get(event.utterance_id)
        if before is not None and before.final and not final:
            return False  # a late interim result never replaces the finished words
        if not event.text:
            return self.lines.pop(event.utterance_id, None) is not None
        self.lines[event.utterance_id] = Line(
            utterance_id=event.utterance_id,
            speaker=event.speaker,
            text=event.text,
            start=event.start,
            end=event.end,
            final=final,
            agent=event.agent,
            corrections=event.corrections if isinstance(event, TranscriptFinal) else (),
        )
        if event.agent:
            self.agents.add(event.agent)
        while len(self.lines) > MAX_LINES:
            del self.lines[next(iter(self.lines))]
            self.left_out += 1
        return True

    def _miss(self, event: TranscriptGap) -> None:
        for key, gap in reversed(self.gaps.items()):
            if (gap.speaker, gap.agent) == (event.speaker, event.agent):
                if gap.reason == event.reason and abs(event.start - gap.end) <= TOUCH:
                    self.gaps[key] = structs.replace(gap, end=max(gap.end, event.end))
                    return
                break
        self._gap_number += 1
        self.gaps[f"g{self._gap_number}"] = Gap(
            speaker=event.speaker, agent=event.agent, start=event.start, end=event.end, reason=event.reason
        )
        while len(self.gaps) > MAX_LINES:
            del self.gaps[next(iter(self.gaps))]
            self.left_out += 1


def _revised(utterances: Sequence[Utterance]) -> dict[str, Line]:
    """The latest of them by ids of their own: they are not cut where the live ones were."""
    lines = (
        Line(
            utterance_id=f"r{number}",
            speaker=utterance.speaker,
            text=utterance.text,
            start=utterance.start,
            end=utterance.end,
            final=True,
            corrections=utterance.corrections,
        )
        for number, utterance in enumerate(utterances, 1)
        if utterance.text
    )
    return {line.utterance_id: line for line in list(lines)[-MAX_LINES:]}
