"""What a call is about: categories and request types by weighted cue words, kept in tables a clerk can edit. PURE.

A table row names a class and its cues in four columns, separated by spaces: ``strong`` (weight 4), ``plain`` (2),
``weak`` (1) and ``misheard`` (2: what recognisers make of a cue). A cue ``水+停`` needs both words within a few
characters, in any order. A cue counts once, however often it is said, and not at all beside a longer one that holds
it. A cue of two or more characters that is not there but sounds like what is there counts half: recognisers write
the right syllables with wrong characters.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path

from msgspec import Struct

from gateway.config import read_text
from gateway.errors import SettingError
from gateway.tickets.sounds import sound
from gateway.tickets.spoken import Folded

REQUEST_TYPES = ("咨询", "求助", "投诉", "举报", "建议", "表扬")
"""诉求类型. Where one ends and the next begins is local convention: config/taxonomy/request_types.csv."""

_WEIGHTS = {"strong": 4.0, "plain": 2.0, "weak": 1.0, "misheard": 2.0}
_BY_SOUND = {"strong", "plain"}
_BETWEEN = 6
_LEAST_SCORE = 2.0
_FAVOUR = 1.5
_TELLING = re.compile(r"[停没].|.{3,}")
_NEGATION = re.compile(r"(?:不是|不想|不要|没有|没|并非|不用|不)(?:要|想|来|在)?$")


class Span(Struct, frozen=True):
    """Where a cue stands in the text that was classified."""

    start: int
    end: int


class Category(Struct, frozen=True, kw_only=True):
    """A first-level and second-level class. ``usual`` is the request type such calls have when none is said.

    ``score`` is the sum of the weights of its cues, ``confidence`` that score against the next best class (0 to 1),
    ``cue`` the weightiest one, ``spans`` where the cues were said, the weightiest first.
    """

    path: tuple[str, str]
    score: float
    confidence: float
    usual: str
    matter: str
    cue: str
    spans: tuple[Span, ...]


class RequestType(Struct, frozen=True, kw_only=True):
    """A request type and the weightiest cue it was told by; no cue and no spans where it is only the usual one."""

    name: str
    score: float
    confidence: float
    cue: str
    spans: tuple[Span, ...]


class _Cue(Struct, frozen=True):
    words: str
    weight: float
    pattern: re.Pattern[str]
    by_sound: re.Pattern[str] | None


class _Entry(Struct, frozen=True):
    path: tuple[str, str]
    usual: str
    cues: tuple[_Cue, ...]


class _Hit(Struct, frozen=True):
    cue: _Cue
    weight: float
    start: int
    end: int


class _Ranked(Struct, frozen=True):
    entry: _Entry
    score: float
    hits: Sequence[_Hit]


class Taxonomy:
    """The categories and the request types of one hotline."""

    def __init__(self, categories: Iterable[_Entry], request_types: Iterable[_Entry]) -> None:
        self._categories = tuple(categories)
        self._request_types = tuple(request_types)

    @classmethod
    def load(cls, path: Path) -> Taxonomy:
        """Read the categories' table at ``path`` and ``request_types.csv`` beside it.

        Raises SettingError with file and line.
        """
        return cls(
            _read(path, ("category", "subcategory", "usual")),
            _read(path.with_name("request_types.csv"), ("request_type",)),
        )

    @property
    def paths(self) -> tuple[tuple[str, str], ...]:
        """All (category, subcategory) pairs in the table's order."""
        return tuple(entry.path for entry in self._categories)

    def classify(self, text: str, within: str = "") -> Category | None:
        """The class whose cues weigh most in ``text``; or None. ``within``: stay in that first level."""
        if not text:
            return None
        folded = Folded(text)
        ranked = _rank(folded.text, [e for e in self._categories if not within or e.path[0] == within])
        if not ranked:
            return None
        best = ranked[0]
        cue = best.hits[0].cue
        return Category(
            path=best.entry.path,
            score=best.score,
            confidence=_share(ranked),
            usual=best.entry.usual,
            matter=_matter(best),
            cue=cue.words,
            spans=_spans(folded, best.hits),
        )

    def request_type(self, text: str, usual: str = "") -> RequestType | None:
        """The request type that is said in ``text``; None where nothing speaks. 不是投诉 does not count.

        ``usual``, the type such matters mostly have, tips the balance and stands where nothing was said.
        """
        folded = Folded(text)
        ranked = _rank(folded.text, self._request_types, negatable=True, favoured=usual)
        if not ranked:
            return None
        best = ranked[0]
        return RequestType(
            name=best.entry.path[0],
            score=best.score,
            confidence=_share(ranked),
            cue=best.hits[0].cue.words if best.hits else "",
            spans=_spans(folded, best.hits),
        )


