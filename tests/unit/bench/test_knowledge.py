"""The measurement of searches: its made articles, its reference, and that a slow search is told."""

from __future__ import annotations

from gateway.bench.figures import Machine, Percentiles
from gateway.bench.knowledge import KnowledgeReport, PlainScan, Searches, Shelf, make, measure, table
from gateway.config import Settings
from tests.unit.knowledge.shelves import CONFIG, sample


def test_made_articles_are_always_the_same() -> None:
    own = sample().articles
    assert make(own, 5) == make(own, 5)
    assert len({article.article_id for article in make(own, 5)}) == 5


def test_the_reference_finds_what_is_written() -> None:
    assert PlainScan(sample().articles).search("居住证")[0] == "residence-permit"


async def test_both_ways_are_measured_over_both_shelves() -> None:
    report = await measure(Settings(), CONFIG, made=20, questions=10)
    assert [(shelf.name, shelf.questions) for shelf in report.shelves] == [("own", 10), ("made", 10)]
    for shelf in report.shelves:
        assert shelf.ours.milliseconds.count == shelf.reference.milliseconds.count == 10
    assert report.shelves[0].ours.found > 0.8
    assert "20 articles (made), 120 passages, 10 questions" in table(report)


def test_a_slow_search_does_not_pass() -> None:
    def report(p99: float) -> KnowledgeReport:
        figures = Searches(build=1.0, milliseconds=Percentiles(1, p99, p99, p99, p99), found=1.0)
        shelf = Shelf(
            name="own", articles=1, passages=1, questions=1, memory=1, ours=figures, reference=figures, ratio=1.0
        )
        return KnowledgeReport(machine=Machine(1, 0.0, 0.0), limit_ms=50.0, shelves=(shelf,))

    assert report(50.0).passed()
    assert not report(50.1).passed()
