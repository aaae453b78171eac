"""Pinyin to the voice's symbols, and the tones as spoken."""

import pytest
from pypinyin.contrib.tone_convert import to_tone3
from pypinyin.phrases_dict import phrases_dict
from pypinyin.pinyin_dict import pinyin_dict

from gateway.errors import InputError
from gateway.phonemes import phonemes, symbols

VOICE = frozenset("abcdefhijklmnopqrstuvwxyzɑɔɕəɚɛɡɥɨŋɤɻʂʊʦʨꭧʰ→↗↓↘")
"""Those of the voice's table that Mandarin may need."""


def syllables() -> set[str]:
    """Every syllable that a character or phrase has in the dictionary, with every tone."""
    read = {reading for found in pinyin_dict.values() for reading in found.split(",")}
    read.update(reading for phrase in phrases_dict.values() for character in phrase for reading in character)
    plain = {to_tone3(reading, neutral_tone_with_five=True)[:-1] for reading in read}
    return {syllable + tone for syllable in plain for tone in "12345"}


def test_every_syllable_has_symbols_of_its_own_that_the_voice_knows() -> None:
    spoken = {syllable: symbols(syllable) for syllable in syllables()}
    assert len(spoken) > 5 * 400
    assert {s for s, sound in spoken.items() if not sound or not set(sound) <= VOICE} == set()
    # 咯 lo has the sound of luo; no other two are alike.
    assert len(set(spoken.values())) == len(spoken) - 5


@pytest.mark.parametrize(
    ("syllable", "sound"),
    [
        ("zhong1", "ꭧʊ→ŋ"),
        ("bo1", "pwo→"),
        ("o4", "ɔ↘"),
        ("yi2", "i↗"),
        ("shi4", "ʂɨ↘"),
        ("xi3", "ɕi↓"),
        ("si5", "sɨ"),
        ("nv3", "ny↓"),
        ("nu3", "nu↓"),
        ("xue2", "ɕɥe↗"),
        ("quan2", "ʨʰɥɛ↗n"),
        ("kuan1", "kʰwa→n"),
        ("jiu3", "ʨjou↓"),
        ("gui4", "kwei↘"),
        ("lun2", "lwə↗n"),
        ("yun4", "y↘n"),
        ("er2", "ɚ↗"),
        ("de5", "tɤ"),
    ],
)
def test_a_syllable(syllable: str, sound: str) -> None:
    assert symbols(syllable) == sound


@pytest.mark.parametrize("syllable", ["", "1", "abc1", "zhong", "zhong6", "㐂"])
def test_what_is_no_syllable_is_refused(syllable: str) -> None:
    with pytest.raises(KeyError):
        symbols(syllable)


@pytest.mark.parametrize(
    ("text", "tones"),
    [
        ("老板", "↗↓"),
        ("展览馆", "↗↗↓"),
        ("我想你", "↓↓↓"),  # three words
        ("不客气", "↗↘↘"),
        ("我不想", "↓↘↓"),
        ("一般", "↘→"),
        ("一次", "↗↘"),
        ("一起", "↘↓"),
        ("给我一个", "↓↓↗↘"),
        ("第一小学", "↘→↓↗"),
        ("十一个", "↗→↘"),
        ("一二三", "→↘→"),
        ("一月一号", "→↘→↘"),
        ("统一管理", "↓→↗↓"),
        ("请按一", "↓↘→"),
        ("一，二", "→↘"),
        ("银行", "↗↗"),
        ("我们的", "↓"),
    ],
)
def test_tones_as_spoken(text: str, tones: str) -> None:
    assert "".join(c for c in phonemes(text) if c in "→↗↓↘") == tones


def test_words_stand_apart_and_marks_stay() -> None:
    assert phonemes("您好，《本次通话》将会录音。") == "ni↗nxau↓,  “pə↓nʦʰɨ↘ tʰʊ→ŋxwa↘” ʨja→ŋxwei↘ lu↘i→n."


def test_a_character_without_a_reading_is_refused() -> None:
    with pytest.raises(InputError, match="no Mandarin reading"):
        phonemes("他叫㐂")
