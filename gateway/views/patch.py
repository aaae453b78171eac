"""From a view to the JSON of a page, and from one such JSON to the next: merge patches (RFC 7396). PURE."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

Json = dict[str, Any]


def page_data(view: Struct) -> Json:
    """The view as plain data without nulls, since a merge patch cannot say "this is null"."""
    data: Json = _without_nulls(msgspec.to_builtins(view))
    return data


def merge_patch(old: Json, new: Json) -> Json | None:
    """What turns ``old`` into ``new`` by RFC 7396, or None when they are equal. Neither may hold nulls."""
    patch: Json = {name: None for name in old if name not in new}
    for name, value in new.items():
        before = old.get(name)
        if isinstance(before, dict) and isinstance(value, dict):
            inner = merge_patch(before, value)
            if inner is not None:
                patch[name] = inner
        elif name not in old or before != value:
            patch[name] = value
    return patch or None


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, (list, tuple)):
        return [_without_nulls(inner) for inner in value]
    return value
