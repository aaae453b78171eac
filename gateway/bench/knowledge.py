"""``hotline bench knowledge``: milliseconds from a caller's words to the articles that answer.

Over the articles of this site, and over thousands of made ones. Asked is after keywords, as callers begin: so each
question has an article that must be found. *Reference*: a plain scan, which counts the question's words (rjieba) in
every passage, in the same process over the same articles; it knows no names, no sounds and no threshold, and of the
made names, which are no words, next to nothing.
"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import rjieba
from msgspec import Struct

from gateway.bench.figures import Load, Machine, Percentiles, percentiles, ratio, resident_bytes
from gateway.config import Settings
from gateway.errors import InputError
from gateway.knowledge.articles import Article, Passage
from gateway.knowledge.folder import knowledge_folder, read_categories, read_folder
from gateway.knowledge.search import ANSWERS, KnowledgeIndex

LIMIT_MS = 50.0
"""Within which the answers must be there, in 99 of 100 searches."""
SEED = 12345
DAY = date(2026, 1, 1)
_CARRIERS = (
    "你好我想问一下{}是怎么规定的要去哪里办啊",
    "就是我们家那个{}的事情现在到底应该找谁",
    "请问{}要带什么材料多久能办好",
)


class Searches(Struct, frozen=True):
    """One way to search: ``found`` is the share of questions whose article is among the first three answers.

    ``build`` in seconds, ``milliseconds`` of one search.
    """

    build: float
    milliseconds: Percentiles
    found: float


class Shelf(Struct, frozen=True):
    """One set of articles, searched both ways.

    ``memory``: bytes that the process grew by with the index. ``ratio``: of our median to the reference's.
    """

    name: str
    articles: int
    passages: int
    questions: int
    memory: int
    ours: Searches
    reference: Searches
    ratio: float | None


class KnowledgeReport(Struct, frozen=True):
    """What ``hotline bench knowledge --json`` prints."""

    machine: Machine
    limit_ms: float
    shelves: tuple[Shelf, ...]
    bench: str = "knowledge"

    def passed(self) -> bool:
        """Whether 99 of 100 searches took no longer than the limit."""
        return all((shelf.ours.milliseconds.p99 or 0.0) <= self.limit_ms for shelf in self.shelves)


async def measure(settings: Settings, config: Path, made: int, questions: int) -> KnowledgeReport:
    """Search the site's articles and ``made`` others, ``questions`` times each. Raises HotlineError."""
    load = Load()
    own = read_folder(knowledge_folder(settings, config), read_categories(config)).articles
    if not own:
        raise InputError("there is no valid article to search", "See hotline knowledge check")
    # The dictionaries are loaded once for the whole gateway: they are no part of an index's memory or time.
    KnowledgeIndex(own[:1]).search(["居住证怎么办"], DAY)
    shelves = [await _shelf("own", own, questions), await _shelf("made", make(own, made), questions)]
    return KnowledgeReport(machine=load.machine(), limit_ms=LIMIT_MS, shelves=tuple(shelves))


def table(report: KnowledgeReport) -> str:
    """The report for people."""

    def row(name: str, figures: Searches) -> str:
        ms = figures.milliseconds
        return (
            f"  {name:<10} {ms.p50 or 0.0:>8.2f} {ms.p99 or 0.0:>8.2f} {ms.max or 0.0:>8.2f} {figures.found:>8.1%}"
            f" {figures.build:>8.2f}"
        )

    lines = []
    for shelf in report.shelves:
        lines += [
            f"{shelf.articles} articles ({shelf.name}), {shelf.passages} passages, {shelf.questions} questions, "
            f"index {shelf.memory / 1e6:.0f} MB",
            "               p50 ms   p99 ms   max ms    found  build s",
            row("gateway", shelf.ours),
            row("plain scan", shelf.reference),
        ]
    lines.append(f"load averages {report.machine.load_before} and {report.machine.load_after}")
    return "\n".join(lines)


def make(own: Sequence[Article], count: int) -> tuple[Article, ...]:
    """``count`` articles as long as real ones, of the words of ``own`` and of names that are made, always the same."""
    chance = random.Random(SEED)
    text = "".join(passage.text for article in own for passage in article.passages)
    words = [word for word in rjieba.cut(text, False) if word.isalpha()]
    characters = [character for character in text if "\u4e00" <= character <= "\u9fff"]
    made = []
    for number in range(count):
        names = tuple("".join(chance.choices(characters, k=chance.randint(2, 5))) for _ in range(8))
        passages = tuple(
            Passage(section, "".join(chance.choices(words, k=40)) + chance.choice(names) + "。", line)
            for line, section in enumerate(("办理条件", "所需材料", "办理流程", "办理时限", "收费", "常见问题"), 10)
        )
        made.append(
            Article(
                article_id=f"made-{number}",
                title=f"{names[0]}和{names[1]}",
                keywords=names,
                category=own[0].category,
                department=own[0].department,
                updated=DAY,
                valid_from=None,
                valid_until=None,
                passages=passages,
                links=(),
            )
        )
    return tuple(made)


class PlainScan:
    """The reference: how often the question's words stand in each passage, with its title and keywords."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self._counts = [
            (article.article_id, Counter(rjieba.cut(f"{article.title} {' '.join(article.keywords)} {p.text}", False)))
            for article in articles
            for p in article.passages
        ]

    def search(self, question: str) -> list[str]:
        """Ids of the articles of the best passages."""
        words = [word for word in set(rjieba.cut(question, False)) if len(word) > 1]
        best: dict[str, int] = {}
        for article_id, counts in self._counts:
            score = sum(counts[word] for word in words)
            if score > best.get(article_id, 0):
                best[article_id] = score
        return sorted(best, key=lambda article_id: (-best[article_id], article_id))[:ANSWERS]


async def _shelf(name: str, articles: Sequence[Article], questions: int) -> Shelf:
    asked = _questions(articles, questions)
    before, start = _settled(), time.perf_counter()
    index = KnowledgeIndex(articles)
    build, memory = time.perf_counter() - start, _settled() - before

    def by_index(question: str) -> list[str]:
        return [answer.article_id for answer in index.search([question], DAY)]

    ours = await _timed(by_index, asked, build)
    start = time.perf_counter()
    scan = PlainScan(articles)
    reference = await _timed(scan.search, asked, time.perf_counter() - start)
    return Shelf(
        name=name,
        articles=len(articles),
        passages=sum(len(article.passages) for article in articles),
        questions=len(asked),
        memory=memory,
        ours=ours,
        reference=reference,
        ratio=ratio(ours.milliseconds.p50, reference.milliseconds.p50),
    )


def _questions(articles: Sequence[Article], count: int) -> list[tuple[str, str]]:
    """``count`` pairs of a question and the id of its article, always the same."""
    chance = random.Random(SEED)
    named = [(keyword, article.article_id) for article in articles for keyword in article.keywords]
    chance.shuffle(named)
    return [(chance.choice(_CARRIERS).format(keyword), article_id) for keyword, article_id in named[:count]]


async def _timed(search: Callable[[str], list[str]], asked: Sequence[tuple[str, str]], build: float) -> Searches:
    taken, found = [], 0
    for question, article_id in asked:
        start = time.perf_counter()
        answers = search(question)
        taken.append(1000 * (time.perf_counter() - start))
        found += article_id in answers
        await asyncio.sleep(0)
    return Searches(round(build, 3), percentiles([round(ms, 3) for ms in taken]), found / len(asked))


def _settled() -> int:
    gc.collect()
    return resident_bytes()
