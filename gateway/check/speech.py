"""Looks at what transcription and recording need on this machine: models, engines, a folder, room on its disk."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import stat
import tempfile
from pathlib import Path

from gateway.asr import models
from gateway.asr.install.model_folder import check_folder
from gateway.check.finding import NoteError
from gateway.config import Settings
from gateway.errors import HotlineError, ModelError, SettingError

PACKAGES = {"vosk": "vosk", "whisper": "faster_whisper", "sherpa": "sherpa_onnx"}
"""What each engine's extra installs."""
_MEBI = 1 << 20


async def models_of_languages(settings: Settings) -> str:
    """Every language that may be spoken has a model that looks well, and its engine is installed."""
    if not settings.speech.enabled:
        return "off"
    return await asyncio.to_thread(_models_of_languages, settings)


async def second_pass(settings: Settings) -> str:
    """The model that transcribes recorded calls once more looks well, and there are recorded calls for it."""
    name = settings.speech.second_pass
    if not name or not settings.speech.enabled:
        return "off"
    model = await asyncio.to_thread(_look_at, settings.home(), name)
    if model.kind != "asr":
        raise ModelError(f"model {name} does not transcribe speech", "Set speech.second_pass to one of kind asr")
    if not _recorded_queues(settings):
        raise NoteError("no queue is recorded, so there is nothing to transcribe once more", "Set recording.enabled")
    left = [language for language in settings.languages() if language not in model.languages]
    if left:
        raise NoteError(f"{name} is not for {', '.join(left)}: such calls keep the text of the call")
    return f"{name}, {model.engine}"


async def recording(settings: Settings) -> str:
    """The folder of recordings can be written, is closed to others, and its disk has room."""
    queues = _recorded_queues(settings)
    if not queues:
        return "off"
    if not settings.speech.enabled:
        raise NoteError("speech is off, and it is its workers that record: no call is recorded", "Set speech.enabled")
    return f"{', '.join(queues)}: {await asyncio.to_thread(_recording_folder, settings)}"


def _models_of_languages(settings: Settings) -> str:
    speech = settings.speech
    found: list[str] = []
    wrong: list[str] = []
    for language in settings.languages():
        try:
            # A named model is for the usual language only; the others take the best there is.
            named = speech.model if language == speech.language else ""
            model, _, why = models.choose(settings.home(), language, speech.engine, named)
            _look_at(settings.home(), model.name)
        except HotlineError as error:
            wrong.append(f"{language}: {error}")
        else:
            found.append(f"{language}: {model.engine}, {model.name}. {why}")
    if wrong:
        raise ModelError("; ".join(wrong))
    return " ".join(found)


def _look_at(home: Path, name: str) -> models.Model:
    model = models.known_model(name, models.catalogue())
    check_folder(models.installed_path(home, name), model.engine, name)
    package = PACKAGES.get(model.engine, "")
    if package and importlib.util.find_spec(package) is None:
        raise ModelError(
            f"model {name}: engine {model.engine} is not installed",
            f"Install the extra: pip install hotline-gateway[{model.engine}]",
        )
    return model


def _recorded_queues(settings: Settings) -> list[str]:
    named = [policy.name for policy in settings.queue if settings.records(policy.name)]
    return named or (["queues without settings"] if settings.recording.enabled else [])


def _recording_folder(settings: Settings) -> str:
    folder = settings.recordings()
    # Not made here: whoever looks may be another user than the gateway's.
    place = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
        mode = stat.S_IMODE(folder.stat().st_mode) if folder.exists() else 0
        free = shutil.disk_usage(place).free
    except OSError as error:
        mend = "Give the gateway's user a folder there, or set recording.folder"
        raise SettingError("recording.folder", f"{place}: {error.strerror}", mend) from error
    if mode & stat.S_IRWXO:
        raise SettingError("recording.folder", f"{folder} is open to every user of the machine", f"chmod o= {folder}")
    least = settings.recording.min_free_mb * _MEBI
    if free < least:
        raise SettingError(
            "recording.min_free_mb",
            f"{folder} has {free // _MEBI} MiB free, of {settings.recording.min_free_mb} that recording leaves free",
            "Make room, shorten recording.days, or set recording.folder to another disk",
        )
    hours = (free - least) * 8 / settings.recording.bitrate / 3600
    return f"{folder}, room for about {hours:,.0f} hours of calls"
