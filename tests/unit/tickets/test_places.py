from pathlib import Path

import pytest

from gateway.errors import SettingError
from gateway.tickets import places
from gateway.tickets.places import Gazetteer


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("在人民路三百二十号，幸福小区。", "人民路320号幸福小区"),
        ("在人民路320号幸福小区三号楼二单元五零一", "人民路320号幸福小区3号楼2单元501室"),
        ("在 人民路 三 百 二 十 号", "人民路320号"),
        ("幸福小区，嗯，就在人民路上，三百二十号", "人民路320号幸福小区"),
        ("我要投诉人民路88号的饭店", "人民路88号"),
        ("我住在阳光花园小区6栋", "阳光花园小区6栋"),
        ("西湖区文三路十八号", "西湖区文三路18号"),
        ("解放路和建设路交叉口红绿灯坏了", "解放路与建设路交叉口"),
        ("和平路与中山路路口", "和平路与中山路交叉口"),
        ("人民路第二小学门口乱停车", "人民路第二小学门口"),
        ("张家村村口的路断了", "张家村"),
        ("延安路553弄8号", "延安路553弄8号"),
        ("建设路五十六号旁边的路灯不亮", "建设路56号"),
        ("何平露108号", "何平路108号"),
        ("我们小区停水了", "我们小区"),
    ],
)
def test_places_as_they_are_said(text: str, value: str) -> None:
    found = places.find(text)
    assert found is not None
    assert found.value == value


@pytest.mark.parametrize(
    "text",
    [
        "马路上有个大坑",
        "我不知道",
        "三路公交车不停",
        "我坐十八路公交车",
        "下水道堵了",
        "有人冒充银行客服",
        "跳广场舞的很吵",
        "路灯不亮",
        "",
    ],
)
def test_words_that_only_look_like_a_place(text: str) -> None:
    assert places.find(text) is None


def test_a_named_place_beats_one_that_is_pointed_at() -> None:
    found = places.find("我们小区楼下太吵了\n在人民路三百二十号")
    assert found is not None
    assert found.value == "人民路320号"
    pointed = places.find("我们小区楼下太吵了")
    assert pointed is not None
    assert pointed.confidence < 0.2 < found.confidence


def test_parts_said_apart_are_put_together_and_a_correction_wins() -> None:
    assert _value("我在幸福小区\n地址是人民路三百二十号\n三号楼") == "人民路320号幸福小区3号楼"
    assert _value("在人民路三百二十号\n不对，是人民路三百二十三号") == "人民路323号"


def test_the_answer_to_the_question_for_the_address_wins() -> None:
    text = "中山路十八号。饭店老板说，人民路二十号"
    answer = text.index("饭店")
    assert _value(text) == "人民路20号"
    found = places.find(text, asked=lambda offset: offset < answer)
    assert found is not None
    assert found.value == "中山路18号"


def test_a_house_number_alone_counts_only_as_an_answer() -> None:
    text = "人民路这里\n嗯\n三百二十号"
    found = places.find(text, asked=lambda offset: text[offset] == "三")
    assert found is not None
    assert found.value == "人民路320号"
    assert _value(text) == "人民路"


def test_the_home_city_is_left_out() -> None:
    found = places.find("杭州市西湖区文三路十八号", home_city="杭州")
    assert found is not None
    assert found.value == "西湖区文三路18号"
    assert _value("杭州市西湖区文三路十八号") == "杭州市西湖区文三路18号"


def test_each_part_points_to_its_words() -> None:
    text = "在 人民路 三百二十号 ，幸福小趣"
    found = places.find(text)
    assert found is not None
    assert found.value == "人民路320号幸福小区"
    assert [text[f.start : f.end] for f in found.findings] == ["人民路", "三百二十号", "幸福小趣"]


def test_names_of_the_city_are_recognised_by_sound(tmp_path: Path) -> None:
    path = tmp_path / "places.txt"
    path.write_text("# roads\n胜利路\n\n光明小区\n", encoding="utf-8")
    gazetteer = Gazetteer.load(path)
    found = places.find("在圣离路30号，广明小区", gazetteer=gazetteer)
    assert found is not None
    assert found.value == "胜利路30号光明小区"
    with pytest.raises(SettingError, match=r"absent\.txt"):
        Gazetteer.load(tmp_path / "absent.txt")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("人民路320号幸福小区", "人民路三百二十号", True),
        ("人民路320号", "人民路330号", False),
        ("幸福小区", "人民路320号幸福小区3号楼", True),
        ("幸福小区", "阳光小区", False),
        ("人民路320号", "幸福小区", False),
        ("第二小学", "人民路第二小学", True),
        ("某地", "某 地", True),
    ],
)
def test_two_writings_of_a_place(one: str, other: str, same: bool) -> None:
    assert places.same_place(one, other) is same
    assert places.same_place(other, one) is same


def _value(text: str) -> str:
    found = places.find(text)
    return found.value if found else ""
