"""What is wrong with articles beside each other."""

from __future__ import annotations

from collections import Counter

from gateway.knowledge.check import check
from gateway.knowledge.folder import read_categories
from tests.unit.knowledge.shelves import CONFIG, HEAD, TODAY, article, read, sample


def test_the_sample_has_no_fault_and_covers_every_category() -> None:
    assert sample().faults == ()
    assert [fault for fault in check(sample().articles, TODAY) if fault.kind != "expired"] == []
    assert len(sample().articles) >= 40
    assert {article.category for article in sample().articles} == read_categories(CONFIG)


def test_a_link_must_lead_to_an_article_and_a_section() -> None:
    text = HEAD + "## 流程\n[甲](other.md)\n[乙](gone.md)\n[丙](other.md#办理条件)\n[丁](other.md#没有)\n[戊](#流程)\n"
    faults = check([read(text), article("other", "别的", "条件")], TODAY)
    assert [(fault.kind, fault.file, fault.line) for fault in faults] == [
        ("dead link", "residence.md", 10),
        ("dead link", "residence.md", 12),
    ]


def test_the_same_title_and_the_same_long_passage_are_duplicates() -> None:
    long = "同一段话。" * 20
    one, two, three = article("a", "停水", long), article("b", "停水", "短"), article("c", "停电", long)
    faults = check([one, two, three, article("d", "停气", "短")], TODAY)
    assert [(fault.kind, fault.file) for fault in faults] == [("duplicate", "b.md"), ("duplicate", "c.md")]
    assert all("a.md" in fault.what for fault in faults)


def test_an_expired_article_is_told() -> None:
    yesterday, tomorrow = TODAY.replace(day=TODAY.day - 1), TODAY.replace(day=TODAY.day + 1)
    shelf = [article("a", "停水", "甲", until=yesterday), article("b", "停电", "乙", until=TODAY)]
    shelf.append(article("c", "停气", "丙", since=tomorrow))
    assert Counter(fault.file for fault in check(shelf, TODAY) if fault.kind == "expired") == {"a.md": 1}
