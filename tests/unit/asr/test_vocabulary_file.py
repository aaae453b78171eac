import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from gateway.asr.text.vocabulary_file import VocabularyFile
from gateway.errors import SettingError

Told = asyncio.Queue[tuple[str, ...] | SettingError]


@asynccontextmanager
async def watched(file: Path) -> AsyncIterator[Told]:
    told: Told = asyncio.Queue(100)
    task = asyncio.create_task(VocabularyFile(file, told.put_nowait, told.put_nowait, every=0.01).run())
    try:
        yield told
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def save(file: Path, text: str) -> None:
    """As editors do: whole, or not at all."""
    part = file.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)


async def test_terms_come_at_the_start_and_after_each_change(tmp_path: Path) -> None:
    file = tmp_path / "vocabulary.txt"
    save(file, "人民路\n")
    async with watched(file) as told:
        assert await told.get() == ("人民路",)
        save(file, "人民路\n中山路\n")
        assert await told.get() == ("人民路", "中山路")
        save(file, "")
        assert await told.get() == ()


async def test_a_change_of_the_same_size_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "vocabulary.txt"
    save(file, "人民路\n")
    async with watched(file) as told:
        assert await told.get() == ("人民路",)
        file.write_text("中山路\n", encoding="utf-8")
        os.utime(file, (1, 1))
        seen = [await told.get()]
        while seen[-1] != ("中山路",):
            seen.append(await told.get())


async def test_a_broken_file_is_told_once_and_mended(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "vocabulary.txt"
    save(file, "人民路\n")
    async with watched(file) as told:
        assert await told.get() == ("人民路",)
        with caplog.at_level(logging.ERROR):
            save(file, "人民路\n路\n")
            error = await told.get()
            save(file, "人民路\n解放路\n")
            assert await told.get() == ("人民路", "解放路")
        assert isinstance(error, SettingError)
        assert str(error).startswith(f"{file}:2: ")
        assert len(caplog.records) == 1
        assert "the terms stay" in caplog.text
        file.unlink()
        gone = await told.get()
        assert isinstance(gone, SettingError)
        assert "cannot be read" in str(gone)


async def test_a_site_without_the_file_may_add_it_later(tmp_path: Path) -> None:
    file = tmp_path / "vocabulary.txt"
    async with watched(file) as told:
        save(file, "人民路\n")
        assert await told.get() == ("人民路",)
