"""A sign of life on the disk, so that a gateway knows afterwards until when the one before it was alive."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

FILE = "alive"
INTERVAL = 0.2
"""Seconds between two beats."""


def last_beat(home: Path) -> float | None:
    """Unix seconds of the last beat, None when there was none."""
    try:
        return (home / FILE).stat().st_mtime
    except OSError:
        return None


async def beat(home: Path) -> None:
    """Leave a mark a few times a second, until cancelled. A full or broken disk is not this task's business."""
    file = home / FILE
    while True:
        try:
            os.utime(file)
        except FileNotFoundError:
            file.touch()
        except OSError:
            pass
        await asyncio.sleep(INTERVAL)
