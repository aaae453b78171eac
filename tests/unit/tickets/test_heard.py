"""Conversations as a small recogniser wrote them down: no or wrong punctuation, right syllables in wrong characters."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from gateway.tickets.departments import Departments
from gateway.tickets.draft import Drafts
from gateway.tickets.places import Gazetteer
from gateway.tickets.taxonomy import Taxonomy

from .conftest import CONFIG, Conversation

NOISE = [
    ("agent", "您好1345热线。请问有什么可以帮您？"),
    ("caller", "您好，我要投诉我们小珠楼下的稍稠店。每天晚上12点，还在营业，超音特别的。"),
    ("agent", "请问具体地者在那里。"),
    ("caller", "在人民路320号，幸福小趣。"),
    ("agent", "您反映的是人民路320号幸福小区稍烤店遭音绕名对吗"),
    ("caller", "对，没错，家里有老人，晚上睡不得节。"),
]
WATER = [
    ("caller", "您好我们家庭水了。今天早上就没有水没法做法。"),
    ("agent", "请问民主在什么地方？"),
    ("caller", "中山路十八号阳光小区"),
    ("agent", "民说的是中山路十八号。阳光小区停水，对吗？"),
    ("caller", "归市的，请帮忙问一下，自来水公司什么时候恢复公水。"),
]
WAGES = [
    ("caller", "您好，我是建筑工人，老板拖欠工子，三个月没有发工子了。"),
    ("agent", "请问公底在什么地方？"),
    ("caller", "公帝在街方路二百号，一共有十几个工人"),
    ("agent", "民法宁的是解放路200号公帝。拖欠公子，对吗？"),
]
ROOF = [
    ("caller", "您好我要去报有人在楼顶私自搭建房子是维将建筑。"),
    ("agent", "请问具体为者在哪里？"),
    ("caller", "在新华路六十六号，东方花圆三号楼"),
    ("caller", "没有许可证，上个星期开始盖打。"),
    ("agent", "好的王女士，已经为您登记再见。"),
]
INSURANCE = [
    ("caller", "您好，我想仔细你一下，设保断脚了怎么办你不脚。"),
    ("caller", "我去年离开了公司杨老保险多了三个月"),
]
PARKING = [("caller", "您好我要投诉，有很多车乱听车，把小学门口的路堵住了。"), ("caller", "在圣离路30号，第一小学门口")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            NOISE,
            {
                "request_type": "投诉",
                "category": "环境保护",
                "subcategory": "噪音扰民",
                "place": "人民路320号幸福小区",
                "occurred_at": "每天晚上12点",
            },
        ),
        (
            WATER,
            {"category": "公用事业", "subcategory": "供水", "place": "中山路18号阳光小区", "department": "自来水公司"},
        ),
        (WAGES, {"category": "劳动和社会保障", "subcategory": "拖欠工资", "place": "解放路200号"}),
        (
            ROOF,
            {
                "subcategory": "违章建筑",
                "place": "新华路66号东方花园3号楼",
                "caller_name": "王女士",
                "department": "城市管理局",
            },
        ),
        (INSURANCE, {"category": "劳动和社会保障", "subcategory": "社会保险"}),
        (PARKING, {"request_type": "投诉", "subcategory": "违章停车", "place": "胜利路30号第一小学门口"}),
    ],
    ids=["noise", "water", "wages", "roof", "insurance", "parking"],
)
def test_a_ticket_from_what_was_heard(
    taxonomy: Taxonomy, departments: Departments, lines: list[tuple[str, str]], expected: dict[str, str]
) -> None:
    gazetteer = Gazetteer.load(CONFIG / "places.txt")
    call = Conversation(Drafts(taxonomy, departments, timezone(timedelta(hours=8)), gazetteer=gazetteer))
    call.answer()
    for speaker, text in lines:
        call.say("agent" if speaker == "agent" else "caller", text)
    assert {name: call.value(name) for name in expected} == expected
