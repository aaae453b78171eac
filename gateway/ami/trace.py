"""AMI traces: what Asterisk said, one event a line, to replay a shift without a PBX.

A line is ``{"received": <Unix seconds>, "event": {"Event": ..., header: value}}``; a repeated header's values are
joined by newlines. Traces hold callers' numbers: personal data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

import msgspec
from msgspec import Struct

from gateway.ami.messages import Message
from gateway.ami.parse import parse
from gateway.ami.sight import Sight
from gateway.ami.tracker import Tracker
from gateway.answer_sla.clock import AnswerClock
from gateway.answer_sla.service_level import ServiceLevel
from gateway.config import Settings
from gateway.errors import InputError
from gateway.events import Event


class TraceLine(Struct, frozen=True):
    """One event as it was received."""

    received: float
    event: dict[str, str]


def read(path: Path) -> Iterator[TraceLine]:
    """The trace's lines in order. Raises InputError naming file and line when one is not a trace line."""
    decode = msgspec.json.Decoder(TraceLine).decode
    try:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    try:
                        yield decode(line)
                    except msgspec.DecodeError as error:
                        raise InputError(f"{path}:{number}: not a line of an AMI trace: {error}") from error
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def messages(path: Path) -> Iterator[Message]:
    """The trace's messages of interest, in order. Raises InputError."""
    for line in read(path):
        message = parse(line.event, line.received)
        if message is not None:
            yield message


class TraceWriter:
    """Appends events to an open binary file, a line each, flushed so that a crash keeps what was written."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def write(self, headers: Mapping[str, str], received: float) -> None:
        """Append one event."""
        self._file.write(msgspec.json.encode(TraceLine(received, dict(headers))) + b"\n")
        self._file.flush()


def replay(path: Path, settings: Settings) -> Iterator[Event]:
    """What the gateway would have said, in order: calls and agents, and the answer clock at its own instants.

    The clock is the messages' own; between two messages it stops at every deadline. Raises InputError.
    """
    names = {agent.id: agent.name for agent in settings.agent}
    reasons = settings.ami.wrap_up_reasons
    tracker = Tracker(settings.ami.trunk_contexts, names, lambda q: settings.policy(q).wrap_up_seconds, reasons)
    sight = Sight(("",))
    clock, levels = AnswerClock(settings, sight.has), ServiceLevel(settings)
    parts = (tracker, clock, levels)
    now = 0.0
    for message in messages(path):
        while (due := _earliest(part.next_deadline() for part in parts)) is not None and now < due < message.at:
            now = due
            yield from _tick(tracker, clock, levels, now)
        now = max(now, message.at)
        sight.lose("", message)
        for event in tracker.feed(message):
            yield from _spread(event, clock, levels, now)
        if sight.regain("", message):
            clock.look_again()
        yield from _tick(tracker, clock, levels, now)


def _tick(tracker: Tracker, clock: AnswerClock, levels: ServiceLevel, now: float) -> Iterator[Event]:
    for event in tracker.tick(now):
        yield from _spread(event, clock, levels, now)
    for event in clock.tick(now):
        yield event
        yield from levels.feed(event, now)
    yield from levels.tick(now)


def _spread(event: Event, clock: AnswerClock, levels: ServiceLevel, now: float) -> Iterator[Event]:
    yield event
    for consequence in clock.feed(event, now):
        yield consequence
        yield from levels.feed(consequence, now)
    yield from levels.feed(event, now)


def _earliest(instants: Iterable[float | None]) -> float | None:
    return min((instant for instant in instants if instant is not None), default=None)
