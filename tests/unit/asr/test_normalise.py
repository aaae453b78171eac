import pytest

from gateway.asr.text.normalise import normalise


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("你好 我 要 投诉", "你好我要投诉"),
        ("我住在朝阳区建国路88号, 幸福小区3号楼.", "我住在朝阳区建国路88号，幸福小区3号楼。"),
        ("请问您贵姓?", "请问您贵姓？"),
        ("用 windows ten 系统", "用windows ten系统"),
        ("涨到3.5元,早上8:30", "涨到3.5元，早上8:30"),
        ("１２３４５ＡＢ", "12345AB"),
        ("您好\ufffd请问", "您好请问"),
        ("，好的。。", "好的。"),
        ("138 0013 8000", "13800138000"),
        ("", ""),
    ],
)
def test_chinese(heard: str, written: str) -> None:
    assert normalise(heard, "zh") == written


def test_a_space_can_be_a_pause() -> None:
    assert normalise("88号 幸福小区 谢谢", "zh", spaces_are_pauses=True) == "88号，幸福小区，谢谢"


def test_other_languages_keep_their_words_apart() -> None:
    assert normalise(" 영어  교육 관련 ", "ko") == "영어 교육 관련"
