"""The folder of articles, read again when it changes: nobody restarts a hotline for a new rule of the city."""

from __future__ import annotations

import asyncio
import csv
import logging
from collections.abc import Callable
from io import StringIO
from pathlib import Path

from msgspec import Struct

from gateway.config import Settings, read_text
from gateway.errors import SettingError
from gateway.knowledge.articles import README, Article, Fault, parse
from gateway.knowledge.search import KnowledgeIndex

log = logging.getLogger(__name__)

MAX_ARTICLES = 20_000
MAX_BYTES = 200_000
"""Of one file."""


class Shelf(Struct, frozen=True):
    """The valid articles by file name, and what is wrong with the others."""

    articles: tuple[Article, ...]
    faults: tuple[Fault, ...]


def knowledge_folder(settings: Settings, config: Path) -> Path:
    """Where the articles are; ``config``: the folder of settings."""
    return Path(settings.knowledge.folder).expanduser() if settings.knowledge.folder else config / "knowledge"


def read_categories(config: Path) -> frozenset[str]:
    """First-level categories of the site's taxonomy. Raises SettingError with the file."""
    rows = csv.reader(StringIO(read_text(config / "taxonomy" / "12345.csv")))
    next(rows, None)
    return frozenset(row[0] for row in rows if row and row[0])


def read_folder(folder: Path, categories: frozenset[str]) -> Shelf:
    """Every ``*.md`` in ``folder`` but README.md; subfolders are not read.

    Raises SettingError for a folder that is not there or holds too many; a wrong file is a fault.
    """
    if not folder.is_dir():
        raise SettingError(str(folder), "is no folder of articles", "Make it, or set knowledge.folder in gateway.toml")
    files = sorted(path for path in folder.glob("*.md") if path.name != README)
    if len(files) > MAX_ARTICLES:
        raise SettingError(str(folder), f"holds more than {MAX_ARTICLES} articles", "Keep those that callers ask for")
    articles, faults = [], []
    for path in files:
        try:
            if path.stat().st_size > MAX_BYTES:
                raise SettingError(str(path), f"is larger than {MAX_BYTES} bytes", "Make several articles of it")
            article, wrong = parse(path.name, read_text(path), categories)
        except (SettingError, OSError) as error:
            what, mend = (error.what, error.mend) if isinstance(error, SettingError) else ("it cannot be read", "")
            faults.append(Fault(file=path.name, line=1, kind="invalid", what=what, mend=mend))
            continue
        faults += wrong
        if article:
            articles.append(article)
    return Shelf(tuple(articles), tuple(faults))


class KnowledgeFolder:
    """Watches ``folder``; ``changed`` gets the index over its valid articles and what is wrong with the others, first
    when ``run`` begins and then after each change.

    A folder that is gone leaves the articles as they were: it is logged, and ``failed`` told, once for each state. Both
    are called in the loop's thread; reading and indexing happen in another. ``every``: seconds between two looks.
    """

    def __init__(
        self,
        folder: Path,
        categories: frozenset[str],
        changed: Callable[[KnowledgeIndex, tuple[Fault, ...]], None],
        failed: Callable[[SettingError], None],
        every: float = 5.0,
    ) -> None:
        self._folder = folder
        self._categories = categories
        self._changed = changed
        self._failed = failed
        self._every = every

    async def run(self) -> None:
        """Until it is cancelled."""
        seen = None
        while True:
            state = await asyncio.to_thread(self._state)
            if state != seen:
                seen = state
                await self._read()
            await asyncio.sleep(self._every)

    async def _read(self) -> None:
        try:
            index, faults = await asyncio.to_thread(self._index)
        except SettingError as error:
            log.error("%s; the articles stay as they were", error)
            self._failed(error)
            return
        for fault in faults:
            log.error("%s; the article is left out", fault)
        log.info("%d articles read from %s", len(index.articles), self._folder)
        self._changed(index, faults)

    def _index(self) -> tuple[KnowledgeIndex, tuple[Fault, ...]]:
        shelf = read_folder(self._folder, self._categories)
        return KnowledgeIndex(shelf.articles), shelf.faults

    def _state(self) -> frozenset[tuple[str, int, int, int, int]]:
        """What is another after every change of a file, of its rights too."""
        found = set()
        for path in self._folder.glob("*.md"):
            try:
                stat = path.stat()
            except OSError:
                continue
            found.add((path.name, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns))
        return frozenset(found)
