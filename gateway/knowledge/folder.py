"""The folder of articles: where it is, and what it holds."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from gateway.config import Settings, read_text
from gateway.errors import SettingError
from gateway.knowledge.articles import README, Article, Fault, parse
from gateway.tickets.taxonomy import Taxonomy

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
    """First-level categories of the site's taxonomy. Raises SettingError with file and line."""
    return frozenset(category for category, _ in Taxonomy.load(config / "taxonomy" / "12345.csv").paths)


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
