"""What the commands share: a JSON document on stdout, a log on stderr, and an end on SIGINT and SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Literal, TypeAlias, TypeVar

import msgspec

from gateway.config import Settings

Subcommands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run: TypeAlias = Callable[[argparse.Namespace, Settings], int]
T = TypeVar("T")


def print_json(value: object) -> None:
    """One JSON document, readable."""
    print(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def run_until_signal(work: Coroutine[Any, Any, T]) -> T | None:
    """Run ``work`` to its end; SIGINT or SIGTERM cancels it cleanly, and then the answer is None."""

    async def guarded() -> T | None:
        task = asyncio.create_task(work)
        loop = asyncio.get_running_loop()
        told = False

        def stop() -> None:
            nonlocal told
            told = True
            task.cancel()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
        with contextlib.suppress(asyncio.CancelledError):
            return await task
        if not told:
            raise asyncio.CancelledError
        return None

    return asyncio.run(guarded())


class LogFormatter(logging.Formatter):
    """``time level logger: message``, or the same as one JSON object a line."""

    def __init__(self, form: Literal["text", "json"]) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._json = form == "json"

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        if not self._json:
            return super().format(record)
        line = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()
