"""What is wrong with articles beside each other, or by now: dead links, duplicates, expired ones. PURE."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from urllib.parse import unquote

from gateway.knowledge.articles import Article, Fault

_LONG_ENOUGH = 60
"""Characters from which the same passage in two articles is a copy, and no phrase that both need."""


def check(articles: Sequence[Article], today: date) -> tuple[Fault, ...]:
    """In the articles' order."""
    faults = [*_dead_links(articles), *_duplicates(articles), *_expired(articles, today)]
    order = {article.file: place for place, article in enumerate(articles)}
    return tuple(sorted(faults, key=lambda fault: (order[fault.file], fault.line)))


def _dead_links(articles: Sequence[Article]) -> Iterator[Fault]:
    headings = {article.file: {passage.section for passage in article.passages} for article in articles}
    for article in articles:
        for link in article.links:
            file, _, heading = unquote(link.target).partition("#")
            if (file or article.file) not in headings:
                what = f"the link leads to {file}, which is no article here"
            elif heading and heading not in headings[file or article.file]:
                what = f"the link leads to a section {heading}, which {file or 'this article'} does not have"
            else:
                continue
            mend = "Mend the link, or remove it"
            yield Fault(file=article.file, line=link.line, kind="dead link", what=what, mend=mend)


def _duplicates(articles: Sequence[Article]) -> Iterator[Fault]:
    titles: dict[str, Article] = {}
    texts: dict[str, Article] = {}
    mend = "Keep it in one of the two, and let the other link to it"
    for article in articles:
        first = titles.setdefault(article.title, article)
        if first is not article:
            what = f"{first.file} has the same title"
            yield Fault(file=article.file, line=2, kind="duplicate", what=what, mend=mend)
        for passage in article.passages:
            if len(passage.text) < _LONG_ENOUGH:
                continue
            first = texts.setdefault(passage.text, article)
            if first is not article:
                what = f"{first.file} has the same passage"
                yield Fault(file=article.file, line=passage.line, kind="duplicate", what=what, mend=mend)


def _expired(articles: Sequence[Article], today: date) -> Iterator[Fault]:
    for article in articles:
        if article.expired_on(today):
            what = f"it has not been valid since {article.valid_until}"
            mend = "Bring it up to date, or remove it; until then it is shown last, marked"
            yield Fault(file=article.file, line=2, kind="expired", what=what, mend=mend)
