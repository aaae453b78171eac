"""What a conversation says about each field of the ticket: proposals with evidence, from the whole transcript. PURE.

Read are the caller's words and the agent's read-backs (您反映的是…对吗) in the order they were said; so a read-back
confirms, completes or replaces what was understood before, and a caller's correction after it replaces that. A field
is always the best reading of everything said so far: later words change it only by being as good or better.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo

from gateway.events import TicketField, TranscriptFinal
from gateway.tickets import entities, places
from gateway.tickets.departments import Departments
from gateway.tickets.entities import Asked, is_read_back
from gateway.tickets.places import Gazetteer
from gateway.tickets.taxonomy import Category, Span, Taxonomy
from gateway.tickets.words import Words, content

LONGEST_TITLE = 30
"""Characters of a title, as clerks are asked to keep it."""

_TITLE_WITHOUT = ("room", "floor", "unit", "city", "district", "town", "building", "number")
_AT_MOST = 6


class Reader:
    """Reads conversations with one hotline's taxonomy and departments. ``zone``: local time of what callers say."""

    def __init__(
        self, taxonomy: Taxonomy, departments: Departments, gazetteer: Gazetteer, zone: tzinfo, home_city: str
    ) -> None:
        self._taxonomy = taxonomy
        self._departments = departments
        self._gazetteer = gazetteer
        self._zone = zone
        self._home_city = home_city

    def read(self, utterances: Sequence[TranscriptFinal], settled: Mapping[str, str]) -> dict[str, TicketField]:
        """The fields these utterances (in order) speak of. ``settled``: the agent's own values, never proposed anew."""
        if not utterances and not settled:
            return {}
        caller = Words(u for u in utterances if u.speaker == "caller")
        words = Words(u for u in utterances if u.speaker == "caller" or is_read_back(u.text))
        asked = Asked(utterances, words)
        text, evidence = content(caller.utterances)
        read: list[TicketField | None] = [
            entities.phone(words, asked),
            entities.time(caller, self._zone),
            entities.name(caller, Words(u for u in utterances if u.speaker == "agent")),
            entities.place(words, asked, self._home_city, self._gazetteer),
        ]
        category = self._taxonomy.classify(words.text, settled.get("category", ""))
        if settled.get("category") == "":
            category = None
        if category:
            read += _classes(category, words)
        read.append(self._request_type(caller, category))
        if text:
            read.append(
                TicketField(name="content", value=text, confidence=0.9, rule="content.caller", evidence=evidence)
            )
        fields = {f.name: f for f in read if f is not None}
        known = {name: f.value for name, f in fields.items()} | dict(settled)
        for derived in (self._title(fields, known, category), self._department(fields, known, words)):
            if derived:
                fields[derived.name] = derived
        return {name: f for name, f in fields.items() if name not in settled}

    def _request_type(self, caller: Words, category: Category | None) -> TicketField | None:
        found = self._taxonomy.request_type(caller.text, category.usual if category else "")
        if found is None:
            return None
        return TicketField(
            name="request_type",
            value=found.name,
            confidence=found.confidence,
            rule=f"request_type.{found.cue}" if found.cue else "request_type.usual",
            evidence=caller.evidence(_pairs(found.spans)),
        )

    def _title(
        self, fields: Mapping[str, TicketField], known: Mapping[str, str], category: Category | None
    ) -> TicketField | None:
        if category and (known.get("category"), known.get("subcategory")) == category.path:
            matter = category.matter
        else:
            matter = known.get("subcategory") or known.get("category", "")
        if not matter:
            return None
        parts = [fields[name] for name in ("category", "place", "request_type") if name in fields]
        place = known.get("place", "")
        if "place" in fields and fields["place"].value == place and fields["place"].rule == "place.pointed_at":
            place = ""
        return TicketField(
            name="title",
            value=title(place, matter, known.get("request_type", "")),
            confidence=min((f.confidence for f in parts), default=1.0),
            rule="title.place+matter+request_type",
            evidence=tuple(e for f in parts for e in f.evidence)[:_AT_MOST],
        )

    def _department(
        self, fields: Mapping[str, TicketField], known: Mapping[str, str], words: Words
    ) -> TicketField | None:
        if not known.get("category"):
            return None
        found = self._departments.assign(
            known["category"], known.get("subcategory", ""), words.text, known.get("place", "")
        )
        if found is None:
            return None
        source = fields.get("category")
        said = words.evidence(_pairs(found.spans))
        return TicketField(
            name="department",
            value=found.department,
            confidence=source.confidence if source else 1.0,
            rule=f"department.{found.rule}",
            evidence=said or (source.evidence[:1] if source else ()),
        )


def title(place: str, matter: str, request_type: str) -> str:
    """A title as a clerk writes it: place, matter, request type, at most 30 characters, the place shortened first."""
    rest = matter if matter.endswith(request_type) else matter + request_type
    room = LONGEST_TITLE - len(rest)
    if len(place) > room and (found := places.find(place)):
        parts = dict(found.parts)
        for slot in _TITLE_WITHOUT:
            parts.pop(slot, None)
            if parts and sum(map(len, parts.values())) <= room:
                break
        place = "".join(parts[slot] for slot in places.ORDER if slot in parts)
    return (place[: max(room, 0)] + rest)[:LONGEST_TITLE]


def _classes(category: Category, words: Words) -> list[TicketField]:
    evidence = words.evidence(_pairs(category.spans))[:_AT_MOST]
    return [
        TicketField(
            name=name, value=value, confidence=category.confidence, rule=f"cue.{category.cue}", evidence=evidence
        )
        for name, value in zip(("category", "subcategory"), category.path, strict=True)
    ]


def _pairs(spans: Iterable[Span]) -> list[tuple[int, int]]:
    return [(s.start, s.end) for s in spans]
