"""Marks from pauses between words, and from how a sentence ends."""

from __future__ import annotations

import pytest

from gateway.asr.text.passage import replaced
from gateway.asr.text.punctuation import pauses, punctuation_edits
from gateway.asr.text.words import Word


def spoken(text: str, gap: float = 0.5) -> tuple[str, list[Word]]:
    """The words of ``text``, which spaces part, 0.2 s a word; a bar is a gap of ``gap`` seconds."""
    words, now = [], 0.0
    for token in text.split():
        if token == "|":
            now += gap
        else:
            words.append(Word(token, now, now + 0.2, 1.0))
            now += 0.2
    return "".join(word.text for word in words), words


def punctuated(text: str, gap: float = 0.5) -> str:
    plain, words = spoken(text, gap)
    return replaced(plain, punctuation_edits(plain, pauses(plain, words)))


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("你好 | 我 要 投诉", "你好，我要投诉。"),
        ("我 家 停水 了 | 已经 三天 了", "我家停水了，已经三天了。"),
        ("我 | 要 投诉", "我要投诉。"),
        ("我 住 在 | 人民路", "我住在人民路。"),
        ("对 | 是 的", "对，是的。"),
        ("停水 | 了", "停水了。"),
        ("电话 幺三八 | 零零", "电话幺三八零零。"),
        ("可以 吗 | 我 在 家", "可以吗？我在家。"),
        ("", ""),
    ],
)
def test_a_pause_parts_clauses(said: str, written: str) -> None:
    assert punctuated(said) == written


def test_a_short_gap_is_no_pause() -> None:
    assert punctuated("你好 | 我 要 投诉", gap=0.3) == "你好我要投诉。"


@pytest.mark.parametrize(
    "question",
    [
        "请问您贵姓",
        "您好请问有什么可以帮您",
        "可以吗",
        "是不是这样你们有没有人管呢",
        "这怎么办",
        "什么时候能修好呢",
        "您家在哪里",
        "一共多少钱",
        "几点",
        "对吧",
        "能不能",
        "您说的是什么",
        "您是谁",
    ],
)
def test_a_question_ends_with_its_mark(question: str) -> None:
    assert replaced(question, punctuation_edits(question, ())) == question + "？"


@pytest.mark.parametrize(
    "statement",
    [
        "我要投诉",
        "还在营业呢",
        "没什么",
        "我不知道在哪里",
        "不清楚是什么",
        "好吧",
        "没说多少钱",
        "来了好几个",
        "谁都不管",
        "怎么说都不听",
        "我也忘了叫什么",
    ],
)
def test_a_statement_ends_with_a_full_stop(statement: str) -> None:
    assert replaced(statement, punctuation_edits(statement, ())) == statement + "。"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("你好，我要投诉", "你好，我要投诉。"),
        ("你好。", "你好。"),
        ("好的，", "好的。"),
        ("是吗？", "是吗？"),
        ("，", "，"),
    ],
)
def test_what_the_engine_wrote_stays(text: str, written: str) -> None:
    assert replaced(text, punctuation_edits(text, ())) == written


def test_a_text_with_punctuation_has_no_pauses() -> None:
    _, words = spoken("你好 | 我 要 投诉")
    assert pauses("你好，我要投诉", words) == ()


def test_words_that_are_not_the_text_give_no_pauses() -> None:
    _, words = spoken("你好 | 我们 | 投诉")
    assert pauses("你好我要投诉", words) == (2,)
    assert pauses("他好", words) == ()
    assert pauses("", words) == ()
