"""Enter on a real terminal."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from gateway.errors import SettingError
from gateway.headset.station import KeyboardAgent


async def test_enter_takes_the_call_and_enter_again_ends_it(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = os.openpty()
    with open(theirs, encoding="utf-8") as terminal:  # noqa: ASYNC230, PTH123
        monkeypatch.setattr(sys, "stdin", terminal)
        agent = KeyboardAgent()
        for wish in (agent.accepts, agent.hangs_up):
            waiting = asyncio.create_task(wish())
            done, _ = await asyncio.wait([waiting], timeout=0.1)
            assert not done
            os.write(ours, b"\n")
            await asyncio.wait_for(waiting, 5)
        asyncio.get_running_loop().remove_reader(terminal)
    os.close(ours)


async def test_without_a_terminal_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull) as nothing:  # noqa: ASYNC230, PTH123
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(SettingError, match="--auto-answer"):
            KeyboardAgent()
