"""Sounds that gain time go; the same sounds with a meaning stay."""

from __future__ import annotations

import pytest

from gateway.asr.text.fillers import filler_edits
from gateway.asr.text.passage import replaced


def dropped(text: str, language: str = "zh") -> str:
    """``text`` without fillers; a bar in it is a pause."""
    pauses, plain = [], ""
    for part in text.split("|"):
        plain += part
        pauses.append(len(plain))
    return replaced(plain, filler_edits(plain, language, pauses[:-1]))


@pytest.mark.parametrize(
    ("heard", "readable"),
    [
        ("嗯我要投诉", "我要投诉"),
        ("我要嗯投诉", "我要投诉"),
        ("嗯，我要投诉", "我要投诉"),
        ("我想问一下，呃，社保怎么交", "我想问一下，社保怎么交"),
        ("嗯嗯，好的", "好的"),
        ("好的，嗯。", "好的，"),
        ("啊，我家在三楼", "我家在三楼"),
        ("啊我家在三楼", "我家在三楼"),
        ("哦，是这样", "是这样"),
        ("好的，哦，谢谢", "好的，谢谢"),
        ("唉你好", "你好"),
        ("额，我想问一下", "我想问一下"),
        ("那个，我想问一下", "我想问一下"),
        ("那个我想问一下停水的事", "我想问一下停水的事"),
        ("嗯那个请问社保局在哪", "请问社保局在哪"),
        ("那个嗯我们小区", "我们小区"),
        ("那个那个小区", "那个小区"),
        ("我住在|那个|人民路", "我住在人民路"),
        ("这个这个问题", "这个问题"),
        ("就是说我们小区没有水", "我们小区没有水"),
        ("没有水，就是说，已经三天了", "没有水，已经三天了"),
        ("然后呢，我就打了电话", "我就打了电话"),
        ("然后然后就停电了", "然后就停电了"),
        ("怎么说呢，不太好", "不太好"),
        ("您好|嗯|我想反映一个问题", "您好我想反映一个问题"),
        ("呃嗯那个，我是业主", "我是业主"),
    ],
)
def test_a_filler_goes(heard: str, readable: str) -> None:
    assert dropped(heard) == readable


@pytest.mark.parametrize(
    "text",
    [
        "嗯",
        "嗯，嗯。",
        "啊？",
        "哦",
        "那个",
        "然后呢？",
        "然后呢",
        "那个小区没有电梯",
        "就是那个小区",
        "我说的是那个，不是这个",
        "这个我们会处理",
        "这个问题怎么解决",
        "那个人又来了",
        "把那个拿走",
        "好啊",
        "是啊，一直这样",
        "谁啊",
        "也就是说没有办法",
        "那就是说要等三天",
        "意思就是说不管了",
        "金额不对",
        "额度不够",
        "额外收费",
        "余额是多少",
        "名额满了",
        "哎呀，怎么又停水了",
        "唉声叹气",
        "嗯？",
        "喂，你好",
        "然后我就打了电话",
        "",
    ],
)
def test_what_means_something_stays(text: str) -> None:
    assert dropped(text) == text


@pytest.mark.parametrize(
    ("language", "heard", "readable"),
    [
        ("ko", "음 영어 교육 어 관련", "영어 교육 관련"),
        ("ko", "그, 수도가 안 나와요", "수도가 안 나와요"),
        ("ko", "그 사람이 어제 왔어요", "그 사람이 어제 왔어요"),
        ("ko", "어디 음식 그것", "어디 음식 그것"),
        ("ko", "어", "어"),
        ("en", "Um, I want uh to complain", "I want to complain"),
        ("en", "uh-huh that is right", "uh-huh that is right"),
        ("en", "the umbrella and the term", "the umbrella and the term"),
        ("ja", "えっと、水が出ません", "水が出ません"),
        ("fr", "euh bonjour", "euh bonjour"),
    ],
)
def test_other_languages_have_fillers_of_their_own(language: str, heard: str, readable: str) -> None:
    assert dropped(heard, language).strip() == readable
