"""The engines of one worker: a loaded model for each language, and one more for second passes when it is asked for."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from gateway.asr import models
from gateway.asr.afterwards import transcribe_files
from gateway.asr.protocol import Engine, Transcribe, Transcribed
from gateway.asr.recognizer import Recognizer, load
from gateway.asr.stream import DecoderPool
from gateway.asr.text.vocabulary import Vocabulary
from gateway.config import Settings
from gateway.errors import HotlineError, ModelError

log = logging.getLogger(__name__)


class Engines:
    """``home`` holds the models; ``pool`` has the threads that decode."""

    def __init__(self, settings: Settings, home: Path, pool: DecoderPool) -> None:
        self._settings = settings.speech
        self._languages = settings.languages()
        self._home = home
        self._pool = pool
        self._catalogue = models.catalogue()
        self._loaded: dict[str, Recognizer] = {}
        self._engines: dict[str, tuple[Engine, Recognizer]] = {}

    def load(self) -> None:
        """A model for each language; a language without one is left out with a word in the log.

        Blocks for seconds. Raises ModelError when no language has a model.
        """
        missing: ModelError | None = None
        for language in self._languages:
            name = self._settings.model if language == self._settings.language else ""
            try:
                model, reason, why = models.choose(self._home, language, self._settings.engine, name, self._catalogue)
                recognizer = self._load(model)
            except ModelError as error:
                log.error("language %s is not transcribed: %s", language, error)
                missing = error
                continue
            engine = Engine(
                language=language,
                engine=model.engine,
                model=model.name,
                streaming=recognizer.capabilities.streaming,
                reason=reason,
            )
            self._engines[language] = (engine, recognizer)
            log.info("language %s: %s", language, why)
        if not self._engines and missing is not None:
            raise missing

    def known(self) -> tuple[Engine, ...]:
        """What is transcribed here."""
        return tuple(engine for engine, _ in self._engines.values())

    def has(self, language: str) -> bool:
        """The language is transcribed here."""
        return language in self._engines

    def of(self, language: str) -> tuple[Engine, Recognizer]:
        """The engine of a language that is transcribed here."""
        return self._engines[language]

    def release(self) -> None:
        """The process has grown too large: idle recognisers are given up."""
        for recognizer in self._loaded.values():
            recognizer.release()

    async def transcribe(self, job: Transcribe, folder: Path, vocabulary: Vocabulary) -> Transcribed:
        """A recording of ``folder``, while live legs come first. Says in its answer what went wrong."""
        files = [(folder / name, start) for name, start in job.files]
        try:
            if not all(path.is_file() for path, _ in files):
                return Transcribed(call_id=job.call_id, error="the recording is not here")
            recognizer = await asyncio.to_thread(self._recognizer, job)
            utterances = await transcribe_files(files, job.arrived, recognizer, job.language, self._pool, vocabulary)
        except (HotlineError, KeyError, OSError) as error:
            log.error("the recording of a call was not transcribed: %s", error)
            return Transcribed(call_id=job.call_id, error=type(error).__name__)
        if job.remove:
            for path, _ in files:
                path.unlink(missing_ok=True)
        return Transcribed(
            call_id=job.call_id,
            utterances=utterances,
            language=job.language,
            engine=recognizer.engine,
            model=recognizer.model,
        )

    def _recognizer(self, job: Transcribe) -> Recognizer:
        """The model that the job names, else the one that is used live."""
        if not job.model:
            return self.of(job.language)[1]
        return self._load(models.choose(self._home, job.language, "auto", job.model, self._catalogue).model)

    def _load(self, model: models.Model) -> Recognizer:
        if model.name not in self._loaded:
            folder = models.model_dir(self._home, model.name)
            log.info("loading model %s from %s", model.name, folder)
            self._loaded[model.name] = load(model, folder, self._settings.threads)
        return self._loaded[model.name]
