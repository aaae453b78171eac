"""The local worker processes: started with the gateway, started again when they crash, ended with it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

import msgspec

from gateway.asr import models
from gateway.asr.worker import STOP, WILDCARDS, Job
from gateway.config import Settings, Speech
from gateway.errors import HotlineError

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
STEADY_SECONDS = 60.0
"""A worker that lived this long and crashed is started again at once."""
STOP_SECONDS = 5.0
"""Seconds beyond the flush timeout that a worker has to end by itself."""


class LocalWorkers:
    """``worker_count`` processes that dial the gateway's own web address."""

    def __init__(self, settings: Settings, token: str) -> None:
        self.restarts = 0
        host = "127.0.0.1" if settings.web.host in WILDCARDS else settings.web.host
        core_url = f"http://[{host}]:{settings.web.port}" if ":" in host else f"http://{host}:{settings.web.port}"
        self._job = Job(core_url=core_url, token=token, home=str(settings.home()), settings=_needed(settings))
        self._processes: dict[int, asyncio.subprocess.Process] = {}

    def pids(self) -> list[int]:
        """Process ids of the workers that are up."""
        return [process.pid for process in self._processes.values()]

    async def run(self) -> None:
        """Keep the workers up until cancelled; then end them, and wait for their last words."""
        async with asyncio.TaskGroup() as group:
            for index in range(worker_count(self._job.settings.speech)):
                group.create_task(self._keep(index))

    async def _keep(self, index: int) -> None:
        loop = asyncio.get_running_loop()
        pause = FIRST_PAUSE
        while True:
            started = loop.time()
            status = await self._run_once(index)
            if loop.time() - started > STEADY_SECONDS:
                pause = FIRST_PAUSE
            self.restarts += 1
            log.error("ASR worker %d ended with status %d; another starts in %g s", index, status, pause)
            if status < 0:
                await asyncio.to_thread(self._look_at_models)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _look_at_models(self) -> None:
        """A damaged model may kill the process that reads it: say so, and how to mend it."""
        settings = self._job.settings
        for language in settings.languages():
            name = settings.speech.model if language == settings.speech.language else ""
            try:
                chosen = models.choose(Path(self._job.home), language, settings.speech.engine, name)
                models.verify_model(Path(self._job.home), chosen.model.name)
            except HotlineError as error:
                log.error("%s", error)

    async def _run_once(self, index: int) -> int:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "gateway.asr.worker",
            stdin=asyncio.subprocess.PIPE,
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": import_path()},
        )
        self._processes[index] = process
        try:
            if process.stdin is not None:
                process.stdin.write(msgspec.json.encode(self._job_of(index)) + b"\n")
            return await process.wait()
        finally:
            await self._end(process)
            del self._processes[index]

    def _job_of(self, index: int) -> Job:
        """A fixed AudioSocket port belongs to the first worker, the next ones count up from it."""
        speech = self._job.settings.speech
        if speech.audiosocket_port == 0:
            return self._job
        speech = msgspec.structs.replace(speech, audiosocket_port=speech.audiosocket_port + index)
        return msgspec.structs.replace(self._job, settings=msgspec.structs.replace(self._job.settings, speech=speech))

    async def _end(self, process: asyncio.subprocess.Process) -> None:
        """A word on its standard input tells a worker to flush and end."""
        if process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.write(STOP)
            process.stdin.close()
        try:
            async with asyncio.timeout(self._job.settings.speech.flush_timeout + STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            log.error("an ASR worker did not end in time and was killed")
            process.kill()
            await process.wait()


def worker_count(speech: Speech) -> int:
    """How many worker processes run here: as set, else one for each core this process may use."""
    return len(os.sched_getaffinity(0)) if speech.workers == "auto" else speech.workers


def _needed(settings: Settings) -> Settings:
    """What a worker needs: no secrets of the PBX, the database or Redis."""
    return Settings(
        data_dir=settings.data_dir,
        timezone=settings.timezone,
        speech=settings.speech,
        recording=settings.recording,
        queue=settings.queue,
        dialled=settings.dialled,
        log=settings.log,
    )


def import_path() -> str:
    """The child finds this package wherever the parent found it."""
    here = str(Path(__file__).parents[2])
    inherited = os.environ.get("PYTHONPATH", "")
    return f"{here}{os.pathsep}{inherited}" if inherited else here
