import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import StoreError
from gateway.events import GatewayHealth
from gateway.store.entry import Entry
from gateway.store.subscription import Subscription


def entry(seq: int) -> Entry:
    return Entry(seq, seq, GatewayHealth(at=float(seq), component="test", status="ok"))


class Shelf:
    """A journal's worth of entries; ``commit`` stores and offers, as the writer does."""

    def __init__(self, **options: int) -> None:
        self.stored: list[Entry] = []
        self.subscription = Subscription(
            "test", self.read, behind=False, on_close=lambda _: None, **{"after": 0, "max_queue": 3, **options}
        )

    async def read(self, after: int, limit: int) -> list[Entry]:
        found = self.stored[after : after + limit]
        await asyncio.sleep(0)
        return found

    def commit(self, count: int) -> None:
        new = [entry(len(self.stored) + n) for n in range(1, count + 1)]
        self.stored += new
        self.subscription.offer(new)


class FaultyShelf(Shelf):
    """Its first read fails."""

    failed = False

    async def read(self, after: int, limit: int) -> list[Entry]:
        if not self.failed:
            self.failed = True
            raise StoreError("disk")
        return await super().read(after, limit)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=25), st.integers(1, 5))
def test_whatever_the_pace_every_entry_comes_once_and_in_order(steps: list[int], max_queue: int):
    """Even steps commit that many entries, odd ones let the reader take that many while others are committed."""

    async def play() -> None:
        shelf = Shelf(max_queue=max_queue)
        total = sum(step for step in steps if step % 2 == 0)

        async def take() -> list[int]:
            return [(await anext(shelf.subscription)).seq for _ in range(total)]

        reader = asyncio.create_task(take())
        for step in steps:
            if step % 2 == 0:
                shelf.commit(step)
            for _ in range(step):
                await asyncio.sleep(0)
        async with asyncio.timeout(5):
            assert await reader == list(range(1, total + 1))

    asyncio.run(play())


async def test_falling_behind_is_counted_and_nothing_is_lost():
    shelf = Shelf()
    shelf.commit(2)
    shelf.commit(2)
    shelf.commit(5)
    assert shelf.subscription.overflows == 1
    assert [(await anext(shelf.subscription)).seq for _ in range(9)] == list(range(1, 10))


async def test_a_failed_catch_up_can_be_tried_again():
    shelf = FaultyShelf()
    shelf.commit(5)
    with pytest.raises(StoreError):
        await anext(shelf.subscription)
    shelf.commit(1)
    assert [(await anext(shelf.subscription)).seq for _ in range(6)] == list(range(1, 7))


async def test_closing_wakes_a_waiting_reader():
    shelf = Shelf()
    reader = asyncio.create_task(anext(shelf.subscription, None))
    await asyncio.sleep(0)
    shelf.subscription.close()
    assert await reader is None
