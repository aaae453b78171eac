"""The operator's names (streets, estates, departments, people) in place of what only sounds like them. PURE.

A recogniser that has never met a name writes common characters of its sound: 任民路 for 人民路. Where a stretch of the
text sounds like a term, it is replaced by the term if that makes the sentence likelier: how rare the heard characters
are in Chinese (word frequencies of rjieba's dictionary) is weighed against how far their sound is from the term's.
So ordinary words stay (是政府 is not 市政府), and what is already a term stays.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from math import log
from operator import itemgetter
from pathlib import Path

import rjieba
from msgspec import Struct

from gateway.asr.text.pinyin import TONE, distance, parse_reading, readings, sound_class
from gateway.config import read_text
from gateway.errors import SettingError
from gateway.events import Correction

MAX_TERMS = 20_000
SHORTEST, LONGEST = 2, 30
"""Characters of a term."""
MAX_SYLLABLE = 0.7
"""A syllable that is farther off than this is another one, however long the term."""
TERM_LOG_PROBABILITY = -11.7
"""How often a call says a term, as a share of words: once in 120,000, as often as a known street in print."""
WEIGHT = 10.0
"""Log likelihood that a distance of 1 costs: a blurred initial (0.2) is heard once in seven or so."""
MARGIN, MARGIN_OF_TWO = 4.0, 7.0
"""By how much, as a log likelihood, the text must become likelier; the latter for two characters, which any sentence
may sound like by chance. Below, the heard words may well be meant.
"""
BROKEN_WORD = 2.0
"""What it costs where an edge of the term goes through a word as heard: 晚上/还录了 is not 晚/上海路/了."""
AMBIGUOUS = 0.1
"""Two terms whose distances differ by less are equally near: neither is taken, unless one sounds exactly so."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
_WORDS_COUNTED = 60_101_967
"""Sum of the dictionary's frequencies."""
_OF_ANY_WORD = 100
"""The least frequency of a word of the dictionary: names of towns are rarer in its newspapers than on calls."""
_TELLING = frozenset("零一二三四五六七八九十百千万两省市区县镇乡村路街局处")
"""Numerals and kinds of places tell names apart (东三路, 东山路; 高新区, 高新局), and recognisers know them well: where
one was heard, a term with another character there must have the same syllable."""


def limit(characters: int) -> float:
    """The distance, summed over its syllables, up to which a stretch may be taken for a term of that length."""
    return min(0.25 + 0.4 * (characters - 2), 2.0)


def read_vocabulary(path: Path) -> tuple[str, ...]:
    """The terms of a file: one a line, as ``term`` or ``term = reading``; what follows a ``#`` is a remark.

    Raises SettingError with file, line number and mend.
    """
    lines: dict[str, int] = {}
    entries: list[str] = []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if not entry:
            continue
        where = f"{path}:{number}"
        try:
            written = Term.parse(entry).written
        except ValueError as error:
            raise SettingError(where, str(error), "Mend that line, or put a # before it") from error
        if written in lines:
            raise SettingError(where, f"the same term is on line {lines[written]}", "Remove one of the two")
        if len(entries) == MAX_TERMS:
            raise SettingError(where, f"more than {MAX_TERMS} terms", "Keep the names that callers say")
        lines[written] = number
        entries.append(entry)
    return tuple(entries)


class Term(Struct, frozen=True):
    """A name as it is written, and its numbered pinyin."""

    written: str
    syllables: tuple[str, ...]

    @classmethod
    def parse(cls, entry: str) -> Term:
        """Of ``term`` or ``term = reading``. Raises ValueError, with the reason."""
        written, equals, reading = (part.strip() for part in entry.partition("="))
        if not SHORTEST <= len(written) <= LONGEST:
            raise ValueError(f"a term has {SHORTEST} to {LONGEST} characters, this one has {len(written)}")
        if not _HAN.fullmatch(written):
            raise ValueError("a term has nothing but Chinese characters: no letters, digits, spaces or marks")
        if equals:
            return cls(written, parse_reading(reading, written))
        syllables = readings(written)
        if not all(syllables):
            raise ValueError("a character has no known reading: write it behind the term, as in 重庆路 = chong qing lu")
        return cls(written, syllables)


class Change(Struct, frozen=True, kw_only=True):
    """``term`` stands for what was heard at ``text[start:end]``.

    ``distance`` between their sounds, summed over the syllables; ``gain``: the log likelihood the text wins.
    """

    start: int
    end: int
    term: str
    heard: str
    distance: float
    gain: float


