"""A reader of the Redis stream, as a ticketing system would be: a process of its own, which tells when it saw what.

It prints a line when it reads, and one JSON document (``Seen``) once it has seen ``calls`` calls end.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from gateway.bench.figures import Percentiles, parent_gone, percentiles

TIMED = frozenset(
    f"hotline.call.{kind}.v1"
    for kind in ("offered", "queued", "ringing", "answered", "abandoned", "overflowed", "ended")
)
"""Events that carry the instant of the AMI event they come from."""
ENDED = "hotline.call.ended.v1"


class Seen(Struct, frozen=True):
    """``delays_ms``: milliseconds from the instant of a ``TIMED`` event until it was read here. ``last``: the instant
    at which the last call had ended (Unix seconds)."""

    entries: int
    delays_ms: Percentiles
    last: float


class _Data(Struct, frozen=True):
    at: float


class _Envelope(Struct, frozen=True):
    data: _Data


async def read(url: str, stream: str, calls: int) -> Seen:
    """Read the stream from its beginning until ``calls`` calls have ended."""
    entries, ended, after, now = 0, 0, "0", 0.0
    delays: list[float] = []
    decode = msgspec.json.Decoder(_Envelope).decode
    async with Redis.from_url(url) as redis:
        await redis.ping()
        print("ready", flush=True)
        while ended < calls:
            answer: Any = await redis.xread({stream: after}, count=1000, block=1000)
            for _stream, batch in answer:
                now = time.time()
                for entry_id, fields in batch:
                    entries += 1
                    after = entry_id
                    kind = fields[b"type"].decode()
                    if kind in TIMED:
                        delays.append((now - decode(fields[b"event"]).data.at) * 1000)
                        ended += kind == ENDED
    return Seen(entries, percentiles(delays), now)


async def main(url: str, stream: str, calls: int) -> None:
    """Read and tell, or end with the parent."""
    reading, gone = asyncio.create_task(read(url, stream, calls)), asyncio.create_task(parent_gone())
    await asyncio.wait({reading, gone}, return_when=asyncio.FIRST_COMPLETED)
    if not reading.done():
        reading.cancel()
        return
    print(msgspec.json.encode(reading.result()).decode(), flush=True)
    await gone


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
