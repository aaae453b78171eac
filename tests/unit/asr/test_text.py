"""From an engine's words to what is read, with the offsets of what the vocabulary has put right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.asr.evaluate import comparable
from gateway.asr.text.fillers import filler_edits
from gateway.asr.text.passage import Edit, Passage, replaced
from gateway.asr.text.punctuation import pauses
from gateway.asr.text.words import Word
from gateway.asr.text.writing import Written, write
from gateway.events import Correction

STREETS = {"幸服路": "幸福路", "人名广场": "人民广场", "一零一种学": "一零一中学", "三里": "三里屯", "号楼组": "号楼"}


class Streets:
    """Replaces the keys of STREETS, as a vocabulary does what it has misheard."""

    def correct(self, text: str) -> tuple[str, tuple[Correction, ...]]:
        corrections, at, parts = [], 0, ""
        while at < len(text):
            heard = next((h for h in STREETS if text.startswith(h, at)), "")
            if heard:
                start = len(parts)
                parts += STREETS[heard]
                corrections.append(Correction(start=start, end=len(parts), heard=heard))
                at += len(heard)
            else:
                parts += text[at]
                at += 1
        return parts, tuple(corrections)


def spoken(text: str) -> list[Word]:
    """A bar is a pause of half a second."""
    words, now = [], 0.0
    for token in text.split():
        if token == "|":
            now += 0.5
        else:
            words.append(Word(token, now, now + 0.2, 0.9))
            now += 0.2
    return words


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (
            "喂 你好 | 嗯 | 我 住 在 幸福路 一百二十 号 | 电话 幺三八 | 零零幺三 | 八零零零",
            "喂你好，我住在幸福路120号，电话13800138000。",
        ),
        ("那个 我想 投诉 | 那个 小区 三 号楼 漏水", "我想投诉，那个小区3号楼漏水。"),
        ("我 住 五零二 | 幺三八零零幺三八零零零 | 谢谢", "我住502，13800138000，谢谢。"),
        ("请问 您 贵姓", "请问您贵姓？"),
        ("嗯", "嗯。"),
        ("嗯 对", "对。"),
        ("每天 晚上 十二点 | 还 在 营业 | 能不能 管 一下", "每天晚上12点，还在营业，能不能管一下。"),
    ],
)
def test_a_streaming_engines_words(said: str, text: str) -> None:
    words = spoken(said)
    written = write(" ".join(w.text for w in words), words, "zh")
    assert written == Written(text, "".join(w.text for w in words))


@pytest.mark.parametrize(
    ("heard", "text", "raw"),
    [
        ("我住在朝阳区建国路88号, 幸福小区3号楼.", "我住在朝阳区建国路88号，幸福小区3号楼。", ""),
        ("您好,嗯,我要投诉", "您好，我要投诉。", "您好，嗯，我要投诉"),
        ("138 0013 8000", "13800138000。", "13800138000"),
        ("", "", ""),
    ],
)
def test_an_engine_that_punctuates(heard: str, text: str, raw: str) -> None:
    assert write(heard, (), "zh") == Written(text, raw)


def test_characters_with_times() -> None:
    words = [
        Word(c, i * 0.2 + (1.0 if i > 1 else 0.0), i * 0.2 + 0.15 + (1.0 if i > 1 else 0.0), 1.0)
        for i, c in enumerate("你好停水了")
    ]
    assert write("你好停水了", words, "zh").text == "你好，停水了。"


def test_words_so_far_are_only_tidied() -> None:
    assert write("嗯 我 住 在 三十六 号楼", (), "zh", Streets(), final=False) == Written(
        "我住在三十六号楼", "嗯我住在三十六号楼"
    )


@pytest.mark.parametrize(
    ("language", "heard", "text", "raw"),
    [
        ("ko", "음  수도가 안 나와요", "수도가 안 나와요", "음 수도가 안 나와요"),
        ("en", "the water is off", "the water is off", ""),
        ("ko", "어", "어", ""),
    ],
)
def test_other_languages(language: str, heard: str, text: str, raw: str) -> None:
    assert write(heard, (), language) == Written(text, raw)


def test_a_correction_is_found_in_the_final_text() -> None:
    words = spoken("嗯 我 在 三十六 号楼 | 就是 幸服路 | 一百二十 号 | 人名广场")
    written = write(" ".join(w.text for w in words), words, "zh", Streets())
    assert written.text == "我在36号楼，就是幸福路，120号，人民广场。"
    assert [(written.text[c.start : c.end], c.heard) for c in written.corrections] == [
        ("幸福路", "幸服路"),
        ("人民广场", "人名广场"),
    ]


def test_what_the_vocabulary_wrote_keeps_its_numerals() -> None:
    assert write("一零一种学三十人", (), "zh", Streets()).text == "一零一中学30人。"


TOKENS = st.lists(
    st.sampled_from(
        [
            *STREETS,
            "嗯",
            "那个",
            "啊",
            "三十",
            "六",
            "幺三八",
            "号",
            "号楼",
            "|",
            "在",
            "我",
            "，",
            "?",
            "好",
            "点",
            "百分之",
            "吗",
        ]
    ),
    max_size=16,
)


@given(TOKENS)
def test_a_correction_marks_the_term_that_replaced_what_was_heard(tokens: list[str]) -> None:
    words = spoken(" ".join(tokens))
    written = write(" ".join(w.text for w in words), words, "zh", Streets())
    for c in written.corrections:
        assert written.text[c.start : c.end] == STREETS[c.heard]


@given(TOKENS)
def test_writing_changes_no_word_but_fillers(tokens: list[str]) -> None:
    words = spoken(" ".join(tokens))
    heard = "".join(w.text for w in words)
    written = write(heard, words, "zh")
    raw = written.raw or written.text
    fillers = filler_edits(raw, "zh", pauses(raw, words))
    assert comparable(written.text) == comparable(replaced(raw, fillers))


@given(st.text(max_size=60), st.sampled_from(["zh", "ko", "en", "ja", "xx"]), st.booleans())
def test_any_text_can_be_written(text: str, language: str, final: bool) -> None:
    written = write(text, (), language, Streets(), final=final)
    assert written.raw != written.text or not written.raw


def test_offsets_follow_every_edit() -> None:
    passage = Passage("abcdef", (1, 3, 6), (Correction(start=3, end=5, heard="x"),))
    edited = passage.edited([Edit(0, 2, "XYZ"), Edit(5, 5, "，")])
    assert edited == Passage("XYZcde，f", (4, 8), (Correction(start=4, end=6, heard="x"),))
