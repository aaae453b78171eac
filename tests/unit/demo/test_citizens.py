from __future__ import annotations

import re
from datetime import timedelta, timezone
from pathlib import Path

import pytest

from gateway.demo.citizens import ScriptedCall, expectation_met, load_script
from gateway.errors import SettingError
from gateway.events import CallAnswered, CallOffered, Clocks, TicketField, TranscriptFinal
from gateway.tickets.departments import Departments
from gateway.tickets.draft import Drafts
from gateway.tickets.places import Gazetteer
from gateway.tickets.taxonomy import Taxonomy

CONFIG = Path(__file__).parents[3] / "config"
SCRIPT = load_script(CONFIG / "demo" / "citizens.toml")
ANSWERED = [call for call in SCRIPT if call.outcome == "answered"]
NO_PUNCTUATION = str.maketrans("", "", "，。？、")


@pytest.fixture(scope="module")
def drafts() -> Drafts:
    taxonomy = Taxonomy.load(CONFIG / "taxonomy" / "12345.csv")
    departments = Departments.load(CONFIG / "departments.toml")
    gazetteer = Gazetteer.load(CONFIG / "places.txt")
    return Drafts(taxonomy, departments, timezone(timedelta(hours=8)), gazetteer=gazetteer)


@pytest.mark.parametrize("punctuation", [True, False])
@pytest.mark.parametrize("call", ANSWERED, ids=[call.number for call in ANSWERED])
def test_the_demos_citizens_get_the_ticket_they_expect(drafts: Drafts, call: ScriptedCall, punctuation: bool) -> None:
    fields = _fields(drafts, call, f"1.{call.number}.{punctuation}", punctuation)
    assert call.expect
    assert expectation_met(call.expect, fields) == dict.fromkeys(call.expect, True)


def test_the_demo_shows_the_hotlines_whole_day() -> None:
    assert len(SCRIPT) >= 14
    assert len(ANSWERED) >= 10
    assert len(SCRIPT) - len(ANSWERED) >= 2
    assert sum(call.answer_after > 15 for call in ANSWERED) >= 2
    assert {call.voice for call in SCRIPT} == {"female", "male"}
    assert [call.outcome for call in SCRIPT[:6]].count("abandoned") == 1
    assert len({call.number for call in SCRIPT}) == len(SCRIPT)
    assert len({call.expect["category"] for call in ANSWERED}) >= 8


def test_every_line_is_short_enough_for_a_small_recogniser() -> None:
    for call in SCRIPT:
        for line in (*call.caller_says, *call.agent_says):
            assert all(len(part) <= 20 for part in re.split("[，。？]", line)), line
            assert not re.search("[0-9]", line), line


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "has no calls"),
        ("call = 1", "has no calls"),
        ('title = "x"\n[[call]]\nnumber = "138"', "title: is no key"),
        ("[[call]]\ncaller_says = ['a']", "call 1: .*number"),
        ("[[call]]\nnumber = '13800000001'\ncolour = 'red'", "call 1: .*colour"),
        ("[[call]]\nnumber = 'secret'", "call 1: number"),
        ("[[call]]\nnumber = '13800000001'\noutcome = 'lost'", "call 1: outcome"),
        ("[[call]]\nnumber = '13800000001'", "call 1: caller_says"),
        ("[[call]]\nnumber = '13800000001'\noutcome = 'abandoned'", "call 1: hang_up_after"),
        ("[[call]]\nnumber = '13800000001'\ncaller_says = ['a']\nagent_says = ['a']\nsurvey = 6", "call 1: survey"),
        (
            "[[call]]\nnumber = '13800000001'\ncaller_says = ['a']\nagent_says = ['a']\n[call.expect]\nmood = 'x'",
            "call 1: expect.mood",
        ),
        ("[[call", "cannot be read"),
    ],
)
def test_a_wrong_script_is_refused_with_call_and_key(tmp_path: Path, text: str, where: str) -> None:
    path = tmp_path / "script.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingError, match=where) as refused:
        load_script(path)
    assert "script.toml" in str(refused.value)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "expected", "value", "met"),
    [
        ("phone", "0571-55500010", "057155500010", True),
        ("phone", "13800000001", "13800000002", False),
        ("place", "人民路三百二十号", "人民路320号幸福小区", True),
        ("place", "人民路320号", "人民路321号", False),
        ("place", "幸福小区", "", False),
        ("category", "环境保护", "环境保护", True),
        ("category", "噪音扰民", "环境保护", True),
        ("category", "环境保护/噪音扰民", "环境保护", True),
        ("category", "环保", "环境保护", False),
        ("occurred_at", "每天晚上十二点", "每天晚上12点", True),
        ("title", "噪音扰民", "幸福小区噪音扰民投诉", True),
        ("content", "晚上十二点", "每天晚上12点还在营业", True),
        ("content", "停水", "", False),
        ("request_type", "投诉", "举报", False),
    ],
)
def test_how_an_expectation_is_compared(name: str, expected: str, value: str, met: bool) -> None:
    fields = {
        name: TicketField(name=name, value=value),
        "subcategory": TicketField(name="subcategory", value="噪音扰民"),
    }
    assert expectation_met({name: expected}, fields) == {name: met}


def test_a_missing_field_meets_nothing() -> None:
    expected = {"place": "某处", "category": "x", "title": "x", "phone": "1"}
    assert expectation_met(expected, {}) == dict.fromkeys(expected, False)


def _fields(drafts: Drafts, call: ScriptedCall, call_id: str, punctuation: bool) -> dict[str, TicketField]:
    at = 1763951400.0
    drafts.feed(CallOffered(call_id=call_id, at=at, caller_number=call.number), at)
    drafts.feed(CallAnswered(call_id=call_id, at=at, queue="q", agent="1001", clocks=Clocks(arrived=at)), at)
    for turn in range(max(len(call.caller_says), len(call.agent_says))):
        for order, (speaker, lines) in enumerate((("agent", call.agent_says), ("caller", call.caller_says))):
            if turn < len(lines):
                start = turn * 10.0 + order * 5
                final = TranscriptFinal(
                    call_id=call_id,
                    at=at + start,
                    utterance_id=f"{speaker}-{turn}",
                    speaker="agent" if speaker == "agent" else "caller",
                    text=lines[turn] if punctuation else lines[turn].translate(NO_PUNCTUATION),
                    start=start,
                    end=start + 4,
                    language="zh",
                    engine="test",
                    model="none",
                )
                drafts.feed(final, at + start)
    return drafts.fields(call_id)
