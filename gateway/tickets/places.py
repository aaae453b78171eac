"""Places as callers say them: district, road and number, estate, building, unit, floor, room, landmark. PURE.

Chinese has no spaces and recognisers leave punctuation out, so a name is read backwards from its kind word (路,
小区, 小学...) to the nearest word that cannot belong to a name. Words that only look like a name (马路) are refused;
a place that is only pointed at (我们小区) is kept with a confidence below everything that has a name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from gateway.config import read_text
from gateway.tickets.place_parts import Part, read_parts
from gateway.tickets.place_words import SOUNDED_KINDS
from gateway.tickets.sounds import Lexicon
from gateway.tickets.spoken import NUMBER, Finding, Folded, arabic

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
_ROAD_BEFORE_NUMBER = re.compile(rf"[露鹿陆录炉碌](?=[，,]?{NUMBER}号)")
_POINTED_AT = re.compile(
    r"(?:我们|我家|咱们|咱|本)(?:这个|那个|这边|家)?(?:的)?(?:小区|楼下|楼上|楼道|村里?|学校|单位|门口|附近)"
)


class Place(Struct, frozen=True, kw_only=True):
    """A place put together from its parts; ``findings`` hold each part's own span in the text."""

    value: str
    parts: Mapping[str, str]
    findings: tuple[Finding, ...]
    confidence: float
    rule: str


class Gazetteer:
    """The city's own names of places; what only sounds like one of them (生利路) is read as that name (胜利路)."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._lexicon = Lexicon((*SOUNDED_KINDS, *names))

    @classmethod
    def load(cls, path: Path) -> Gazetteer:
        """Read a text file with one name a line; lines that begin with ``#`` are remarks. Raises SettingError."""
        lines = [line.strip() for line in read_text(path).splitlines()]
        return cls(line for line in lines if line and not line.startswith("#"))

    def mend(self, text: str) -> str:
        """``text`` with the characters of known names put right; the length stays the same."""
        return _ROAD_BEFORE_NUMBER.sub("路", self._lexicon.mend(text))


_COMMON = Gazetteer()


def find(
    text: str,
    asked: Callable[[int], bool] = lambda offset: False,
    home_city: str = "",
    gazetteer: Gazetteer = _COMMON,
) -> Place | None:
    """The best place in ``text``, or None. Parts said apart are put together where they do not contradict.

    ``asked(offset)`` says whether the words at that offset answer a question for the address; such words win over
    others that are as complete, and a number alone counts only there. ``home_city`` is left out of the value.
    ``gazetteer`` holds the names that are recognised by their sound.
    """
    folded = Folded(text)
    mended = gazetteer.mend(folded.text)
    parts = read_parts(mended, lambda at: asked(folded.offsets[at]))
    if not parts:
        return _pointed_at(folded)
    mentions = _mentions(mended, parts)
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
