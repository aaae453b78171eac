"""Models are installed from a real HTTP server on loopback or from what was brought, whole or not at all."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.asr import models
from gateway.asr.install import disk_room, download
from gateway.asr.install.model_install import install_model, remove_model
from gateway.asr.models import LocalSource, Model, PipSource, UrlSource
from gateway.asr.recognizer import load
from gateway.errors import ModelError
from tests.integration.disks import enlarge, mounted
from tests.integration.model_server import FaultyModelServer, model_server
from tests.model_files import FILES, NAME, NOISE, ROOT, lay_out, model, names, tarred, zipped

NOBODY = "http://127.0.0.1:9/tiny.zip"
ARCHIVES = {"zip": zipped(FILES["vosk"]), "tar.bz2": tarred(FILES["vosk"])}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "RETRY_PAUSES", (0.0, 0.0))


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FaultyModelServer]:
    async with model_server(ARCHIVES["zip"]) as serving:
        yield serving


def known(url: str, *, sha256: str = "", md5: str = "", engine: str = "vosk") -> dict[str, Model]:
    return {NAME: model(UrlSource(url=url, archive_root=ROOT, sha256=sha256, md5=md5, archive_mb=3), engine=engine)}


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def md5(data: bytes) -> str:
    return hashlib.md5(data).hexdigest()


async def install(home: Path, catalogue: dict[str, Model], from_file: Path | None = None) -> Path:
    return await asyncio.to_thread(install_model, home, NAME, from_file, catalogue)


async def is_refused(home: Path, catalogue: dict[str, Model], from_file: Path | None, why: str) -> None:
    """Nothing is installed, and nothing is left behind."""
    with pytest.raises(ModelError, match=why):
        await install(home, catalogue, from_file)
    assert names(home / "models") == []


@pytest.mark.parametrize("kind", ["zip", "tar.bz2"])
async def test_a_model_is_installed_over_a_line_that_is_cut(
    kind: str, server: FaultyModelServer, tmp_path: Path
) -> None:
    server.data, server.cuts = ARCHIVES[kind], 2
    catalogue = known(server.url, sha256=sha256(server.data), md5=md5(server.data))
    folder = await install(tmp_path, catalogue)
    assert (folder / "am" / "final.mdl").read_bytes() == FILES["vosk"]["am/final.mdl"]
    assert {"--allow-upsample=true", "--dither=0"} <= set((folder / "conf" / "mfcc.conf").read_text().split())
    assert set(models.verify_model(tmp_path, NAME).files) == set(FILES["vosk"])
    assert models.choose(tmp_path, "zh", known=catalogue)[0].name == NAME
    assert names(tmp_path / "models") == [NAME]


async def test_a_cut_line_leaves_only_the_part_and_the_way_on(
    server: FaultyModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = known(server.url, sha256=sha256(server.data))
    monkeypatch.setattr(download, "RETRY_PAUSES", ())
    for _ in range(3):
        server.cuts = 1
        with pytest.raises(
            ModelError, match=r"was cut at .* of 3 MB are kept: the same command goes on .* --from tiny"
        ):
            await install(tmp_path, catalogue)
        assert names(tmp_path / "models") == [f".{NAME}.part"]
    await install(tmp_path, catalogue)
    assert names(tmp_path / "models") == [NAME]
    assert [bool(wanted) for wanted, _ in server.requests] == [False, True, True, True]


@pytest.mark.parametrize(("algorithm", "said"), [("sha256", "SHA-256"), ("md5", "MD5")])
async def test_a_wrong_checksum_installs_nothing_and_keeps_nothing(
    algorithm: str, said: str, server: FaultyModelServer, tmp_path: Path
) -> None:
    wrong = {algorithm: "0" * (64 if algorithm == "sha256" else 32)}
    found = hashlib.new(algorithm, server.data).hexdigest()
    await is_refused(
        tmp_path, known(server.url, **wrong), None, f"the archive's {said} is {found}, not 000.*Fetch it again"
    )


async def test_a_model_of_another_engine_is_refused_by_its_look(server: FaultyModelServer, tmp_path: Path) -> None:
    catalogue = known(server.url, engine="whisper")
    why = r"is no whole model of engine whisper: it lacks model\.bin.*it looks like a model of engine vosk"
    await is_refused(tmp_path, catalogue, None, why)
    await is_refused(tmp_path, catalogue, lay_out(tmp_path / "stick", FILES["vosk"]), why)


async def test_an_unreachable_site_names_the_way_by_hand(server: FaultyModelServer, tmp_path: Path) -> None:
    catalogue = known(NOBODY, sha256=sha256(server.data))
    by_hand = rf"refused\. Fetch {NOBODY} \(about 3 MB, SHA-256 {sha256(server.data)}\) on another machine, .*"
    await is_refused(tmp_path, catalogue, None, by_hand + rf"hotline models install {NAME} --from tiny\.zip$")
    wheels = {NAME: model(PipSource(packages=("one==1.0", "two==1.0")))}
    why = r"is not there\. On another machine run `pip download --no-deps one==1\.0 two==1\.0` .*--from FOLDER$"
    await is_refused(tmp_path, wheels, tmp_path / "nowhere", why)
    own = {NAME: model(LocalSource())}
    await is_refused(tmp_path, own, None, rf"one of your own and cannot be fetched.*{NAME} --from FILE_OR_FOLDER$")


@pytest.mark.parametrize("brought", ["archive", "stick", "folder", "folder in a folder", "installed elsewhere"])
async def test_what_was_brought_is_installed(brought: str, server: FaultyModelServer, tmp_path: Path) -> None:
    catalogue = known(NOBODY, md5=md5(server.data))
    stick = tmp_path / "stick"
    stick.mkdir()
    source = stick
    if brought in ("archive", "stick"):
        (stick / "tiny.zip").write_bytes(server.data)
        source = stick / "tiny.zip" if brought == "archive" else stick
    elif brought == "installed elsewhere":
        there = known(server.url, md5=md5(server.data))
        source = await install(tmp_path / "elsewhere", there)
    else:
        lay_out(stick / "inner" if brought == "folder in a folder" else stick, FILES["vosk"])
    await install(tmp_path / "home", catalogue, source)
    assert set(models.verify_model(tmp_path / "home", NAME).files) == set(FILES["vosk"])
    assert names(tmp_path / "home" / "models") == [NAME]
    assert source.exists()


async def test_a_folder_unzipped_into_the_models_is_told_and_adopted(tmp_path: Path) -> None:
    catalogue = known(NOBODY)
    by_name = lay_out(tmp_path / "models" / NAME, FILES["vosk"])
    with pytest.raises(ModelError, match=rf"by hand .* no manifest\.json\. Run: hotline .* {NAME} --from {by_name}$"):
        models.choose(tmp_path, "zh", known=catalogue)
    assert [state.fault for state in models.list_models(tmp_path, catalogue)] == ["has no manifest.json"]
    await install(tmp_path, catalogue, by_name)
    assert models.choose(tmp_path, "zh", known=catalogue).model.name == NAME
    remove_model(tmp_path, NAME)
    under_its_own = lay_out(tmp_path / "models" / ROOT, FILES["vosk"])
    with pytest.raises(ModelError, match=rf"hotline models install {NAME} --from {under_its_own}$"):
        models.choose(tmp_path, "zh", known=catalogue)


async def test_a_stick_whose_copy_is_damaged(server: FaultyModelServer, tmp_path: Path) -> None:
    source = await install(tmp_path / "elsewhere", known(server.url))
    mdl = source / "am" / "final.mdl"
    mdl.write_bytes(mdl.read_bytes()[:-1] + b"?")
    await is_refused(tmp_path / "home", known(NOBODY), source, r"am/final\.mdl differs from what was installed")
    cut = tmp_path / "tiny.zip"
    cut.write_bytes(server.data[:-1000])
    await is_refused(tmp_path / "home", known(NOBODY), cut, r"tiny\.zip is broken")
    assert cut.exists()


async def test_a_damaged_model_is_found_out_before_an_engine_opens_it(
    server: FaultyModelServer, tmp_path: Path
) -> None:
    catalogue = known(server.url)
    folder = await install(tmp_path, catalogue)
    mdl = folder / "am" / "final.mdl"
    whole = mdl.read_bytes()
    mdl.write_bytes(whole[:-1] + b"?")
    with pytest.raises(ModelError, match=r"am/final\.mdl differs.*hotline models install"):
        models.verify_model(tmp_path, NAME)
    mdl.write_bytes(whole[:1000])
    with pytest.raises(ModelError, match=rf"^model {NAME}: .* am/final\.mdl has 1000 of {len(whole)} bytes\. Run: "):
        load(catalogue[NAME], folder, 1)
    mdl.unlink()
    with pytest.raises(ModelError, match=r"am/final\.mdl is missing"):
        models.verify_model(tmp_path, NAME)
    with pytest.raises(ModelError, match=r"it lacks am/final\.mdl"):
        load(catalogue[NAME], folder, 1)
    shutil.rmtree(folder)
    folder.mkdir()
    with pytest.raises(ModelError, match=rf"^model {NAME}: {folder} is empty\. Run: hotline models install {NAME}$"):
        load(catalogue[NAME], folder, 1)
    with pytest.raises(ModelError, match=rf"{folder} is empty\. Run: hotline models install {NAME}$"):
        models.choose(tmp_path, "zh", known=catalogue)
    lay_out(folder, FILES["whisper"])
    with pytest.raises(ModelError, match="it looks like a model of engine whisper"):
        load(catalogue[NAME], folder, 1)


async def test_an_installed_model_stays_until_the_new_one_is_ready(server: FaultyModelServer, tmp_path: Path) -> None:
    folder = await install(tmp_path, known(server.url))
    with pytest.raises(ModelError, match="SHA-256"):
        await install(tmp_path, known(server.url, sha256="0" * 64))
    assert models.verify_model(tmp_path, NAME).name == NAME
    # Killed between the two renames.
    folder.rename(folder.with_name(f".{NAME}.old"))
    lay_out(folder.with_name(f".{NAME}.new"), {"half": b""})
    with pytest.raises(ModelError, match="404"):
        await install(tmp_path, known(server.url + "gone"))
    assert models.verify_model(tmp_path, NAME).name == NAME
    assert names(tmp_path / "models") == [NAME]


async def test_a_model_is_removed_with_all_that_is_left_of_it(server: FaultyModelServer, tmp_path: Path) -> None:
    folder = await install(tmp_path, known(server.url))
    lay_out(folder.with_name(f".{NAME}.part"), {"archive.part": b"x"})
    remove_model(tmp_path, NAME)
    assert names(tmp_path / "models") == []
    for name in (NAME, "../models", ".", ""):
        with pytest.raises(ModelError, match="is not installed"):
            remove_model(tmp_path, name)


async def test_the_choice_says_why(server: FaultyModelServer, tmp_path: Path) -> None:
    catalogue = known(server.url)
    with pytest.raises(ModelError, match=f"hotline models install {NAME}"):
        models.choose(tmp_path, "zh", known=catalogue)
    await install(tmp_path, catalogue)
    chosen, reason, why = models.choose(tmp_path, "zh", known=catalogue)
    assert (chosen.name, reason, why) == (NAME, "preferred", f"{NAME} is the best installed Vosk model for Mandarin.")
    with pytest.raises(ModelError, match="not for language ko"):
        models.choose(tmp_path, "ko", model=NAME, known=catalogue)
    with pytest.raises(ModelError, match="read by engine vosk, not whisper"):
        models.choose(tmp_path, "zh", "whisper", NAME, known=catalogue)
    with pytest.raises(ModelError, match="Known models: tiny-zh"):
        models.choose(tmp_path, "zh", model="nothing", known=catalogue)


def test_the_catalogue_that_ships_is_sound() -> None:
    catalogue = models.catalogue()
    assert {"vosk-small-cn", "vosk-cn", "vosk-ko", "whisper-base", "kokoro-82m"} <= set(catalogue)
    for entry in catalogue.values():
        if isinstance(entry.source, PipSource):
            assert all(len(file.sha256) == 64 for file in entry.files)
            assert all("==" in package for package in entry.source.packages)
        else:
            assert isinstance(entry.source, UrlSource)
            assert entry.source.url.startswith("https://")
            # sherpa-onnx publishes no checksums.
            summed = entry.source.sha256 or entry.source.md5 or entry.source.md5_index
            assert summed or entry.engine == "sherpa"


@pytest.fixture
def small_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A disk of 5 MB of its own."""
    monkeypatch.setattr(disk_room, "SPARE_BYTES", 0)
    with mounted(tmp_path / "disk", "size=5m") as disk:
        yield disk


