from datetime import datetime

import pytest

from gateway.tickets import times

MONDAY = datetime(2025, 11, 24, 10, 30)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("昨天晚上十点多就开始吵", "2025-11-23T22:00"),
        ("昨晚十二点", "2025-11-24T00:00"),
        ("昨天夜里两点", "2025-11-24T02:00"),
        ("今天凌晨三点半", "2025-11-24T03:30"),
        ("前天下午3点一刻", "2025-11-22T15:15"),
        ("今天早上", "2025-11-24 早上"),
        ("从昨天开始", "2025-11-23"),
        ("上周三", "2025-11-19"),
        ("上个星期天", "2025-11-23"),
        ("周五下午", "2025-11-21 下午"),
        ("三天前", "2025-11-21"),
        ("半个月前", "2025-11-09"),
        ("两个小时前", "2025-11-24T08:00"),
        ("已经坏了三天了", "2025-11-21"),
        ("11月20号晚上8点", "2025-11-20T20:00"),
        ("去年说的是十二月三十一号", "2024-12-31"),
        ("二零二五年十月一日", "2025-10-01"),
        ("每天晚上十二点还在营业", "每天晚上12点"),
        ("天天晚上", "天天晚上"),
        ("每周末", "每周末"),
        ("晚上十一点以后", "晚上11点"),
    ],
)
def test_times_as_they_are_said(text: str, value: str) -> None:
    assert [f.value for f in times.find(text, MONDAY)] == [value]


@pytest.mark.parametrize("text", ["人民路三百二十号", "二月三十号", "十三月五号", "三点建议", "一天到晚"])
def test_what_is_no_time_is_left_alone(text: str) -> None:
    assert times.find(text, MONDAY) == []


def test_the_span_holds_the_words() -> None:
    text = "是 昨天 晚上 10 点 开始的"
    found = times.find(text, MONDAY)[0]
    assert text[found.start : found.end] == "昨天 晚上 10 点"
