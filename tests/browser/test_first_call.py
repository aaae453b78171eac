"""Calls by real phones through the real PBX, seen by the people at their pages."""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import AsyncIterator
from typing import TypeVar

import pytest
from playwright.async_api import Locator, Page, expect

from gateway.demo.phones import Caller, first_ringing
from gateway.demo.show import Stage
from gateway.demo.voices import Voices
from gateway.errors import NeighbourError
from gateway.events import (
    AttemptMissed,
    CallAbandoned,
    CallOffered,
    ConnectRateChanged,
    Event,
    ServiceLevelChanged,
    SurveyCompleted,
    TicketSubmitted,
    TranscriptCompleted,
    event_type,
)
from tests.browser.conftest import SignIn

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(180)]

WORDS_MS = 60_000
"""How long words may take from the mouth to the page on a machine with little to spare."""
RING_MS = 40_000
"""Two rings of fifteen seconds, and then some."""
NOTICE_SECONDS = 20.0
KEY_SECONDS = 2.0

E = TypeVar("E", bound=Event)

GREETING = "您好，一二三四五热线，请问有什么可以帮您？"
WHERE = "请问具体地址在哪里？"
COMPLAINT = "您好，我要投诉。我们小区楼下的烧烤店，每天晚上十二点还在营业，噪音特别大。"
PLACE = "在人民路三百二十号，幸福小区。"
THANKS = "没有了，谢谢您。"
GOODBYE = "感谢您的来电，再见。"


async def test_from_the_ring_to_the_ticket(hotline: Stage, signed_in: SignIn, voices: Voices) -> None:
    number, corrected = "13800000001", "人民路320号幸福小区3号楼"
    board, desk = await signed_in("supervisor"), await signed_in("1001")
    phone = hotline.agents[0]
    async with on_duty_alone(hotline, board, "1001"), Caller(hotline.asterisk, number, "张先生") as citizen:
        await citizen.call(hotline.asterisk.hotline_number)

        # Waiting: the wallboard counts the seconds, the desk pops up while the phone still rings.
        await expect(waiting(board, number)).to_be_visible()
        clock = waiting(board, number).get_by_role("time")
        await expect(clock).not_to_have_text(await clock.inner_text())
        await phone.wait_ringing()
        await expect(desk.get_by_test_id("popup").get_by_test_id("caller-number")).to_have_text(number)
        await expect(desk.get_by_test_id("popup")).to_contain_text("政务服务热线")
        await expect(board.get_by_test_id("agent-state-1001")).to_have_attribute("data-state", "ringing")
        assert not phone.in_call

        # Picked up: the pop-up becomes the conversation.
        await phone.answer()
        call = desk.get_by_test_id("call")
        await expect(call).to_have_attribute("data-state", "talking")
        await expect(desk.get_by_test_id("popup")).to_be_hidden()
        await expect(talking(board, number)).to_be_visible()
        await expect(waiting(board, number)).to_have_count(0)
        call_id = await call_id_of(hotline, number)

        # Words of both sides, while they talk.
        await phone.say(await voices.line(GREETING, "male"))
        await citizen.say(await voices.line(COMPLAINT, "female"))
        await phone.say(await voices.line(WHERE, "male"))
        await citizen.say(await voices.line(PLACE, "female"))
        for speaker, word in (("agent", "热线"), ("caller", "投诉"), ("caller", "人民路")):
            await expect(final_lines(desk, speaker).filter(has_text=word).first).to_be_visible(timeout=WORDS_MS)
        await expect(call).to_have_attribute("data-state", "talking")

        # The ticket fills itself, and every proposal points to the words it came from.
        await expect(box(desk, "phone")).to_have_value(number)
        await expect(box(desk, "place")).to_have_value(re.compile("人民路320号"), timeout=WORDS_MS)
        await expect(desk.get_by_test_id("field-place")).to_have_attribute("data-by", "machine")
        await expect(desk.get_by_test_id("field-request_type").get_by_role("radio", name="投诉")).to_be_checked()
        marks = desk.get_by_test_id("transcript-line").locator("mark")
        await expect(marks).to_have_count(0)
        await desk.get_by_test_id("field-place").hover()
        await expect(marks.filter(has_text="人民路").first).to_be_visible()
        await call.hover()
        await expect(marks).to_have_count(0)

        # What the agent wrote stands, whatever is said later.
        await box(desk, "place").fill(corrected)
        await box(desk, "place").press("Enter")
        await expect(desk.get_by_test_id("field-place")).to_have_attribute("data-by", "agent")
        before = await final_lines(desk, "caller").count()
        await citizen.say(await voices.line(PLACE, "female"))
        await expect(final_lines(desk, "caller").nth(before)).to_be_visible(timeout=WORDS_MS)
        await citizen.say(await voices.line(THANKS, "female"))
        await phone.say(await voices.line(GOODBYE, "male"))

        # The agent hangs up, the caller rates the call.
        await phone.hang_up()
        await rate(hotline, citizen, call_id, "5")
        await citizen.wait_closed(NOTICE_SECONDS)

    await expect(call).to_have_attribute("data-state", "ended")
    await expect(desk.get_by_test_id("survey")).to_have_text("5 分")
    heard = await hotline.watcher.wait(
        TranscriptCompleted, lambda event: event.call_id == call_id, "the transcript is complete", WORDS_MS / 1000
    )
    assert heard.share is not None
    await expect(desk.get_by_test_id("heard-share")).to_have_text(percent(heard.share))
    await expect(box(desk, "place")).to_have_value(corrected)
    await expect(desk.get_by_test_id("field-place")).to_have_attribute("data-by", "agent")
    await desk.get_by_test_id("submit-ticket").click()
    await expect(desk.get_by_test_id("idle")).to_be_visible()

    # What the ticketing system and the supervisor got.
    submitted = await hotline.watcher.wait(
        TicketSubmitted, lambda event: event.call_id == call_id, "the ticket is submitted", NOTICE_SECONDS
    )
    ticket = {field.name: field for field in submitted.fields}
    assert (ticket["place"].value, ticket["place"].by) == (corrected, "agent")
    assert (ticket["phone"].value, ticket["request_type"].value) == (number, "投诉")
    kinds = [event_type(event) for _, event in hotline.watcher.of_call(call_id)]
    milestones = [
        "call.offered",
        "call.queued",
        "call.ringing",
        "call.answered",
        "ticket.drafted",
        "transcript.final",
        "ticket.updated",
        "survey.completed",
        "call.ended",
        "transcript.completed",
        "ticket.submitted",
    ]
    assert [kind for kind in dict.fromkeys(kinds) if kind in milestones] == milestones
    await figures_agree(hotline, board)


