"""Settings of the gateway's neighbours and parts: one frozen struct per section of gateway.toml."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

Port = Annotated[int, Meta(ge=1, le=65535)]
Seconds = Annotated[float, Meta(gt=0, le=86400)]
Days = Annotated[float, Meta(ge=2, le=36500)]
Share = Annotated[float, Meta(gt=0, le=1)]
PositiveInt = Annotated[int, Meta(ge=1)]


class Ami(Struct, frozen=True, forbid_unknown_fields=True):
    """Asterisk's manager interface. The section ``ami`` is the first PBX, each ``[[pbx]]`` a further one."""

    name: str = ""
    """Asterisk's ``systemname``, which makes its channels' ids unlike those of other PBXs; may be empty for one PBX."""
    host: str = "127.0.0.1"
    port: Port = 5038
    username: str = "hotline"
    secret: str = ""
    connect_timeout: Seconds = 5.0
    action_timeout: Seconds = 5.0
    ping_interval: Seconds = 3.0
    silence_limit: Seconds = 10.0
    """Seconds without an answer to a ping after which the connection is given up and made anew."""
    audit_interval: Seconds = 600.0
    """Seconds between two looks at all living calls, so that none stays open by mistake."""
    trunk_contexts: tuple[str, ...] = ("from-trunk",)
    """Dialplan contexts in which a citizen's call arrives."""
    wrap_up_reasons: tuple[str, ...] = ("wrap-up", "话后", "话后整理")
    """Reasons of a pause that is wrap-up."""
    tls: bool = False
    tls_ca_file: str = ""
    """PEM file of the authority that signed the PBX's certificate; empty: the system's authorities."""
    tls_hostname: str = ""
    """The name in the PBX's certificate; empty: ``host``."""
    lag_limit: Seconds = 1.0
    """Seconds an event may take from Asterisk to here before that is reported."""
    queue_log: str = ""
    """Asterisk's queue_log as a file here, to fill the gap after a lost connection; empty: not read."""


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
    journal_days: Days = 180.0
    """Days the journal is kept, with transcripts and tickets in it (personal data)."""
    history_days: Days = 1100.0
    """Days the tables of calls, agents' states, alerts and figures are kept."""
    purge_hour: Annotated[int, Meta(ge=0, le=23)] = 3
    """Hour of the day (settings' time zone) at which older rows are removed."""


class Speech(Struct, frozen=True, forbid_unknown_fields=True):
    """Transcription and its workers."""

    enabled: bool = True
    language: str = "zh"
    engine: Literal["auto", "vosk", "whisper", "sherpa"] = "auto"
    model: str = ""
    """Model name in models.toml; empty: the best installed one for the language."""
    second_pass: str = ""
    """Model that transcribes each recorded call once more after its end; empty: none."""
    workers: Annotated[int, Meta(ge=0, le=64)] | Literal["auto"] = "auto"
    """Local worker processes; auto: one per core."""
    threads: Annotated[int, Meta(ge=1, le=64)] = 2
    """Decoder threads per worker: with more than one, a core that has nothing to do helps a worker that has much."""
    legs_per_worker: PositiveInt = 16
    audiosocket_host: str = "127.0.0.1"
    audiosocket_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """0: a free port chosen at start (told to Asterisk with every tap)."""
    worker_token: str = ""
    """Empty: one of its own, kept in the data folder, for local workers only."""
    worker_ca_file: str = ""
    """PEM file of the authority that signed the core's certificate; empty: the system's authorities."""
    flush_timeout: Seconds = 20.0
    """Seconds the last words may take after the line is down."""
    full_lag: Seconds = 1.5
    """A decoder that is so many seconds behind means that the machine is full: less is transcribed live."""
    complete_share: Share = 0.98
    """A call of which a smaller share was heard raises an alert."""
    worker_memory_mb: Annotated[int, Meta(ge=0)] = 3000
    """A worker that is larger gives its recognisers up for new ones; 0: never."""


class Recording(Struct, frozen=True, forbid_unknown_fields=True):
    """Recordings of calls (personal data, readable by the gateway's user only)."""

    enabled: bool = False
    """For queues that do not say otherwise. Callers must be told (see ``recording-notice`` in prompts.toml)."""
    folder: str = ""
    """Empty: ``recordings`` in the data folder."""
    days: Days = 180.0
    """Days a recording is kept."""
    bitrate: Annotated[int, Meta(ge=6000, le=128_000)] = 32_000
    """Bits a second of the stereo file (Opus)."""
    min_free_mb: Annotated[int, Meta(ge=0)] = 1024
    """Megabytes that recording leaves free on the disk."""


class Ivr(Struct, frozen=True, forbid_unknown_fields=True):
    """FastAGI: the satisfaction survey and the sound-device station."""

    host: str = "127.0.0.1"
    port: Port = 4573
    header_timeout: Seconds = 3.0
    key_timeout: Seconds = 6.0
    station_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    """AudioSocket port of stations; 0: a free one."""


class Knowledge(Struct, frozen=True, forbid_unknown_fields=True):
    """The articles that answer callers."""

    folder: str = ""
    """Empty: ``knowledge`` in the folder of settings."""


class Log(Struct, frozen=True, forbid_unknown_fields=True):
    """Logging to stderr."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"
