"""The folder: a wrong file is left out, a changed one read again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from gateway.config import Settings
from gateway.config.neighbours import Knowledge
from gateway.errors import SettingError
from gateway.knowledge import folder as folders
from gateway.knowledge.folder import KnowledgeFolder, knowledge_folder, read_folder
from tests.unit.knowledge.shelves import HEAD

CATEGORIES = frozenset({"公安政法"})
TEXT = HEAD + "## 收费\n免费\n"


def test_a_wrong_file_is_left_out_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "good.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "bad.md").write_text("## 收费\n", encoding="utf-8")
    (tmp_path / "latin.md").write_bytes(TEXT.encode("gb18030"))
    (tmp_path / "README.md").write_text("no article", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no article", encoding="utf-8")
    shelf = read_folder(tmp_path, CATEGORIES)
    assert [article.file for article in shelf.articles] == ["good.md"]
    assert {fault.file for fault in shelf.faults} == {"bad.md", "latin.md"}


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "good.md").write_text(TEXT, encoding="utf-8")
    (tmp_path / "large.md").write_text(TEXT + "长" * folders.MAX_BYTES, encoding="utf-8")
    assert [fault.file for fault in read_folder(tmp_path, CATEGORIES).faults] == ["large.md"]
    monkeypatch.setattr(folders, "MAX_ARTICLES", 1)
    with pytest.raises(SettingError, match="more than 1 articles"):
        read_folder(tmp_path, CATEGORIES)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="gone: is no folder of articles"):
        read_folder(tmp_path / "gone", CATEGORIES)


def test_the_folder_is_beside_the_settings_unless_they_name_one(tmp_path: Path) -> None:
    assert knowledge_folder(Settings(), tmp_path) == tmp_path / "knowledge"
    assert knowledge_folder(Settings(knowledge=Knowledge(folder="/srv/articles")), tmp_path) == Path("/srv/articles")


@asynccontextmanager
async def watching(folder: Path) -> AsyncIterator[tuple[asyncio.Queue[list[str]], asyncio.Queue[SettingError]]]:
    """The files read after each change, and what failed."""
    read: asyncio.Queue[list[str]] = asyncio.Queue(16)
    failed: asyncio.Queue[SettingError] = asyncio.Queue(16)
    watcher = KnowledgeFolder(
        folder,
        CATEGORIES,
        lambda index, faults: read.put_nowait(
            [article.file for article in index.articles] + [f"!{fault.file}" for fault in faults]
        ),
        failed.put_nowait,
        every=0.01,
    )
    task = asyncio.create_task(watcher.run())
    try:
        yield read, failed
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_change_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "one.md").write_text(TEXT, encoding="utf-8")
    async with watching(tmp_path) as (read, _):
        assert await read.get() == ["one.md"]
        (tmp_path / "new").write_text("## 收费\n", encoding="utf-8")
        (tmp_path / "new").rename(tmp_path / "two.md")
        assert await read.get() == ["one.md", "!two.md"]
        (tmp_path / "two.md").unlink()
        assert await read.get() == ["one.md"]
        assert read.empty()


async def test_a_folder_that_goes_leaves_the_articles_as_they_were(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "one.md").write_text(TEXT, encoding="utf-8")
    async with watching(folder) as (read, failed):
        assert await read.get() == ["one.md"]
        folder.rename(tmp_path / "away")
        assert "is no folder of articles" in str(await failed.get())
        (tmp_path / "away").rename(folder)
        assert await read.get() == ["one.md"]
