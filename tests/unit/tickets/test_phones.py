import pytest

from gateway.tickets import phones


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("我的电话是13800000001。", "13800000001"),
        ("138 0000 0001", "13800000001"),
        ("138-0000-0001", "13800000001"),
        ("幺三八，零零零零，零零零一", "13800000001"),
        ("一三八零零零零零零零一", "13800000001"),
        ("一 三 八 零 零 零 零 零 零 零 一", "13800000001"),
        ("138，嗯，0000，然后是0001", "13800000001"),
        ("138零零零零0001", "13800000001"),
        ("一三八四个零一二三四", "13800001234"),
        ("+86 138 0000 0001", "13800000001"),
        ("０１３８００００００１，不对，幺三八零零零零零零零一", "13800000001"),
        ("零五七幺，五五五零零零幺二", "057155500012"),
        ("座机是0571-55500010", "057155500010"),
        ("010-62000001", "01062000001"),
    ],
)
def test_numbers_as_they_are_said(text: str, number: str) -> None:
    assert [f.value for f in phones.find(text)] == [number]


@pytest.mark.parametrize(
    "text",
    [
        "一三八，零零零零，零零零零，零零零一",
        "幺三八，幺三八，零零零零，零零零一",
        "幺三八零，幺三八零零零零零零零一",
        "13800000001，13800000001",
        "一三八零零零零\n零零零一",
    ],
)
def test_repetitions_and_pauses_do_not_spoil_a_number(text: str) -> None:
    found = phones.find(text)
    assert [f.value for f in found] == ["13800000001"]
    assert found[0].confidence > 0.5


@pytest.mark.parametrize(
    "text", ["一二三四五热线", "人民路三百二十号", "二零二五年十一月二十号", "等了两三个小时", "23800000001"]
)
def test_other_numbers_are_no_telephone(text: str) -> None:
    assert phones.find(text) == []


def test_a_local_number_needs_words_about_a_telephone() -> None:
    assert [f.value for f in phones.find("我家座机号码是5550001")] == ["5550001"]
    assert phones.find("订单编号5550001") == []


def test_one_number_in_two_spellings() -> None:
    assert phones.same_number("0571-55500010", "零五七一五五五零零零一零")
    assert phones.same_number("+86 13800000001", "13800000001")
    assert not phones.same_number("13800000001", "13800000002")
    assert not phones.same_number("", "")
