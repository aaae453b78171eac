from pathlib import Path

import pytest

from gateway.errors import SettingError
from gateway.tickets.taxonomy import Taxonomy

CATEGORIES = "category,subcategory,usual,strong,plain,weak,misheard\n"
REQUESTS = "request_type,strong,plain,weak,misheard\n投诉,我要投诉,投诉,,投宿\n"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("楼下的烧烤店每天晚上十二点还在营业 噪音特别大", "环境保护/噪音扰民"),
        ("楼下的稍烤店晚上还在营业 造音特别大", "环境保护/噪音扰民"),
        ("我们家挺水了 今天早上就没有水", "公用事业/供水"),
        ("我们家水停了一天", "公用事业/供水"),
        ("小区停电了 从昨天晚上到现在都没有电", "公用事业/供电"),
        ("家里的暖器不热", "公用事业/供暖"),
        ("我想自询一下 设保断脚了怎么办", "劳动和社会保障/社会保险"),
        ("老板拖欠工子 三个月没有发工子了", "劳动和社会保障/拖欠工资"),
        ("楼顶有人私自搭建 是韦章建筑", "城市管理/违章建筑"),
        ("路灯坏了 晚上很黑", "市政设施/路灯照明"),
        ("路面有一个大坑 骑车摔倒了", "市政设施/道路破损"),
        ("门口的垃圾没人清理", "城市管理/环境卫生"),
        ("有很多车乱听车 把路堵住了", "交通运输/违章停车"),
        ("我要表扬一位公交车司机", "交通运输/公共交通"),
        ("有人冒充客服让我转账 是骗子", "公安政法/电信诈骗"),
        ("孩子今年上小学 入学报名需要什么材料", "教育文体/入学和招生"),
        ("物业公司乱收物业费", "物业管理/物业服务"),
    ],
)
def test_categories_by_what_callers_say(taxonomy: Taxonomy, text: str, path: str) -> None:
    found = taxonomy.classify(text)
    assert found is not None
    assert "/".join(found.path) == path


def test_nothing_is_made_of_nothing(taxonomy: Taxonomy) -> None:
    assert taxonomy.classify("") is None
    assert taxonomy.classify("好的，谢谢，再见") is None
    assert taxonomy.request_type("好的") is None


def test_a_cue_points_to_its_words_and_counts_once(taxonomy: Taxonomy) -> None:
    text = "我们 家 停 水 了"
    found = taxonomy.classify(text)
    assert found is not None
    assert [text[s.start : s.end] for s in found.spans] == ["停 水"]
    again = taxonomy.classify(text + text)
    assert again is not None
    assert again.score == found.score


def test_exact_words_outweigh_words_of_the_same_sound(taxonomy: Taxonomy) -> None:
    exact, heard = taxonomy.classify("路灯不亮"), taxonomy.classify("陆灯不量")
    assert exact is not None
    assert heard is not None
    assert exact.path == heard.path
    assert exact.confidence > heard.confidence


def test_a_rival_lowers_the_confidence(taxonomy: Taxonomy) -> None:
    alone, beside = taxonomy.classify("停水了"), taxonomy.classify("停水了，也停电了")
    assert alone is not None
    assert beside is not None
    assert beside.confidence < alone.confidence


def test_staying_within_a_first_level(taxonomy: Taxonomy) -> None:
    found = taxonomy.classify("停水了，物业不管", within="物业管理")
    assert found is not None
    assert found.path == ("物业管理", "物业服务")
    assert taxonomy.classify("停水了", within="教育文体") is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("您好我要投诉", "投诉"),
        ("我要头诉楼下的饭店", "投诉"),
        ("我要去举报，有人赌博", "举报"),
        ("我想资询一下怎么办理", "咨询"),
        ("我想提个建议，能不能增加班次", "建议"),
        ("我要表扬他，特别感谢", "表扬"),
        ("请帮忙，什么时候恢复", "求助"),
        ("我不是投诉，想问一下", "咨询"),
    ],
)
def test_request_types(taxonomy: Taxonomy, text: str, kind: str) -> None:
    found = taxonomy.request_type(text)
    assert found is not None
    assert found.name == kind


def test_the_usual_request_type_stands_where_none_was_said(taxonomy: Taxonomy) -> None:
    found = taxonomy.request_type("停水了", usual="求助")
    assert found is not None
    assert (found.name, found.cue, found.spans) == ("求助", "", ())
    said = taxonomy.request_type("我要投诉停水", usual="求助")
    assert said is not None
    assert said.name == "投诉"


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    found = _load(tmp_path, CATEGORIES + "港口,船舶,咨询,轮船 船+坏,,,\n").classify("那个船好像坏了")
    assert found is not None
    assert found.path == ("港口", "船舶")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("category,strong\n", "line 1"),
        (CATEGORIES, "no rows"),
        (CATEGORIES + "港口,船舶,咨询,轮船,,\n", "line 2: has too many or too few"),
        (CATEGORIES + "港口,,咨询,轮船,,,\n", "line 2: subcategory is empty"),
        (CATEGORIES + "港口,船舶,询问,轮船,,,\n", "line 2: 询问 is no request type"),
        (CATEGORIES + "港口,船舶,咨询,,,,\n", "line 2: has no cue words"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(SettingError, match=where):
        _load(tmp_path, text)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"12345\.csv"):
        Taxonomy.load(tmp_path / "12345.csv")


def _load(folder: Path, categories: str) -> Taxonomy:
    (folder / "12345.csv").write_text(categories, encoding="utf-8")
    (folder / "request_types.csv").write_text(REQUESTS, encoding="utf-8")
    return Taxonomy.load(folder / "12345.csv")
