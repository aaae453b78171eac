"""Numerals in Arabic digits to the Chinese characters a person would say. PURE.

Names are read digit by digit (a telephone number, a year, a room), amounts by their value (1500 is 一千五百).
"""

from __future__ import annotations

import re

_DIGITS = "零一二三四五六七八九"
_UNITS = ((10**8, "亿"), (10**4, "万"), (1000, "千"), (100, "百"), (10, "十"))
_LONGEST_AMOUNT = 16
"""Digits; no listener follows the value of a longer number."""


def read_numerals(text: str) -> str:
    """``text`` with every numeral in Chinese characters.

    Names are: five digits and more (telephone numbers, 12345), a leading zero, a year, a room, and the parts of
    an address such as 3-2-501. A time of day such as 15:30 becomes hours and minutes. All else is an amount, as is
    what has commas between thousands; percentages, degrees and fractions are said in full.
    """
    text = re.sub(r"(?<![\d.,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?![\d,])", lambda m: _amount(m[0].replace(",", "")), text)
    text = re.sub(r"(?<!\d)(\d{1,2})[:：](\d{2})(?![\d:：])", _time_of_day, text)
    text = re.sub(r"(?<!\d)\d+(?:-\d+)+(?!\d)", lambda m: "杠".join(_by_digit(p) for p in m[0].split("-")), text)
    text = re.sub(r"(?<![\d.])(?:\d{5,}|0\d+)(?![\d.])", lambda m: _by_digit(m[0]), text)
    text = re.sub(r"(?<![\d.])(?:\d{4}(?=年)|\d{3,4}(?=室|房))", lambda m: _by_digit(m[0]), text)
    text = re.sub(r"(\d+)/(\d+)", lambda m: f"{_amount(m[2])}分之{_amount(m[1])}", text)
    return re.sub(r"((?<![0-9A-Za-z])-)?(\d+(?:\.\d+)?)([%％℃]?)", _quantity, text)


def _by_digit(digits: str) -> str:
    return "".join(_DIGITS[int(d)] for d in digits)


def _time_of_day(match: re.Match[str]) -> str:
    hour, minute = int(match[1]), int(match[2])
    if minute == 0:
        return f"{_amount(match[1])}点整"
    return f"{_value(hour)}点{'零' if minute < 10 else ''}{_value(minute)}分"


def _quantity(match: re.Match[str]) -> str:
    amount = _amount(match[2])
    below = bool(match[1])
    if match[3] == "℃":
        return f"{'零下' if below else ''}{amount}摄氏度"
    return f"{'负' if below else ''}{'百分之' if match[3] else ''}{amount}"


def _amount(number: str) -> str:
    """The value of ``number``, digits with or without a decimal point."""
    whole, _, decimals = number.partition(".")
    said = _value(int(whole)) if len(whole) <= _LONGEST_AMOUNT else _by_digit(whole)
    return f"{said}点{_by_digit(decimals)}" if decimals else said


def _value(number: int) -> str:
    said = _spell(number)
    return said.removeprefix("一") if said.startswith("一十") else said


def _spell(number: int) -> str:
    for unit, name in _UNITS:
        if number >= unit:
            count, rest = divmod(number, unit)
            gap = "零" if 0 < rest < unit // 10 else ""
            return _spell(count) + name + gap + (_spell(rest) if rest else "")
    return _DIGITS[number]
