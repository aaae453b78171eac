"""While a gateway runs Python's collector makes no full rounds by itself; afterwards it is as before."""

from __future__ import annotations

import asyncio
import gc

from gateway.app import collect_garbage


async def test_full_rounds_come_by_the_clock_until_the_gateway_ends() -> None:
    before = gc.get_threshold()
    rounds: list[int] = []

    def note(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            rounds.append(info["generation"])

    task = asyncio.create_task(collect_garbage())
    await asyncio.sleep(0)
    gc.callbacks.append(note)
    try:
        grown = [[number] for number in range(200_000)]
        assert gc.get_freeze_count() > 0
        assert len(grown) == 200_000
        assert {0, 1} <= set(rounds)
        assert 2 not in rounds
    finally:
        gc.callbacks.remove(note)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
