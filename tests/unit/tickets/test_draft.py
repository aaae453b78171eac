from __future__ import annotations

from typing import TypeVar

import pytest

from gateway.errors import InputError
from gateway.events import CallRinging, Event, TicketDrafted, TicketSubmitted, TicketUpdated, TranscriptCompleted
from gateway.tickets import draft
from gateway.tickets.draft import FIELDS, Drafts, ticket_id

from .conftest import CALL, Conversation

T = TypeVar("T", bound=Event)


def only(kind: type[T], events: list[Event]) -> T:
    assert [type(e) for e in events] == [kind]
    event = events[0]
    assert isinstance(event, kind)
    return event


def names(event: TicketUpdated) -> set[str]:
    return {f.name for f in event.fields}


def test_answering_opens_a_draft_with_the_callers_number(drafts: Drafts) -> None:
    call = Conversation(drafts)
    assert call.fields() == {}
    drafted = only(TicketDrafted, call.answer())
    assert drafted.ticket_id == ticket_id(CALL) == "T17639514001"
    assert drafted.agent == "1001"
    assert [(f.name, f.value, f.by) for f in drafted.fields] == [
        ("caller_number", "13800000001", "call"),
        ("phone", "13800000001", "call"),
    ]
    assert call.answer() == []


def test_a_withheld_number_leaves_the_fields_out(drafts: Drafts) -> None:
    assert only(TicketDrafted, Conversation(drafts, number="").answer()).fields == ()


def test_the_ticket_fills_itself_while_the_caller_speaks(call: Conversation) -> None:
    call.agent("您好，一二三四五热线，请问有什么可以帮您？")
    first = only(
        TicketUpdated, call.caller("您好，我要投诉。我们小区楼下的烧烤店，每天晚上十二点还在营业，噪音特别大。")
    )
    assert first.by == "machine"
    assert {"request_type", "category", "subcategory", "occurred_at", "title", "content", "department"} <= names(first)
    call.agent("请问具体地址在哪里？")
    second = only(TicketUpdated, call.caller("在人民路三百二十号，幸福小区。"))
    assert names(second) == {"place", "title", "content"}
    assert call.value("place") == "人民路320号幸福小区"
    assert call.value("title") == "人民路320号幸福小区噪音扰民投诉"
    assert call.value("category") == "环境保护"
    assert call.value("subcategory") == "噪音扰民"
    assert call.value("request_type") == "投诉"
    assert call.value("occurred_at") == "每天晚上12点"
    assert call.value("department") == "城市管理局"
    assert call.value("content") == (
        "我要投诉。我们小区楼下的烧烤店，每天晚上十二点还在营业，噪音特别大。在人民路三百二十号，幸福小区。"
    )
    assert list(call.fields()) == [name for name in FIELDS if name in call.fields()]


def test_words_without_news_change_nothing(call: Conversation) -> None:
    call.caller("我要投诉，楼下的烧烤店噪音特别大。")
    before = call.fields()
    for words in ("嗯", "好的，谢谢您", "楼下的烧烤店噪音特别大", ""):
        assert call.caller(words) == []
    assert call.agent("请稍等") == []
    assert call.fields() == before


def test_every_machine_field_points_to_its_words(call: Conversation) -> None:
    spoken = {"u1": "我姓王，昨天晚上开始停水了", "u2": "在中山路十八号", "u3": "电话是幺三九零零幺二三四五六"}
    for text in spoken.values():
        call.caller(text)
    for field in call.fields().values():
        if field.by != "machine":
            continue
        assert field.rule
        assert field.evidence or field.rule == "request_type.usual", field.name
        for evidence in field.evidence:
            said = spoken[evidence.utterance_id]
            assert said[evidence.start : evidence.end] == evidence.text
            assert 5 <= evidence.second <= 19
    assert call.value("caller_name") == "王"
    assert call.value("occurred_at") == "2025-11-23 晚上"


def test_another_contact_number_replaces_the_callers(call: Conversation) -> None:
    updated = only(TicketUpdated, call.caller("我的电话是幺三九，零零幺二，三四五六。"))
    assert names(updated) == {"phone"}
    assert call.value("phone") == "13900123456"
    assert call.value("caller_number") == "13800000001"


