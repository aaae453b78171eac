"""The sample articles, and articles written in a line."""

import csv
from datetime import date
from functools import cache
from pathlib import Path

from gateway.knowledge.articles import Article, Passage, parse
from gateway.knowledge.folder import Shelf, read_categories, read_folder
from gateway.knowledge.search import KnowledgeIndex

CONFIG = Path(__file__).parents[3] / "config"
TODAY = date(2026, 11, 24)

HEAD = """---
title: 居住证申领和签注
keywords: 居住证, 暂住证
category: 公安政法
department: 公安局
updated: 2026-01-15
---
"""


@cache
def sample() -> Shelf:
    return read_folder(CONFIG / "knowledge", read_categories(CONFIG))


@cache
def sample_index() -> KnowledgeIndex:
    return KnowledgeIndex(sample().articles)


def read(text: str, file: str = "residence.md") -> Article:
    article, faults = parse(file, text, {"公安政法"})
    assert article is not None, faults
    return article


def article(
    article_id: str, title: str, text: str, keywords: str = "", until: date | None = None, since: date | None = None
) -> Article:
    return Article(
        article_id=article_id,
        title=title,
        keywords=tuple(keywords.split()) or (title,),
        category="公安政法",
        department="公安局",
        updated=date(2026, 1, 15),
        valid_from=since,
        valid_until=until,
        passages=(Passage("办理条件", text, 9),),
        links=(),
    )


def rows(name: str) -> list[dict[str, str]]:
    with (Path(__file__).parent / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))
