"""The citizens of the demo: a script of calls, and whether a ticket came out as the script expects.

A script is a TOML file with one ``[[call]]`` table per citizen and, within it, ``[call.expect]`` with ticket fields by
name. ``config/demo/citizens.toml`` is the demo's own script; its head explains every key.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from gateway.config import convert, read_toml
from gateway.errors import SettingError
from gateway.events import TicketField
from gateway.tickets.draft import FIELDS
from gateway.tickets.phones import same_number
from gateway.tickets.places import same_place
from gateway.tickets.spoken import arabic_throughout

Number = Annotated[str, Meta(pattern=r"^\+?[0-9][0-9-]{2,19}$")]
Line = Annotated[str, Meta(min_length=1, max_length=200)]


class ScriptedCall(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One citizen's call.

    ``answer_after``: seconds in the queue until an agent picks up. ``hang_up_after``: of an abandoned call, seconds in
    the queue until the caller gives up; of an answered one, seconds from the last word until the caller hangs up.
    """

    number: Number
    voice: Literal["female", "male"] = "female"
    caller_says: tuple[Line, ...] = ()
    agent_says: tuple[Line, ...] = ()
    outcome: Literal["answered", "abandoned"] = "answered"
    answer_after: Annotated[float, Meta(ge=0, le=120)] = 3.0
    hang_up_after: Annotated[float, Meta(gt=0, le=120)] | None = None
    survey: Annotated[int, Meta(ge=1, le=5)] | None = None
    expect: dict[str, str] = field(default_factory=dict)


def load_script(path: Path) -> list[ScriptedCall]:
    """Read a script. Raises SettingError with file, call (counted from 1) and key."""
    where = str(path)
    values = read_toml(path)
    calls = values.get("call")
    if not isinstance(calls, list) or not calls:
        raise SettingError(where, "has no calls", "Write a [[call]] table for each citizen")
    if len(values) > 1:
        extra = next(key for key in values if key != "call")
        raise SettingError(f"{where}: {extra}", "is no key of a script", "Write [[call]] tables only")
    script = []
    for number, table in enumerate(calls, 1):
        call = convert(table, ScriptedCall, f"{where}: call {number}")
        _check(call, f"{where}: call {number}")
        script.append(call)
    return script


def expectation_met(expected: Mapping[str, str], fields: Mapping[str, TicketField | str]) -> dict[str, bool]:
    """For each expected field, whether the ticket has it.

    Numbers count as equal in Arabic digits and Chinese numerals. Telephone numbers are compared by their digits;
    places by their key parts (road and number, else the crossing, the estate, the landmark, the road: see
    ``same_place``). A category may be written as its first level, its second level, or ``first/second``; names
    must be exact. ``title`` and ``content`` hold if the expected words stand in them. All else must be equal.
    """
    return {name: _met(name, value, fields) for name, value in expected.items()}


def _met(name: str, expected: str, fields: Mapping[str, TicketField | str]) -> bool:
    value = _value(fields, name)
    if name in {"phone", "caller_number"}:
        return same_number(expected, value)
    if name == "place":
        return bool(value) and same_place(expected, value)
    if name == "category":
        second = _value(fields, "subcategory")
        return bool(value) and expected.strip() in {value, second, f"{value}/{second}"}
    one, other = arabic_throughout(expected), arabic_throughout(value)
    return bool(other) and (one in other if name in {"title", "content"} else one == other)


def _value(fields: Mapping[str, TicketField | str], name: str) -> str:
    found = fields.get(name, "")
    return found if isinstance(found, str) else found.value


def _check(call: ScriptedCall, where: str) -> None:
    if call.outcome == "abandoned" and call.hang_up_after is None:
        raise SettingError(f"{where}: hang_up_after", "is missing", "Say how many seconds the caller waits")
    if call.outcome == "answered" and not call.caller_says and not call.agent_says:
        raise SettingError(f"{where}: caller_says", "nobody says anything in this call", "Write what is said")
    for name in call.expect:
        if name not in FIELDS:
            raise SettingError(f"{where}: expect.{name}", "is no field of a ticket", f"Fields: {', '.join(FIELDS)}")
