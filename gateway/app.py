"""The composition root: settings become parts, parts become one TaskGroup.

One task owns the core. Adapters hand it their messages with a synchronous ``put_nowait``; what the core returns goes
to the journal (and from there to Redis), to the pages and to the metrics. Nobody waits for anybody else.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from gateway.ami.client import AmiClient
from gateway.ami.recording import Recording, recording_path
from gateway.bus import redis_stream
from gateway.bus.redis_stream import Publisher
from gateway.config import Ami, Settings
from gateway.core import FromPbx, Gateway, Input, SurveyKey, ami
from gateway.errors import StoreError
from gateway.events import AlertEvent, Event, GatewayHealth, TranscriptPartial
from gateway.hearing import Hearing, Settled
from gateway.ivr.agi import AgiServer
from gateway.metrics import Metrics
from gateway.notify import Sink
from gateway.pulse import beat, last_beat, pulse_file
from gateway.recall import recall
from gateway.store import history
from gateway.store.accounts import Accounts
from gateway.store.database import database_url
from gateway.store.history import History
from gateway.store.interval_figures import IntervalFigures
from gateway.store.journal import Journal
from gateway.store.recordings import RecordingRetention
from gateway.store.retention import Retention
from gateway.tickets.load import load_drafts
from gateway.web import server
from gateway.web.live import Live

log = logging.getLogger(__name__)

INBOX_LIMIT = 100_000
"""Messages that may wait for the core; one more is dropped, counted and shown."""
COLLECT_INTERVAL = 60.0
"""Seconds between full rounds of Python's collector."""
PARTIALS_LIMIT = 1_000
"""Interim words that may wait for Redis; one more is dropped."""

JOURNAL_READERS = (redis_stream.CURSOR, history.CURSOR)
"""What they have not read yet is never purged."""


