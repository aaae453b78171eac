from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.asr.text.vocabulary import Vocabulary, limit, read_vocabulary
from gateway.errors import SettingError
from gateway.events import Correction

HERE = Path(__file__).parent
READINGS = {"重庆路": "chong qing lu", "长寿路": "chang shou lu", "新开铺路": "xin kai pu lu"}


def rows(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (HERE / name).read_text(encoding="utf-8").splitlines()]


MISHEARD = rows("misheard_names.tsv")
"""A name, a sentence with characters of its sound in its place, the sentence as it is meant."""
HEARD = rows("heard_names.tsv")
"""A name, a sentence spoken over a telephone line, what Whisper base heard."""
PLAIN = (HERE / "plain_speech.txt").read_text(encoding="utf-8").splitlines()
"""What callers and agents say without any of the names, with words that sound like parts of them."""
NAMES = list(dict.fromkeys(name for name, *_ in (*MISHEARD, *HEARD)))


@pytest.fixture(scope="module")
def city() -> Vocabulary:
    return Vocabulary([f"{name} = {READINGS[name]}" if name in READINGS else name for name in NAMES])


@pytest.mark.parametrize(("name", "heard", "meant"), MISHEARD)
def test_a_name_is_put_right(city: Vocabulary, name: str, heard: str, meant: str) -> None:
    text, corrections = city.correct(heard)
    assert text == meant
    (correction,) = corrections
    assert text[correction.start : correction.end] == name
    assert correction.heard == heard[correction.start : correction.end] != name


def test_half_of_the_names_that_whisper_got_wrong_are_put_right(city: Vocabulary) -> None:
    wrong = [(name, spoken, heard) for name, spoken, heard in HEARD if name not in heard]
    right = [name for name, _, heard in wrong if name in city.correct(heard)[0]]
    assert len(wrong) == 38
    assert len(right) >= 19


def test_no_name_is_put_where_another_was_said(city: Vocabulary) -> None:
    for _, spoken, heard in HEARD:
        for change in city.changes(heard):
            assert change.term in spoken


def test_fewer_than_one_in_a_hundred_plain_lines_is_changed(city: Vocabulary) -> None:
    assert len(PLAIN) > 200
    assert not [line for line in PLAIN if any(name in line for name in NAMES)]
    changed = [line for line in PLAIN if city.correct(line)[1]]
    assert len(changed) / len(PLAIN) < 0.01


@pytest.mark.parametrize(
    ("term", "text"),
    [
        ("市政府", "这是政府的规定"),
        ("十堰", "我们做了一个实验"),
        ("高新区", "他高兴去就去"),
        ("胜利街", "他们生理节律乱了"),
        ("上海路", "我晚上还录了视频"),
        ("公园", "公元前就有了"),
        ("张伟", "他们要张围栏"),
        ("东山路", "就在东三路路口"),
        ("高新局", "我在高新区上班"),
        ("滨海四路", "我住滨海十路"),
        ("南街", "北连平山，南接小镇"),
    ],
)
def test_ordinary_words_and_other_names_stay(term: str, text: str) -> None:
    assert Vocabulary([term]).correct(text) == (text, ())


def test_what_is_a_term_already_stays_whole() -> None:
    assert Vocabulary(["新兴路", "新星路"]).correct("新兴路和新星路") == ("新兴路和新星路", ())
    assert Vocabulary(["明珠", "民主路"]).correct("明珠路") == ("明珠路", ())
    assert Vocabulary(["林荫路", "路名小区"]).correct("林荫路明小区") == ("林荫路明小区", ())


def test_a_longer_term_may_go_over_a_shorter_one_that_it_keeps() -> None:
    assert Vocabulary(["人民路", "人民路小学"]).correct("在人民路小雪门口")[0] == "在人民路小学门口"


def test_the_longer_of_two_terms_wins() -> None:
    text, corrections = Vocabulary(["人民路", "人民路小学"]).correct("在任民路小学门口")
    assert text == "在人民路小学门口"
    assert corrections == (Correction(start=1, end=6, heard="任民路小学"),)


def test_of_two_terms_as_near_neither_is_taken() -> None:
    both = Vocabulary(["新兴路", "新形路"])
    assert both.correct("我住欣性路") == ("我住欣性路", ())
    assert both.correct("我住心星路") == ("我住新兴路", (Correction(start=2, end=5, heard="心星路"),))
    assert Vocabulary(["新兴路", "新星路"]).correct("我住心星路") == ("我住心星路", ())


