"""Places as callers say them: district, road and number, estate, building, unit, floor, room, landmark. PURE.

Chinese has no spaces and recognisers leave punctuation out, so a name is read backwards from its kind word (路,
小区, 小学...) to the nearest word that cannot belong to a name. Words that only look like a name (马路) are refused;
a place that is only pointed at (我们小区) is kept with a confidence below everything that has a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from itertools import pairwise

from msgspec import Struct

from gateway.tickets.place_words import (
    ESTATE_KINDS,
    LANDMARK_KINDS,
    LEAD_WORDS,
    NOT_AFTER,
    NOT_DISTRICTS,
    NOT_NAMES,
    RELATIONS,
    STOP_CHARS,
    UNIT_CHARS,
)
from gateway.tickets.spoken import NUMBER, NUMERALS, Finding, Folded, arabic

ORDER = (
    "city",
    "district",
    "town",
    "road",
    "crossing",
    "number",
    "estate",
    "building",
    "unit",
    "floor",
    "room",
    "landmark",
)
"""The parts of a place, in the order in which a clerk writes them."""

_SCORES = {
    "crossing": 4.0,
    "road": 2.0,
    "number": 2.0,
    "estate": 2.5,
    "landmark": 1.5,
    "building": 1.0,
    "town": 1.0,
    "district": 0.5,
}
_GAP = re.compile(r"(?:[，,。、；;\n]|的|这边|那边|那里|这里|就是|就在|是|在|嗯|呃|啊|那个|附近|里面|上)*")
_ROAD = re.compile(r"大道|大街|公路|胡同|路|街(?!道)|巷")
_ESTATE = re.compile("|".join(ESTATE_KINDS))
_LANDMARK = re.compile("|".join(LANDMARK_KINDS))
_RELATION = re.compile("|".join(RELATIONS))
_CITY = re.compile(r"市(?![场民政里区长容])")
_DISTRICT = re.compile(r"新区|[区县]")
_TOWN = re.compile(r"街道|[镇乡]|(?<!新)村(?![民里委官支干])")
_STREET_NUMBER = re.compile(
    rf"(?:的|上|这边|那边)?[，,、\n]?(?:门牌号?)?(?P<no>{NUMBER})(?:(?P<kind>[号弄巷])(?!楼|线|公交)(?P<no2>{NUMBER}号(?!楼))?(?P<yard>大?院)?"
    rf"|(?![{UNIT_CHARS}{NUMERALS}0-9]))"
)
_ORPHAN_NUMBER = re.compile(
    rf"(?:(?<=\n)|^|门牌号?)(?:就?是|就?在|嗯|，)*(?P<no>{NUMBER})(?P<kind>号)(?!楼|线|公交|晚|早|上午|下午)"
)
_INSIDE = re.compile(
    rf"(?P<building>{NUMBER}(?:号楼|[栋幢座])|[A-Za-z][座栋幢])|(?P<unit>{NUMBER}单元)|(?P<floor>{NUMBER}[楼层](?!道))|(?P<room>{NUMBER}(?:室|号房))"
)
_BARE_ROOM = re.compile(
    rf"(?<=单元)[，,\n]?(?P<room>[0-9]{{3,4}}|[零一二两三四五六七八九幺]{{3,4}})(?![{UNIT_CHARS}号])"
)
_CROSSING = re.compile(r"(?:的)?(?:十字路口|交叉路?口|交界处?|交汇处?|相交|路?口)")
_POINTED_AT = re.compile(
    r"(?:我们|我家|咱们|咱|本)(?:这个|那个|这边|家)?(?:的)?(?:小区|楼下|楼上|楼道|村里?|学校|单位|门口|附近)"
)


class Part(Struct, frozen=True):
    """One part of a place: which of ORDER it is, its normal form, and its span in the folded text."""

    slot: str
    value: str
    start: int
    end: int


class Place(Struct, frozen=True, kw_only=True):
    """A place put together from its parts; ``findings`` hold each part's own span in the text."""

    value: str
    parts: Mapping[str, str]
    findings: tuple[Finding, ...]
    confidence: float
    rule: str