def _rank(text: str, entries: Iterable[_Entry], *, negatable: bool = False, favoured: str = "") -> list[_Ranked]:
    """Classes with a cue in ``text``, best first; equal ones by what was said first."""
    heard = sound(text)
    ranked = []
    for entry in entries:
        hits: list[_Hit] = []
        for cue in entry.cues:
            if not _said_within(cue, hits) and (span := _first(cue.pattern, text, text, hits, negatable)):
                hits.append(_Hit(cue, cue.weight, *span))
        for cue in entry.cues:
            if cue.by_sound is None or _said_within(cue, hits):
                continue
            if span := _first(cue.by_sound, heard, text, hits, negatable):
                hits.append(_Hit(cue, cue.weight / 2, *span))
        is_favoured = bool(favoured) and entry.usual == favoured
        score = sum(h.weight for h in hits) + (_FAVOUR if is_favoured else 0.0)
        if score >= _LEAST_SCORE or is_favoured:
            ranked.append(_Ranked(entry, score, sorted(hits, key=lambda h: (-h.weight, h.start))))
    return sorted(ranked, key=lambda r: (-r.score, min((h.start for h in r.hits), default=len(text))))


def _said_within(cue: _Cue, hits: Iterable[_Hit]) -> bool:
    """Whether a cue that was found says all this one would (停水 says 水): it counts no second time."""
    parts = cue.words.split("+")
    return any(all(part in hit.cue.words for part in parts) for hit in hits)


def _first(
    pattern: re.Pattern[str], within: str, text: str, hits: Iterable[_Hit], negatable: bool
) -> tuple[int, int] | None:
    """The first span of ``pattern`` that no other cue of the class holds, and that is not denied (不是投诉)."""
    for found in pattern.finditer(within):
        start, end = found.span()
        if any(start < h.end and h.start < end for h in hits):
            continue
        if not (negatable and _NEGATION.search(text[max(0, start - 4) : start])):
            return start, end
    return None


def _share(ranked: Sequence[_Ranked]) -> float:
    """Best against the rest: 1 cue of weight 4 alone gives 0.67, two give 0.8; a rival of equal weight halves it."""
    rival = ranked[1].score if len(ranked) > 1 else 0.0
    return round(ranked[0].score / (ranked[0].score + rival + 2.0), 3)


def _matter(best: _Ranked) -> str:
    """What a title calls the matter: a telling strong cue (停水, 拖欠工资), else the class's own name."""
    own = best.entry.path[1]
    for hit in best.hits:
        cue = hit.cue
        if cue.weight >= _WEIGHTS["strong"] and "+" not in cue.words and _TELLING.fullmatch(cue.words):
            return own if cue.words in own else cue.words
    return own


def _spans(folded: Folded, hits: Sequence[_Hit]) -> tuple[Span, ...]:
    return tuple(Span(*folded.span(h.start, h.end)) for h in hits)


def _read(path: Path, keys: tuple[str, ...]) -> list[_Entry]:
    rows = csv.DictReader(StringIO(read_text(path)), strict=True)
    expected = [*keys, *_WEIGHTS]
    if rows.fieldnames != expected:
        raise SettingError(f"{path}: line 1", "the columns are not as expected", f"Write {','.join(expected)}")
    entries = []
    try:
        for row in rows:
            entries.append(_entry(row, keys, f"{path}: line {rows.line_num}"))
    except csv.Error as error:
        raise SettingError(f"{path}: line {rows.line_num}", str(error), "Save it as CSV in UTF-8") from error
    if not entries:
        raise SettingError(str(path), "has no rows", "Write one row per class")
    return entries


def _entry(row: dict[str, str], keys: tuple[str, ...], where: str) -> _Entry:
    if None in row or None in row.values():
        raise SettingError(where, "has too many or too few columns", "Put cells with a comma in quotes")
    names = [row[key].strip() for key in keys]
    if not all(names):
        raise SettingError(where, f"{keys[names.index('')]} is empty", "Name the class")
    request_type = names[-1]
    if request_type not in REQUEST_TYPES:
        raise SettingError(where, f"{request_type} is no request type", f"Write one of {' '.join(REQUEST_TYPES)}")
    cues = [_cue(words, column) for column in _WEIGHTS for words in row[column].split()]
    if not cues:
        raise SettingError(where, "has no cue words", "Write at least one word callers use")
    longest_first = sorted(cues, key=lambda c: (-c.weight, -len(c.words)))
    path = (names[0], names[1]) if len(names) > 1 else (names[0], "")
    return _Entry(path, request_type, tuple(longest_first))


def _cue(words: str, column: str) -> _Cue:
    parts = [re.escape(part) for part in words.strip("+").split("+")]
    gap = rf"[^\n]{{0,{_BETWEEN}}}?"
    orders = [parts] if len(parts) == 1 else [parts, parts[::-1]]
    pattern = re.compile("|".join(gap.join(order) for order in orders))
    by_sound = column in _BY_SOUND and len(parts) == 1 and len(words) >= 2
    return _Cue(words, _WEIGHTS[column], pattern, re.compile(re.escape(sound(words))) if by_sound else None)
