"""The end of a queue_log: only what is needed, over rotations, whatever stands there."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ami.queue_log_file import read_since

T0 = 1764000000


def line(second: int, word: str = "") -> str:
    return f"{T0 + second}|1764000000.{second}|hotline|王敏|PICKUP|{word or second}\n"


def log(path: Path, seconds: range) -> Path:
    path.write_text("".join(line(second) for second in seconds), encoding="utf-8")
    os.utime(path, (T0 + seconds[-1], T0 + seconds[-1]))
    return path


def read(path: Path, since: float, **bounds: int) -> list[int]:
    return [int(entry.at) - T0 for entry in read_since(path, T0 + since, **bounds).entries]


@pytest.mark.parametrize("block", [1, 7, 50, 51, 1 << 20])
def test_only_the_end_is_given_however_it_is_cut_into_blocks(tmp_path: Path, block: int) -> None:
    path = log(tmp_path / "queue_log", range(100))
    assert read(path, 97.5, block=block) == [98, 99]
    assert read(path, 97, block=block) == [97, 98, 99]
    assert read(path, -1, block=block) == list(range(100))
    assert read(path, 1000, block=block) == []


@given(since=st.integers(-2, 32), block=st.integers(1, 400))
def test_it_is_what_reading_the_whole_file_gives(since: int, block: int) -> None:
    with TemporaryDirectory() as folder:
        path = log(Path(folder) / "queue_log", range(30))
        assert read(path, since, block=block) == [second for second in range(30) if second >= since]


def test_an_empty_file_has_nothing(tmp_path: Path) -> None:
    (tmp_path / "queue_log").write_text("")
    assert read(tmp_path / "queue_log", 0) == []


def test_garbage_is_counted_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_bytes(line(1).encode() + b"\xff\xfe garbage\n\n|||||\n" + line(2).encode() + b"17640000")
    tail = read_since(path, T0)
    assert [entry.data for entry in tail.entries] == [("1",), ("2",)]
    assert (tail.skipped, tail.cut) == (3, False)


def test_what_was_rotated_away_is_found_by_its_age_not_its_number(tmp_path: Path) -> None:
    log(tmp_path / "queue_log", range(30, 40))
    log(tmp_path / "queue_log.1", range(20, 30))
    log(tmp_path / "queue_log.0", range(10, 20))
    log(tmp_path / "queue_log-20251124", range(10))
    (tmp_path / "queue_log.2.gz").write_bytes(b"packed")
    (tmp_path / "queue_log_other").write_text(line(35))
    assert read(tmp_path / "queue_log", 35) == list(range(35, 40))
    assert read(tmp_path / "queue_log", 25) == list(range(25, 40))
    assert read(tmp_path / "queue_log", 5) == list(range(5, 40))


def test_a_file_that_was_just_begun_anew_is_no_end(tmp_path: Path) -> None:
    (tmp_path / "queue_log").write_text("")
    log(tmp_path / "queue_log.0", range(10))
    assert read(tmp_path / "queue_log", 8) == [8, 9]


def test_the_same_file_under_two_names_is_read_once(tmp_path: Path) -> None:
    path = log(tmp_path / "queue_log", range(3))
    os.link(path, tmp_path / "queue_log.0")
    assert read(path, -5) == [0, 1, 2]


def test_no_more_than_the_bound_is_read_and_that_is_told(tmp_path: Path) -> None:
    path = log(tmp_path / "queue_log", range(100))
    tail = read_since(path, T0, most=500)
    assert tail.cut
    assert tail.skipped == 0
    assert 0 < len(tail.entries) < 15
    assert tail.entries[-1].at == T0 + 99


def test_a_file_that_is_not_there_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_since(tmp_path / "queue_log", T0)
