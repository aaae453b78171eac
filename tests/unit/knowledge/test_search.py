"""A search: what answers, with which passage, and what does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.knowledge.search import LOOK_BACK, Answer, KnowledgeIndex
from tests.unit.knowledge.shelves import TODAY, article, sample_index

YESTERDAY = TODAY - timedelta(days=1)


def ask(*utterances: str, limit: int = 3) -> tuple[Answer, ...]:
    return sample_index().search(utterances, TODAY, limit)


def test_the_words_of_the_question_are_marked_in_the_passage() -> None:
    best = ask("被狗咬了应该是谁负责赔")[0]
    assert (best.article_id, best.section) == ("dog-keeping", "常见问题")
    marked = [best.passage[start:end] for start, end in best.spans]
    assert marked == ["被狗咬了谁负责"]
    assert list(best.spans) == sorted(best.spans)
    assert all(before[1] < after[0] for before, after in zip(best.spans, best.spans[1:], strict=False))


@pytest.mark.parametrize(
    ("question", "section"),
    [
        ("办居住证要带什么材料", "所需材料"),
        ("办居住证要多少钱", "收费"),
        ("居住证几天能办好", "办理时限"),
        ("居住证怎么办理", "办理流程"),
        ("办居住证有什么条件", "办理条件"),
        ("居住证的咨询电话是多少", "咨询电话"),
        ("居住证忘了签注怎么办", "常见问题"),
    ],
)
def test_the_section_that_was_asked_for_is_shown(question: str, section: str) -> None:
    best = ask(question)[0]
    assert (best.article_id, best.section) == ("residence-permit", section)


@pytest.mark.parametrize("heard", ["公机金", "公积今", "工积金"])
def test_what_was_heard_as_other_characters_is_found(heard: str) -> None:
    assert ask(f"我想问一下{heard}怎么取")[0].article_id == "housing-fund-withdrawal"


def test_the_question_lives_on_while_other_things_are_said() -> None:
    said = ["我想问一下养犬登记怎么办", "对", "我姓王", "在那边三百二十号", "好的谢谢"]
    assert ask(*said)[0].article_id == "dog-keeping"


def test_what_was_asked_long_ago_is_asked_no_more() -> None:
    assert ask("养犬登记怎么办", *["好的"] * LOOK_BACK) == ()


def test_the_last_question_counts_most() -> None:
    first, second = "居住证怎么办理", "还有就是养犬登记怎么办"
    assert [answer.article_id for answer in ask(first, second)][:2] == ["dog-keeping", "residence-permit"]
    assert [answer.article_id for answer in ask(second, first)][:2] == ["residence-permit", "dog-keeping"]


def test_no_more_answers_than_wanted() -> None:
    assert len(ask("公积金贷款和公积金提取", limit=1)) == 1


@pytest.mark.parametrize("said", [(), ("",), ("你好",), ("谢谢您再见",), ("，。？",), ("你好", "谢谢", "嗯")])
def test_who_asks_nothing_gets_no_answer(said: tuple[str, ...]) -> None:
    assert ask(*said) == ()


def test_no_articles_have_no_answers() -> None:
    assert KnowledgeIndex(()).search(["居住证怎么办"], TODAY) == ()


def test_expired_articles_come_last_and_are_marked() -> None:
    old = article("old", "家电以旧换新补贴", "家电以旧换新每台补贴两千元。", "以旧换新 家电补贴", until=YESTERDAY)
    new = article("new", "补贴政策", "电动车以旧换新每辆补贴五百元。", "以旧换新")
    other = article("other", "停水", "停水看通知。")
    found = KnowledgeIndex([old, new, other]).search(["家电以旧换新补贴多少"], TODAY)
    assert [(answer.article_id, answer.valid) for answer in found] == [("new", True), ("old", False)]
    assert found[0].score < found[1].score


def test_an_article_that_does_not_hold_yet_is_marked() -> None:
    soon = article("soon", "停水", "停水看通知。", since=TODAY + timedelta(days=1))
    found = KnowledgeIndex([soon, article("b", "停电", "停电。")]).search(["什么时候停水"], TODAY)
    assert [(answer.article_id, answer.valid) for answer in found] == [("soon", False)]


def test_a_keyword_of_one_character_counts_as_a_word() -> None:
    index = KnowledgeIndex([article("dog", "养犬", "犬只要登记。", "狗 养犬"), article("b", "停电", "停电。", "停电")])
    assert [answer.article_id for answer in index.search(["那条狗没人管"], TODAY)] == ["dog"]


def test_part_of_a_name_does_not_name_it() -> None:
    assert "business-licence" not in [answer.article_id for answer in ask("烧烤店晚上十二点还在营业")]


def test_the_same_question_has_the_same_answers() -> None:
    question = "我租房子住公积金能不能取出来付房租"
    assert KnowledgeIndex(sample_index().articles).search([question], TODAY) == ask(question)


@given(st.lists(st.text(alphabet=st.sampled_from("公积金社保居住证的了狗a1，。 \U00020000"), max_size=30), max_size=5))
def test_any_text_can_be_searched(utterances: list[str]) -> None:
    for answer in ask(*utterances):
        assert all(0 <= start < end <= len(answer.passage) for start, end in answer.spans)


@given(
    st.lists(st.text(alphabet=st.sampled_from("公积金社保问题的了怎么办a1，？"), min_size=1, max_size=8), min_size=1)
)
def test_any_articles_can_be_indexed(texts: list[str]) -> None:
    index = KnowledgeIndex([article(f"a{number}", text, text) for number, text in enumerate(texts)])
    assert len(index.search(texts, TODAY)) <= 3
