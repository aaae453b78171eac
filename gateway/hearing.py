"""Has legs heard: carries what the core's Listening asks for to the workers and to Asterisk, and their words back."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from gateway.ami.client import AmiClient
from gateway.asr.hub import WorkerHub
from gateway.asr.local import LocalWorkers, worker_count
from gateway.asr.protocol import CloseTap, ExpectTap, FromWorker, Gone, Hello, ToWorker, Vocabulary
from gateway.asr.text.vocabulary_file import VocabularyFile
from gateway.config import Settings
from gateway.core import Gateway, Worker
from gateway.errors import HotlineError, SettingError, StoreError
from gateway.events import GatewayHealth
from gateway.store.journal import Journal
from gateway.views import SpeechEngine
from gateway.web.live import Live

log = logging.getLogger(__name__)

ACKNOWLEDGE_INTERVAL = 0.5
TOKEN_FILE = "worker-token"
VOCABULARY_FILE = "vocabulary.txt"


class Settled:
    """Stands in the core's inbox behind what workers have said; ``seen`` counts it."""

    def __init__(self, seen: dict[str, int]) -> None:
        self.seen = seen


class Hearing:
    """``put`` hands something to the core; ``amis`` has the clients by the PBX's name."""

    def __init__(
        self,
        settings: Settings,
        config_folder: Path,
        core: Gateway,
        live: Live,
        put: Callable[[Worker | GatewayHealth | Settled], None],
    ) -> None:
        self._settings = settings
        self._core = core
        self._live = live
        self._put = put
        self._token = worker_token(settings)
        self._terms: tuple[str, ...] = ()
        self._vocabulary = VocabularyFile(config_folder / VOCABULARY_FILE, self._teach, self._not_taught)
        self._status = ""
        self._tasks: asyncio.TaskGroup | None = None
        self._amis: Mapping[str, AmiClient] = {}
        self.hub = WorkerHub(self._token, self._from_worker, greeting=self._greeting)

    async def run(self, amis: Mapping[str, AmiClient], journal: Journal) -> None:
        """Keep the local workers, the vocabulary and the acknowledgements until cancelled."""
        self._amis, self._journal = amis, journal
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            tasks.create_task(self._vocabulary.run(), name="vocabulary")
            tasks.create_task(self._count(), name="acknowledgements")
            if self._settings.speech.enabled and worker_count(self._settings.speech):
                tasks.create_task(LocalWorkers(self._settings, self._token).run(), name="workers")

    def act(self) -> None:
        """The core has moved: do what it asks for."""
        for order in self._core.taps(time.time()):
            if self._tasks is not None:
                self._tasks.create_task(self._place(order))
        for tell in self._core.listening.told():
            self.hub.tell(tell.message, tell.worker_id)

    def settled(self, mark: Settled) -> None:
        """The core has taken everything that ``mark`` counts; once it is durable, the workers need not keep it."""
        if self._tasks is not None:
            self._tasks.create_task(self._acknowledge(mark))

    async def _place(self, order: ExpectTap) -> None:
        """Have a worker listen to one leg."""
        try:
            address = self.hub.expect(order)
            if address is None:
                self._core.listening.not_placed(order, time.time())
                self._health("degraded", f"no worker for language {order.language}: a leg is not transcribed")
                return
            self._core.listening.placed(order, time.time())
            await self._amis[order.leg.pbx].tap(order.leg.channel, order.tap_id, address)
        except HotlineError as error:
            self._health("degraded", f"a leg is not transcribed: {error}")
            self.hub.tell(CloseTap(tap_id=order.tap_id))
        else:
            self._health("ok", "legs are transcribed")

    def _from_worker(self, worker_id: str, message: FromWorker | Gone) -> None:
        if isinstance(message, Hello):
            for engine in message.engines:
                log.info("speech: %s by %s, model %s (%s)", engine.language, engine.engine, engine.model, engine.reason)
            self._live.set_engines(
                SpeechEngine(language=engine.language, engine=engine.engine, model=engine.model, reason=engine.reason)
                for engine in self.hub.engines().values()
            )
            if message.engines:
                self._health("ok", "a worker is ready")
        elif isinstance(message, Gone) and not self.hub.engines():
            self._health("lost", "no worker is left: nothing is transcribed")
        self._put(Worker(worker_id, message))

    def _greeting(self) -> list[ToWorker]:
        return [Vocabulary(terms=self._terms)]

    def _teach(self, terms: tuple[str, ...]) -> None:
        self._terms = terms
        self._put(GatewayHealth(at=time.time(), component="vocabulary", status="ok", detail=f"{len(terms)} terms"))
        self.hub.tell(Vocabulary(terms=terms))

    def _not_taught(self, error: SettingError) -> None:
        """The file is broken: the terms before it stay."""
        self._put(GatewayHealth(at=time.time(), component="vocabulary", status="degraded", detail=str(error)))

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(ACKNOWLEDGE_INTERVAL)
            self._put(Settled(self.hub.seen()))

    async def _acknowledge(self, mark: Settled) -> None:
        try:
            await self._journal.flush()
        except StoreError:
            return
        self.hub.acknowledge(mark.seen)

    def _health(self, status: Literal["ok", "degraded", "lost"], detail: str) -> None:
        if self._status != status:
            self._status = status
            self._put(GatewayHealth(at=time.time(), component="speech", status=status, detail=detail))


def worker_token(settings: Settings) -> str:
    """As set; else the one in the data folder, made at the first start, so that workers know the next gateway too."""
    if settings.speech.worker_token:
        return settings.speech.worker_token
    file = settings.home() / TOKEN_FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(32))
    except FileExistsError:
        pass
    return file.read_text().strip()
