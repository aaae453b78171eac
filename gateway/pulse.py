"""A sign of life on the disk, so that a gateway knows afterwards until when the one before it was alive."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from gateway.store.database import sqlite_path

INTERVAL = 0.2
"""Seconds between two beats."""


def pulse_file(home: Path, journal: str) -> Path:
    """The file of the gateway that writes the journal at this address: beside it, or in the data folder ``home``."""
    beside = sqlite_path(journal)
    return Path(f"{beside}.alive") if beside is not None else home / "alive"


def last_beat(file: Path) -> float | None:
    """Unix seconds of the last beat, None when there was none."""
    try:
        return file.stat().st_mtime
    except OSError:
        return None


def _touch(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.touch()


async def beat(file: Path) -> None:
    """Leave a mark a few times a second, until cancelled. A full or broken disk is not this task's business."""
    file.parent.mkdir(parents=True, exist_ok=True)
    while True:
        _touch(file)
        await asyncio.sleep(INTERVAL)