def test_several_names_of_one_text_are_put_right_with_their_places() -> None:
    text, corrections = Vocabulary(["人民路", "幸福小区"]).correct("任民路3号，信服小区")
    assert text == "人民路3号，幸福小区"
    assert corrections == (Correction(start=0, end=3, heard="任民路"), Correction(start=6, end=10, heard="信服小区"))


@pytest.mark.parametrize("text", ["任，民路", "任 民路", "任3民路", "任A民路", "任\n民路"])
def test_nothing_is_changed_across_what_is_no_chinese_character(text: str) -> None:
    assert Vocabulary(["人民路"]).correct(text) == (text, ())


def test_the_reading_given_is_the_one_that_counts() -> None:
    assert Vocabulary(["重庆路 = chong qing lu"]).correct("虫庆路")[0] == "重庆路"
    assert Vocabulary(["重庆路 = zhong qing lu"]).correct("中庆路")[0] == "重庆路"
    assert Vocabulary(["重庆路 = zhong qing lu"]).correct("冲钦露")[0] == "冲钦露"


def test_limits_grow_with_the_length_and_end() -> None:
    limits = [limit(characters) for characters in range(2, 31)]
    assert limits == sorted(limits)
    assert limits[0] < 0.3
    assert limits[-1] == 2.0


def test_no_terms_change_nothing() -> None:
    assert Vocabulary(()).correct("我住人民路") == ("我住人民路", ())


@given(st.text(alphabet="人任民名路鹿录小区去信幸福服，3 A\u3402重庆", max_size=30))
def test_any_text_keeps_its_length_and_can_be_put_back(text: str) -> None:
    vocabulary = Vocabulary(["人民路", "幸福小区", "重庆路", "福区"])
    corrected, corrections = vocabulary.correct(text)
    assert len(corrected) == len(text)
    end = 0
    back = corrected
    for correction in corrections:
        assert end <= correction.start < correction.end
        end = correction.end
        assert corrected[correction.start : end] in {term.written for term in vocabulary.terms}
        back = back[: correction.start] + correction.heard + back[end:]
    assert back == text
    assert all(corrected.count(term.written) >= text.count(term.written) for term in vocabulary.terms)


def test_a_file_is_read_with_remarks_and_readings(tmp_path: Path) -> None:
    file = tmp_path / "vocabulary.txt"
    file.write_text("\ufeff# streets\n\n人民路  # the long one\n 重庆路=chong qing lu\n", encoding="utf-8")
    assert read_vocabulary(file) == ("人民路", "重庆路=chong qing lu")
    assert [term.written for term in Vocabulary(read_vocabulary(file)).terms] == ["人民路", "重庆路"]


def test_the_sample_that_is_shipped_is_right() -> None:
    assert len(read_vocabulary(HERE.parents[2] / "config" / "vocabulary.txt")) > 5


@pytest.mark.parametrize(
    ("lines", "at", "reason"),
    [
        ("人民路\n路", 2, "2 to 30 characters, this one has 1"),
        ("路" * 31, 1, "this one has 31"),
        ("人民路\n\n三号线A口", 3, "nothing but Chinese characters"),
        ("人民 路", 1, "nothing but Chinese characters"),
        ("= ren min", 1, "this one has 0"),
        ("重庆路 = chong qing", 1, "3 characters and 2 syllables"),
        ("重庆路 = chong qing luu", 1, "luu is no syllable"),
        ("重庆路 =", 1, "3 characters and 0 syllables"),
        ("人民路\n# again\n人民路 = ren min lu", 3, "the same term is on line 1"),
        ("人民\u3402", 1, "no known reading"),
    ],
)
def test_a_wrong_line_is_named_with_the_reason_and_the_mend(tmp_path: Path, lines: str, at: int, reason: str) -> None:
    file = tmp_path / "vocabulary.txt"
    file.write_text(lines, encoding="utf-8")
    with pytest.raises(SettingError, match=reason) as caught:
        read_vocabulary(file)
    assert caught.value.path == f"{file}:{at}"
    assert caught.value.mend


def test_a_file_of_another_encoding_is_named(tmp_path: Path) -> None:
    file = tmp_path / "vocabulary.txt"
    file.write_bytes("人民路".encode("gb18030"))
    with pytest.raises(SettingError, match="not in UTF-8"):
        read_vocabulary(file)


def test_too_many_terms_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.asr.text.vocabulary.MAX_TERMS", 2)
    file = tmp_path / "vocabulary.txt"
    file.write_text("人民路\n中山路\n解放路\n", encoding="utf-8")
    with pytest.raises(SettingError, match="more than 2 terms"):
        read_vocabulary(file)
