"""Child programs of the demo and the tests: started, watched, and ended by their own process id."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import shutil
import signal
import socket
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.errors import NeighbourError, SettingError

POLL_SECONDS = 0.05
TAIL_LINES = 15
FIRST_PORT, LAST_PORT = 24000, 32700
KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)
_given: set[int] = set()


class Child:
    """A program that runs until ``stop()``; the kernel ends it too when this process dies.

    Its output goes to ``log``, whose tail stands in the error when it ends or fails to get ready.
    """

    def __init__(self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> None:
        self.name = name
        self.command = list(command)
        self.log = log
        self.env = env
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process and self._process.returncode is None else None

    @property
    def status(self) -> int | None:
        """Exit status once it has ended; the negative signal number when a signal ended it."""
        return self._process.returncode if self._process else None

    async def start(self) -> None:
        """Start it. Raises SettingError when the program is not installed."""
        program(self.command[0])
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                program("setpriv"),
                "--pdeathsig",
                "KILL",
                *self.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=None if self.env is None else {**os.environ, **self.env},
                start_new_session=True,
            )

    async def until(self, ready: Callable[[], Awaitable[bool]], timeout: float) -> None:
        """Wait until ``ready()``. Raises NeighbourError when the program ends first or the seconds are over."""
        try:
            async with asyncio.timeout(timeout):
                while not await ready():
                    if self.pid is None:
                        raise NeighbourError(f"{self.name} ended while starting", self.tail())
                    await asyncio.sleep(POLL_SECONDS)
        except TimeoutError:
            raise NeighbourError(f"{self.name} was not ready within {timeout:g} s", self.tail()) from None

    async def stop(self, patience: float = 5.0) -> None:
        """End it: SIGTERM, and SIGKILL when it is still there after ``patience`` seconds."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), patience)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def kill(self) -> None:
        """End it as a crash would, without a warning."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    def tail(self) -> str:
        """The last lines of its output, for an error's text."""
        return log_tail(self.log)


class Ephemeral(ABC):
    """An async context manager for what is started, used and gone: its ways to do so are its own."""

    @abstractmethod
    async def start(self) -> None:
        """Start it and wait until it is ready."""

    @abstractmethod
    async def stop(self) -> None:
        """End it; it may be started again."""

    @abstractmethod
    def forget(self) -> None:
        """Remove what it left on disk."""

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        self.forget()


def program(name: str) -> str:
    """Where the program is. Raises SettingError when it is not installed."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise SettingError(name, "this program is not installed", f"Install it, e.g. apt-get install {name}")
    return found


def log_tail(path: Path, leave_out: re.Pattern[str] | None = None) -> str:
    """The last lines of a log file, in one piece of text, without what ``leave_out`` matches."""
    if not path.exists():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = (leave_out.sub("", text) if leave_out else text).splitlines()[-TAIL_LINES:]
    return f"Last lines of {path}:\n" + "\n".join(lines) if lines else ""


def free_port(host: str = "127.0.0.1") -> int:
    """A port on which nobody listens, over TCP or UDP, nor on the next one (a SIP phone's TLS).

    It is below the range from which the kernel takes ports for outgoing connections, and handed out once: so nobody
    should have it when it is bound at last.
    """
    while True:
        port = random.randrange(FIRST_PORT, LAST_PORT, 2)
        if port not in _given and all(_is_free(host, one, kind) for one in (port, port + 1) for kind in KINDS):
            _given.add(port)
            return port


def _is_free(host: str, port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
