"""Pictures of the pages in mid-call, from a real call: ``python -m tests.browser.take_pictures [FOLDER]``.

Writes ``desk.png`` and ``wallboard.png`` into docs/images, in Chinese, light, 1366x768. With FOLDER it writes every
page there as well, in both languages, both themes and both sizes, for a look before a release.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

from playwright.async_api import Browser, Page

from gateway.config import load
from gateway.demo.citizens import ScriptedCall, load_script
from gateway.demo.director import Director
from gateway.demo.phones import Caller, first_ringing
from gateway.demo.show import Stage, stage
from gateway.demo.voices import Voices
from gateway.events import CallAnswered
from tests.browser.chromium import LAPTOP, chromium, open_page, sign_in

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "config"
IMAGES = ROOT / "docs" / "images"
WALL = (1920, 1080)
LOOKS = [(language, dark, size) for size in (LAPTOP, WALL) for language in ("zh-CN", "en") for dark in (False, True)]
PATIENCE_MS = 90_000
LINES = 6
"""Lines of the conversation in the picture of the desk; by then the ticket is filled."""
ANSWERED_BEFORE = 3
"""Short calls before the one in the picture, so that the day's figures say something."""


class Camera:
    """Takes each page as it stands, and for the closer look in every language, theme and size."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    async def take(self, page: Page, name: str, *, for_docs: bool = False) -> None:
        """The page now; ``for_docs`` also into docs/images."""
        if for_docs:
            await page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")
        if self._folder is None:
            return
        for language, dark, size in LOOKS:
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            await page.get_by_test_id(f"language-{language}").click()
            if await page.evaluate("document.documentElement.classList.contains('dark')") != dark:
                await page.get_by_test_id("theme").click()
            picture = self._folder / f"{name}-{language}-{'dark' if dark else 'light'}-{size[0]}.png"
            await page.screenshot(path=picture, animations="disabled")
        await page.set_viewport_size({"width": LAPTOP[0], "height": LAPTOP[1]})
        await page.get_by_test_id("language-zh-CN").click()
        await page.get_by_test_id("theme").click()
        await page.mouse.move(0, 0)


async def short_call(on: Stage, number: str) -> None:
    """A call that is answered at once and over at once."""
    seen = len(on.watcher.entries)
    async with Caller(on.asterisk, number) as citizen:
        await citizen.call(on.asterisk.hotline_number)
        agent = await first_ringing(on.agents)
        await agent.answer()
        await on.watcher.wait(CallAnswered, lambda _: True, "the short call is answered", 30, seen)
        await citizen.hang_up()
        await agent.wait_closed()


async def shoot(on: Stage, browser: Browser, call: ScriptedCall, camera: Camera) -> None:
    """Play the call and take the pictures while it lasts."""
    director = Director(on.asterisk, on.watcher, Voices(load(CONFIG).home()), on.agents)
    await director.rehearse(call)
    board, _ = await open_page(browser)
    await board.goto(on.gateway.url)
    await camera.take(board, "login")
    await sign_in(board, on, "supervisor")
    await camera.take(board, "wallboard-empty")
    for count in range(ANSWERED_BEFORE):
        await short_call(on, f"1380000001{count}")
    desks = {}
    for agent in ("1001", "1002"):
        desks[agent], _ = await open_page(browser)
        await sign_in(desks[agent], on, agent)
        await desks[agent].get_by_test_id("submit-ticket").or_(desks[agent].get_by_test_id("idle")).wait_for()
        if await desks[agent].get_by_test_id("submit-ticket").count():
            await desks[agent].get_by_test_id("submit-ticket").click()
        await desks[agent].get_by_test_id("idle").wait_for()
    await camera.take(desks["1001"], "desk-idle")

    seen = len(on.watcher.entries)
    playing = asyncio.create_task(director.play(call))
    try:
        answered = await on.watcher.wait(CallAnswered, lambda _: True, "the call is answered", 60, seen)
        desk = desks.pop(answered.agent)
        (other,) = desks.values()
        lines = desk.locator('[data-test="transcript-line"][data-final="true"]')
        await lines.nth(0).wait_for(timeout=PATIENCE_MS)
        async with Caller(on.asterisk, "13800000021", "李女士") as second:
            await second.call(on.asterisk.hotline_number)
            await other.get_by_test_id("popup").wait_for()
            await camera.take(other, "popup")
            await board.locator('[data-test="waiting-call"][data-standing="at_risk"]').wait_for()
            await camera.take(board, "wallboard", for_docs=True)
            await board.locator('[data-test="waiting-call"][data-standing="breached"]').wait_for()
            await camera.take(board, "wallboard-late")
        await lines.nth(LINES - 1).wait_for(timeout=PATIENCE_MS)
        await desk.get_by_test_id("field-place").hover()
        await camera.take(desk, "desk", for_docs=True)
        await playing
        await desk.get_by_test_id("heard-share").wait_for(timeout=PATIENCE_MS)
        await camera.take(desk, "desk-ended")
        await camera.take(board, "wallboard-after")
    finally:
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing


async def main(folder: Path | None) -> None:
    """Start a hotline, take the pictures, end it."""
    call = load_script(CONFIG / "demo" / "citizens.toml")[0]
    async with stage(load(CONFIG), CONFIG) as on, chromium() as browser:
        await shoot(on, browser, call, Camera(folder))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
