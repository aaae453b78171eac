"""Reads the end of Asterisk's queue_log, over rotations, without reading the rest of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import BinaryIO, NamedTuple

from gateway.ami.messages import QueueLogEntry
from gateway.ami.queue_log import instant, parse_line

BLOCK = 1 << 20
MOST_BYTES = 50 << 20
"""Octets read at most; a gap that fills more is not filled at its beginning."""
PACKED = (".gz", ".bz2", ".xz", ".zst")


class Tail(NamedTuple):
    """What was read. ``skipped``: lines that were none. ``cut``: older lines were left out for their size."""

    entries: list[QueueLogEntry]
    skipped: int
    cut: bool


def read_since(path: Path, since: float, most: int = MOST_BYTES, block: int = BLOCK) -> Tail:
    """Entries of the instant ``since`` (Unix seconds) and later, in order. Raises OSError when there is no reading.

    Where the file begins later than that, its rotated predecessors are read too, unless they are packed.
    """
    texts: list[bytes] = []
    seen: set[tuple[int, int]] = set()
    cut = False
    # The folder is looked into after the file was read: so no file is missed, and one rotated meanwhile is known.
    for one in chain((path,), _rotated(path, since)):
        try:
            with one.open("rb") as file:
                status = os.fstat(file.fileno())
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                text, reached, cut = _end(file, since, most, block)
        except OSError:
            if one is path:
                raise
            continue
        texts.append(text)
        most -= len(text)
        if reached or cut:
            break
    lines = b"\n".join(reversed(texts)).decode(errors="replace").split("\n")
    entries = [parse_line(line) for line in lines if line]
    return Tail([entry for entry in entries if entry is not None and entry.at >= since], entries.count(None), cut)


def _rotated(path: Path, since: float) -> Iterator[Path]:
    """Former queue_logs that have something as new as that, newest first, whatever the numbers in their names mean."""
    dated = []
    for former in path.parent.glob(f"{path.name}[.-]*"):
        if former.suffix not in PACKED:
            try:
                dated.append((former.stat().st_mtime, former))
            except OSError:
                continue
    yield from (former for written, former in sorted(dated, reverse=True) if written >= since)


def _end(file: BinaryIO, since: float, most: int, block: int) -> tuple[bytes, bool, bool]:
    """Whole lines at the end of the file; whether some are older than ``since``; whether ``most`` left others out."""
    start = file.seek(0, os.SEEK_END)
    blocks: list[bytes] = []
    reached = False
    while start > 0 and most > 0 and not reached:
        size = min(block, start, most)
        start -= size
        most -= size
        file.seek(start)
        blocks.append(file.read(size))
        # The first and the last line of a block may be pieces, and a piece of a number is a number.
        whole = blocks[-1].split(b"\n")[1:-1]
        instants = (instant(line.partition(b"|")[0].decode(errors="replace")) for line in whole)
        reached = next((at < since for at in instants if at is not None), False)
    text = b"".join(reversed(blocks))
    return (text.partition(b"\n")[2] if start else text), reached, start > 0 and not reached
