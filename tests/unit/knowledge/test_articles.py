"""Articles: what is read from a file, and the line of every fault."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.knowledge.articles import Link, Passage, parse
from tests.unit.knowledge.shelves import HEAD, TODAY, read

BODY = """
## 所需材料
- **身份证**
- 见[户口](household.md#收费)

## 常见问题
丢了怎么办？补办。
几天办好？15 日。
"""


def test_an_article_is_read() -> None:
    article = read(HEAD + BODY)
    assert (article.article_id, article.title, article.keywords) == (
        "residence",
        "居住证申领和签注",
        ("居住证", "暂住证"),
    )
    assert (article.category, article.department, article.updated) == ("公安政法", "公安局", date(2026, 1, 15))
    assert article.links == (Link("household.md#收费", 11),)


def test_a_section_is_a_passage_and_each_question_is_one() -> None:
    assert read(HEAD + BODY).passages == (
        Passage("所需材料", "- 身份证\n- 见户口", 10),
        Passage("常见问题", "丢了怎么办？补办。", 14),
        Passage("常见问题", "几天办好？15 日。", 15),
    )


def test_a_link_out_of_the_folder_is_nobodys_business() -> None:
    assert read(HEAD + "## 网站\n[政务网](https://example.com/a.md) [电话](tel:12345)\n").links == ()


@pytest.mark.parametrize(
    ("since", "until", "holds", "expired"),
    [
        ("", "", True, False),
        (" ", " ", True, False),
        ("2026-11-24", "2026-11-24", True, False),
        ("2026-11-25", "", False, False),
        ("", "2026-11-23", False, True),
    ],
)
def test_an_article_holds_from_its_first_day_to_its_last(since: str, until: str, holds: bool, expired: bool) -> None:
    lines = "".join(f"{key}: {day}\n" for key, day in (("valid_from", since), ("valid_until", until)) if day)
    article = read(HEAD.replace("updated:", f"{lines}updated:") + BODY)
    assert (article.holds_on(TODAY), article.expired_on(TODAY)) == (holds, expired)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("", 1, "the head of keys is missing"),
        ("## 收费\n免费\n", 1, "the head of keys is missing"),
        (HEAD, 7, "there is no section"),
        (HEAD + "免费\n", 8, "this stands in no section"),
        (HEAD + "## 收费\n\n## 时限\n15 日\n", 8, "the section 收费 is empty"),
        (HEAD.replace("title: 居住证申领和签注\n", "") + BODY, 6, "title is missing"),
        (HEAD.replace("居住证, 暂住证", "，、") + BODY, 3, "keywords is empty"),
        (HEAD.replace("公安政法", "公安") + BODY, 4, "公安 is no category of the taxonomy"),
        (HEAD.replace("2026-01-15", "15.1.2026") + BODY, 6, "updated is no day"),
        (HEAD.replace("department", "departement") + BODY, 5, "there is no key departement"),
        (HEAD.replace("updated", "title: 另一个\nupdated") + BODY, 6, "title stands on line 2 already"),
        (HEAD.replace("updated", "居住证\nupdated") + BODY, 6, "this is no line of the head"),
        (
            HEAD.replace("updated", "valid_from: 2026-02-01\nvalid_until: 2026-01-01\nupdated") + BODY,
            7,
            "valid_until is before valid_from",
        ),
    ],
)
def test_a_fault_names_its_line_and_its_mend(text: str, line: int, what: str) -> None:
    article, faults = parse("residence.md", text, {"公安政法"})
    assert article is None
    found = {(fault.line, fault.what) for fault in faults}
    assert (line, what) in found
    assert all(fault.mend and str(fault).startswith(f"residence.md:{fault.line}: ") for fault in faults)


def test_all_faults_of_a_file_are_found_at_once() -> None:
    _, faults = parse("a b.md", HEAD.replace("公安政法", "x").replace("2026-01-15", "y") + "## 空\n", {"公安政法"})
    assert [fault.line for fault in faults] == [1, 4, 6, 8]
