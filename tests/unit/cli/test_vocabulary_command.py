import io
import json
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import main


@pytest.fixture
def terms(tmp_path: Path) -> list[str]:
    file = tmp_path / "terms.txt"
    file.write_text("人民路\n重庆路 = chong qing lu\n公园路\n", encoding="utf-8")
    return ["--vocabulary", str(file)]


def answer(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def test_a_change_is_shown_with_its_distance(terms: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vocabulary", "check", "--text", "我住任民路三号", *terms]) == 0
    first, last = capsys.readouterr().out.splitlines()
    assert first.startswith("line 1: 任民路 -> 人民路  distance 0.10, gain ")
    assert last == "1 changes by 3 terms"


def test_a_file_and_standard_input_are_read_line_by_line(
    terms: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "您好\n我在虫庆路，靠近任民路\n"
    file = tmp_path / "text.txt"
    file.write_text(text, encoding="utf-8")
    assert main(["vocabulary", "check", str(file), "--json", *terms]) == 0
    report = answer(capsys)
    assert [(c["line"], c["start"], c["end"], c["heard"], c["term"]) for c in report["changes"]] == [
        (2, 2, 5, "虫庆路", "重庆路"),
        (2, 8, 11, "任民路", "人民路"),
    ]
    assert report["plain"] is None
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    assert main(["vocabulary", "check", "-", "--json", *terms]) == 0
    assert answer(capsys) == report


def test_the_rate_of_wrong_changes_counts_lines_without_a_term(
    terms: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("公元路那边，公元路\n我住人民路\n\n您好\n请讲\n谢谢您\n", encoding="utf-8")
    assert main(["vocabulary", "check", "--plain", str(plain), "--json", *terms]) == 0
    report = answer(capsys)
    assert report["plain"] == {
        "lines": 4,
        "left_out": 1,
        "characters": 16,
        "changes": 2,
        "lines_changed": 1,
        "per_1000_characters": 125.0,
        "share_of_lines": 0.25,
    }
    assert [change["line"] for change in report["wrong"]] == [1, 1]
    assert main(["vocabulary", "check", "--plain", str(plain), *terms]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert "125.00 per 1000 characters, 25.00% of the lines; 1 lines hold a term" in last


def test_no_plain_lines_are_no_data(terms: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = tmp_path / "plain.txt"
    plain.write_text("", encoding="utf-8")
    assert main(["vocabulary", "check", "--plain", str(plain), *terms]) == 0
    assert "no data" in capsys.readouterr().out


def test_nothing_to_check_and_a_broken_file_are_said(
    terms: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["vocabulary", "check", *terms]) == 1
    assert "there is no text to check" in capsys.readouterr().err
    broken = tmp_path / "broken.txt"
    broken.write_text("人民路\n路\n", encoding="utf-8")
    assert main(["vocabulary", "list", "--vocabulary", str(broken)]) == 1
    assert f"{broken}:2: " in capsys.readouterr().err


def test_terms_are_listed_with_their_readings(terms: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["vocabulary", "list", *terms]) == 0
    assert capsys.readouterr().out.splitlines()[1] == "重庆路\tchong2 qing4 lu4"
    assert main(["vocabulary", "list", "--json", *terms]) == 0
    assert answer(capsys)[0] == {"written": "人民路", "syllables": ["ren2", "min2", "lu4"]}