def test_a_number_said_in_two_utterances_is_one(call: Conversation) -> None:
    call.agent("请留一个联系电话")
    call.caller("一三九零零一二")
    call.agent("嗯")
    call.caller("三四五六")
    assert call.value("phone") == "13900123456"
    assert [e.utterance_id for e in call.fields()["phone"].evidence] == ["u2", "u4"]


def test_the_number_of_a_swindler_is_no_contact(call: Conversation) -> None:
    call.caller("骗子打我的电话，他的号码是幺七零，零零幺二，三四五六")
    assert call.value("phone") == "13800000001"


def test_a_read_back_makes_place_and_phone_surer(call: Conversation) -> None:
    call.caller("在人民路三百二十号")
    call.caller("我电话是13900123456")
    before = call.fields()
    call.agent("您说的是人民路三百二十号，您的电话是13900123456，对吗？")
    after = call.fields()
    assert after["place"].value == before["place"].value
    assert after["place"].rule.endswith("read_back")
    assert after["place"].confidence > before["place"].confidence


def test_a_read_back_completes_what_was_not_understood(call: Conversation) -> None:
    call.caller("就在那个人民路那边")
    call.agent("您反映的是人民路三百二十号，幸福小区，噪音扰民，对吗？")
    assert call.value("place") == "人民路320号幸福小区"
    assert call.value("category") == "环境保护"


def test_an_agents_own_address_is_no_place_of_the_matter(call: Conversation) -> None:
    call.caller("我想咨询社保")
    call.agent("您可以到人民路一号的社保中心办理")
    assert call.value("place") == ""


def test_the_callers_correction_wins(call: Conversation) -> None:
    call.caller("在人民路三百二十号")
    call.agent("您说的是人民路三百二十号对吗")
    call.caller("不对，是人民路三百二十三号")
    assert call.value("place") == "人民路323号"


def test_a_worse_reading_does_not_replace_a_good_one(call: Conversation) -> None:
    call.caller("我要投诉，人民路三百二十号幸福小区，昨天晚上十点，噪音扰民太吵")
    before = {name: f.value for name, f in call.fields().items() if name != "content"}
    call.caller("我们小区那边，在中山路那个地方也有，今天，想问一下")
    assert {name: f.value for name, f in call.fields().items() if name != "content"} == before


def test_the_agents_word_is_never_overwritten(call: Conversation) -> None:
    call.caller("停水了，在中山路十八号")
    events = call.drafts.edit(CALL, {"place": " 中山路19号 ", "phone": ""}, "1001", call.now)
    assert isinstance(events[0], TicketUpdated)
    assert events[0].by == "1001"
    assert [(f.name, f.value, f.by) for f in events[0].fields] == [
        ("place", "中山路19号", "agent"),
        ("phone", "", "agent"),
    ]
    assert isinstance(events[1], TicketUpdated)
    assert (events[1].by, names(events[1])) == ("machine", {"title"})
    call.caller("是人民路三百二十号，我的电话是13900123456")
    assert call.value("place") == "中山路19号"
    assert call.value("phone") == ""
    assert call.value("title") == "中山路19号停水求助"


def test_what_depends_on_an_edited_category_follows(call: Conversation) -> None:
    call.caller("停水了，物业也不管")
    assert call.value("department") == "自来水公司"
    call.drafts.edit(CALL, {"category": "物业管理"}, "1001", call.now)
    assert call.value("subcategory") == "物业服务"
    assert call.value("department") == "住房和城乡建设局"
    call.drafts.edit(CALL, {"category": "别的"}, "1001", call.now)
    assert call.value("subcategory") == ""
    assert call.value("department") == "热线管理中心"


def test_a_draft_can_be_filled_by_hand_alone(call: Conversation) -> None:
    call.drafts.edit(CALL, {"category": "公用事业", "subcategory": "供水", "place": "中山路18号"}, "1001", call.now)
    assert call.value("department") == "自来水公司"
    assert call.value("title") == "中山路18号供水"