async def test_a_disk_that_fills_while_downloading(server: FaultyModelServer, small_disk: Path) -> None:
    server.chunked = True  # so that it is not known beforehand
    server.data = zipped({**FILES["vosk"], "more": NOISE[::-1]})
    catalogue = known(server.url, sha256=sha256(server.data))
    with pytest.raises(ModelError, match=rf"^fetching {NAME}: the disk of .* is full \(0 MB free\)\. Make room there"):
        await install(small_disk, catalogue)
    assert names(small_disk / "models") == [f".{NAME}.part"]
    enlarge(small_disk, "40m")
    await install(small_disk, catalogue)
    assert names(small_disk / "models") == [NAME]
    assert [bool(wanted) for wanted, _ in server.requests] == [False, True]


@pytest.mark.parametrize("kind", ["zip", "tar.bz2"])
async def test_a_disk_that_is_too_small_to_unpack(kind: str, server: FaultyModelServer, small_disk: Path) -> None:
    files = FILES["vosk"] | {"graph/HCLr.fst": FILES["vosk"]["graph/HCLr.fst"] + b"\0" * 4_000_000}
    server.data = zipped(files) if kind == "zip" else tarred(files)
    catalogue = {NAME: model(UrlSource(url=server.url, archive_root=ROOT), size_mb=1)}
    why = "unpacking archive needs 7 MB" if kind == "zip" else "the disk of .* is full"
    with pytest.raises(ModelError, match=why):
        await install(small_disk, catalogue)
    assert names(small_disk / "models") == [f".{NAME}.part"]
    assert names(small_disk / "models" / f".{NAME}.part") == ["archive", "origin.json"]
    enlarge(small_disk, "40m")
    await install(small_disk, catalogue)
    assert len(server.requests) == 1
    assert names(small_disk / "models") == [NAME]