async def test_a_ring_without_answer_moves_the_pop_up_to_the_next_desk(hotline: Stage, signed_in: SignIn) -> None:
    number = "13800000002"
    phones = {phone.agent: phone for phone in hotline.agents}
    desks = {agent: await signed_in(agent) for agent in phones}
    async with Caller(hotline.asterisk, number) as citizen:
        await citizen.call(hotline.asterisk.hotline_number)
        popups = {agent: desk.get_by_test_id("popup") for agent, desk in desks.items()}
        first = (await first_ringing(hotline.agents)).agent
        (second,) = phones.keys() - {first}
        await expect(popups[first]).to_contain_text(number)
        await expect(popups[second]).to_have_count(0)

        await expect(popups[second]).to_contain_text(number, timeout=RING_MS)
        await expect(popups[first]).to_have_count(0)
        await expect(desks[first].get_by_test_id("idle")).to_be_visible()
        missed = await hotline.watcher.wait(
            AttemptMissed, lambda event: event.agent == first, "the ring was missed", NOTICE_SECONDS
        )
        assert missed.reason == "no_answer"

        await phones[second].answer()
        await expect(desks[second].get_by_test_id("call")).to_have_attribute("data-state", "talking")
        await expect(desks[second].get_by_test_id("caller-wait")).to_contain_text("超过 15 秒接通")
        await citizen.hang_up()
        await phones[second].wait_closed()


