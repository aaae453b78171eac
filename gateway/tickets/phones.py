"""Telephone numbers as they are said: in groups, with pauses, fillers, repetitions and 幺 for one. PURE."""

from __future__ import annotations

import re
from itertools import product

from msgspec import Struct

from gateway.tickets.spoken import Finding, digit, half_width

_D = "[0-9零〇一二两三四五六七八九幺]"
_MULTIPLE = rf"[两二三四五六2-6]个{_D}"
_GROUP = rf"(?:{_MULTIPLE}|(?:{_D}(?!个{_D}))+)"
_PAUSE = r"(?:[\s,，.。、;；:：!！?？~—-]|嗯|呃|啊|额|哦|哎|然后|后面|接着|就是|那个|再|是){0,5}"
_RUN = re.compile(rf"{_GROUP}(?:{_PAUSE}{_GROUP})*")
_GROUPS = re.compile(_GROUP)
_COUNTRY_CODE = re.compile(r"^(?:00)?86(?=1[3-9])")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"(?:010|02[0-9])[2-8][0-9]{7}|0[3-9][0-9]{2}[2-8][0-9]{6,7}")
_LOCAL = re.compile(r"[2-8][0-9]{6,7}")
_ABOUT_A_PHONE = re.compile(r"电话|座机|号码|手机|联系|打给|打到|拨")
_MAX_REPEATS = 6
_MAX_GROUPS = 24


class _Group(Struct, frozen=True):
    digits: str
    start: int
    end: int


def find(text: str) -> list[Finding]:
    """The telephone numbers in ``text``, in order; the value is digits only.

    Mobile numbers have 11 digits (1[3-9]...), landlines 10 to 12 with their area code. A local number of 7 or
    8 digits counts only where the words just before it speak of a telephone.
    """
    plain = half_width(text)
    found = []
    for run in _RUN.finditer(plain):
        groups = [_group(g) for g in _GROUPS.finditer(plain, run.start(), run.end())][:_MAX_GROUPS]
        if sum(len(g.digits) for g in groups) < 7:
            continue
        about_phone = bool(_ABOUT_A_PHONE.search(plain[max(0, run.start() - 12) : run.start()]))
        finding = _resolve(groups, about_phone)
        if finding:
            found.append(finding)
    return found


def same_number(one: str, other: str) -> bool:
    """Whether two spellings are one number: punctuation, the country code and numerals do not matter."""
    return bool(one.strip()) and _plain(one) == _plain(other)


def _plain(number: str) -> str:
    return _COUNTRY_CODE.sub("", "".join(digit(char) for char in half_width(number)))


def _group(match: re.Match[str]) -> _Group:
    said = match.group()
    digits = digit(said[2]) * int(digit(said[0])) if said[1:2] == "个" else "".join(digit(c) for c in said)
    return _Group(digits, match.start(), match.end())


def _resolve(groups: list[_Group], about_phone: bool) -> Finding | None:
    """Read one run of digit groups: whole, without the repetitions, a part of it, or its tail, in this order."""
    whole = "".join(g.digits for g in groups)
    if kind := _kind(whole, about_phone):
        return _finding(whole, groups, 0.95 if kind != "local" else 0.6, f"phone.{kind}")
    without = _without_repeats(groups)
    if without:
        return _finding(without, groups, 0.85, "phone.repeated")
    for length in range(len(groups) - 1, 0, -1):
        for first in range(len(groups) - length, -1, -1):
            window = groups[first : first + length]
            number = "".join(g.digits for g in window)
            if (kind := _kind(number, False)) or (number := _without_repeats(window)):
                return _finding(number, window, 0.8, "phone.part")
    tails = [m.group(1) for m in re.finditer(rf"(?=({_MOBILE.pattern}))", whole)]
    return _finding(tails[-1], groups, 0.5, "phone.tail") if tails else None


def _without_repeats(groups: list[_Group]) -> str:
    """The number that remains when groups said twice are taken once, or an empty string."""
    repeats = [i for i in range(1, len(groups)) if _repeats(groups[i - 1].digits, groups[i].digits)][:_MAX_REPEATS]
    for dropped in product((True, False), repeat=len(repeats)):
        drop = {i for i, away in zip(repeats, dropped, strict=True) if away}
        kept = [
            g.digits
            for i, g in enumerate(groups)
            if not (i in drop and _is_tail(groups[i - 1].digits, g.digits))
            and not (i + 1 in drop and not _is_tail(g.digits, groups[i + 1].digits))
        ]
        if drop and _kind("".join(kept), False):
            return "".join(kept)
    return ""


def _repeats(before: str, after: str) -> bool:
    return _is_tail(before, after) or (len(before) >= 2 and after.startswith(before))


def _is_tail(before: str, after: str) -> bool:
    return len(after) >= 2 and before.endswith(after)


def _kind(number: str, about_phone: bool) -> str:
    if _MOBILE.fullmatch(_COUNTRY_CODE.sub("", number)):
        return "mobile"
    if _LANDLINE.fullmatch(number):
        return "landline"
    return "local" if about_phone and _LOCAL.fullmatch(number) else ""


def _finding(number: str, groups: list[_Group], confidence: float, rule: str) -> Finding:
    value = _COUNTRY_CODE.sub("", number)
    return Finding(value=value, start=groups[0].start, end=groups[-1].end, confidence=confidence, rule=rule)
