"""The parts of a place in folded text: names by their kind words, numbers of houses, buildings, floors. PURE."""

from __future__ import annotations

import re
from collections.abc import Callable
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
from gateway.tickets.spoken import NUMBER, NUMERALS, arabic

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


class Part(Struct, frozen=True):
    """One part of a place: which of ORDER it is, its normal form, and its span in the folded text."""

    slot: str
    value: str
    start: int
    end: int


def read_parts(text: str, asked: Callable[[int], bool]) -> list[Part]:
    """The parts of places in a folded text, in order, without overlap.

    ``asked(offset)``: the words there answer a question for the address, so that a number alone is one of a house.
    """
    taken = [False] * len(text)
    parts: list[Part] = []

    def take(slot: str, value: str, start: int, end: int) -> None:
        if not any(taken[start:end]):
            taken[start:end] = [True] * (end - start)
            parts.append(Part(slot, value, start, end))

    def name_of(kind: re.Match[str], longest: int, *, any_name: bool = False) -> tuple[str, int] | None:
        start = _name_start(text, kind.start(), longest, taken)
        name = text[start : kind.start()]
        refused = name + kind.group() in NOT_NAMES or (name in NOT_NAMES and not any_name)
        return None if not name or refused else (name, start)

    for kind in _ROAD.finditer(text):
        named = name_of(kind, 5, any_name=True)
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
    if kind.group() == "路" and following in tuple("灯面过牌由线人政费障况公"):
        return False
    if all(char in NUMERALS for char in name.lstrip("坐乘搭等")) and name not in {"五一", "八一", "七一", "五四"}:
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
