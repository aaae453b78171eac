"""Downloads from a real server on loopback that cuts, lies, changes its file, or is not there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.asr.install import disk_room, download
from gateway.asr.install.download import Download
from gateway.errors import ModelError
from tests.integration.model_server import FaultyModelServer, model_server
from tests.model_files import NOISE, names

OTHER = NOISE[::-1]


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "RETRY_PAUSES", (0.0, 0.0, 0.0))


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FaultyModelServer]:
    async with model_server(NOISE) as serving:
        yield serving


async def fetch(url: str, folder: Path) -> bytes:
    path = await asyncio.to_thread(Download(url, folder, "tiny", "By hand").fetch)
    return path.read_bytes()


async def is_not_fetched(url: str, folder: Path, why: str) -> None:
    with pytest.raises(ModelError, match=why):
        await fetch(url, folder)
    assert not (folder / "archive").exists()


def size(folder: Path) -> int:
    return (folder / "archive.part").stat().st_size


async def test_a_cut_download_goes_on_where_it_stopped(server: FaultyModelServer, tmp_path: Path) -> None:
    server.cuts = 3
    assert await fetch(server.url, tmp_path) == NOISE
    assert [bool(wanted) for wanted, _ in server.requests] == [False, True, True, True]
    assert {condition != "" for wanted, condition in server.requests if wanted} == {True}
    assert await fetch(server.url, tmp_path) == NOISE
    assert len(server.requests) == 4


async def test_it_goes_on_in_later_runs(
    server: FaultyModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "RETRY_PAUSES", ())
    monkeypatch.setattr(download, "TIMEOUT", 0.3)
    server.stalls.clear()
    sizes = []
    for _ in range(2):
        await is_not_fetched(
            server.url, tmp_path, r"no answer within 0\.3 s\. \d of 3 MB are kept: the same command goes on"
        )
        sizes.append(size(tmp_path))
    assert sizes == [len(NOISE) // 2, len(NOISE) * 3 // 4]
    server.stalls.set()
    monkeypatch.setattr(download, "TIMEOUT", 30.0)
    assert await fetch(server.url, tmp_path) == NOISE
    assert [wanted for wanted, _ in server.requests] == ["", f"bytes={sizes[0]}-", f"bytes={sizes[1]}-"]


@pytest.mark.parametrize("way", ["if-range", "etag only", "length only"])
async def test_a_file_that_has_changed_is_never_joined_with_the_old_half(
    way: str, server: FaultyModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "RETRY_PAUSES", ())
    server.cuts = 1
    server.heeds_if_range = way == "if-range"
    server.names_version = way != "length only"
    await is_not_fetched(server.url, tmp_path, r"the connection was cut at 1\.5 of 3\.0 MB")
    server.data = OTHER if server.names_version else OTHER + b"more"
    monkeypatch.setattr(download, "RETRY_PAUSES", (0.0, 0.0))
    assert await fetch(server.url, tmp_path) == server.data


async def test_another_address_begins_anew(
    server: FaultyModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "RETRY_PAUSES", ())
    server.cuts = 1
    await is_not_fetched(server.url, tmp_path, "was cut")
    assert await fetch(server.url + "?mirror", tmp_path) == NOISE
    assert [wanted for wanted, _ in server.requests] == ["", ""]


async def test_a_server_that_cannot_resume_starts_again(
    server: FaultyModelServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server.cuts, server.ignores_range = 1, True
    assert await fetch(server.url, tmp_path) == NOISE
    assert "from the beginning, since the server cannot go on" in capfd.readouterr().err


async def test_a_server_that_cannot_resume_and_always_cuts_is_given_up(
    server: FaultyModelServer, tmp_path: Path
) -> None:
    server.cuts, server.ignores_range = 10**6, True
    await is_not_fetched(server.url, tmp_path, "the connection was cut")
    assert len(server.requests) == 1 + len(download.RETRY_PAUSES)


async def test_a_length_that_is_too_great(server: FaultyModelServer, tmp_path: Path) -> None:
    """All is here, and the next answer is 416 with the true length."""
    server.claims = 1000
    assert await fetch(server.url, tmp_path) == NOISE
    assert [wanted for wanted, _ in server.requests] == ["", f"bytes={len(NOISE)}-"]


async def test_more_than_the_file_has_is_fetched_anew(server: FaultyModelServer, tmp_path: Path) -> None:
    server.cuts, server.names_version = 1, False
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(download, "RETRY_PAUSES", ())
        await is_not_fetched(server.url, tmp_path, "was cut")
    server.data = NOISE[:1000]
    assert await fetch(server.url, tmp_path) == NOISE[:1000]


async def test_without_a_length(server: FaultyModelServer, tmp_path: Path) -> None:
    server.chunked, server.cuts = True, 1
    assert await fetch(server.url, tmp_path) == NOISE


async def test_a_redirect_is_followed_and_resumed(server: FaultyModelServer, tmp_path: Path) -> None:
    server.cuts = 1
    assert await fetch(server.url.replace("tiny.zip", "moved"), tmp_path) == NOISE
    assert [bool(wanted) for wanted, _ in server.requests] == [False, True]


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("gone.zip", r"the server answered 404 Not Found\. By hand$"),
        ("away", r"the server answered 503 Service Unavailable\. By hand$"),
        ("round", r"the server answered 302 .*infinite loop"),
        ("page", r"a web page came instead of the file \(is a login page .*\)\. By hand$"),
    ],
)
async def test_what_the_server_says_is_said(path: str, why: str, server: FaultyModelServer, tmp_path: Path) -> None:
    await is_not_fetched(server.url.replace("tiny.zip", path), tmp_path, why)
    assert names(tmp_path) == []


async def test_nobody_there_is_told_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(download, "RETRY_PAUSES", (0.25, 1000.0))
    monkeypatch.setattr(download.time, "sleep", pauses.append)
    await is_not_fetched("http://127.0.0.1:9/tiny.zip", tmp_path, r"Connection refused\. By hand$")
    await is_not_fetched("http://no-such-host.invalid/tiny.zip", tmp_path, r"(name|Name|known).*\. By hand$")
    assert pauses == [0.25, 0.25]


async def test_a_disk_that_is_too_small_is_told_before_anything_is_fetched(
    server: FaultyModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_room, "SPARE_BYTES", 1 << 60)
    await is_not_fetched(server.url, tmp_path, r"^tiny needs 3 MB at .* but only \d+ MB are\. Make room there")
    assert names(tmp_path) == []
