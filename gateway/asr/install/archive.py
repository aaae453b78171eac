"""Unpack a model's archive, zip or tar (plain, gz, bz2, xz), whatever whoever made it had in mind.

Nothing is written outside the target, no links and no devices are made, and what unpacks to too much is given up.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from gateway.asr.install.disk_room import require_room
from gateway.errors import ModelError

MAX_UNPACKED_BYTES = 8 << 30
MAX_ENTRIES = 20_000
_BLOCK = 1 << 20
_STARTS: tuple[tuple[bytes, Callable[[Path], IO[bytes]]], ...] = (
    (b"\x1f\x8b", cast(Callable[[Path], IO[bytes]], gzip.GzipFile)),
    (b"BZh", cast(Callable[[Path], IO[bytes]], bz2.BZ2File)),
    (b"\xfd7zXZ\x00", cast(Callable[[Path], IO[bytes]], lzma.LZMAFile)),
)
"""How compressed files begin, and what opens them (each compares the checksums inside)."""
_ZIP_START = b"PK"
_TAR_MARK, _TAR_MARK_AT = b"ustar", 257
_BROKEN = "Fetch it again: it is cut short or was changed on the way"
_UNSAFE = "Do not use this archive"


class ArchiveError(ModelError):
    """What was fetched cannot be used, however often it is read: away with it."""


def is_archive(path: Path) -> bool:
    """True if the file begins like an archive this module unpacks."""
    return path.is_file() and _kind(path) != ""


def unpack(archive: Path, root: str, target: Path) -> None:
    """Unpack what lies under the archive's folder ``root`` (empty: everything) into ``target``.

    Raises ArchiveError when the archive is of another kind, broken, encrypted, unsafe, or holds no such folder;
    ModelError when the disk has no room for it.
    """
    kind = _kind(archive)
    if not kind:
        raise ArchiveError(f"{archive} is neither a zip nor a tar archive", "Fetch the right file")
    with broken_archive(archive):
        (_unpack_zip if kind == "zip" else _unpack_tar)(archive, _Files(archive, PurePosixPath(root), target))
    if not any(target.iterdir()):
        raise ArchiveError(f"{archive} holds no folder {root}", "Fetch the right archive")


class _Files:
    """Where an archive's files go, and how much of it there has been."""

    def __init__(self, archive: Path, root: PurePosixPath, target: Path) -> None:
        self._archive = archive
        self._root = root
        self._target = target
        self._bytes = 0
        self._entries = 0

    def look(self, name: str, size: int, *, plain: bool) -> None:
        """Refuse an entry that is no plain file or folder, leads out, or is too much."""
        self._entries += 1
        path = PurePosixPath(name)
        if not plain:
            raise ArchiveError(f"{self._archive} is unsafe: it holds a link or a device", _UNSAFE)
        if path.is_absolute() or ".." in path.parts:
            raise ArchiveError(f"{self._archive} is unsafe: it holds a path that leads out of its folder", _UNSAFE)
        self.count(size)

    def count(self, size: int) -> None:
        """So many bytes more; refuse what is too much."""
        self._bytes += size
        if self._bytes > MAX_UNPACKED_BYTES or self._entries > MAX_ENTRIES:
            raise ArchiveError(
                f"{self._archive} is unsafe: it would unpack to more than {MAX_UNPACKED_BYTES >> 30} GiB or "
                f"{MAX_ENTRIES} files",
                _UNSAFE,
            )

    def write(self, name: str, opened: Callable[[], IO[bytes]]) -> None:
        """Write one file, if it lies under the root."""
        path = PurePosixPath(name)
        if not path.is_relative_to(self._root):
            return
        destination = self._target / path.relative_to(self._root)
        destination.parent.mkdir(parents=True, exist_ok=True)
        with opened() as packed, destination.open("wb") as out:
            shutil.copyfileobj(packed, out, _BLOCK)


def _unpack_zip(archive: Path, files: _Files) -> None:
    with zipfile.ZipFile(archive) as bundle:
        entries = bundle.infolist()
        for entry in entries:
            kind = stat.S_IFMT(entry.external_attr >> 16)
            files.look(entry.filename, entry.file_size, plain=kind in (0, stat.S_IFREG, stat.S_IFDIR))
        require_room(archive.parent, sum(entry.file_size for entry in entries), f"unpacking {archive.name}")
        for entry in entries:
            if not entry.is_dir():
                files.write(entry.filename, lambda entry=entry: bundle.open(entry))  # type: ignore[misc]


def _unpack_tar(archive: Path, files: _Files) -> None:
    # Read once from front to back: seeking in a compressed file means to decompress it again.
    with _decompressed(archive) as plain:
        with tarfile.open(fileobj=plain, mode="r|") as bundle:
            for entry in bundle:
                files.look(entry.name, entry.size, plain=entry.isreg() or entry.isdir())
                packed = bundle.extractfile(entry) if entry.isreg() else None
                if packed is not None:
                    files.write(entry.name, lambda packed=packed: packed)  # type: ignore[misc]
        while rest := plain.read(_BLOCK):  # the checksum stands at the end
            files.count(len(rest))


def _decompressed(archive: Path) -> IO[bytes]:
    head = _head(archive)
    return next((opened(archive) for start, opened in _STARTS if head.startswith(start)), None) or archive.open("rb")


def _kind(archive: Path) -> str:
    head = _head(archive)
    if head.startswith(_ZIP_START):
        return "zip"
    tar = head[_TAR_MARK_AT:] == _TAR_MARK or head.startswith(tuple(start for start, _ in _STARTS))
    return "tar" if tar else ""


def _head(archive: Path) -> bytes:
    with archive.open("rb") as file:
        return file.read(_TAR_MARK_AT + len(_TAR_MARK))


@contextmanager
def broken_archive(archive: Path) -> Iterator[None]:
    """What the libraries raise for a broken archive becomes an ArchiveError; trouble of the disk stays an OSError."""
    try:
        yield
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError) as error:
        raise ArchiveError(f"{archive} is broken", _BROKEN) from error
    except (NotImplementedError, RuntimeError) as error:  # zipfile's words for encryption and rare compressions
        raise ArchiveError(f"{archive} cannot be unpacked: {error}", "Pack it as a plain zip or tar") from error
    except OSError as error:
        if error.errno is not None:
            raise
        raise ArchiveError(f"{archive} is broken", _BROKEN) from error
