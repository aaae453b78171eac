"""Questions as callers speak them, a third with recognition errors, and the article that answers.

Written before the search, which was tuned on ``questions.tsv`` and ``asks_nothing.tsv``; it was first run over
``questions_aside.tsv``, and over ``asks_nothing_aside.tsv`` (written then), when that was done.
"""

from __future__ import annotations

import pytest

from tests.unit.knowledge.shelves import TODAY, rows, sample, sample_index


def answers(said: str) -> list[str]:
    return [answer.article_id for answer in sample_index().search([said], TODAY)]


def shares(asked: list[dict[str, str]]) -> tuple[float, float]:
    found = [(answers(row["question"]), row["article"]) for row in asked]
    first = sum(ids[:1] == [wanted] for ids, wanted in found)
    return first / len(found), sum(wanted in ids for ids, wanted in found) / len(found)


@pytest.mark.parametrize("file", ["questions.tsv", "questions_aside.tsv"])
def test_the_article_is_among_the_first_three(file: str) -> None:
    first, three = shares(rows(file))
    assert first >= 0.75
    assert three >= 0.90


def test_misheard_questions_are_answered_as_well() -> None:
    asked = [row for file in ("questions.tsv", "questions_aside.tsv") for row in rows(file) if row["misheard"]]
    first, three = shares(asked)
    assert len(asked) >= 24
    assert first >= 0.75
    assert three >= 0.90


@pytest.mark.parametrize(("file", "wrong"), [("asks_nothing.tsv", 0), ("asks_nothing_aside.tsv", 1)])
def test_what_asks_nothing_gets_no_answer_or_a_relevant_one(file: str, wrong: int) -> None:
    said = [
        (row["sentence"], [a for a in answers(row["sentence"]) if a not in row["relevant"].split()])
        for row in rows(file)
    ]
    assert len([sentence for sentence, ids in said if ids]) <= wrong


def test_the_questions_name_articles_of_the_sample() -> None:
    known = {article.article_id for article in sample().articles}
    asked = rows("questions.tsv") + rows("questions_aside.tsv")
    assert len(asked) >= 60
    assert {row["article"] for row in asked} <= known