def find(text: str, asked: Callable[[int], bool] = lambda offset: False, home_city: str = "") -> Place | None:
    """The best place in ``text``, or None. Parts said apart are put together where they do not contradict.

    ``asked(offset)`` says whether the words at that offset answer a question for the address; such words win over
    others that are as complete, and a number alone counts only there. ``home_city`` is left out of the value.
    """
    folded = Folded(text)
    parts = _parts(folded.text, lambda at: asked(folded.offsets[at]))
    if not parts:
        return _pointed_at(folded)
    mentions = _mentions(folded.text, parts)
    best = max(mentions, key=lambda m: (_score(m) + asked(folded.offsets[m[0].start]), m[0].start))
    chosen = {p.slot: p for p in best}
    for mention in mentions:
        if mention is not best and _adds_to(chosen, mention):
            for part in mention:
                if part.slot != "landmark":
                    chosen.setdefault(part.slot, part)
    if home_city and _same_city(chosen.get("city"), home_city):
        del chosen["city"]
    ordered = [chosen[slot] for slot in ORDER if slot in chosen]
    if not ordered:
        return None
    rule = "place." + "+".join(p.slot for p in ordered)
    confidence = _confidence({p.slot for p in ordered})
    findings = []
    for part in ordered:
        first, last = folded.span(part.start, part.end)
        findings.append(Finding(value=part.value, start=first, end=last, confidence=confidence, rule=rule))
    return Place(
        value="".join(p.value for p in ordered),
        parts={p.slot: p.value for p in ordered},
        findings=tuple(findings),
        confidence=confidence,
        rule=rule,
    )


def same_place(one: str, other: str) -> bool:
    """Whether two writings mean one place: where both have a road and number, or else an estate, or else a landmark
    or a road, these key parts must agree after numbers are written in one way; other parts do not matter.
    Texts without any known part must be equal.
    """
    first, second = find(one), find(other)
    if first is None or second is None or first.rule == "place.pointed_at" or second.rule == "place.pointed_at":
        return arabic_parts(one) == arabic_parts(other)
    for key in (("road", "number"), ("crossing",), ("estate",), ("landmark",), ("road",), ("town",), ("district",)):
        if all(slot in first.parts and slot in second.parts for slot in key):
            return all(arabic_parts(first.parts[slot]) == arabic_parts(second.parts[slot]) for slot in key)
    return False


def arabic_parts(text: str) -> str:
    """Numbers in Arabic digits and no spaces or punctuation: the form in which places are compared."""
    plain = re.sub(NUMBER, lambda m: arabic(m.group()), Folded(text).text)
    return re.sub(r"[^\w]", "", plain)


# --- parts ------------------------------------------------------------------------------------------------------


def _parts(text: str, asked: Callable[[int], bool]) -> list[Part]:
    taken = [False] * len(text)
    parts: list[Part] = []

    def take(slot: str, value: str, start: int, end: int) -> None:
        if not any(taken[start:end]):
            taken[start:end] = [True] * (end - start)
            parts.append(Part(slot, value, start, end))

    def name_of(kind: re.Match[str], longest: int) -> tuple[str, int] | None:
        start = _name_start(text, kind.start(), longest, taken)
        name = text[start : kind.start()]
        return None if not name or name + kind.group() in NOT_NAMES or name in NOT_NAMES else (name, start)

    for kind in _ROAD.finditer(text):
        named = name_of(kind, 5)
        if named and _is_road(text, named[0], kind):
            take("road", text[named[1] : kind.end()], named[1], kind.end())
    for road in [p for p in parts if p.slot == "road"]:
        number = _STREET_NUMBER.match(text, road.end)
        if number and (number["kind"] or len(number["no"]) > 1 or number["no"].isdigit()):
            value = (
                arabic(number["no"]) + (number["kind"] or "号") + _second_number(number["no2"]) + (number["yard"] or "")
            )
            take("number", value, number.start("no"), number.end())
    _join_crossings(text, parts)
    for slot, kinds, longest in (("town", _TOWN, 4), ("estate", _ESTATE, 6), ("landmark", _LANDMARK, 8)):
        for kind in kinds.finditer(text):
            named = name_of(kind, longest)
            if named and not _NOT_AFTER.match(text, kind.end()):
                end = kind.end()
                if slot == "landmark" and (relation := _RELATION.match(text, end)):
                    end = relation.end()
                take(slot, text[named[1] : end], named[1], end)
    for slot, kinds, longest in (("district", _DISTRICT, 3), ("city", _CITY, 3)):
        for kind in kinds.finditer(text):
            named = name_of(kind, longest)
            if named and len(named[0]) >= 2 and not named[0].endswith(NOT_DISTRICTS):
                take(slot, text[named[1] : kind.end()], named[1], kind.end())
    if parts:
        for inside in (*_INSIDE.finditer(text), *_BARE_ROOM.finditer(text)):
            slot = inside.lastgroup or "room"
            said = inside[slot]
            numeral = re.match(NUMBER, said)
            value = arabic(numeral.group()) + said[numeral.end() :] if numeral else said.upper()
            take(slot, value + ("室" if value.isdigit() else ""), inside.start(slot), inside.end(slot))
        for orphan in _ORPHAN_NUMBER.finditer(text):
            if asked(orphan.start("no")):
                take("number", arabic(orphan["no"]) + "号", orphan.start("no"), orphan.end())
    return sorted(parts, key=lambda p: p.start)