class Vocabulary:
    """The terms, indexed by their sound. ``terms`` are lines as ``read_vocabulary`` gives them; an entry that is
    no term raises ValueError. ``margin_of_two``: by how much the text must become likelier for a term of two
    characters; where a wrong one costs little, less will do.
    """

    def __init__(self, terms: Sequence[str], margin_of_two: float = MARGIN_OF_TWO) -> None:
        self._margin_of_two = margin_of_two
        self.terms = tuple(Term.parse(entry) for entry in terms)
        self._written = frozenset(term.written for term in self.terms)
        self._lengths = sorted({len(written) for written in self._written})
        self._by_sound: dict[str, list[Term]] = {}
        for term in self.terms:
            self._by_sound.setdefault("".join(map(sound_class, term.syllables)), []).append(term)

    def correct(self, text: str) -> tuple[str, tuple[Correction, ...]]:
        """``text`` with its names put right, and where; the length stays the same."""
        changes = self.changes(text)
        for change in changes:
            text = text[: change.start] + change.term + text[change.end :]
        return text, tuple(Correction(start=c.start, end=c.end, heard=c.heard) for c in changes)

    def changes(self, text: str) -> tuple[Change, ...]:
        """What ``correct`` puts right, in order: of all that could be, the set that gains most without overlap."""
        return tuple(
            change for run in _HAN.finditer(text) for change in _best(list(self._candidates(run[0], run.start())))
        )

    def _candidates(self, run: str, offset: int) -> Iterator[Change]:
        words = rjieba.cut(run, False)
        # A character is read as in its word or by itself: the words of a misheard text are accidents.
        edges = {0, *accumulate(map(len, words))}
        readings_of = [(*map(readings, words),), (*map(readings, run),)]
        heard = [[*dict.fromkeys(ways)] for ways in zip(*map(chain.from_iterable, readings_of), strict=True)]
        sounds = {"".join(sound_class(ways[i]) for ways in heard) for i in (0, -1)}
        for start, length in self._alike(sounds):
            end = start + length
            found = self._nearest({sound[start:end] for sound in sounds}, run[start:end], heard[start:end])
            if found is None or not self._leaves_terms(run, start, found[0].written):
                continue
            term, apart = found
            gain = _cost(run) - _cost(run[:start]) - _cost(run[end:]) + TERM_LOG_PROBABILITY - WEIGHT * apart
            gain -= BROKEN_WORD * ((start not in edges) + (end not in edges))
            if gain >= (MARGIN if length > 2 else self._margin_of_two):
                yield Change(
                    start=offset + start,
                    end=offset + end,
                    term=term.written,
                    heard=run[start:end],
                    distance=round(apart, 3),
                    gain=round(gain, 2),
                )

    def _alike(self, sounds: Iterable[str]) -> set[tuple[int, int]]:
        """Start and length of what sounds roughly like a term."""
        return {
            (start, length)
            for sound in sounds
            for length in self._lengths
            for start in range(len(sound) - length + 1)
            if sound[start : start + length] in self._by_sound
        }

    def _nearest(
        self, sounds: Iterable[str], written: str, heard: Sequence[Sequence[str]]
    ) -> tuple[Term, float] | None:
        """The term that sounds like it, if there is one and no other is as near."""
        near = []
        for term in chain.from_iterable(self._by_sound.get(sound, ()) for sound in sounds):
            apart = 0.0
            for character, ways, meant, syllable in zip(written, heard, term.written, term.syllables, strict=True):
                off = min(distance(way, syllable) for way in ways)
                apart += off
                if off > (TONE if character in _TELLING and character != meant else MAX_SYLLABLE):
                    break
            else:
                if apart <= limit(len(written)):
                    near.append((apart, term))
        near.sort(key=itemgetter(0))
        if not near or (len(near) > 1 and near[1][0] - near[0][0] < (AMBIGUOUS if near[0][0] else 1e-9)):
            return None
        return near[0][1], near[0][0]

    def _leaves_terms(self, run: str, start: int, term: str) -> bool:
        """Whether what is a term already stays whole, ``term`` at ``start`` being that or one that goes over it."""
        end = start + len(term)
        for length in self._lengths:
            for first in range(max(0, start - length + 1), min(end, len(run) - length + 1)):
                present = run[first : first + length]
                if present not in self._written:
                    continue
                if (
                    present == term
                    or first < start
                    or first + length > end
                    or term[first - start :][:length] != present
                ):
                    return False
        return True


def _best(candidates: list[Change]) -> list[Change]:
    """The changes that do not overlap and gain most together."""
    candidates.sort(key=lambda c: c.end)
    ends = [c.end for c in candidates]
    best: list[tuple[float, list[Change]]] = [(0.0, [])]
    for i, change in enumerate(candidates):
        gain, before = best[bisect_right(ends, change.start, hi=i)]
        best.append(max((gain + change.gain, [*before, change]), best[i], key=itemgetter(0)))
    return best[-1][1]


def _cost(run: str) -> float:
    """How unlikely the words of ``run`` are: minus the logarithm of the product of their frequencies."""
    return sum(map(_word_cost, rjieba.cut(run, False)))


@lru_cache(maxsize=65536)
def _word_cost(word: str) -> float:
    return log(_WORDS_COUNTED / max(_OF_ANY_WORD if len(word) > 1 else 1, rjieba.suggest_freq(word)))
