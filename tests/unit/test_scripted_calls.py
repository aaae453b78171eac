"""The scripted calls are whole, their gold stands in the tree, and both halves are large and mixed enough."""

from __future__ import annotations

import csv
import re
from collections import Counter
from difflib import SequenceMatcher
from pathlib import Path

import pytest

from tests.scripted_calls import CALLS, City, Half, ScriptedCall, load_call, load_city, load_half

TREE = CALLS / "tree.csv"
FILES = sorted(CALLS.glob("*/*.toml"))
REQUEST_TYPES = {"咨询", "求助", "投诉", "举报", "建议", "表扬"}
EMERGENCIES = {"110", "119", "120", "122", "life"}
ALARMING = re.compile("着火|消防|幺幺零|派出所|警察|报警|烧死|爆炸")
"""Words of an emergency, which not every call with them is."""
OCCURRED = re.compile(r"\d{4}-\d\d(-\d\d(T\d\d:\d\d| (凌晨|早上|上午|中午|下午|傍晚|晚上|半夜))?)?|每.+")
FEWEST_TURNS, MOST_TURNS = 6, 25


@pytest.fixture(scope="module")
def tree() -> dict[tuple[str, str, str], set[str]]:
    with TREE.open(encoding="utf-8", newline="") as file:
        return {
            (row["category"], row["subcategory"], row["leaf"]): {row["department"], row["second_department"]} - {""}
            for row in csv.DictReader(file)
        }


@pytest.fixture(scope="module")
def city() -> City:
    return load_city()


def _misheard(call: ScriptedCall) -> tuple[int, int]:
    """Characters that were said, and how many of them the recogniser got wrong."""
    said = wrong = 0
    for line in call.said:
        meant = line.meant or line.text
        said += len(meant.replace(" ", ""))
        changes = SequenceMatcher(None, meant, line.text, autojunk=False).get_opcodes()
        wrong += sum(max(b - a, d - c) for kind, a, b, c, d in changes if kind != "equal")
    return said, wrong


def _long_sentences(call: ScriptedCall) -> list[str]:
    return [line.meant or line.text for line in call.said if line.speaker == "caller" and len(line.text) > 12]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_call_is_whole(path: Path, tree: dict[tuple[str, str, str], set[str]], city: City) -> None:
    call = load_call(path)
    gold = call.gold
    assert call.call.city == city.name
    assert FEWEST_TURNS <= len(call.said) <= MOST_TURNS
    assert {line.speaker for line in call.said} == {"caller", "agent"}
    assert all(line.text.strip() and line.meant != line.text for line in call.said)
    assert gold.request_type in REQUEST_TYPES
    receivers = tree[gold.category, gold.subcategory, gold.leaf]
    assert (gold.department in receivers) != (gold.department_because is not None)
    assert gold.emergency == (gold.emergency_kind is not None)
    assert gold.emergency_kind is None or gold.emergency_kind in EMERGENCIES
    assert gold.occurred_at is None or OCCURRED.fullmatch(gold.occurred_at)
    assert gold.phone.isdigit()
    assert call.call.number.isdigit()


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_place_begins_with_a_district_of_the_city(path: Path, city: City) -> None:
    gold = load_call(path).gold
    assert gold.district is None or gold.district in city.districts
    assert all(place.startswith(gold.district or "") for place in (gold.place or "", *gold.place_also))
    assert gold.place not in gold.place_also


@pytest.mark.parametrize("half", Half)
def test_a_half_is_large_and_mixed(half: Half, tree: dict[tuple[str, str, str], set[str]]) -> None:
    calls = load_half(half).values()
    golds = [call.gold for call in calls]
    assert len(golds) >= 36
    assert {gold.request_type for gold in golds} == REQUEST_TYPES
    categories = Counter(gold.category for gold in golds)
    assert set(categories) == {category for category, _, _ in tree}
    assert min(categories.values()) >= 2
    assert sum(gold.confidential for gold in golds) >= 8
    assert sum(gold.emergency for gold in golds) >= 6
    said = [" ".join(line.meant or line.text for line in call.said) for call in calls if not call.gold.emergency]
    assert sum(bool(ALARMING.search(words)) for words in said) >= 4


def test_both_halves_together_visit_many_leaves() -> None:
    golds = [call.gold for half in Half for call in load_half(half).values()]
    assert len(golds) >= 72
    assert len({(gold.category, gold.subcategory, gold.leaf) for gold in golds}) >= 60


def test_the_halves_are_misheard_alike() -> None:
    rates = []
    for half in Half:
        heard = [_misheard(call) for call in load_half(half).values()]
        rates.append(sum(wrong for _, wrong in heard) / sum(said for said, _ in heard))
    assert all(0.05 <= rate <= 0.12 for rate in rates)
    assert max(rates) - min(rates) < 0.015


def test_no_sentence_of_a_caller_stands_in_both_halves() -> None:
    dev, kept = (
        {words for call in load_half(half).values() for words in _long_sentences(call)}
        for half in (Half.DEV, Half.KEPT)
    )
    assert dev & kept == set()
