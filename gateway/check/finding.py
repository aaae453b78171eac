"""What a look at one thing found, and how a look says that it is nothing to stop for."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from gateway.errors import HotlineError

TRY_SECONDS = 15.0
"""A look that takes longer has failed."""


class Finding(Struct, frozen=True):
    """What one look found. ``note`` does not keep the gateway from starting."""

    what: str
    status: Literal["ok", "note", "fail"]
    detail: str


class NoteError(HotlineError):
    """Something the gateway can do without."""
