"""One whole hotline and one Chromium for the whole run; a page signed in per person and test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from gateway.app import ui_folder
from gateway.config import load
from gateway.demo.show import Stage, stage
from gateway.demo.voices import Voices
from tests.browser.chromium import chromium, open_page, sign_in

CONFIG = Path(__file__).resolve().parents[2] / "config"
PATIENCE_MS = 15_000
"""How long a page may take to show what happened; words have a patience of their own."""

SignIn = Callable[[str], Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hotline() -> AsyncIterator[Stage]:
    """PBX, Redis, gateway with the built pages, and the phones of agents 1001 and 1002, registered."""
    settings = load(CONFIG)
    if not (ui_folder(settings) / "index.html").is_file():
        pytest.fail(f"The pages are not built: no index.html in {ui_folder(settings)}. Build them: make ui")
    async with stage(settings, CONFIG) as running:
        yield running


@pytest.fixture(scope="session")
def voices() -> Voices:
    return Voices(load(CONFIG).home())


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="session")
async def signed_in(browser: Browser, hotline: Stage) -> AsyncIterator[SignIn]:
    """``await signed_in("1001")`` gives the agent's desk, ``"supervisor"`` the wallboard; none may have faults."""
    opened: list[tuple[Page, list[str]]] = []

    async def open_for(name: str) -> Page:
        page, faults = await open_page(browser)
        opened.append((page, faults))
        await sign_in(page, hotline, name)
        return page

    yield open_for
    for page, _ in opened:
        await page.context.close()
    assert [fault for _, faults in opened for fault in faults] == []
