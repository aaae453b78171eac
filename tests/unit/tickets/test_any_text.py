"""Whatever is heard, reading it never fails and every span points to the words it names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.events import Speaker
from gateway.tickets import names, phones, places, times
from gateway.tickets.departments import Departments
from gateway.tickets.draft import FIELDS, Drafts
from gateway.tickets.reading import LONGEST_TITLE, title
from gateway.tickets.sounds import sound
from gateway.tickets.spoken import arabic
from gateway.tickets.taxonomy import Taxonomy

from .conftest import Conversation

SAID_AT = datetime(2025, 11, 24, 10, 30)
BITS = [
    *"零一二两三四五六七八九十百千幺0189，。 \n个号路点月日年天前半和与在我是的投诉人民",
    *(
        "人民路",
        "幸福小区",
        "三百二十号",
        "号楼",
        "单元",
        "昨天晚上",
        "每天",
        "我叫李明",
        "我姓王",
        "138",
        "00000001",
        "交叉口",
    ),
    *(
        "停水",
        "我要投诉",
        "噪音",
        "西湖区",
        "路灯",
        "您说的是",
        "对吗",
        "十二月",
        "9999年",
        "13800000001",
        "第一小学",
        "门口",
    ),
]
WORDS = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(BITS), max_size=30).map("".join))
LINES = st.lists(st.tuples(st.sampled_from(["caller", "agent"]), WORDS), max_size=6)
QUICK = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(WORDS)
@QUICK
def test_finders_stay_within_the_text(text: str) -> None:
    place = places.find(text, asked=lambda offset: offset % 2 == 0, home_city="杭州")
    found = [
        *phones.find(text),
        *times.find(text, SAID_AT),
        *names.find_names(text),
        *names.find_address_forms(text),
        *(place.findings if place else ()),
    ]
    for finding in found:
        assert 0 <= finding.start < finding.end <= len(text)
        assert finding.value
        assert 0 < finding.confidence <= 1
    assert all(f.value.isdigit() and 7 <= len(f.value) <= 12 for f in phones.find(text))


@given(st.text(alphabet="零〇一二两三四五六七八九十百千幺0123456789", min_size=1, max_size=20))
@QUICK
def test_numerals_become_digits(numeral: str) -> None:
    assert arabic(numeral).isdigit()


@given(st.text(max_size=40))
@QUICK
def test_a_sound_has_the_length_of_its_text(text: str) -> None:
    assert len(sound(text)) == len(text)
    assert len(places.Gazetteer(["人民路"]).mend(text)) == len(text)


@given(WORDS, WORDS, st.sampled_from(["投诉", "咨询", ""]))
@QUICK
def test_a_title_is_never_too_long(place: str, matter: str, kind: str) -> None:
    assert len(title(place, matter, kind)) <= LONGEST_TITLE


@given(LINES)
@QUICK
def test_a_draft_reads_anything(taxonomy: Taxonomy, departments: Departments, lines: list[tuple[Speaker, str]]) -> None:
    call = Conversation(Drafts(taxonomy, departments, UTC))
    call.answer()
    spoken = {}
    for number, (speaker, text) in enumerate(lines, 1):
        call.say(speaker, text)
        spoken[f"u{number}"] = text
    for name, field in call.fields().items():
        assert name in FIELDS
        assert field.value
        for evidence in field.evidence:
            assert spoken[evidence.utterance_id][evidence.start : evidence.end] == evidence.text != ""


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "好的" * 400 + "x",
        "啊" * 900 + "x",
        "一" * 5000,
        "那个" * 500 + "x",
        "1，" * 500,
        "在就是的" * 250 + "号",
        "路" * 1000,
    ],
)
def test_monotonous_words_are_read_in_bounded_time(taxonomy: Taxonomy, departments: Departments, text: str) -> None:
    call = Conversation(Drafts(taxonomy, departments, UTC))
    call.answer()
    call.caller(text)
    call.caller("停水了")
    assert call.value("subcategory") == "供水"
