from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.asr.text import pinyin
from gateway.asr.text.pinyin import distance, parse_reading, readings, sound_class
from gateway.asr.text.vocabulary import MAX_SYLLABLE

SYLLABLES = st.builds(
    "{}{}".format,
    st.sampled_from(["zhong", "zong", "lv", "nv", "an", "ang", "hua", "fa", "er", "shi"]),
    st.integers(1, 5),
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zhong1", "zong1"),
        ("chi4", "ci4"),
        ("shi4", "si4"),
        ("nan2", "lan2"),
        ("hu2", "fu2"),
        ("hua1", "fa1"),
        ("huang2", "fang2"),
        ("ren2", "len2"),
        ("lan2", "lang2"),
        ("ren2", "reng2"),
        ("xin1", "xing1"),
        ("jian4", "jiang4"),
        ("guan1", "guang1"),
    ],
)
def test_what_southern_speech_makes_one_is_nearer_than_what_differs_to_every_ear(one: str, other: str) -> None:
    assert 0 < distance(one, other) <= 0.3
    assert distance(one, other) == distance(other, one)


@pytest.mark.parametrize(("one", "other"), [("ba1", "pa1"), ("di4", "ti4"), ("jie1", "qie1"), ("feng1", "fang1")])
def test_what_a_telephone_blurs_is_farther_but_may_be_taken(one: str, other: str) -> None:
    assert 0.3 < distance(one, other) <= MAX_SYLLABLE


@pytest.mark.parametrize(("one", "other"), [("ma3", "qu3"), ("lu4", "shan4"), ("fu2", "yun4"), ("min2", "qi2")])
def test_other_syllables_are_as_far_as_can_be(one: str, other: str) -> None:
    assert distance(one, other) == 1.0


def test_tones_are_cheap() -> None:
    assert distance("lu4", "lu4") == 0
    assert distance("lu4", "lu2") == pinyin.TONE
    assert distance("xiao3", "xiao2") == distance("zi3", "zi5") == pinyin.TONE_BLURRED
    assert distance("lu4", "lu") == 0


@given(SYLLABLES, SYLLABLES)
def test_distance_is_symmetric_and_within_its_bounds(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert 0 <= distance(one, other) <= 1
    assert (distance(one, other) == 0) == (one == other)


def test_the_index_finds_every_syllable_that_may_be_taken_for_another() -> None:
    known = sorted(pinyin._known())
    assert len(known) > 400
    for one, other in product(known, known):
        assert distance(one, other) > MAX_SYLLABLE or sound_class(one) == sound_class(other), (one, other)


def test_readings_go_by_the_word() -> None:
    assert readings("银行") == ("yin2", "hang2")
    assert readings("绿地") == ("lv4", "di4")
    assert readings("路\u3402") == ("", "")


@pytest.mark.parametrize("written", ["chong qing lu", "chóng qìng lù", "chong2 qing4 lu4", "Chong2 qìng lu"])
def test_a_reading_may_be_written_in_several_ways(written: str) -> None:
    assert parse_reading(written, "重庆路") == ("chong2", "qing4", "lu4")


@pytest.mark.parametrize("written", ["lü lve", "lv lüe", "lu: lue", "lǜ lüè", "lv4 lve4"])
def test_the_umlaut_may_be_written_in_several_ways(written: str) -> None:
    assert parse_reading(written, "绿略") == ("lv4", "lve4")


def test_a_reading_the_character_does_not_have_has_no_tone() -> None:
    assert parse_reading("bin he", "鸟河") == ("bin", "he2")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("chong qing", "3 characters and 2 syllables"),
        ("chong qing lu jie", "3 characters and 4 syllables"),
        ("", "3 characters and 0 syllables"),
        ("chong qing luu", "luu is no syllable"),
        ("chong qing 路", "路 is no syllable"),
        ("chong9 qing lu", "chong9 is no syllable"),
    ],
)
def test_what_is_no_reading_is_refused_with_the_reason(written: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_reading(written, "重庆路")
