"""A recording of AMI events: whole lines, for its owner only, and no trouble when the disk is full."""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest

from gateway.ami import recording, trace
from gateway.ami.recording import Recording, recording_path
from gateway.errors import InputError


@asynccontextmanager
async def running(path: Path) -> AsyncIterator[Recording]:
    """At the end everything is written."""
    recorder = Recording(path)
    task = asyncio.create_task(recorder.run())
    await asyncio.sleep(0)
    try:
        yield recorder
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextmanager
def a_disk_of(octets: int) -> Iterator[None]:
    """No file of this process may grow beyond that."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (octets, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))


def words(path: Path) -> list[str]:
    return [line.event["Word"] for line in trace.read(path)]


async def test_events_are_appended_in_order_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "ami.jsonl"
    path.touch(0o644)
    for word in ("first", "second"):
        async with running(path) as recorder:
            recorder.write({"Event": "Newchannel", "Word": word, "CallerIDName": "王敏"}, 1.5)
            recorder.write({"Event": "Hangup", "Word": f"{word} again"}, 2.5)
    assert words(path) == ["first", "first again", "second", "second again"]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_line_that_a_crash_cut_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "ami.jsonl"
    async with running(path) as recorder:
        recorder.write({"Event": "Hangup", "Word": "whole"}, 1.5)
    with path.open("ab") as file:
        file.write(b'{"received": 1.5, "event": {"Word": "cu')
    async with running(path) as recorder:
        recorder.write({"Event": "Hangup", "Word": "next"}, 2.5)
    assert words(path) == ["whole", "next"]


async def test_a_full_disk_is_said_once_and_leaves_only_whole_lines(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ami.jsonl"
    big = "x" * (600 << 10)
    recorder = Recording(path)
    recorder._append([({"Event": "Hangup", "Word": "before"}, 1.0)])
    with a_disk_of(1 << 20), caplog.at_level(logging.WARNING):
        for number in range(3):
            recorder._append([({"Event": "Hangup", "Word": big}, 1.0), ({"Event": "Hangup", "Word": big}, number)])
    assert words(path) == ["before"]
    assert recorder.left_out == 6
    assert len(caplog.records) == 1
    recorder._append([({"Event": "Hangup", "Word": "after"}, 3.0)])
    assert words(path) == ["before", "after"]
    assert "6 events are left out" in caplog.messages[-1]


async def test_what_waits_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "MOST_WAITING", 2)
    path = tmp_path / "ami.jsonl"
    async with running(path) as recorder:
        for number in range(5):
            recorder.write({"Event": "Hangup", "Word": str(number)}, 1.0)
        assert recorder.left_out == 3
    assert words(path) == ["0", "1"]


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"missing/ami.jsonl cannot be written: No such file"):
        Recording(tmp_path / "missing" / "ami.jsonl")


def test_each_of_several_pbxs_has_a_file(tmp_path: Path) -> None:
    assert recording_path(tmp_path / "ami.jsonl", "") == tmp_path / "ami.jsonl"
    assert recording_path(tmp_path / "ami.jsonl", "pbx-2") == tmp_path / "ami.pbx-2.jsonl"
