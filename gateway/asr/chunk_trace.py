"""When each piece of a leg's speech had been decoded: one JSON line each, for measurements from outside the worker.

Off, and at no cost, unless the environment variable ``HOTLINE_CHUNK_TRACE`` names a file; all workers may append to the
same one. No words are written.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from io import FileIO
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct

VARIABLE = "HOTLINE_CHUNK_TRACE"

Decoded: TypeAlias = Callable[[float, float, bool], None]
"""(utterance's first sample, last sample handed to the decoder, whether the utterance is over), instants of the leg."""


class DecodedTo(Struct, frozen=True):
    """Utterance of a tap from ``start``: samples up to ``end`` had gone through the decoder at ``at``.

    All three on the leg's clock (Unix seconds), taken in the event loop. Unless the utterance is ``over``, a decoder
    that works in blocks may still hold less than a block of it.
    """

    tap_id: str
    start: float
    end: float
    over: bool
    at: float


def chunk_trace(tap_id: str, clock: Callable[[], float]) -> Decoded | None:
    """What a stream calls after each decoding; None when nobody measures."""
    name = os.environ.get(VARIABLE, "")
    if not name:
        return None
    file = _append_to(name)

    def note(start: float, end: float, over: bool) -> None:
        # One write a line, so that lines of several workers do not mix.
        file.write(msgspec.json.encode(DecodedTo(tap_id, start, end, over, clock())) + b"\n")

    return note


@cache
def _append_to(name: str) -> FileIO:
    return Path(name).open("ab", buffering=0)
