"""All settings as one frozen struct, and what is promised at which time of day."""

from __future__ import annotations

import os
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct
from msgspec.structs import replace

from gateway.config.neighbours import Ami, Ivr, Knowledge, Log, Recording, Redis, Seconds, Share, Speech, Store, Web
from gateway.config.promises import Agent, Alerts, Dialled, Period, QueuePolicy, Webhook, Weekday
from gateway.errors import SettingError

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
_PROMISE = ("clock", "target_seconds", "at_risk_seconds", "target_share", "short_abandon_seconds")
"""What a period may give."""


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
    recording: Recording = Recording()
    ivr: Ivr = Ivr()
    knowledge: Knowledge = Knowledge()
    alerts: Alerts = Alerts()
    log: Log = Log()
    pbx: tuple[Ami, ...] = ()
    webhook: tuple[Webhook, ...] = ()
    queue: tuple[QueuePolicy, ...] = (QueuePolicy(name="hotline", title="政务服务热线"),)
    dialled: tuple[Dialled, ...] = ()
    agent: tuple[Agent, ...] = ()

    def home(self) -> Path:
        """The data folder."""
        return Path(self.data_dir).expanduser() if self.data_dir else default_home()

    def pbxs(self) -> tuple[Ami, ...]:
        """Every PBX: ``ami`` and the further ones."""
        return (self.ami, *self.pbx)

    def pbxs_by_name(self) -> dict[str, Ami]:
        """Every PBX by its name; the only one has none here, whatever it is called."""
        return {pbx.name: pbx for pbx in self.pbxs()} if self.pbx else {"": self.ami}

    def policy(self, queue: str) -> QueuePolicy:
        """The queue's policy at no particular time; a queue nobody configured gets the defaults."""
        return next((p for p in self.queue if p.name == queue), QueuePolicy(name=queue, title=queue))

    def language(self, queue: str, dialled: str = "") -> str:
        """The language spoken in this queue by callers of this number."""
        numbers = {entry.number: entry.language for entry in self.dialled}
        return self.policy(queue).language or numbers.get(dialled) or self.speech.language

    def languages(self) -> tuple[str, ...]:
        """Every language that may be spoken, the usual one first."""
        others = [*(policy.language for policy in self.queue), *(entry.language for entry in self.dialled)]
        return tuple(dict.fromkeys([self.speech.language, *filter(None, others)]))

    def records(self, queue: str) -> bool:
        """Whether calls of this queue are recorded."""
        chosen = self.policy(queue).record
        return self.recording.enabled if chosen is None else chosen

    def recordings(self) -> Path:
        """The folder of recordings."""
        return Path(self.recording.folder).expanduser() if self.recording.folder else self.home() / "recordings"

    def policy_at(self, queue: str, arrived: float) -> QueuePolicy:
        """What the queue promises to a call that arrived at this instant (Unix seconds)."""
        policy = self.policy(queue)
        return policy_in(policy, datetime.fromtimestamp(arrived, zone(self.timezone))) if policy.period else policy


def policy_in(policy: QueuePolicy, local: datetime) -> QueuePolicy:
    """The policy with the values of the first period that ``local`` falls into."""
    return next((in_period(policy, period) for period in policy.period if _falls_into(period, local)), policy)


def in_period(policy: QueuePolicy, period: Period) -> QueuePolicy:
    """The policy with the values the period gives."""
    values = {name: getattr(period, name) for name in _PROMISE}
    return replace(policy, period=(), **{name: value for name, value in values.items() if value is not None})


def _falls_into(period: Period, local: datetime) -> bool:
    now, day, yesterday = f"{local:%H:%M}", WEEKDAYS[local.weekday()], WEEKDAYS[local.weekday() - 1]
    if period.start < period.end:
        return period.start <= now < period.end and _starts_on(period, day)
    return (now >= period.start and _starts_on(period, day)) or (now < period.end and _starts_on(period, yesterday))


def _starts_on(period: Period, day: Weekday) -> bool:
    return not period.days or day in period.days


@cache
def zone(name: str) -> ZoneInfo:
    """The time zone. Raises SettingError when there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise SettingError("timezone", f"no such time zone: {name}", "Try Asia/Shanghai") from error


def default_home() -> Path:
    """``$HOTLINE_HOME``, else the user's data folder."""
    chosen = os.environ.get("HOTLINE_HOME")
    return Path(chosen).expanduser() if chosen else Path.home() / ".local" / "share" / "hotline"