async def test_a_caller_who_gives_up_leaves_the_wallboard_and_counts(hotline: Stage, signed_in: SignIn) -> None:
    number = "13800000003"
    board = await signed_in("supervisor")
    async with Caller(hotline.asterisk, number) as citizen:
        await citizen.call(hotline.asterisk.hotline_number)
        ringing = (await first_ringing(hotline.agents)).agent
        await expect(waiting(board, number)).to_contain_text("正在振铃")
        await expect(board.get_by_test_id(f"agent-state-{ringing}")).to_have_attribute("data-state", "ringing")
        seen, before = len(hotline.watcher.entries), latest(hotline, ConnectRateChanged)
        await citizen.hang_up()
        await expect(waiting(board, number)).to_have_count(0)

    call_id = await call_id_of(hotline, number)
    await hotline.watcher.wait(
        CallAbandoned, lambda event: event.call_id == call_id, "the caller gave up", NOTICE_SECONDS
    )
    for kind in (ConnectRateChanged, ServiceLevelChanged):
        await hotline.watcher.wait(kind, lambda _: True, f"{kind.__name__} after it", NOTICE_SECONDS, seen)
    after = latest(hotline, ConnectRateChanged)
    assert after is not None
    offered, answered = (before.rate.denominator, before.rate.numerator) if before else (0, 0)
    assert (after.rate.denominator, after.rate.numerator) == (offered + 1, answered)
    await figures_agree(hotline, board)


# --- what the tests do -----------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def on_duty_alone(hotline: Stage, board: Page, agent: str) -> AsyncIterator[None]:
    """All other agents pause, so that it is this one's phone that rings."""
    others = [phone.agent for phone in hotline.agents if phone.agent != agent]
    for other in others:
        await hotline.asterisk.cli(f"queue pause member PJSIP/{other} queue hotline reason training")
    try:
        for other in others:
            await expect(board.get_by_test_id(f"agent-state-{other}")).to_have_attribute("data-state", "paused")
        yield
    finally:
        for other in others:
            await hotline.asterisk.cli(f"queue unpause member PJSIP/{other} queue hotline")


async def rate(hotline: Stage, citizen: Caller, call_id: str, key: str) -> None:
    """Press the key until the survey has taken it: what is pressed before it asks is lost."""
    taken = None
    for _ in range(10):
        await citizen.press(key)
        with contextlib.suppress(NeighbourError):
            taken = await hotline.watcher.wait(
                SurveyCompleted, lambda event: event.call_id == call_id, "the survey is done", KEY_SECONDS
            )
            break
    assert taken is not None
    assert taken.score == int(key)


async def call_id_of(hotline: Stage, number: str) -> str:
    offered = await hotline.watcher.wait(
        CallOffered, lambda event: event.caller_number == number, "the call arrived", NOTICE_SECONDS
    )
    return offered.call_id


# --- what the tests look at ------------------------------------------------------------------------------------


def waiting(board: Page, number: str) -> Locator:
    return board.get_by_test_id("waiting-call").filter(has_text=number)


def talking(board: Page, number: str) -> Locator:
    return board.get_by_test_id("talking-call").filter(has_text=number)


def box(desk: Page, field: str) -> Locator:
    return desk.get_by_test_id(f"field-{field}").get_by_role("textbox")


def final_lines(desk: Page, speaker: str) -> Locator:
    return desk.locator(f'[data-test="transcript-line"][data-speaker="{speaker}"][data-final="true"]')


def latest(hotline: Stage, kind: type[E]) -> E | None:
    """The last event of a kind that the ticketing system has got."""
    found = [event for _, event in hotline.watcher.entries if isinstance(event, kind)]
    return found[-1] if found else None


def percent(share: float) -> str:
    """As a page writes it: 94.96 % reads 94.9 %, never 95 %."""
    return f"{math.floor(share * 1000 + 1e-9) / 10:.1f}%"


async def figures_agree(hotline: Stage, board: Page) -> None:
    """The wallboard shows what the events say."""
    level, connected = latest(hotline, ServiceLevelChanged), latest(hotline, ConnectRateChanged)
    assert level is not None
    assert connected is not None
    for name, figure in (("service-level", level.of_offered), ("connect-rate", connected.rate)):
        assert figure.value is not None
        await expect(board.get_by_test_id(f"{name}-value")).to_have_text(percent(figure.value))
        await expect(board.get_by_test_id(name)).to_contain_text(f"{figure.numerator} / {figure.denominator}")
