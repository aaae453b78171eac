"""When something happened, as callers say it: 昨天晚上十点多, 三天前, 上周三, 每天晚上12点. PURE.

A moment becomes an ISO 8601 date, with the local time when an hour was said (``2025-11-23T22:00``) or with the part
of the day when only that was said (``2025-11-23 晚上``). What recurs stays a description with Arabic digits.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from gateway.tickets.spoken import NUMBER, Finding, Folded, arabic, arabic_throughout

_PART = r"(?:凌晨|清晨|早晨|早上|大清早|上午|中午|下午|傍晚|晚上|夜里|夜间|半夜|深夜|后半夜|大半夜|晚间|夜晚)"
_CLOCK = (
    rf"(?P<hour>{NUMBER})(?:点钟?(?P<minute>半|一刻|三刻|{NUMBER}分)?|[:：](?P<colon>[0-5][0-9]))(?P<about>多|左右)?"
)
_DAYS = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2, "大前天": 3}
_NIGHTS = {
    "今早": (0, "早上"),
    "今晨": (0, "清晨"),
    "今晚": (0, "晚上"),
    "昨晚": (1, "晚上"),
    "昨夜": (1, "夜里"),
    "前晚": (2, "晚上"),
}
_WEEKDAYS = {c: i for i, c in enumerate("一二三四五六日")} | {"天": 6} | {str(i + 1): i for i in range(7)}
_LATE = {"晚上", "夜里", "夜间", "半夜", "深夜", "后半夜", "大半夜", "晚间", "夜晚"}
_AFTERNOON = {"下午", "傍晚"}

_RECURRING = re.compile(
    rf"(?:每天|天天|每日|每晚|每个?周末|每到周末|每个?星期|每周|一到(?={_PART}))[一二三四五六日天]?(?:都)?(?:是)?(?:{_PART})?"
    rf"(?:都)?(?:大概|到)?(?:{NUMBER}点(?:钟|半)?(?:多|左右|以后|之后)?)?(?:到(?:{_PART})?{NUMBER}点(?:半)?)?"
)
_DAY = re.compile(
    rf"(?:(?P<day>大前天|前天|昨天|昨日|今天|今日)(?P<part>{_PART})?|(?P<night>今早|今晨|今晚|昨晚|昨夜|前晚))"
    rf"(?:的)?(?:大概|大约|差不多)?(?:{_CLOCK})?"
)
_AGO = re.compile(rf"(?P<count>半|{NUMBER})(?P<unit>个?小时|个?钟头|天|个?星期|周|个?月|年)(?:多)?(?:以前|之前|前)")
_LASTING = re.compile(rf"(?P<count>{NUMBER})(?P<unit>天|个?星期|周|个?月)(?:多)?(?=了|没|都没|时间)")
_WEEK = re.compile(
    rf"(?P<which>上上个?|上个?|这个?|本)?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天1-7])(?P<part>{_PART})?(?:{_CLOCK})?"
)
_DATE = re.compile(
    rf"(?:(?P<year>[0-9]{{4}}|[二两][零〇一二三四五六七八九]{{3}})年)?(?P<month>{NUMBER})月(?:份)?(?P<dom>{NUMBER})(?:号|日)"
    rf"(?P<part>{_PART})?(?:{_CLOCK})?"
)
_BARE = re.compile(rf"(?P<part>{_PART})(?:大概|大约)?(?:{_CLOCK})")


def find(text: str, said_at: datetime) -> list[Finding]:
    """The times in ``text``, in order, without overlap. ``said_at`` is the local time the words were said."""
    folded = Folded(text)
    taken: list[Finding] = []
    for reader in (_recurring, _dates, _weekdays, _days, _agos, _lastings, _bare_hours):
        for value, start, end, confidence in reader(folded.text, said_at):
            first, last = folded.span(start, end)
            if not any(first < t.end and t.start < last for t in taken):
                rule = f"time.{reader.__name__.strip('_')}"
                taken.append(Finding(value=value, start=first, end=last, confidence=confidence, rule=rule))
    return sorted(taken, key=lambda t: t.start)


Read = list[tuple[str, int, int, float]]


def _recurring(text: str, said_at: datetime) -> Read:
    return [
        (arabic_throughout(m.group()), *m.span(), 0.9 if len(m.group()) > 3 else 0.7) for m in _RECURRING.finditer(text)
    ]


def _days(text: str, said_at: datetime) -> Read:
    found = []
    for m in _DAY.finditer(text):
        back, part = (_DAYS[m["day"]], m["part"] or "") if m["day"] else _NIGHTS[m["night"]]
        precise = bool(m["hour"]) or bool(part)
        found.append((_moment(said_at - timedelta(days=back), part, m), *m.span(), 0.9 if precise else 0.75))
    return found


def _agos(text: str, said_at: datetime) -> Read:
    return [(value, *m.span(), 0.8) for m in _AGO.finditer(text) if (value := _before(said_at, m["count"], m["unit"]))]


def _lastings(text: str, said_at: datetime) -> Read:
    return [
        (value, *m.span(), 0.5) for m in _LASTING.finditer(text) if (value := _before(said_at, m["count"], m["unit"]))
    ]


def _weekdays(text: str, said_at: datetime) -> Read:
    found = []
    for m in _WEEK.finditer(text):
        weeks = {"上上": 2, "上": 1}.get((m["which"] or "").removesuffix("个"), 0)
        day = said_at - timedelta(days=said_at.weekday() - _WEEKDAYS[m["weekday"]], weeks=weeks)
        if not m["which"] and day.date() > said_at.date():
            day -= timedelta(weeks=1)
        found.append((_moment(day, m["part"] or "", m), *m.span(), 0.85))
    return found


def _dates(text: str, said_at: datetime) -> Read:
    found = []
    for m in _DATE.finditer(text):
        try:
            year = _int(m["year"]) if m["year"] else said_at.year
            day = said_at.replace(year=year, month=_int(m["month"]), day=_int(m["dom"]))
            if not m["year"] and day > said_at + timedelta(days=31):
                day = day.replace(year=year - 1)
            found.append((_moment(day, m["part"] or "", m), *m.span(), 0.9))
        except (ValueError, OverflowError):
            continue
    return found


def _bare_hours(text: str, said_at: datetime) -> Read:
    return [(arabic_throughout(m.group()), *m.span(), 0.4) for m in _BARE.finditer(text)]


def _moment(day: datetime, part: str, m: re.Match[str]) -> str:
    """The ISO form of a day with the part and the hour that were said. Night hours after 24 fall on the next day."""
    if not m["hour"]:
        return f"{day:%Y-%m-%d} {part}".strip()
    hour = _int(m["hour"])
    if hour > 24:
        return f"{day:%Y-%m-%d} {part}".strip()
    if (part in _AFTERNOON and hour < 12) or (part == "中午" and hour < 6) or (part in _LATE and 6 <= hour < 12):
        hour += 12
    elif part in _LATE and (hour < 6 or hour == 12):
        hour = hour % 12 + 24
    moment = day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=hour, minutes=_minute(m))
    return f"{moment:%Y-%m-%dT%H:%M}"


def _minute(m: re.Match[str]) -> int:
    said = m["minute"] or m["colon"] or ""
    named = {"": 0, "半": 30, "一刻": 15, "三刻": 45}.get(said)
    return named if named is not None else min(59, _int(said.removesuffix("分")))


def _int(numeral: str) -> int:
    return int(arabic(numeral)[-6:])


def _before(said_at: datetime, count: str, unit: str) -> str:
    """The date (or the hour, for hours) that long before ``said_at``; empty if out of the calendar's reach."""
    half, unit = count == "半", unit.removeprefix("个")
    number = 0.5 if half else float(_int(count))
    days = {"天": 1.0, "星期": 7.0, "周": 7.0, "月": 30.0, "年": 365.0}.get(unit)
    try:
        if days is None:
            return f"{said_at - timedelta(hours=number):%Y-%m-%dT%H:00}"
        return f"{said_at - timedelta(days=round(number * days)):%Y-%m-%d}"
    except OverflowError:
        return ""