@pytest.mark.parametrize("values", [{"caller_number": "1"}, {"colour": "red"}, {"title": "长" * 4001}])
def test_wrong_edits_are_refused_and_change_nothing(call: Conversation, values: dict[str, str]) -> None:
    before = call.fields()
    with pytest.raises(InputError):
        call.drafts.edit(CALL, {"place": "中山路18号"} | values, "1001", call.now)
    assert call.fields() == before
    assert call.drafts.edit(CALL, {}, "1001", call.now) == []


def test_a_ticket_is_submitted_once_and_whole(call: Conversation) -> None:
    call.caller("我要投诉，停水了，在中山路十八号")
    submitted = only(TicketSubmitted, call.drafts.submit(CALL, "1001", call.now))
    assert {f.name: f for f in submitted.fields} == call.fields()
    assert submitted.agent == "1001"
    with pytest.raises(InputError, match="submitted already"):
        call.drafts.submit(CALL, "1001", call.now)
    with pytest.raises(InputError, match="submitted already"):
        call.drafts.edit(CALL, {"place": "x"}, "1001", call.now)
    assert call.caller("不对，是停电了") == []


def test_calls_without_a_draft_are_refused(drafts: Drafts) -> None:
    call = Conversation(drafts)
    for call_id in (CALL, "unknown"):
        with pytest.raises(InputError, match="no ticket draft"):
            drafts.edit(call_id, {"place": "x"}, "1001", call.now)
        with pytest.raises(InputError, match="no ticket draft"):
            drafts.submit(call_id, "1001", call.now)
    assert call.caller("停水了") == []
    assert len(call.answer()) == 2


def test_a_second_pass_replaces_an_utterance(call: Conversation) -> None:
    call.say("caller", "在中山路十八号停水了", "u1")
    call.say("caller", "我不知道", "u1")
    assert call.value("place") == ""
    assert call.value("category") == ""
    call.say("caller", "在中山路十九号停水了", "u1")
    assert call.value("place") == "中山路19号"


def test_completion_settles_without_repeating(call: Conversation) -> None:
    call.caller("停水了")
    assert call.drafts.feed(TranscriptCompleted(call_id=CALL, at=call.now, legs=()), call.now) == []
    assert call.drafts.feed(CallRinging(call_id=CALL, at=call.now, queue="q", agent="1001"), call.now) == []


def test_last_words_after_the_hang_up_still_count(call: Conversation) -> None:
    call.end()
    assert "category" in names(only(TicketUpdated, call.caller("停水了")))


def test_ended_calls_are_forgotten_in_time(call: Conversation) -> None:
    drafts = call.drafts
    assert drafts.next_deadline() is None
    call.end()
    due = drafts.next_deadline()
    assert due == call.now + draft.KEEP_SECONDS
    drafts.tick(due - 1)
    assert call.fields()
    drafts.submit(CALL, "1001", call.now)
    soon = drafts.next_deadline()
    assert soon == call.now + draft.KEEP_SUBMITTED_SECONDS
    assert drafts.tick(soon) == []
    assert len(drafts) == 0
    assert drafts.next_deadline() is None


def test_an_abandoned_call_is_forgotten_at_once(drafts: Drafts) -> None:
    call = Conversation(drafts)
    call.end()
    assert len(drafts) == 0


def test_the_number_of_calls_is_bounded_and_living_ones_stay(drafts: Drafts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft, "MOST_CALLS", 3)
    living = Conversation(drafts, call_id="1.1")
    living.answer()
    ended = Conversation(drafts, call_id="1.2")
    ended.answer()
    ended.end()
    for number in range(3, 5):
        Conversation(drafts, call_id=f"1.{number}").answer()
    assert len(drafts) == 3
    assert living.fields()
    assert not ended.fields()


def test_a_very_long_call_is_read_no_further(call: Conversation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(draft, "MOST_UTTERANCES", 2)
    call.caller("停水了")
    call.caller("请帮忙")
    assert call.caller("在中山路十八号") == []
