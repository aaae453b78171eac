"""A tiny AMI server that plays storms of calls: a process of its own, so that sending does not slow the receiver.

It answers what the gateway's client asks at login, and the action ``Storm`` with ``Calls``, ``AtOnce`` and ``Rate``
(events a second; 0: as fast as they are taken). Any user and secret will do: it listens on loopback only.
"""

from __future__ import annotations

import asyncio
import time

from gateway.bench import ami_storm
from gateway.bench.figures import parent_gone

CHUNK = 1 << 16
LISTS = {"CoreShowChannels": "CoreShowChannelsComplete", "QueueStatus": "QueueStatusComplete"}


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"Asterisk Call Manager/11.0.0\r\n")
    try:
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            action = dict(line.split(": ", 1) for line in lines if ": " in line)
            _answer(action, writer)
            if action["Action"] == "Storm":
                await _storm(writer, int(action["Calls"]), int(action["AtOnce"]), float(action["Rate"]))
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


def _answer(action: dict[str, str], writer: asyncio.StreamWriter) -> None:
    name, action_id = action["Action"], action["ActionID"]
    ends = LISTS.get(name)
    start = "EventList: start\r\n" if ends else ""
    writer.write(f"Response: Success\r\nActionID: {action_id}\r\n{start}Message: done\r\n\r\n".encode())
    if ends:
        writer.write(f"Event: {ends}\r\nActionID: {action_id}\r\nEventList: Complete\r\nListItems: 0\r\n\r\n".encode())


async def _storm(writer: asyncio.StreamWriter, calls: int, at_once: int, rate: float) -> None:
    steps = ami_storm.steps(calls, at_once)
    if rate:
        loop = asyncio.get_running_loop()
        start = loop.time()
        for sent, (call, index) in enumerate(steps):
            await asyncio.sleep(start + sent / rate - loop.time())
            writer.write(ami_storm.event(call, index, at_once, time.time()))
            await writer.drain()
        return
    # Made before they are sent: what is measured is the receiver.
    now = time.time()
    storm = b"".join(ami_storm.event(call, index, at_once, now) for call, index in steps)
    for i in range(0, len(storm), CHUNK):
        writer.write(storm[i : i + CHUNK])
        await writer.drain()


async def main() -> None:
    """Listen on a free loopback port, print it, and serve until the parent ends."""
    server = await asyncio.start_server(_serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await parent_gone()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
