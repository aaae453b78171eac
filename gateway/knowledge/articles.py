"""An article: what it is about, how long it holds, and its sections, read from Markdown with a head of keys. PURE.

    ---
    title: 居住证申领和签注
    keywords: 居住证, 暂住证, 居住证续签
    category: 公安政法
    department: 公安局
    valid_from: 2026-01-01
    valid_until: 2026-12-31
    updated: 2026-01-15
    ---

    ## 办理条件
    ...

``valid_from`` and ``valid_until`` may be left out. Under a heading with 问题 each line is a passage of its own
(a question with its answer), under any other the whole section is one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from typing import Literal

from msgspec import Struct

README = "README.md"
"""Tells people about the folder; it is no article."""
_REQUIRED = ("title", "keywords", "category", "department", "updated")
_OPTIONAL = ("valid_from", "valid_until")
_DATES = ("valid_from", "valid_until", "updated")
_HEAD = "---"
_NAME = re.compile(r"[\w-]+")
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]*)\)")
_OUTSIDE = re.compile(r"[a-z][a-z0-9+.-]*:")
_MARKS = re.compile(r"\*\*|__|`|^#+\s*|^>\s*")
_SEPARATORS = re.compile(r"[,，、;；]")
_QUESTIONS = "问题"


class Fault(Struct, frozen=True, kw_only=True):
    """What is wrong with a file. ``line`` counts from 1. An ``invalid`` article is left out; the others are found."""

    file: str
    line: int
    kind: Literal["invalid", "dead link", "duplicate", "expired"]
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}. {self.mend}"


class Passage(Struct, frozen=True):
    """What is shown as an answer: plain text under its section's heading; ``line`` is where it begins in the file."""

    section: str
    text: str
    line: int


class Link(Struct, frozen=True):
    """A link to another article: ``target`` as written, such as ``heating.md#收费``."""

    target: str
    line: int


class Article(Struct, frozen=True, kw_only=True):
    """One article. ``article_id`` is the file's name without ``.md``."""

    article_id: str
    title: str
    keywords: tuple[str, ...]
    category: str
    department: str
    updated: date
    valid_from: date | None
    valid_until: date | None
    passages: tuple[Passage, ...]
    links: tuple[Link, ...]

    @property
    def file(self) -> str:
        """The file's name."""
        return f"{self.article_id}.md"

    def holds_on(self, day: date) -> bool:
        """Whether it is valid on that day."""
        return not (self.valid_from and day < self.valid_from) and not self.expired_on(day)

    def expired_on(self, day: date) -> bool:
        """Whether that day is after its last."""
        return self.valid_until is not None and day > self.valid_until


def parse(file: str, text: str, categories: Collection[str]) -> tuple[Article | None, tuple[Fault, ...]]:
    """The article in ``text``, or None and everything that is wrong with it. ``categories``: the allowed ones."""
    reader = _Reader(file, text.splitlines(), categories)
    article = reader.article()
    return (None, tuple(reader.faults)) if reader.faults else (article, ())


