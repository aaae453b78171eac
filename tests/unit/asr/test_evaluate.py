from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.asr.evaluate import cer, comparable, edits, read_manifest
from gateway.errors import InputError


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("每天晚上十二点，还在营业。", "每天晚上12点还在营业"),
        ("一三八零零 138", "13800138"),
        ("三百零五号", "305号"),
        ("一万二千三百四十五", "12345"),
        ("十万元", "100000元"),
        ("3千", "3000"),
        ("三百二", "320"),
        ("幺三八", "138"),
        ("一百二十，三号楼", "1203号楼"),
        ("三百 五十", "350"),
        ("ＡＢ c", "abc"),
    ],
)
def test_what_is_not_said_is_not_compared(written: str, compared: str) -> None:
    assert comparable(written) == compared


@pytest.mark.parametrize(
    ("spoken", "written"),
    [
        ("百分之九十五", "95%"),
        ("三点五公里", "3.5公里"),
        ("三杠二杠五零一", "3-2-501"),
        ("一万二", "12000"),
        ("三十万", "30万"),
    ],
)
def test_how_a_number_is_written_is_no_error(spoken: str, written: str) -> None:
    assert cer(spoken, written) == 0.0
    assert cer(written, spoken) == 0.0


def test_the_rate_counts_edits_per_character_of_the_reference() -> None:
    assert cer("我要投诉", "我要投诉。") == 0.0
    assert cer("我要投诉", "我投速") == 0.5
    assert cer("好", "好的好的") == 3.0
    assert cer("", "") == 0.0
    assert cer("。", "好") == 1.0


@given(st.text("甲乙丙", max_size=8), st.text("甲乙丙", max_size=8))
def test_edits_are_a_distance(a: str, b: str) -> None:
    assert edits(a, b) == edits(b, a)
    assert abs(len(a) - len(b)) <= edits(a, b) <= max(len(a), len(b))
    assert (edits(a, b) == 0) == (a == b)


def test_a_manifest_without_its_columns_is_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "m.tsv"
    manifest.write_text("file\ttext\na.wav\t好\n", encoding="utf-8")
    with pytest.raises(InputError, match="no column transcript"):
        read_manifest(manifest)
