"""Chromium and the pages it opens, for the tests and for the pictures in the documents."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright

from gateway.demo.show import Stage
from gateway.errors import SettingError

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
LAPTOP = (1366, 768)


@contextlib.asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The machine's own Chromium, without a window. Raises SettingError when it is not installed."""
    program = shutil.which("chromium")
    if program is None:
        raise SettingError("chromium", "this program is not installed", "Install it: apt-get install chromium")
    async with async_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test")
        browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


async def open_page(browser: Browser, size: tuple[int, int] = LAPTOP) -> tuple[Page, list[str]]:
    """A page in a browser context of its own, and the list its faults go to while it lives."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    page = await context.new_page()
    faults: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and not _asks_who_is_here(message):
            faults.append(f"console: {message.text} ({message.location['url']})")

    page.on("console", listen)
    page.on("pageerror", lambda error: faults.append(f"page: {error}"))
    return page, faults


async def sign_in(page: Page, stage: Stage, name: str) -> None:
    """Sign in as one of the stage's people; ends on the page that is theirs."""
    await enter(page, stage.gateway.url, name, stage.passwords[name], "wallboard" if name == "supervisor" else "desk")


async def enter(page: Page, url: str, name: str, password: str, view: str) -> None:
    """Sign in at the gateway there; ends on the ``view``, connected."""
    await page.goto(url)
    await page.get_by_test_id("login-name").fill(name)
    await page.get_by_test_id("login-password").fill(password)
    await page.get_by_test_id("login-submit").click()
    await page.wait_for_url(f"**/{view}")
    await page.locator('[data-test="connection"][data-state="live"]').wait_for()


def _asks_who_is_here(message: ConsoleMessage) -> bool:
    """Before anybody signed in, the question who is here is answered with 401, which Chromium notes as an error."""
    return urlsplit(message.location["url"]).path == "/api/me" and "401" in message.text
