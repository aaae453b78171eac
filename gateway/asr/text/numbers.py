"""Chinese numerals to the digits in which a clerk writes them. PURE.

What is a number is told by its surroundings: a unit of measure, a date, an hour, a house, a bus line, a telephone
number. Small counts (两个人, 三天), ordinals (第三次), weekdays, fractions, estimates (十几, 三四百) and words that
only contain a numeral (十分, 万一, 五一路) stay in characters, as GB/T 15835-2011 allows or demands. In doubt
nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from gateway.asr.text import number_rules as rules
from gateway.asr.text.amounts import DIGITS, UNITS, by_digit, shortened, value, written
from gateway.asr.text.number_words import KEPT_WORDS, MEASURES, PLACE_ENDINGS
from gateway.asr.text.passage import Edit, replaced

_TELEPHONE = re.compile(r"1[3-9]\d{9}|0(?:10|2\d)[2-8]\d{7}|0[3-9]\d\d[2-8]\d{6,7}|[48]00\d{7}")
_PLACE = re.compile(f"[{PLACE_ENDINGS}]")
_MEASURE = re.compile(MEASURES)
_HOUSE_AFTER = re.compile("号|单元|栋|幢|座|楼|层|室|路|月|点|个")
_SHORTEST_NUMBER = 5
"""Figures said one by one that are a number whatever stands beside them (12345)."""


def write_numbers(text: str) -> str:
    """``text`` with its numbers in Arabic digits."""
    return replaced(text, number_edits(text))


def number_edits(text: str, kept: Iterable[tuple[int, int]] = (), pauses: Sequence[int] = ()) -> list[Edit]:
    """What to change in ``text`` to have its numbers in digits, in order; nothing within the spans ``kept``.

    ``pauses``: where the speaker paused, which tells a telephone number from figures before and after it.
    """
    page = _Page(text, kept)
    page.keep(KEPT_WORDS)
    for match in rules.PERCENTAGE.finditer(text):
        page.write(_percentage(match))
    page.keep(rules.KEPT)
    for match in rules.DASHES.finditer(text):
        page.write(_dashed(match))
    for match in rules.GROUPS.finditer(text):
        page.write(_telephone_in_groups(match))
    for pattern in (rules.MEASURED_DECIMAL, *rules.RULES, rules.DECIMAL):
        for match in pattern.finditer(text):
            page.write(_parts(match))
    for match in rules.RUN.finditer(text):
        page.write(_numeral(text, *match.span(), pauses))
    page.write_ranges()
    return sorted(page.edits)


class _Page:
    """A text, what has been changed in it so far, and which of its characters are settled."""

    def __init__(self, text: str, kept: Iterable[tuple[int, int]]) -> None:
        self.text = text
        self.edits: list[Edit] = []
        self._settled = bytearray(len(text))
        for start, end in kept:
            self._settle(start, end)

    def keep(self, pattern: re.Pattern[str]) -> None:
        for match in pattern.finditer(self.text):
            self._settle(*match.span())

    def write(self, edits: Sequence[Edit]) -> None:
        """All of ``edits``, or none if one of them touches what is settled."""
        if any(any(self._settled[e.start : e.end]) for e in edits):
            return
        for edit in edits:
            self._settle(edit.start, edit.end)
        self.edits += edits

    def write_ranges(self) -> None:
        for edit in sorted(self.edits, reverse=True):
            start = edit.start
            while start >= 2 and (match := rules.RANGE.match(self.text, start - 2, start)):
                self.write(_parts(match))
                start -= 2

    def _settle(self, start: int, end: int) -> None:
        self._settled[start:end] = b"\1" * (end - start)


def _parts(match: re.Match[str]) -> list[Edit]:
    """The numerals in the groups of a rule, each in digits; none if one is no number."""
    edits = []
    for group, numeral in match.groupdict().items():
        if numeral is None:
            continue
        digits = "." if group == "point" else _read(numeral, group[0])
        if digits is None:
            return []
        edits.append(Edit(*match.span(group), digits))
    return edits


def _read(numeral: str, way: str) -> str | None:
    if way == "s" or (way == "a" and len(numeral) > 1 and not any(c in UNITS for c in numeral)):
        return by_digit(numeral)
    return "0" if numeral == "零" else written(numeral)


def _percentage(match: re.Match[str]) -> list[Edit]:
    """百分之九十五 is 95%."""
    whole = "100" if match["a1"] == "百" else _read(match["a1"], "a")
    if whole is None or not whole.isdigit():
        return []
    part = f".{by_digit(match['s2'])}" if match["s2"] else ""
    return [Edit(*match.span(), f"{whole}{part}%")]


def _dashed(match: re.Match[str]) -> list[Edit]:
    """三杠二杠五零一 is 3-2-501."""
    parts = [_read(part, "a") for part in match[0].split("杠")]
    return [] if None in parts else [Edit(*match.span(), "-".join(str(part) for part in parts))]


def _telephone_in_groups(match: re.Match[str]) -> list[Edit]:
    digits = "".join(DIGITS.get(c, c) for c in match[0] if c.isdigit() or c in DIGITS)
    return [Edit(*match.span(), digits)] if _TELEPHONE.fullmatch(digits) else []


def _numeral(text: str, start: int, end: int, pauses: Sequence[int]) -> list[Edit]:
    """A numeral that no rule knows: figures one by one, or an amount."""
    numeral = text[start:end]
    digits = by_digit(numeral)
    if digits is not None:
        cuts = [start, *(p for p in pauses if start < p < end), end]
        said = [Edit(a, b, digits[a - start : b - start]) for a, b in pairwise(cuts)]
        if any(_TELEPHONE.fullmatch(edit.written) for edit in said):
            return said
        is_number = len(digits) >= _SHORTEST_NUMBER or _has_figures(numeral)
        return [Edit(start, end, digits)] if is_number else []
    amount = written(numeral)
    if amount is None or not _is_amount(text, start, end):
        return []
    return [Edit(start, end, amount)]


def _has_figures(numeral: str) -> bool:
    """Whether it can only be figures: 幺 is said in nothing else, nor 零 between or after others."""
    return len(numeral) >= 2 and ("幺" in numeral or (len(numeral) >= 3 and any(DIGITS[c] == "0" for c in numeral[1:])))


def _is_amount(text: str, start: int, end: int) -> bool:
    numeral = text[start:end]
    amount = value(numeral) or 0
    if amount < UNITS["十"] or text.startswith("几", end):
        return False
    if _PLACE.match(text, end) and (amount < UNITS["百"] or amount % UNITS["百"] == 0):
        return False
    if numeral[0] == "十" and (
        text.endswith(("几", "数", "多", "好"), 0, start) or text.startswith(("多", "来", "余"), end)
    ):
        return False
    if numeral in ("十", "十一"):
        return _MEASURE.match(text, end) is not None
    if not shortened(numeral):
        return True
    return not (_HOUSE_AFTER.match(text, end) or (numeral[-1] == "一" and _MEASURE.match(text, end)))
