"""Spoken Chinese as text: folding that keeps offsets, numerals, and what a finder returns. PURE.

Recognisers put spaces between words or leave punctuation out, and write numbers as Chinese numerals, as Arabic
digits, or mixed. Finders work on a folded text and give back spans of the text they were handed. In a joined text
a line feed stands between two utterances.
"""

from __future__ import annotations

import re

from msgspec import Struct

NUMERALS = "零〇一二两三四五六七八九十百千幺"
NUMBER = rf"(?:[0-9]+[百千][0-9{NUMERALS}]*|[0-9]+|[{NUMERALS}]+)"
"""One number, in Arabic digits or Chinese numerals."""

_DIGIT_VALUES = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "幺": 1, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_LONGEST = 12
_HALF_WIDTH = {0xFF01 + i: 0x21 + i for i in range(94)} | {0x3000: 0x20}
_KEEP_FULL = {ord("，"), ord("。"), ord("！"), ord("？"), ord("；"), ord("：")}
_TO_HALF = {wide: half for wide, half in _HALF_WIDTH.items() if wide not in _KEEP_FULL}


class Finding(Struct, frozen=True, kw_only=True):
    """A value found in a text: its normal form, the span ``text[start:end]`` it was read from, the rule that found it.

    ``confidence`` is 0 to 1: an ordering among findings of one kind, not a probability.
    """

    value: str
    start: int
    end: int
    confidence: float
    rule: str


class Folded:
    """A text without spaces and with half-width letters and digits, and the way back to the original offsets."""

    def __init__(self, original: str) -> None:
        half = half_width(original)
        self.offsets = [i for i, char in enumerate(half) if char == "\n" or not char.isspace()]
        self.text = "".join(half[i] for i in self.offsets)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The span in the original text of ``self.text[start:end]`` (not empty)."""
        return self.offsets[start], self.offsets[end - 1] + 1


def half_width(text: str) -> str:
    """Full-width letters and digits to half width, character for character; Chinese punctuation stays."""
    return text.translate(_TO_HALF)


def digit(char: str) -> str:
    """The Arabic digit of one numeral character, or an empty string for anything else."""
    if "0" <= char <= "9":
        return char
    value = _DIGIT_VALUES.get(char)
    return "" if value is None else str(value)


def arabic(numeral: str) -> str:
    """A spoken number in Arabic digits: 三百二十, 三二零 and 320 all give ``320``; 三百二 is 320 too.

    A numeral that is read digit by digit keeps its leading zeros.
    """
    if len(numeral) > _LONGEST or not any(char in _UNITS for char in numeral):
        return "".join(digit(char) for char in numeral) or "0"
    total, pending, last_unit = 0, "", 1
    for char in numeral:
        if char in _UNITS:
            last_unit = _UNITS[char]
            total += (int(pending) if pending else 1) * last_unit
            pending = ""
        elif digit(char) == "0" and not pending:
            last_unit = 1
        else:
            pending += digit(char)
    if pending:
        colloquial = len(pending) == 1 and last_unit >= 100
        total += int(pending) * (last_unit // 10 if colloquial else 1)
    return str(total)


def arabic_throughout(text: str) -> str:
    """Every number in the text in Arabic digits, spaces removed: a form in which two spellings are equal."""
    return re.sub(NUMBER, lambda found: arabic(found.group()), Folded(text).text)
