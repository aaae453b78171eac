"""Where recordings lie: ``<folder>/<day of arrival>/<call id>-<n>.ogg``, for the gateway's user only.

A file that only serves transcription after the call is called ``<call id>-<n>.unkept.ogg`` as long as that is so: if
the gateway is killed before it could remove the file, the next purge finds it. Folders made here have mode 0700,
files 0600.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, datetime, tzinfo
from io import FileIO
from itertools import count
from pathlib import Path

SUFFIX = ".ogg"
UNKEPT_SUFFIX = ".unkept.ogg"
LONGEST_NAME = 100


def create(folder: Path, call_id: str, arrived: float, zone: tzinfo, kept: bool) -> tuple[Path, FileIO]:
    """A new file for the call that arrived at this instant, open for writing without a buffer. Raises OSError.

    Several workers may do so at once for the same call.
    """
    day = folder / datetime.fromtimestamp(arrived, zone).date().isoformat()
    make_folder(day)
    for number in count(1):
        path = day / f"{safe_name(call_id)}-{number}{SUFFIX}"
        path, other = (path, unkept(path)) if kept else (unkept(path), path)
        if not other.exists():
            try:
                return path, FileIO(path, "xb", opener=_open_own)
            except FileExistsError:
                continue
    raise AssertionError("numbers do not end")


def keep(path: Path) -> Path:
    """Give an unkept file the name of one that is kept. Raises OSError."""
    return path.rename(path.with_name(path.name.removesuffix(UNKEPT_SUFFIX) + SUFFIX))


def unkept(path: Path) -> Path:
    """The name of a recording while it only serves transcription."""
    return path.with_name(path.name.removesuffix(SUFFIX) + UNKEPT_SUFFIX)


def is_unkept(path: Path) -> bool:
    """Whether this file only serves transcription."""
    return path.name.endswith(UNKEPT_SUFFIX)


def safe_name(call_id: str) -> str:
    """The call's id in characters that every file system has, not hidden, and not too long."""
    return re.sub(r"^\.|[^A-Za-z0-9._-]", "_", call_id)[:LONGEST_NAME]


def make_folder(folder: Path) -> None:
    """Make the folder and those above it that are missing, each for its user only. Raises OSError."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(0o700, exist_ok=True)


def days(folder: Path) -> Iterator[tuple[date, Path]]:
    """The days that have recordings, oldest first; nothing when there is no folder. Other folders are passed over."""
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        try:
            day = date.fromisoformat(path.name)
        except ValueError:
            continue
        if path.is_dir() and not path.is_symlink():
            yield day, path


def recordings_of(day: Path) -> Iterator[Path]:
    """A day's recordings, by name."""
    yield from sorted(path for path in day.glob(f"*{SUFFIX}") if path.is_file() and not path.is_symlink())


def _open_own(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)
