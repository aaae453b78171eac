"""The tree of matters of the scripted calls: complete, without doubles, and each leaf with a receiver."""

from __future__ import annotations

import csv
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests.scripted_calls import CALLS

CONFIG = Path(__file__).parents[2] / "config"
COLUMNS = ["category", "subcategory", "leaf", "department", "second_department", "about"]
FEWEST_CATEGORIES, FEWEST_LEAVES = 12, 150


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with (CALLS / "tree.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        assert reader.fieldnames == COLUMNS
        return list(reader)


def test_no_path_stands_twice(rows: list[dict[str, str]]) -> None:
    paths = Counter((row["category"], row["subcategory"], row["leaf"]) for row in rows)
    assert [path for path, times in paths.items() if times > 1] == []


def test_a_leaf_is_named_once_in_the_whole_tree(rows: list[dict[str, str]]) -> None:
    leaves = Counter(row["leaf"] for row in rows)
    assert [leaf for leaf, times in leaves.items() if times > 1] == []


def test_it_is_large_enough_for_a_city(rows: list[dict[str, str]]) -> None:
    assert len({row["category"] for row in rows}) >= FEWEST_CATEGORIES
    assert len(rows) >= FEWEST_LEAVES


def test_every_row_is_complete_and_without_stray_spaces(rows: list[dict[str, str]]) -> None:
    for row in rows:
        assert None not in row
        assert all(row[column] for column in COLUMNS if column != "second_department"), row
        assert all(value == "".join(value.split()) for value in row.values()), row
        assert row["about"].endswith("。"), row


def test_the_second_department_is_another_one(rows: list[dict[str, str]]) -> None:
    assert [row["leaf"] for row in rows if row["department"] == row["second_department"]] == []


def test_old_tickets_keep_their_first_and_second_level(rows: list[dict[str, str]]) -> None:
    with (CONFIG / "taxonomy" / "12345.csv").open(encoding="utf-8", newline="") as file:
        old = {(row["category"], row["subcategory"]) for row in csv.DictReader(file)}
    assert old - {(row["category"], row["subcategory"]) for row in rows} == set()


def test_every_department_of_the_rules_receives_a_leaf(rows: list[dict[str, str]]) -> None:
    rules = tomllib.loads((CONFIG / "departments.toml").read_text(encoding="utf-8"))
    known = {rule["department"] for rule in rules["rule"]}
    receivers = {row["department"] for row in rows} | {row["second_department"] for row in rows}
    assert known - receivers == set()
