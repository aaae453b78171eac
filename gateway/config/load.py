"""Reads the settings once at start from ``config/*.toml`` and the environment.

Order, later wins: defaults here, ``gateway.toml`` (and ``queues.toml`` beside it), then variables
``HOTLINE_<SECTION>_<KEY>`` such as ``HOTLINE_AMI_SECRET``; a variable ending in ``_FILE`` names a file that holds
the value.
An unknown key, a wrong type or a value out of range is refused with file and key.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from gateway.config.promises import QueuePolicy
from gateway.config.settings import Settings, in_period
from gateway.errors import SettingError

KEYS = "The project's config/gateway.toml and queues.toml show every key"


def default_folder() -> Path:
    """``$HOTLINE_CONFIG``, else ``/etc/hotline`` where it exists, else the ``config`` folder of a checkout."""
    chosen = os.environ.get("HOTLINE_CONFIG")
    if chosen:
        return Path(chosen)
    site = Path("/etc/hotline")
    return site if site.is_dir() else Path(__file__).parents[2] / "config"


def load(folder: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read ``gateway.toml`` and ``queues.toml`` in ``folder``; absent files mean defaults.

    Raises SettingError naming file and key.
    """
    if not folder.is_dir():
        raise SettingError(str(folder), "is no folder of settings", "Name it with --config or HOTLINE_CONFIG")
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for name in ("gateway.toml", "queues.toml"):
        path = folder / name
        if path.exists():
            part = read_toml(path)
            convert(part, Settings, str(path), mend=KEYS)
            values.update(part)
    for section, key, text, variable in _from_environment(environ):
        target = values.setdefault(section, {}) if section else values
        target[key] = text
        convert(values, Settings, f"environment variable {variable}", strict=False, mend=KEYS)
    settings = convert(values, Settings, str(folder), strict=False, mend=KEYS)
    _check(settings, folder)
    return settings


def _check(settings: Settings, folder: Path) -> None:
    """What one key alone cannot tell. Raises SettingError."""
    for policy in settings.queue:
        _check_promise(policy, folder, f"queue {policy.name}")
        for period in policy.period:
            _check_promise(in_period(policy, period), folder, f"queue {policy.name}, period from {period.start}")
    named = [pbx.name for pbx in settings.pbxs()]
    if len(named) > 1 and (len(set(named)) < len(named) or "" in named):
        raise SettingError(
            str(folder / "gateway.toml"),
            "with several PBXs each needs a name of its own (ami.name and pbx.name)",
            "Give each the systemname of its asterisk.conf",
        )
    for hook in settings.webhook:
        if not hook.url.startswith(("http://", "https://")):
            raise SettingError(
                str(folder / "gateway.toml"), f"webhook {hook.name}: url is no address", "Begin it with https://"
            )


def _check_promise(policy: QueuePolicy, folder: Path, where: str) -> None:
    if policy.at_risk_seconds >= policy.target_seconds:
        raise SettingError(
            str(folder / "queues.toml"),
            f"{where}: at_risk_seconds ({policy.at_risk_seconds:g}) is not before "
            f"target_seconds ({policy.target_seconds:g})",
            "Set it to a smaller number of seconds",
        )


def read_text(path: Path) -> str:
    """A file of settings as text. Raises SettingError with the file."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        mend = "Put it there, readable for the gateway's user"
        raise SettingError(str(path), f"cannot be read: {error.strerror}", mend) from error
    except UnicodeDecodeError as error:
        raise SettingError(str(path), "cannot be read: it is not in UTF-8", "Save it as text in UTF-8") from error


def read_toml(path: Path) -> dict[str, Any]:
    """Parse one TOML file. Raises SettingError with the file and the line."""
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise SettingError(str(path), f"cannot be read: {error}", "Mend that line") from error


T = TypeVar("T")
_UNKNOWN_KEY = "Object contains unknown field "
"""How msgspec begins its word on a key that a struct does not have."""


def convert(
    values: object, kind: type[T], where: str, *, strict: bool = True, mend: str = "See the head of that file"
) -> T:
    """Turn plain data into ``kind``. Raises SettingError with the key's path."""
    try:
        return msgspec.convert(values, kind, strict=strict)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at ")
        key = path.strip("`").removeprefix("$").removeprefix(".")
        if what.startswith(_UNKNOWN_KEY):
            key = ".".join(part for part in (key, what.removeprefix(_UNKNOWN_KEY).strip("`")) if part)
            what = "there is no such key"
        raise SettingError(f"{where}: {key}" if key else where, what, mend) from error


def _from_environment(environ: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """(section, key, value, variable) for each variable that names a setting."""
    sections = {f.name: f.type for f in msgspec.structs.fields(Settings)}
    found = []
    for variable, text in sorted(environ.items()):
        if not variable.startswith("HOTLINE_"):
            continue
        name = variable.removeprefix("HOTLINE_").lower()
        if name.endswith("_file"):
            name = name.removesuffix("_file")
            try:
                text = Path(text).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingError(
                    f"environment variable {variable}",
                    f"the file {text} cannot be read: {error.strerror}",
                    "Name a file that the gateway's user can read",
                ) from error
        section, _, key = name.partition("_")
        if key and isinstance(sections.get(section), type) and issubclass(sections[section], Struct):
            found.append((section, key, text, variable))
        elif name in sections:
            found.append(("", name, text, variable))
    return found
