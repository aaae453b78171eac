"""Asterisk's queue_log: what every queue wrote down, also while nobody listened to AMI. PURE.

A line is ``epoch|uniqueid|queue|agent|VERB|data|...``: whole seconds, NONE where there is nothing to say.
"""

from __future__ import annotations

import math

from gateway.ami.messages import QUEUE_LOG, QueueLogEntry

NOTHING = "NONE"


def parse_line(line: str) -> QueueLogEntry | None:
    """One line as a message; None when it is not a line of a queue_log."""
    parts = line.rstrip("\r\n").split("|")
    if len(parts) < 5 or not parts[4]:
        return None
    at = instant(parts[0])
    if at is None:
        return None
    uniqueid, queue, agent = ("" if part == NOTHING else part for part in parts[1:4])
    data = tuple(parts[5:])
    return QueueLogEntry(
        at=at, uniqueid=uniqueid, queue=queue, agent=agent, verb=parts[4], data=() if data == ("",) else data
    )


def instant(text: str) -> float | None:
    """The first field of a line, Unix seconds; None when it is not that."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and value > 0 else None


def headers(entry: QueueLogEntry) -> dict[str, str]:
    """The entry as ``gateway.ami.parse`` reads it, so that a trace can hold it beside AMI's own events."""
    return {
        "Event": QUEUE_LOG,
        "Timestamp": repr(entry.at),
        "Uniqueid": entry.uniqueid,
        "Queue": entry.queue,
        "Agent": entry.agent,
        "Verb": entry.verb,
        "Data": "|".join(entry.data),
    }
