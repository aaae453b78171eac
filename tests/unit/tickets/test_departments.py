from pathlib import Path

import pytest

from gateway.errors import SettingError
from gateway.tickets.departments import Departments
from gateway.tickets.taxonomy import Taxonomy


@pytest.mark.parametrize(
    ("category", "subcategory", "text", "department"),
    [
        ("城市管理", "违章建筑", "他们有许可证", "自然资源和规划局"),
        ("城市管理", "违章建筑", "他们没有许可证", "城市管理局"),
        ("城市管理", "违章建筑", "楼顶在加盖", "城市管理局"),
        ("环境保护", "噪音扰民", "工厂的机器一直响", "生态环境局"),
        ("环境保护", "噪音扰民", "跳广场舞的太吵", "公安局"),
        ("环境保护", "噪音扰民", "楼下烧烤店太吵", "城市管理局"),
        ("公用事业", "供水", "停水了", "自来水公司"),
        ("交通运输", "公共交通", "公交车不停", "公交公司"),
        ("没有的类别", "", "", "热线管理中心"),
    ],
)
def test_receivers(departments: Departments, category: str, subcategory: str, text: str, department: str) -> None:
    found = departments.assign(category, subcategory, text, "")
    assert found is not None
    assert found.department == department


def test_rules_and_categories_know_each_other(departments: Departments, taxonomy: Taxonomy) -> None:
    firsts = {path[0] for path in taxonomy.paths}
    for rule in departments.rules:
        assert rule.category in firsts | {""}, rule.name
        assert not rule.subcategory or (rule.category, rule.subcategory) in taxonomy.paths, rule.name
    for category, subcategory in taxonomy.paths:
        found = departments.assign(category, subcategory, "", "")
        assert found is not None
        assert found.department != "热线管理中心", (category, subcategory)


def test_the_words_that_decided_are_shown(departments: Departments) -> None:
    text = "他们 有 许可证 的"
    found = departments.assign("城市管理", "违章建筑", text, "")
    assert found is not None
    assert [text[s.start : s.end] for s in found.spans] == ["有 许可证"]


def test_a_place_may_decide(tmp_path: Path) -> None:
    departments = _load(tmp_path, '[[rule]]\nname="a"\ndepartment="高新区管委会"\nplace=["高新区"]\n' + LAST)
    here, there = departments.assign("", "", "", "高新区人民路"), departments.assign("", "", "", "西湖区")
    assert here is not None
    assert there is not None
    assert (here.department, there.department) == ("高新区管委会", "中心")


ONE = '[[rule]]\nname="one"\ndepartment="中心"\nplace=["港口"]\n'
LAST = '[[rule]]\nname="last"\ndepartment="中心"\n'


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ('[[rule]]\nname="a"\n', r"rule\[0\]"),
        ('[[rule]]\nname="a"\ndepartment="b"\nword=["c"]\n' + LAST, "word"),
        (ONE + ONE + LAST, "rule one: has the name"),
        (LAST + '[[rule]]\nname="a"\ndepartment="b"\nplace=["c"]\n', "rule last: breaks the order"),
        ('[[rule]]\nname="a"\ndepartment="b"\nplace=["c"]\n', "rule a: breaks the order"),
        ("rule = 1", "Expected `array`"),
        ("[[rule", "cannot be read"),
    ],
)
def test_wrong_rules_are_refused_with_their_name(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(SettingError, match=where):
        _load(tmp_path, text)


def _load(folder: Path, text: str) -> Departments:
    path = folder / "departments.toml"
    path.write_text(text, encoding="utf-8")
    return Departments.load(path)
