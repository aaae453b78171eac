"""The composition root: settings become parts, parts become one TaskGroup, signals end it.

One task owns the core. Adapters hand it their messages with a synchronous ``put_nowait``; what the core returns goes
to the journal (and from there to Redis), to the pages and to the metrics. Nobody waits for anybody else.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from gateway import core
from gateway.ami.client import AmiClient
from gateway.asr import models
from gateway.asr.hub import WorkerHub
from gateway.asr.local import LocalWorkers
from gateway.asr.protocol import FromWorker
from gateway.bus.redis_stream import Publisher
from gateway.config import Settings
from gateway.errors import HotlineError
from gateway.events import Event, GatewayHealth, TranscriptPartial, event_type
from gateway.ivr.agi import AgiServer
from gateway.metrics import Metrics
from gateway.store.accounts import Accounts
from gateway.store.journal import Journal
from gateway.tickets.load import load_drafts
from gateway.web import server
from gateway.web.live import Live

log = logging.getLogger("gateway")

INBOX_LIMIT = 100_000
"""Messages that may wait for the core: some ten seconds of the heaviest storm. Beyond, the oldest news is no news."""


class App:
    """A running gateway."""

    def __init__(self, settings: Settings, config_folder: Path) -> None:
        self._settings = settings
        self._core = core.Gateway(settings, load_drafts(config_folder, settings))
        self._inbox: asyncio.Queue[core.Input] = asyncio.Queue(INBOX_LIMIT)
        self._dropped = 0
        self._live = Live(settings)
        self._metrics = Metrics()
        self._health: dict[str, str] = {}
