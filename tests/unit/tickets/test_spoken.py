import pytest

from gateway.tickets.sounds import Lexicon, sound
from gateway.tickets.spoken import Folded, arabic, arabic_throughout


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("三百二十", "320"),
        ("三二零", "320"),
        ("三百二", "320"),
        ("三百零二", "302"),
        ("十", "10"),
        ("十二", "12"),
        ("二十", "20"),
        ("一百零八", "108"),
        ("两千零五", "2005"),
        ("一千二", "1200"),
        ("五零一", "501"),
        ("零七", "07"),
        ("1百20", "120"),
        ("320", "320"),
        ("幺八", "18"),
    ],
)
def test_a_number_in_arabic_digits(said: str, digits: str) -> None:
    assert arabic(said) == digits


def test_two_spellings_of_one_sentence_are_equal() -> None:
    assert arabic_throughout("每天晚上 十二点") == arabic_throughout("每天晚上12点") == "每天晚上12点"
    assert arabic_throughout("1百20号") == "120号"


def test_folding_keeps_the_way_back_to_the_original() -> None:
    folded = Folded("在 人民 路 ３２０ 号")
    at = folded.text.index("320")
    assert folded.text == "在人民路320号"
    assert folded.span(at, at + 3) == (7, 10)


def test_accents_and_tones_do_not_change_the_sound() -> None:
    assert sound("噪音扰民") == sound("遭音绕名")
    assert sound("社保") == sound("设保")
    assert sound("社保") != sound("医保")


def test_a_lexicon_mends_what_only_sounds_like_a_word() -> None:
    lexicon = Lexicon(["胜利路", "幸福小区", "小区", "校区"])
    assert lexicon.mend("在生利路30号，信福小取") == "在胜利路30号，幸福小区"
    assert lexicon.mend("大学的校区") == "大学的校区"
