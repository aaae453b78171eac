"""Archives of every kind are unpacked, and none can do harm."""

from __future__ import annotations

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest

from gateway.asr.install import archive
from gateway.asr.install.archive import ArchiveError, is_archive, unpack
from tests.model_files import NOISE, tarred, zipped

FILES = {"am/final.mdl": NOISE[:50_000], "README": b"words"}


def written(folder: Path, data: bytes) -> Path:
    path = folder / "some.archive"
    path.write_bytes(data)
    return path


def unpacked(folder: Path, data: bytes, root: str = "tiny") -> dict[str, bytes]:
    target = folder / "target"
    target.mkdir()
    unpack(written(folder, data), root, target)
    return {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}


PLAIN_TAR = bz2.decompress(tarred(FILES))


@pytest.mark.parametrize(
    "data", [zipped(FILES), tarred(FILES), PLAIN_TAR, gzip.compress(PLAIN_TAR), lzma.compress(PLAIN_TAR)]
)
def test_every_kind_is_known_by_its_content(data: bytes, tmp_path: Path) -> None:
    assert unpacked(tmp_path, data) == FILES
    assert is_archive(tmp_path / "some.archive")


def test_only_what_lies_under_the_root_is_taken(tmp_path: Path) -> None:
    assert unpacked(tmp_path, zipped(FILES, "tiny/am")) == {"am/" + name: data for name, data in FILES.items()}


def test_an_archive_without_a_folder(tmp_path: Path) -> None:
    assert unpacked(tmp_path, tarred(FILES, ""), "") == FILES


def test_another_folder_than_expected(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="holds no folder vosk-model"):
        unpacked(tmp_path, zipped(FILES), "vosk-model")


def refused(folder: Path, data: bytes, why: str) -> None:
    with pytest.raises(ArchiveError, match=why):
        unpacked(folder, data)
    assert sorted(path.name for path in folder.iterdir()) == ["some.archive", "target"]
    assert not any(path.is_symlink() for path in folder.rglob("*"))


@pytest.mark.parametrize("make", [zipped, tarred])
@pytest.mark.parametrize("path", ["../outside", "/absolute", "tiny/../../outside"])
def test_a_path_that_leads_out(make: type, path: str, tmp_path: Path) -> None:
    refused(tmp_path, make({path: b"x"}, ""), "unsafe: it holds a path that leads out")


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_a_tar_with_a_link_or_a_device(kind: bytes, tmp_path: Path) -> None:
    entry = tarfile.TarInfo("tiny/am/final.mdl")
    entry.type, entry.linkname = kind, "/etc/passwd"
    refused(tmp_path, tarred({"README": b"x"}, "tiny", entry), "unsafe: it holds a link or a device")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_a_zip_with_a_link_or_a_device(kind: int, tmp_path: Path) -> None:
    path = tmp_path / "some.archive"
    with zipfile.ZipFile(path, "w") as bundle:
        entry = zipfile.ZipInfo("tiny/link")
        entry.external_attr = (kind | 0o777) << 16
        bundle.writestr(entry, "/etc/passwd")
    refused(tmp_path, path.read_bytes(), "unsafe: it holds a link or a device")


@pytest.mark.parametrize("make", [zipped, tarred])
def test_a_bomb(make: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = make({"a": b"\0" * 2_000_000, "b": b"\0" * 2_000_000}, "tiny")
    assert len(data) < 100_000
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 3_000_000)
    refused(tmp_path, data, "it would unpack to more than")


@pytest.mark.parametrize("make", [zipped, tarred])
def test_very_many_files(make: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_ENTRIES", 50)
    refused(tmp_path, make({str(i): b"" for i in range(51)}, "tiny"), "or 50 files")


@pytest.mark.parametrize("data", [zipped(FILES), tarred(FILES), gzip.compress(PLAIN_TAR), lzma.compress(PLAIN_TAR)])
def test_one_that_is_cut_short_or_changed(data: bytes, tmp_path: Path) -> None:
    broken = [data[: len(data) // 2], data[: len(data) // 2] + b"????" + data[len(data) // 2 + 4 :]]
    for i, content in enumerate(broken):
        folder = tmp_path / str(i)
        folder.mkdir()
        with pytest.raises(ArchiveError, match=r"is broken\. Fetch it again"):
            unpacked(folder, content)


def test_something_else(tmp_path: Path) -> None:
    refused(tmp_path, b"<html>log in</html>", "neither a zip nor a tar")
    assert not is_archive(tmp_path / "some.archive")