_NOT_AFTER = re.compile("|".join(NOT_AFTER))
_LEAD = re.compile("|".join(sorted(LEAD_WORDS, key=len, reverse=True)))
_BOUNDARIES = "省市区县镇乡村路街号栋幢楼室"


def _name_start(text: str, end: int, longest: int, taken: list[bool]) -> int:
    """Where the name that ends at ``end`` begins: at most ``longest`` characters before."""
    start = end
    while start > 0 and end - start < longest and not taken[start - 1]:
        char = text[start - 1]
        if not "\u4e00" <= char <= "\u9fff" or char in STOP_CHARS:
            break
        if (char in _BOUNDARIES and end - start >= 2) or text.endswith("街道", 0, start):
            break
        if char == "和" and start < end and not _inside_name(text, start - 1):
            break
        start -= 1
    for lead in _LEAD.finditer(text, start, end):
        if lead.end() < end:
            start = lead.end()
    return start


def _inside_name(text: str, at: int) -> bool:
    """Whether the 和 at ``at`` belongs to a name such as 和平路, 永和街, and does not join two words."""
    return text[at + 1 : at + 2] in "平谐庭苑兴美顺悦盛信义睦煦畅" or text[at - 1 : at] in "永中泰人天瑞太祥嘉仁义"


def _is_road(text: str, name: str, kind: re.Match[str]) -> bool:
    following = text[kind.end() : kind.end() + 1]
    if kind.group() == "路" and following in tuple("灯面过牌由线人政费障况"):
        return False
    if all(char in NUMERALS for char in name) and name not in {"五一", "八一", "七一", "五四"}:
        return False
    return len(name) >= 2 or bool(_STREET_NUMBER.match(text, kind.end()))


def _second_number(said: str | None) -> str:
    return arabic(said.removesuffix("号")) + "号" if said else ""


def _join_crossings(text: str, parts: list[Part]) -> None:
    """Two roads that meet become one part, their crossing."""
    roads = sorted((p for p in parts if p.slot == "road"), key=lambda p: p.start)
    for one, other in pairwise(roads):
        crossing = _CROSSING.match(text, other.end)
        if crossing and text[one.end : other.start] in {"和", "与", "跟", "、", ""} and one in parts:
            parts.remove(one)
            parts.remove(other)
            parts.append(Part("crossing", f"{one.value}与{other.value}交叉口", one.start, crossing.end()))


# --- mentions ---------------------------------------------------------------------------------------------------


def _mentions(text: str, parts: list[Part]) -> list[list[Part]]:
    """Parts that follow each other closely, each kind once, are one mention of a place."""
    mentions: list[list[Part]] = []
    for part in parts:
        last = mentions[-1] if mentions else None
        if last and part.slot not in {p.slot for p in last} and _GAP.fullmatch(text, last[-1].end, part.start):
            last.append(part)
        else:
            mentions.append([part])
    return mentions


def _score(mention: list[Part]) -> float:
    return sum(_SCORES.get(p.slot, 0.5) for p in mention)


def _adds_to(chosen: Mapping[str, Part], mention: list[Part]) -> bool:
    return all(p.slot not in chosen or arabic_parts(p.value) == arabic_parts(chosen[p.slot].value) for p in mention)


def _same_city(city: Part | None, home_city: str) -> bool:
    return city is not None and city.value.removesuffix("市") == home_city.removesuffix("市")


def _confidence(slots: set[str]) -> float:
    if "road" in slots and "number" in slots:
        return 0.95 if "estate" in slots else 0.9
    if "crossing" in slots:
        return 0.85
    if "estate" in slots:
        return 0.88 if slots & {"building", "road"} else 0.8
    if "landmark" in slots:
        return 0.75 if "road" in slots else 0.65
    if "road" in slots:
        return 0.6
    return 0.5 if "town" in slots else 0.35


def _pointed_at(folded: Folded) -> Place | None:
    pointed = _POINTED_AT.search(folded.text)
    if pointed is None:
        return None
    start, end = folded.span(*pointed.span())
    finding = Finding(value=pointed.group(), start=start, end=end, confidence=0.15, rule="place.pointed_at")
    return Place(value=finding.value, parts={}, findings=(finding,), confidence=0.15, rule=finding.rule)
