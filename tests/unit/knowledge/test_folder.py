"""The folder: a wrong file is left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import Settings
from gateway.config.neighbours import Knowledge
from gateway.errors import SettingError
from gateway.knowledge import folder as folders
from gateway.knowledge.folder import knowledge_folder, read_folder
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
