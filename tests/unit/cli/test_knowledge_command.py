"""``hotline knowledge``: search and check, as a person and a program see them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.cli import main
from tests.unit.knowledge.shelves import HEAD

GOOD = HEAD + "## 收费\n首次申领免费，补领 10 元。\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "residence.md").write_text(GOOD, encoding="utf-8")
    (tmp_path / "other.md").write_text(GOOD.replace("居住证", "护照").replace("暂住证", "出国"), encoding="utf-8")
    return tmp_path


def test_a_question_is_answered_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["knowledge", "search", "--folder", str(folder), "--json", "居主证补领多少钱"]) == 0
    answer = json.loads(capsys.readouterr().out)[0]
    assert (answer["article_id"], answer["section"], answer["valid"]) == ("residence", "收费", True)
    assert answer["updated"] == "2026-01-15"


def test_people_see_the_passage_or_that_there_is_none(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["knowledge", "search", "--folder", str(folder), "居住证补领多少钱"]) == 0
    assert "  首次申领免费，补领 10 元。" in capsys.readouterr().out.splitlines()
    assert main(["knowledge", "search", "--folder", str(folder), "你好"]) == 0
    assert capsys.readouterr().err == "no article answers that\n"


def test_check_is_content_with_valid_articles(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["knowledge", "check", "--folder", str(folder)]) == 0
    assert capsys.readouterr().out == "2 articles valid\n"


def test_check_tells_every_fault_and_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "link.md").write_text(GOOD.replace("居住证", "户口") + "[甲](gone.md)\n", encoding="utf-8")
    (folder / "wrong.md").write_text("## 收费\n", encoding="utf-8")
    assert main(["knowledge", "check", "--folder", str(folder), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["articles"] == 3
    assert [(fault["file"], fault["line"], fault["kind"]) for fault in report["faults"]] == [
        ("link.md", 10, "dead link"),
        ("wrong.md", 1, "invalid"),
    ]


def test_an_expired_article_is_no_failure(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "other.md").write_text(
        GOOD.replace("居住证", "护照").replace("updated", "valid_until: 2026-01-31\nupdated")
    )
    assert main(["knowledge", "check", "--folder", str(folder)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("expired: other.md:2: it has not been valid since 2026-01-31")
    assert out.endswith("2 articles valid, 1 expired\n")
