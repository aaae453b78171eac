"""A tiny AMI server that plays storms of calls: a process of its own, so that sending does not slow the receiver.

It answers what the gateway's client asks, and actions of its own, sent over further connections; ``Name`` tells one
play's calls from another's. What they play goes to every connection that has its events on. Any user and secret will
do: it listens on loopback only.

* ``Storm``: ``Calls`` of the mix, ``AtOnce``, at ``Rate`` events a second (0: as fast as they are taken).
* ``Waiting``: ``Calls`` that arrive within ``Seconds``, join the queue and wait there.
* ``Begin``: ``Calls`` that begin, go on, and are listed from then on.
* ``Cut``: the connections with events on are cut.
* ``Accepted``: the instant at which the newest connection with events on was accepted (Unix seconds).

A play is answered when it is over, with ``Started``, the instant of its first event.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import TypeAlias, TypeVar

from gateway.bench import ami_living
from gateway.bench.ami_storm import Storm
from gateway.bench.figures import parent_gone

EVENTS_A_PART = 100

T = TypeVar("T")
Action: TypeAlias = dict[str, str]


class Server:
    """Its listeners, and what it lists to them."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.StreamWriter] = set()
        self._accepted = 0.0
        self._living = ("", 0, 0.0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        accepted = time.time()
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        try:
            while True:
                lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                action = dict(line.split(": ", 1) for line in lines if ": " in line)
                if action.get("EventMask") == "on" or action.get("Events") == "on":
                    self._listeners.add(writer)
                    self._accepted = accepted
                await self._answer(action, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._listeners.discard(writer)
            writer.close()

    async def _answer(self, action: Action, writer: asyncio.StreamWriter) -> None:
        name, calls, since = self._living
        match action["Action"]:
            case "CoreShowChannels":
                await _send_list(action, writer, ami_living.channels(name, calls, time.time() - since))
            case "QueueStatus":
                await _send_list(action, writer, ami_living.queues(name, calls, time.time() - since))
            case "Storm" | "Waiting" | "Begin":
                started = 0.0
                async for part in _PLAYS[action["Action"]](action):
                    started = started or time.time()
                    await self._tell(part)
                if action["Action"] == "Begin":
                    self._living = (action["Name"], int(action["Calls"]), started)
                writer.write(_response(action, f"Started: {started:.6f}"))
            case "Cut":
                for listener in self._listeners:
                    listener.transport.abort()
                writer.write(_response(action))
            case "Accepted":
                writer.write(_response(action, f"Accepted: {self._accepted:.6f}"))
            case _:
                writer.write(_response(action))

    async def _tell(self, part: bytes) -> None:
        for listener in tuple(self._listeners):
            listener.write(part)
            await listener.drain()


def _response(action: Action, *more: str) -> bytes:
    lines = ("Response: Success", f"ActionID: {action['ActionID']}", *more, "Message: done")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _send_list(action: Action, writer: asyncio.StreamWriter, entries: Iterator[dict[str, str]]) -> None:
    name = f"ActionID: {action['ActionID']}\r\n"
    writer.write(_response(action, "EventList: start"))
    count = 0
    for entry in entries:
        count += 1
        text = "".join(f"{header}: {value}\r\n" for header, value in entry.items())
        writer.write(f"{text}{name}\r\n".encode())
        await writer.drain()
    end = f"Event: {action['Action']}Complete\r\n{name}EventList: Complete\r\nListItems: {count}\r\n\r\n"
    writer.write(end.encode())


async def _storm(action: Action) -> AsyncIterator[bytes]:
    storm = Storm(int(action["Calls"]), int(action["AtOnce"]), action["Name"])
    rate = float(action["Rate"])
    if rate:
        async for call, index in _paced(storm.steps(), rate):
            yield storm.event(call, index, time.time())
        return
    # Made before they are sent: what is measured is the receiver. Whole events: answers go between the parts. And with
    # pauses, since a server that is silent for long counts as frozen.
    now, steps = time.time(), storm.steps()
    parts = []
    while part := b"".join(storm.event(call, index, now) for call, index in islice(steps, EVENTS_A_PART)):
        parts.append(part)
        await asyncio.sleep(0)
    for part in parts:
        yield part


async def _waiting(action: Action) -> AsyncIterator[bytes]:
    calls = int(action["Calls"])
    async for call in _paced(iter(range(calls)), calls / float(action["Seconds"])):
        yield ami_living.waiting(action["Name"], call, time.time())


async def _begin(action: Action) -> AsyncIterator[bytes]:
    for part in ami_living.beginnings(action["Name"], int(action["Calls"]), time.time()):
        yield part


async def _paced(steps: Iterator[T], rate: float) -> AsyncIterator[T]:
    """Each step at its time, ``rate`` a second."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number, step in enumerate(steps):
        await asyncio.sleep(start + number / rate - loop.time())
        yield step


_PLAYS = {"Storm": _storm, "Waiting": _waiting, "Begin": _begin}


async def main() -> None:
    """Listen on a free loopback port, print it, and serve until the parent ends."""
    server = await asyncio.start_server(Server().serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await parent_gone()
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
