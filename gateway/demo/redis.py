"""A Redis server of our own on a Unix socket."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gateway.demo.process import Child, Ephemeral, program

START_SECONDS = 10.0


class RedisInstance(Ephemeral):
    """Async context manager: a real Redis, reached at ``url``, gone with its folder on exit.

    ``persistent`` keeps an append-only file, on disk before each answer, so that data outlive ``stop()``, ``kill()``
    and ``start()`` within the block. ``options`` are further ones of redis-server.
    """

    def __init__(self, *, persistent: bool = False, options: Sequence[str] = ()) -> None:
        self.persistent = persistent
        self._folder = tempfile.TemporaryDirectory(prefix="hotline-redis-")
        self.folder = Path(self._folder.name)
        self.socket = self.folder / "redis.sock"
        command = [program("redis-server"), "--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder)]
        command += ["--save", "", "--appendonly", "yes" if persistent else "no", "--appendfsync", "always"]
        command += ["--daemonize", "no", *options]
        self._child = Child("redis-server", command, self.folder / "redis.log")

    @property
    def url(self) -> str:
        """As redis-py and the setting ``redis.url`` take it."""
        return f"unix://{self.socket}?db=0"

    async def start(self) -> None:
        """Start the server and wait until it answers."""
        await self._child.start()
        await self._child.until(self._answers, START_SECONDS)

    async def stop(self) -> None:
        """End the server; ``start()`` may follow."""
        await self._child.stop()

    async def kill(self) -> None:
        """End the server as a crash would; ``start()`` may follow."""
        await self._child.kill()

    def forget(self) -> None:
        """Remove what it left on disk."""
        self._folder.cleanup()

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_unix_connection(str(self.socket))
        except OSError:
            return False
        try:
            writer.write(b"PING\r\n")
            return (await asyncio.wait_for(reader.readline(), 1.0)).startswith((b"+PONG", b"-NOAUTH"))
        except (OSError, TimeoutError):
            return False
        finally:
            writer.close()
