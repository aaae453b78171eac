"""Frozen settings, read once at start from ``config/*.toml`` and the environment.

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
from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from gateway.errors import SettingError

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(gt=0, le=86400)]
Share = Annotated[float, Meta(gt=0, le=1)]
PositiveInt = Annotated[int, Meta(ge=1)]
KEYS = "The project's config/gateway.toml and queues.toml show every key"
Clock = Literal["caller_wait", "queue_wait", "ring_time"]


class Ami(Struct, frozen=True, forbid_unknown_fields=True):
    """Asterisk's manager interface."""

    host: str = "127.0.0.1"
    port: Port = 5038
    username: str = "hotline"
    secret: str = ""
    connect_timeout: Seconds = 5.0
    action_timeout: Seconds = 5.0
    ping_interval: Seconds = 3.0
    silence_limit: Seconds = 10.0
    """Seconds without an answer to a ping after which the connection is given up and made anew."""
    trunk_contexts: tuple[str, ...] = ("from-trunk",)
    """Dialplan contexts in which a citizen's call arrives."""


class Web(Struct, frozen=True, forbid_unknown_fields=True):
    """The pages and the API."""

    host: str = "127.0.0.1"
    port: Port = 8088
    session_hours: Seconds = 12.0
    ui_dir: str = ""
    """Folder of the built pages; empty: the ones that came with the package."""


class Redis(Struct, frozen=True, forbid_unknown_fields=True):
    """The stream the ticketing system reads."""

    url: str = "redis://127.0.0.1:6379/0"
    stream: str = "hotline:events"
    partials_channel: str = "hotline:partials"
    max_length: PositiveInt = 1_000_000
    socket_timeout: Seconds = 5.0


class Store(Struct, frozen=True, forbid_unknown_fields=True):
    """The journal's database (SQLAlchemy URL) and the group commit."""

    url: str = ""
    """Empty: SQLite at ``journal.db`` in the data folder."""
    commit_interval: Annotated[float, Meta(ge=0, le=1)] = 0.02


class Speech(Struct, frozen=True, forbid_unknown_fields=True):
    """Transcription and its workers."""

    enabled: bool = True
    language: str = "zh"
    engine: Literal["auto", "vosk", "whisper"] = "auto"
    model: str = ""
    """Model name in models.toml; empty: the best installed one for the language."""
    workers: Annotated[int, Meta(ge=0, le=64)] = 1
    """Local worker processes."""
    threads: Annotated[int, Meta(ge=0, le=64)] = 0
    """Decoder threads per worker; 0: one per core."""
    legs_per_worker: PositiveInt = 16
    audiosocket_host: str = "127.0.0.1"
    audiosocket_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """0: a free port chosen at start (told to Asterisk with every tap)."""
    worker_token: str = ""
    """Empty: a random one, for local workers only."""
    flush_timeout: Seconds = 20.0
    """Seconds the last words may take after the line is down."""
    record_dir: str = ""
    """Folder for one WAV file per tapped leg (personal data, mode 0600); empty: nothing is recorded."""


class Ivr(Struct, frozen=True, forbid_unknown_fields=True):
    """FastAGI: the satisfaction survey and the sound-device station."""

    host: str = "127.0.0.1"
    port: Port = 4573
    header_timeout: Seconds = 3.0
    key_timeout: Seconds = 6.0
    station_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """AudioSocket port of stations; 0: a free one."""


class Log(Struct, frozen=True, forbid_unknown_fields=True):
    """Logging to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class QueuePolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """What is promised to the callers of one queue (GB/T 33358-2016: 15 s; connect rate 95 % over 24 h)."""

    name: str
    title: str = ""
    language: str = ""
    """Empty: the speech section's language."""
    clock: Clock = "caller_wait"
    target_seconds: Seconds = 15.0
    at_risk_seconds: Seconds = 10.0
    target_share: Share = 0.95
    short_abandon_seconds: Annotated[float, Meta(ge=0)] = 5.0


class Agent(Struct, frozen=True, forbid_unknown_fields=True):
    """An agent: ``id`` is what queue members are called (PJSIP/1001 is agent 1001)."""

    id: str
    name: str = ""


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """All settings. ``data_dir`` holds models, journal and accounts."""

    data_dir: str = ""
    """Empty: ``$HOTLINE_HOME`` or ``~/.local/share/hotline``."""
    timezone: str = "Asia/Shanghai"
    hotline_name: str = "12345 政务服务便民热线"
    home_city: str = ""
    """The city the hotline serves; left out of places, since every call is from there."""
    connect_rate_required: Share = 0.95
    connect_rate_window_hours: Seconds = 24.0
    ami: Ami = Ami()
    web: Web = Web()
    redis: Redis = Redis()
    store: Store = Store()
    speech: Speech = Speech()
    ivr: Ivr = Ivr()
    log: Log = Log()
    queue: tuple[QueuePolicy, ...] = (QueuePolicy(name="hotline", title="政务服务热线"),)
    agent: tuple[Agent, ...] = ()

    def home(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).expanduser() if self.data_dir else default_home()

    def policy(self, queue: str) -> QueuePolicy:
        """The queue's policy; a queue nobody configured gets the defaults."""
        return next((p for p in self.queue if p.name == queue), QueuePolicy(name=queue, title=queue))


def default_home() -> Path:
    """``$HOTLINE_HOME``, else the user's data folder."""
    chosen = os.environ.get("HOTLINE_HOME")
    return Path(chosen).expanduser() if chosen else Path.home() / ".local" / "share" / "hotline"


def default_folder() -> Path:
    """``$HOTLINE_CONFIG``, else ``/etc/hotline`` where it exists, else the ``config`` folder of a checkout."""
    chosen = os.environ.get("HOTLINE_CONFIG")
    if chosen:
        return Path(chosen)
    site = Path("/etc/hotline")
    return site if site.is_dir() else Path(__file__).parents[1] / "config"


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
    for policy in settings.queue:
        if policy.at_risk_seconds >= policy.target_seconds:
            raise SettingError(
                str(folder / "queues.toml"),
                f"queue {policy.name}: at_risk_seconds ({policy.at_risk_seconds:g}) is not before "
                f"target_seconds ({policy.target_seconds:g})",
                "Set it to a smaller number of seconds",
            )
    return settings


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