class App:
    """A gateway, from its settings to its end: ``await App(settings, config_folder).run()``.

    ``record_ami``: a file for everything the PBX says; with several PBXs one each. Raises HotlineError.
    """

    def __init__(self, settings: Settings, config_folder: Path, record_ami: Path | None = None) -> None:
        self._settings = settings
        self._core = Gateway(settings, load_drafts(config_folder, settings), lambda: str(uuid.uuid4()))
        self._inbox: asyncio.Queue[Input | Settled] = asyncio.Queue(INBOX_LIMIT)
        self._partials: asyncio.Queue[TranscriptPartial] = asyncio.Queue(PARTIALS_LIMIT)
        self._live = Live(settings)
        self._hearing = Hearing(settings, config_folder, self._core, self._live, self._put)
        self._metrics = Metrics()
        self._health: dict[str, str] = {"core": "ok"}
        self._dropped = 0
        self._flooded = False
        pbxs = settings.pbxs_by_name()
        self._recordings = {name: Recording(recording_path(record_ami, name)) for name in pbxs if record_ami}
        self._amis = {name: self._ami_client(name, pbx) for name, pbx in pbxs.items()}
        self._agi = AgiServer(settings.ivr, self._rated)
        self._journal = Journal(database_url(settings), settings.store.commit_interval, on_health=self._put)
        self._sinks = [Sink(webhook, settings, self._put) for webhook in settings.webhook]

    async def run(self) -> None:
        """Run until cancelled.

        Raises HotlineErrors, in an ExceptionGroup, when the gateway cannot start or go on.
        """
        async with self._journal, asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            pulse = pulse_file(self._settings.home(), database_url(self._settings))
            recalled = await recall(
                self._journal, self._settings, self._core, self._live, self._metrics, self._sinks, time.time()
            )
            self._core.restored(last_beat(pulse) or time.time(), time.time())
            publisher = Publisher(self._settings.redis, self._journal, on_health=self._put)
            kept = History(database_url(self._settings), self._journal, on_health=self._put)
            retention = Retention(database_url(self._settings), self._settings, JOURNAL_READERS)
            web_ready = asyncio.Event()
            services = server.Services(
                settings=self._settings,
                accounts=Accounts(self._journal.engine),
                live=self._live,
                actions=self,
                worker_handler=self._hearing.hub.handle,
                health=lambda: dict(self._health),
                metrics=self._metrics.render,
                ui_dir=ui_folder(self._settings),
            )
            tasks.create_task(collect_garbage(), name="garbage")
            tasks.create_task(beat(pulse), name="pulse")
            tasks.create_task(self._run_core(), name="core")
            tasks.create_task(publisher.run(), name="redis")
            tasks.create_task(kept.run(), name="history")
            tasks.create_task(IntervalFigures(self._settings, kept).run(), name="figures")
            tasks.create_task(retention.run(), name="retention")
            tasks.create_task(RecordingRetention(self._settings).run(), name="recordings")
            tasks.create_task(self._publish_partials(publisher), name="partials")
            for recording in self._recordings.values():
                tasks.create_task(recording.run(), name="recording")
            for name, pbx in self._settings.pbxs_by_name().items():
                since = recalled.heard_until(name, pbx.silence_limit)
                tasks.create_task(self._amis[name].run(since), name=ami(name))
            tasks.create_task(self._agi.run(), name="agi")
            for sink in self._sinks:
                tasks.create_task(sink.run(), name=f"webhook {sink.name}")
            tasks.create_task(
                server.run(server.create_app(services), self._settings.web.host, self._settings.web.port, web_ready),
                name="web",
            )
            await web_ready.wait()
            log.info("pages on http://%s:%d", self._settings.web.host, self._settings.web.port)
            # An inner group: it ends first, while the last words of its workers still find their way.
            async with asyncio.TaskGroup() as speech:
                speech.create_task(self._hearing.run(self._amis, self._journal), name="hearing")

    def _ami_client(self, name: str, pbx: Ami) -> AmiClient:
        sink = (lambda message: self._put(FromPbx(name, message))) if name else self._put
        record = self._recordings[name].write if self._recordings else None
        client = AmiClient(pbx, sink, record, on_health=self._put, name=name)
        self._metrics.show_lag(name, lambda: client.lag)
        return client

    # --- the core ----------------------------------------------------------------------------------------------

    async def _run_core(self) -> None:
        """The one task that moves the core: by the next message or by the next deadline."""
        # What a gateway before this one said of its own parts is over.
        self._core_health("ok", "the gateway has started")
        self._put(GatewayHealth(at=time.time(), component="journal", status="ok", detail="the gateway has started"))
        while True:
            deadline = self._core.next_deadline()
            if self._inbox.empty():
                try:
                    async with asyncio.timeout(None if deadline is None else max(0.0, deadline - time.time())):
                        item = await self._inbox.get()
                except TimeoutError:
                    self._publish(self._core.tick(time.time()))
                    self._hearing.act()
                    continue
            else:
                # No timer for each of many messages; but what is due does not wait behind them.
                item = self._inbox.get_nowait()
                if deadline is not None and deadline <= time.time():
                    self._publish(self._core.tick(time.time()))
            if isinstance(item, Settled):
                self._hearing.settled(item)
                continue
            try:
                self._publish(self._core.feed(item, time.time()))
            except Exception:
                # One message the core stumbles over must not end the calls it does not concern.
                log.exception("the core failed at a %s", type(item).__name__)
            self._hearing.act()
            if self._flooded and self._inbox.empty():
                self._flooded = False
                self._core_health("ok", "messages dropped since start")

    def _put(self, item: Input | Settled) -> None:
        """Hand something to the core. Never waits."""
        try:
            self._inbox.put_nowait(item)
        except asyncio.QueueFull:
            self._dropped += 1
            if not self._flooded or self._dropped % 10_000 == 0:
                self._flooded = True
                log.error("%d messages dropped: the core cannot keep up", self._dropped)
                self._core_health("degraded", "messages dropped: the core cannot keep up")

    def _core_health(self, status: Literal["ok", "degraded"], detail: str) -> None:
        """The core's own condition goes straight to it: its inbox may be full."""
        now = time.time()
        health = GatewayHealth(at=now, component="core", status=status, detail=detail, value=float(self._dropped))
        self._publish(self._core.feed(health, now))

    def _publish(self, events: list[Event]) -> None:
        """Give events to the journal, the pages, the metrics and the webhooks."""
        durable = []
        now = time.time()
        for event in events:
            if isinstance(event, TranscriptPartial):
                if not self._partials.full():
                    self._partials.put_nowait(event)
            else:
                durable.append(event)
            if isinstance(event, GatewayHealth):
                self._note_health(event)
            self._live.publish(event, now)
            self._metrics.feed(event)
            if isinstance(event, AlertEvent):
                for sink in self._sinks:
                    sink.put_nowait(event)
        try:
            if durable:
                self._journal.append(durable)
        except StoreError as error:
            # The journal reports its own health; calls and pages go on.
            log.error("%s", error)

    def _note_health(self, event: GatewayHealth) -> None:
        before, self._health[event.component] = self._health.get(event.component), event.status
        if before != event.status:
            level = logging.INFO if event.status == "ok" else logging.WARNING
            log.log(level, "%s is %s: %s", event.component, event.status, event.detail)

    async def _publish_partials(self, publisher: Publisher) -> None:
        while True:
            await publisher.publish_partial(await self._partials.get())

    # --- people's hands ------------------------------------------------------------------------------------------

    async def edit_ticket(self, call_id: str, values: Mapping[str, str], agent: str) -> None:
        """An agent changed fields of a draft. Raises InputError."""
        self._publish(self._core.edit_ticket(call_id, values, agent, time.time()))

    async def submit_ticket(self, call_id: str, agent: str) -> None:
        """An agent sent a ticket off. Raises InputError."""
        self._publish(self._core.submit_ticket(call_id, agent, time.time()))

    async def request_callback(self, call_id: str, by: str) -> None:
        """Somebody wants a missed caller to be called back. Raises InputError."""
        self._publish(self._core.request_callback(call_id, by, time.time()))

    async def acknowledge_alert(self, alert_id: str, by: str) -> None:
        """``by`` takes care of an alert. Raises InputError."""
        self._publish(self._core.acknowledge_alert(alert_id, by, time.time()))

    async def choose_language(self, call_id: str, language: str, by: str) -> None:
        """``by`` says which language is spoken from now on. Raises InputError."""
        self._publish(self._core.choose_language(call_id, language, by, time.time()))
        self._hearing.act()

    def _rated(self, call_id: str, score: int) -> None:
        self._put(SurveyKey(call_id, score))


async def collect_garbage() -> None:
    """Keep the pauses of Python's collector short and rare, until cancelled.

    A full round stops the core for as long as there are objects: 60 ms with 10,000 waiting calls. What was loaded
    before is left out of it, and it comes when it is time, not whenever calls have become more.
    """
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*before[:2], 1_000_000)
    try:
        while True:
            await asyncio.sleep(COLLECT_INTERVAL)
            gc.collect()
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def ui_folder(settings: Settings) -> Path:
    """Where the built pages are: as set, else in the package, else in a checkout."""
    if settings.web.ui_dir:
        return Path(settings.web.ui_dir).expanduser()
    packaged = Path(__file__).parent / "web" / "static"
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "ui" / "dist"
