"""承办单位: which department receives a ticket, by rules on category, words and place. PURE."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from gateway.config import convert, read_toml
from gateway.errors import SettingError
from gateway.tickets.spoken import Folded
from gateway.tickets.taxonomy import Span


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One rule; every condition that is given must hold. An empty condition always holds."""

    name: str
    department: str
    category: str = ""
    subcategory: str = ""
    words: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    place: tuple[str, ...] = ()

    @property
    def catches_all(self) -> bool:
        """Whether the rule has no condition."""
        return not (self.category or self.subcategory or self.words or self.unless or self.place)


class Assignment(Struct, frozen=True, kw_only=True):
    """The receiver, the rule that named it, and where its words were said in the text."""

    department: str
    rule: str
    spans: tuple[Span, ...] = ()


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    rule: tuple[Rule, ...]


class Departments:
    """The rules of one hotline, first that fits."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)

    @classmethod
    def load(cls, path: Path) -> Departments:
        """Read the rules at ``path``. Raises SettingError with the file and the key or the rule's name."""
        rules = convert(read_toml(path), _File, str(path)).rule
        names = [rule.name for rule in rules]
        for number, rule in enumerate(rules):
            if names.index(rule.name) != number:
                raise SettingError(f"{path}: rule {rule.name}", "has the name of an earlier rule", "Rename it")
            if rule.catches_all != (number == len(rules) - 1):
                mend = "Put one rule without conditions at the end, and only there"
                raise SettingError(f"{path}: rule {rule.name}", "breaks the order of the rules", mend)
        return cls(rules)

    def assign(self, category: str, subcategory: str, text: str, place: str) -> Assignment | None:
        """The receiver for a ticket of this category and place whose caller said ``text``; None if no rule fits."""
        folded = Folded(text)
        for rule in self.rules:
            if (rule.category and rule.category != category) or (rule.subcategory and rule.subcategory != subcategory):
                continue
            if rule.place and not any(part in place for part in rule.place):
                continue
            if any(word in folded.text for word in rule.unless):
                continue
            said = [(at, at + len(word)) for word in rule.words if (at := folded.text.find(word)) >= 0]
            if rule.words and not said:
                continue
            spans = tuple(Span(*folded.span(start, end)) for start, end in said)
            return Assignment(department=rule.department, rule=rule.name, spans=spans)
        return None
