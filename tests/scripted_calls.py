"""The scripted calls of `tests/calls/`: transcripts with recognition errors, and what a clerk would make of each."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from gateway.events import Speaker

CALLS = Path(__file__).parent / "calls"


class Half(StrEnum):
    DEV = "dev"
    """To be read by whoever writes rules."""
    KEPT = "kept"
    """Not to be read by them; measured at the end."""


class Call(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a call came in."""

    number: str
    """The caller's number, digits."""
    at: datetime
    """Instant of arrival, local to the city, without offset."""
    city: str


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One utterance."""

    speaker: Speaker
    text: str
    """What a recogniser made of it."""
    meant: str | None = None
    """What was really said, where that differs."""


class Gold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ticket a clerk would write; a key of which the call says nothing is None. See `tests/calls/README.md`."""

    about: str
    request_type: str
    category: str
    subcategory: str
    leaf: str
    department: str
    department_because: str | None = None
    """Why it is neither of the leaf's departments."""
    district: str | None = None
    place: str | None = None
    place_also: tuple[str, ...] = ()
    """Other ways to write the place that are as right."""
    occurred_at: str | None = None
    caller_name: str | None = None
    phone: str
    confidential: bool
    emergency: bool
    emergency_kind: str | None = None
    reply_wanted: bool | None = None


class ScriptedCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file: a call, what was said in it, and its gold fields."""

    call: Call
    said: tuple[Said, ...]
    gold: Gold


class City(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The city the calls come from, as a site would describe its own."""

    name: str
    timezone: str
    districts: dict[str, tuple[str, ...]]
    roads: dict[str, tuple[str, ...]]
    villages: dict[str, str]
    estates: dict[str, str]
    landmarks: dict[str, str]


def load_call(path: Path) -> ScriptedCall:
    """One call; raises `msgspec.ValidationError` or `tomllib.TOMLDecodeError` where the file is not as described."""
    return msgspec.toml.decode(path.read_bytes(), type=ScriptedCall)


def load_half(half: Half) -> dict[str, ScriptedCall]:
    """All calls of a half by the file's name without its ending, in the order of their names."""
    return {path.stem: load_call(path) for path in sorted((CALLS / half).glob("*.toml"))}


def load_city() -> City:
    return msgspec.toml.decode((CALLS / "city.toml").read_bytes(), type=City)
