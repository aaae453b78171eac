"""The telephone number, place, time and name a conversation speaks of, each as a ticket field with evidence. PURE.

Finders (phones, places, times, names) read any text; here is chosen what of it belongs in the ticket: whose number it
is, what the agent had asked, and what the read-back confirmed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, tzinfo

from gateway.events import TicketField, TranscriptFinal
from gateway.tickets import names, phones, places, times
from gateway.tickets.places import Gazetteer
from gateway.tickets.spoken import Finding
from gateway.tickets.words import Words

_READ_BACK = re.compile(
    r"[您你](?:说|反映|反应|投诉|举报|咨询|描述|建议|表扬|留|的电话|的手机|的联系|的地址|的位置)|[您你]是(?:说|要|想|在)"
    r"|(?:确认|核对|核实|复述|重复)一下|对吗|对吧|是吗|是吧|正确吗|没错吧|对不对"
)
_OPEN_QUESTION = re.compile(r"还是|什么|哪|怎么|多少|几号|几点")
_ASKS_PLACE = re.compile(r"地址|哪里|哪儿|位置|什么地方|哪个|哪条|几号|门牌|具体在|地点|在哪|什么路")
_ASKS_PHONE = re.compile(r"电话|号码|联系方式|手机|怎么联系|联系[您你]")
_OWN_PHONE = re.compile(r"我的|我电话|联系|打这个|手机号|打我|[您你]的|留")
_OTHERS_PHONE = re.compile(r"对方|骗子|他的|她的|他们|来电|陌生|那个人|店里|给我打|老板|公司|拨打")


class Asked:
    """What the agent had asked last when the caller said the words at an offset of ``words.text``."""

    def __init__(self, utterances: Iterable[TranscriptFinal], words: Words) -> None:
        self._words = words
        self._question: dict[str, str] = {}
        question = ""
        for utterance in utterances:
            if utterance.speaker == "agent":
                question = utterance.text
            self._question[utterance.utterance_id] = question if utterance.speaker == "caller" else ""

    def for_place(self, offset: int) -> bool:
        """Whether the words answer a question for the address."""
        return bool(_ASKS_PLACE.search(self._before(offset)))

    def for_phone(self, offset: int) -> bool:
        """Whether the words answer a question for the number to call back."""
        before = self._before(offset)
        return bool(_ASKS_PHONE.search(before)) and not _OTHERS_PHONE.search(before)

    def _before(self, offset: int) -> str:
        return self._question[self._words.utterance_at(offset).utterance_id]


def is_read_back(text: str) -> bool:
    """Whether an agent's utterance repeats to the caller what was understood (复述), and is no open question."""
    return bool(_READ_BACK.search(text)) and not _OPEN_QUESTION.search(text)


def phone(words: Words, asked: Asked) -> TicketField | None:
    """The number to call the caller back; numbers of others (骗子的号码) are passed over, a later one wins a tie."""
    best: Finding | None = None
    confidence = 0.0
    for number in phones.find(words.text):
        before = words.text[max(0, number.start - 14) : number.start]
        own, others = _last(_OWN_PHONE, before), _last(_OTHERS_PHONE, before)
        is_own = own > others or asked.for_phone(number.start)
        if others >= 0 and not is_own:
            continue
        likely = number.confidence + (0.03 if is_own else -0.1)
        if best is not None and phones.same_number(best.value, number.value):
            likely = max(confidence, likely) + (0.02 if words.utterance_at(number.start).speaker == "agent" else 0.0)
        if likely >= confidence:
            best, confidence = number, likely
    if best is None:
        return None
    return _field("phone", best, words, min(confidence, 0.99))


def time(caller: Words, zone: tzinfo) -> TicketField | None:
    """When it happened, the most exact of what was said, the first of equals; reckoned from when it was said."""
    best: tuple[Finding, Words] | None = None
    for utterance in caller.utterances:
        one = Words([utterance])
        said_at = datetime.fromtimestamp(utterance.at, zone)
        for found in times.find(utterance.text, said_at):
            if best is None or found.confidence > best[0].confidence:
                best = found, one
    return _field("occurred_at", best[0], best[1], best[0].confidence) if best else None


def place(words: Words, asked: Asked, home_city: str, gazetteer: Gazetteer) -> TicketField | None:
    """Where it is, put together from the whole conversation; surer when the agent read the same back."""
    found = places.find(words.text, asked.for_place, home_city, gazetteer)
    if found is None:
        return None
    spans = _merged((f.start, f.end) for f in found.findings)
    confidence, rule = found.confidence, found.rule
    sides = []
    for side in ("caller", "agent"):
        said = Words(u for u in words.utterances if u.speaker == side)
        sides.append(places.find(said.text, home_city=home_city, gazetteer=gazetteer))
    if found.parts and all(side is not None and places.same_place(side.value, found.value) for side in sides):
        confidence, rule = min(confidence + 0.04, 0.99), rule + ".read_back"
    return TicketField(
        name="place", value=found.value, confidence=confidence, rule=rule, evidence=words.evidence(spans)
    )


def name(caller: Words, agent: Words) -> TicketField | None:
    """What the caller is called: his own words before the way the agent addresses him."""
    best = max(names.find_names(caller.text), key=lambda f: (f.confidence, f.start), default=None)
    forms = names.find_address_forms(agent.text)
    if best is None:
        return _field("caller_name", forms[-1], agent, forms[-1].confidence) if forms else None
    form = next((f for f in reversed(forms) if f.value.startswith(best.value)), None)
    field = _field("caller_name", best, caller, best.confidence)
    if form is None:
        return field
    return TicketField(
        name="caller_name",
        value=form.value,
        confidence=0.85,
        rule="name.surname+addressed",
        evidence=field.evidence + agent.evidence([(form.start, form.end)]),
    )


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((m.end() for m in pattern.finditer(text)), default=-1)


def _field(name: str, found: Finding, words: Words, confidence: float) -> TicketField:
    return TicketField(
        name=name,
        value=found.value,
        confidence=round(confidence, 3),
        rule=found.rule,
        evidence=words.evidence([(found.start, found.end)]),
    )


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that follow each other within a few characters made one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start - merged[-1][1] <= 2:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
