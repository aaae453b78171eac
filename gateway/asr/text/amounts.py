"""What a Chinese numeral is worth, and how it is written in Arabic digits. PURE.

A numeral is either read by its value (三百二十) or digit by digit (三二零). GB/T 15835-2011 lets 万 and 亿 stand behind
Arabic digits where the number ends with them.
"""

from __future__ import annotations

import re

DIGITS = {c: str(i) for i, c in enumerate("零一二三四五六七八九")} | {"〇": "0", "○": "0", "幺": "1"}
"""Characters that are read one by one."""
UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
NUMERALS = "".join(DIGITS) + "两" + "".join(UNITS)
"""Every character that a numeral may hold."""

_D, _B = "[一二三四五六七八九]", "[一二两三四五六七八九]"
_TENS = f"{_D}?十{_D}?"
_HUNDREDS = f"{_B}百(?:零?{_TENS}|零{_D})?"
_THOUSANDS = f"{_B}千(?:零?{_HUNDREDS}|零?{_TENS}|零{_D})?"
_SECTION = f"(?:{_THOUSANDS}|{_HUNDREDS}|{_TENS}|{_B})"
_UNDER_YI = f"(?:{_SECTION}万(?:零?{_SECTION})?|{_SECTION})"
_SHORT = f"(?:{_B}千)?{_B}百{_D}|{_B}千{_D}|{_SECTION}万{_D}"
_AMOUNT = re.compile(f"{_UNDER_YI}亿(?:零{_UNDER_YI}|(?!{_B}$){_UNDER_YI})?|{_UNDER_YI}|{_SHORT}")
_SHORTENED = re.compile(_SHORT)


def value(numeral: str) -> int | None:
    """The value of a numeral with units, or of one digit; None for anything that is no well-formed amount.

    三百二 is 320, 一万二 is 12000: the unit below the last one is left out in speech.
    """
    if _SHORTENED.fullmatch(numeral):
        return _sum(numeral[:-1]) + int(DIGITS[numeral[-1]]) * UNITS[numeral[-2]] // 10
    return _sum(numeral) if _AMOUNT.fullmatch(numeral) else None


def shortened(numeral: str) -> bool:
    """Whether the last unit of ``numeral`` was left out, as in 三百二."""
    return _SHORTENED.fullmatch(numeral) is not None


def by_digit(numeral: str) -> str | None:
    """The digits of a numeral that is read one by one, or None if it is not."""
    return "".join(DIGITS[c] for c in numeral) if numeral and all(c in DIGITS for c in numeral) else None


def written(numeral: str) -> str | None:
    """An amount in Arabic digits; 三十万 is 30万, 两亿三千万 is 2亿3000万. None for what is no amount."""
    amount = value(numeral)
    if amount is None:
        return None
    yi, rest = divmod(amount, UNITS["亿"])
    wan, units = divmod(rest, UNITS["万"])
    if units and yi:
        return None
    if units or not rest:
        return f"{yi}亿" if yi else str(rest)
    return f"{yi}亿{wan}万" if yi else f"{wan}万"


def _sum(numeral: str) -> int:
    total = section = 0
    digit: int | None = None
    for c in numeral:
        if c not in UNITS:
            digit = 2 if c == "两" else int(DIGITS[c])
        elif c == "亿":
            total, section, digit = (total + section + (digit or 0)) * UNITS[c], 0, None
        elif c == "万":
            total, section, digit = total + (section + (digit or 0)) * UNITS[c], 0, None
        else:
            section, digit = section + (1 if digit is None else digit) * UNITS[c], None
    return total + section + (digit or 0)
