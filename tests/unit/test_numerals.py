"""Numerals to the characters a person would say."""

import pytest

from gateway.numerals import read_numerals


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("请拨打12345热线", "请拨打一二三四五热线"),
        ("电话010-62345678", "电话零一零杠六二三四五六七八"),
        ("门牌3-2-501", "门牌三杠二杠五零一"),
        ("2024年", "二零二四年"),
        ("住501室", "住五零一室"),
        ("工号007", "工号零零七"),
    ],
)
def test_names_are_read_digit_by_digit(written: str, read: str) -> None:
    assert read_numerals(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("请按0，请按5", "请按零，请按五"),
        ("10", "十"),
        ("13", "十三"),
        ("110", "一百一十"),
        ("1001", "一千零一"),
        ("1050", "一千零五十"),
        ("罚款1500元", "罚款一千五百元"),
        ("10,010人", "一万零一十人"),
        ("1,500,000元", "一百五十万元"),
        ("110,000,000", "一亿一千万"),
        ("100000.5元", "十万点五元"),
        ("3月5日", "三月五日"),
        ("10年", "十年"),
        ("9" * 20 + ".5", "九" * 20 + "点五"),
    ],
)
def test_amounts_are_read_by_their_value(written: str, read: str) -> None:
    assert read_numerals(written) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("涨了3.5%", "涨了百分之三点五"),
        ("-3%", "负百分之三"),
        ("气温-5℃", "气温零下五摄氏度"),
        ("1/3的人", "三分之一的人"),
        ("晚上9:05到11:30", "晚上九点零五分到十一点三十分"),
        ("早上8:00", "早上八点整"),
    ],
)
def test_signs_and_times_are_said_in_full(written: str, read: str) -> None:
    assert read_numerals(written) == read
