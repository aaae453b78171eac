from __future__ import annotations

import pytest

from gateway.hangul import phonemes, spoken, syllables


def said(word: str) -> str:
    return " ".join(s.onset + s.vowel + s.coda for s in spoken(word))


def spelt(word: str) -> str:
    return " ".join(s.onset + s.vowel + s.coda for s in syllables(word))


@pytest.mark.parametrize(
    ("written", "pronounced"),
    [
        ("국물", "궁물"),
        ("합니다", "함니다"),
        ("신라", "실라"),
        ("칼날", "칼랄"),
        ("독립", "동닙"),
        ("정류장", "정뉴장"),
        ("좋다", "조타"),
        ("좋아요", "조아요"),
        ("많던", "만턴"),
        ("많아", "마나"),
        ("싫소", "실쏘"),
        ("입학", "이팍"),
        ("못하다", "모타다"),
        ("묻히다", "무치다"),
        ("같이", "가치"),
        ("굳이", "구지"),
        ("값이", "갑씨"),
        ("닭", "닥"),
        ("읽다", "익따"),
        ("밝아", "발가"),
        ("앉아", "안자"),
        ("있습니다", "읻씀니다"),
        ("옷이", "오시"),
        ("꽃", "꼳"),
        ("밖에", "바께"),
        ("강아지", "강아지"),
        ("학교", "학꾜"),
        ("무늬", "무니"),
        ("의자", "의자"),
        ("시계", "시게"),
        ("가져", "가저"),
    ],
)
def test_words_are_said_by_the_standard_rules(written: str, pronounced: str) -> None:
    assert said(written) == spelt(pronounced)


def test_a_plain_stop_is_voiced_between_voiced_sounds_only() -> None:
    assert phonemes("고기") == "koɡi"
    assert phonemes("감기") == "kamɡi"
    assert phonemes("학교") == "hakʔkjo"


def test_s_before_i_is_palatal() -> None:
    assert phonemes("시사") == "ɕisa"


def test_what_is_not_hangul_stays() -> None:
    assert phonemes("네, 12345!") == "ne, 12345!"
