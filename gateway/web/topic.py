"""One view and the pages that show it: what they have, and the patch to what they should have."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

import msgspec
from aiohttp import WSCloseCode, web

from gateway.views import Desk, Wallboard, merge_patch, page_data
from gateway.views.patch import Json

MAX_QUEUED = 64
"""Messages a page may be behind."""


class Page:
    """A connected page and the messages on their way to it. ``closing`` resolves to close code and reason."""

    def __init__(self) -> None:
        self.closing: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._queue: asyncio.Queue[str] = asyncio.Queue(MAX_QUEUED)

    def offer(self, text: str) -> None:
        """Send soon; a page too far behind is closed instead."""
        try:
            self._queue.put_nowait(text)
        except asyncio.QueueFull:
            self.close(WSCloseCode.TRY_AGAIN_LATER, f"the page fell {MAX_QUEUED} messages behind; connect again")

    def close(self, code: int, reason: str) -> None:
        """End it, for the first reason given."""
        if not self.closing.done():
            self.closing.set_result((code, reason))

    async def write(self, socket: web.WebSocketResponse) -> None:
        """Send what was offered, until cancelled or the peer is gone."""
        while True:
            await socket.send_str(await self._queue.get())


class Topic:
    """One view, the pages that show it, and the data they all have: the base of the next delta."""

    def __init__(self, view: Literal["wallboard", "desk"], look: Callable[[float], Wallboard | Desk]) -> None:
        self.view = view
        self.pages: set[Page] = set()
        self.dirty = False
        self._look = look
        self._seq = 0
        self._data: Json = {}

    def flush(self, now: float) -> None:
        """Send what changed since the last flush to every page."""
        self.dirty = False
        if not self.pages:
            return
        data = page_data(self._look(now))
        patch = merge_patch({**self._data, "now": now}, data)
        if patch is None:
            return
        self._seq += 1
        self._data = data
        text = _json({"kind": "delta", "seq": self._seq, "patch": {**patch, "now": now}})
        for page in self.pages:
            page.offer(text)

    def show(self, page: Page, now: float) -> None:
        """Send the page everything; from now on it gets deltas."""
        self.flush(now)
        if not self.pages:
            self._data = page_data(self._look(now))
        self.pages.add(page)
        data = {**self._data, "now": now}
        page.offer(_json({"kind": "snapshot", "view": self.view, "seq": self._seq, "data": data}))


def _json(message: Json) -> str:
    return msgspec.json.encode(message).decode()
