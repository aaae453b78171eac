"""What speech says of itself, read on the pages: a gateway's web side, told by hand what its workers would tell."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from gateway.app import ui_folder
from gateway.config import Settings
from gateway.events import (
    Correction,
    Event,
    Evidence,
    LegSeconds,
    SpeechLevel,
    SpeechLevelChanged,
    TicketDrafted,
    TicketField,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptGap,
    TranscriptRevised,
    Utterance,
)
from gateway.views import SpeechEngine
from tests.browser.chromium import enter, open_page
from tests.integration.house import PASSWORD, T0, House, house_in, serving

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(120)]

ENGINES = (
    SpeechEngine(language="zh", engine="vosk", model="vosk-model-small-cn-0.22", reason="preferred"),
    SpeechEngine(language="ko", engine="vosk", model="vosk-model-small-ko-0.22", reason="preferred"),
)
ADDRESS = "我在人民路8号幸福小区"


@dataclass
class Room:
    """A house whose pages are built, and a browser to look at them with."""

    house: House
    browser: Browser
    faults: list[str]

    async def open(self, name: str, view: str) -> Page:
        page, faults = await open_page(self.browser)
        self.faults = faults
        await enter(page, self.house.url, name, PASSWORD, view)
        return page

    def tell(self, *events: Event) -> None:
        for event in events:
            self.house.live.publish(event, event.at)

    def talk(self) -> None:
        """A call on the desk of agent 1001, in conversation."""
        self.house.offer()
        self.house.answer()


@pytest_asyncio.fixture(loop_scope="session")
async def room(browser: Browser, tmp_path: Path) -> AsyncIterator[Room]:
    async with house_in(tmp_path) as house:
        house.ui = ui_folder(Settings())
        if not (house.ui / "index.html").is_file():
            pytest.fail(f"The pages are not built: no index.html in {house.ui}. Build them: make ui")
        house.live.set_engines(ENGINES)
        async with serving(house):
            made = Room(house, browser, [])
            yield made
            assert made.faults == []
            for context in browser.contexts:
                await context.close()


def final(number: int, text: str, **more: Any) -> TranscriptFinal:
    said: dict[str, Any] = {"speaker": "caller", "start": 10.0 * number, "end": 10.0 * number + 4, **more}
    engine = {"language": "zh", "engine": "vosk", "model": "small"}
    return TranscriptFinal(at=T0 + 10 * number, call_id="c1", utterance_id=f"u{number}", text=text, **engine, **said)


def gap(start: float, end: float, reason: str, speaker: Any = "caller") -> TranscriptGap:
    return TranscriptGap(at=T0 + end, call_id="c1", speaker=speaker, start=start, end=end, reason=reason)


def level(name: SpeechLevel) -> SpeechLevelChanged:
    return SpeechLevelChanged(at=T0, level=name, lag=1.8, legs=30, capacity=32)


def note(desk: Page, kind: str) -> Locator:
    return desk.locator(f'[data-test="transcript-note"][data-note="{kind}"]')


async def test_gaps_stand_between_the_lines_and_corrections_say_what_was_heard(room: Room) -> None:
    room.talk()
    desk = await room.open("wang", "desk")
    place = TicketField(
        name="place",
        value="人民路8号",
        confidence=0.9,
        by="machine",
        evidence=(Evidence(utterance_id="u1", start=2, end=7, second=12.0, text="人民路8号"),),
    )
    room.tell(
        TicketDrafted(at=T0 + 9, call_id="c1", ticket_id="t1", fields=(place,)),
        final(1, ADDRESS, corrections=(Correction(start=5, end=11, heard="八号性福小区"),)),
        gap(15.0, 23.0, "worker_lost"),
        gap(15.2, 23.1, "worker_lost", "agent"),
        final(3, "请您稍等", speaker="agent", agent="1001"),
        final(4, "我来接着说", speaker="agent", agent="1002"),
    )
    lines = desk.locator('[data-test="transcript-line"], [data-test="transcript-gap"]')
    await expect(lines).to_have_count(4)
    await expect(lines.nth(1)).to_have_text("双方 00:15–00:23（8 秒）未转写：转写程序中断")
    await expect(lines.nth(2)).to_contain_text("王敏")
    await expect(lines.nth(3)).to_contain_text("1002")
    corrected = lines.first.locator(".corrected")
    await expect(corrected).to_have_text("8号幸福小区")
    await expect(corrected).to_have_attribute("title", "听到的是：八号性福小区")
    await desk.get_by_test_id("field-place").hover()
    await expect(lines.first.locator("mark")).to_have_text(["人民路", "8号"])
    await expect(lines.first.locator("mark.corrected")).to_have_text("8号")
    await expect(lines.first).to_contain_text(ADDRESS)


async def test_the_agent_chooses_the_language_while_the_call_lasts(room: Room) -> None:
    room.talk()
    desk = await room.open("wang", "desk")
    chooser = desk.get_by_test_id("language")
    await expect(chooser).to_have_value("zh")
    await chooser.select_option("ko")
    await expect(desk.get_by_test_id("engine")).to_contain_text("vosk-model-small-ko")
    call = room.house.live.desk("1001").call
    assert call is not None
    assert call.language == "ko"
    room.house.end()
    await expect(chooser).to_have_count(0)


async def test_a_call_that_is_recorded_only_is_read_after_its_end(room: Room) -> None:
    room.tell(level("recorded_only"))
    room.talk()
    desk = await room.open("wang", "desk")
    await expect(note(desk, "recorded_only")).to_be_visible()
    room.house.end()
    leg = LegSeconds(
        speaker="caller", expected=50.0, heard=50.0, lost=0.0, transcribed=0.0, deferred=50.0, findings=("clipped",)
    )
    room.tell(TranscriptCompleted(at=T0 + 61, call_id="c1", legs=(leg,), share=1.0))
    await expect(note(desk, "deferred")).to_be_visible()
    await expect(note(desk, "sound-caller")).to_have_text("市民声音：音量过大（失真）")
    room.tell(
        TranscriptRevised(
            at=T0 + 90,
            call_id="c1",
            utterances=(Utterance(speaker="caller", text=ADDRESS, start=8.0, end=11.0),),
            language="zh",
            engine="whisper",
            model="base",
            reason="deferred",
        )
    )
    await expect(desk.get_by_test_id("transcript-line")).to_contain_text([ADDRESS])
    await expect(note(desk, "revised")).to_contain_text("whisper")
    await expect(note(desk, "deferred")).to_have_count(0)
    await desk.get_by_test_id("show-live").click()
    await expect(desk.get_by_test_id("transcript-line")).to_have_count(0)
    await desk.get_by_test_id("show-revised").click()
    await expect(desk.get_by_test_id("transcript-line")).to_have_count(1)


async def test_the_wallboard_says_what_a_full_machine_leaves_out(room: Room) -> None:
    board = await room.open("boss", "wallboard")
    notice = board.get_by_test_id("speech-level")
    await expect(notice).to_have_count(0)
    for name, words in (("no_partials", "整句说完"), ("callers_only", "坐席的话"), ("recorded_only", "新来电先录音")):
        room.tell(level(name))
        await expect(notice).to_contain_text(words)
        await expect(notice).to_contain_text("30/32 路")
    room.tell(level("full"))
    await expect(notice).to_have_count(0)