class _Reader:
    """One file being read; it goes on after a fault, to find them all."""

    def __init__(self, file: str, lines: Sequence[str], categories: Collection[str]) -> None:
        self.faults: list[Fault] = []
        self._file = file
        self._lines = lines
        self._categories = categories
        self._at: dict[str, int] = {}
        self._body_begins = len(lines)

    def article(self) -> Article | None:
        """What could be read; worth something only without faults."""
        name = self._file.removesuffix(".md")
        if not _NAME.fullmatch(name):
            self._fault(1, "the file's name is no name of an article", "Use letters, digits and hyphens")
        values = self._head()
        passages = tuple(self._passages())
        if not passages and not self.faults:
            self._fault(len(self._lines), "there is no section", "Write ## and a heading, and text under it")
        if self.faults:
            return None
        return Article(
            article_id=name,
            title=values["title"],
            keywords=_keywords(values["keywords"]),
            category=values["category"],
            department=values["department"],
            updated=date.fromisoformat(values["updated"]),
            valid_from=_day(values.get("valid_from")),
            valid_until=_day(values.get("valid_until")),
            passages=passages,
            links=tuple(self._links()),
        )

    def _fault(self, line: int, what: str, mend: str) -> None:
        self.faults.append(Fault(file=self._file, line=max(line, 1), kind="invalid", what=what, mend=mend))

    def _head(self) -> dict[str, str]:
        """The keys between the two lines of ``---``; what is left of the lines is the body."""
        ends = [number for number, line in enumerate(self._lines, 1) if line.strip() == _HEAD]
        if not ends or ends[0] != 1 or len(ends) < 2:
            self._fault(1, "the head of keys is missing", "Begin with a line ---, then title: and the others, then ---")
            return {}
        self._body_begins = ends[1]
        values: dict[str, str] = {}
        for number, line in enumerate(self._lines[1 : ends[1] - 1], 2):
            if not line.strip():
                continue
            key, colon, value = (part.strip() for part in line.partition(":"))
            if not colon:
                self._fault(number, "this is no line of the head", "Write it as key: value")
            elif key not in _REQUIRED + _OPTIONAL:
                self._fault(number, f"there is no key {key}", f"Use one of {', '.join(_REQUIRED + _OPTIONAL)}")
            elif key in values:
                self._fault(number, f"{key} stands on line {self._at[key]} already", "Remove one of the two")
            else:
                values[key], self._at[key] = value, number
        self._check(values, ends[1])
        return values

    def _check(self, values: dict[str, str], end: int) -> None:
        for key in _REQUIRED:
            if key not in values:
                self._fault(end, f"{key} is missing", f"Add a line {key}: to the head")
            elif not (_keywords(values[key]) if key == "keywords" else values[key]):
                self._fault(self._at[key], f"{key} is empty", "Write it behind the colon")
        category = values.get("category")
        if category and category not in self._categories:
            self._fault(
                self._at["category"],
                f"{category} is no category of the taxonomy",
                f"Use one of {', '.join(sorted(self._categories))}",
            )
        days = {}
        for key in (key for key in _DATES if values.get(key)):
            try:
                days[key] = date.fromisoformat(values[key])
            except ValueError:
                self._fault(self._at[key], f"{key} is no day", "Write it as 2026-01-31")
        if "valid_from" in days and "valid_until" in days and days["valid_until"] < days["valid_from"]:
            self._fault(self._at["valid_until"], "valid_until is before valid_from", "Change one of the two")

    def _body(self) -> Iterator[tuple[int, str]]:
        return enumerate(self._lines[self._body_begins :], self._body_begins + 1)

    def _passages(self) -> Iterator[Passage]:
        heading, headed_at = "", 0
        texts: list[tuple[int, str]] = []
        for number, line in [*self._body(), (len(self._lines) + 1, "## ")]:
            if not line.startswith("## "):
                if line.strip() and not line.startswith("# "):
                    texts.append((number, _plain(line)))
                continue
            if heading and not texts:
                self._fault(headed_at, f"the section {heading} is empty", "Write text under it, or remove it")
            elif texts and not heading:
                self._fault(texts[0][0], "this stands in no section", "Put a line of ## and a heading before it")
            elif _QUESTIONS in heading:
                yield from (Passage(heading, text, at) for at, text in texts)
            elif texts:
                yield Passage(heading, "\n".join(text for _, text in texts), texts[0][0])
            heading, headed_at, texts = line[3:].strip(), number, []

    def _links(self) -> Iterator[Link]:
        for number, line in self._body():
            for _, target in _LINK.findall(line):
                if not _OUTSIDE.match(target):
                    yield Link(target, number)


def _day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _keywords(value: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word.strip() for word in _SEPARATORS.split(value) if word.strip()))


def _plain(line: str) -> str:
    """Without Markdown's marks; items of lists keep their number or dash."""
    return _MARKS.sub("", _LINK.sub(r"\1", line.rstrip()))
