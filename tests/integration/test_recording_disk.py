"""Recordings on a disk that is full, fills up, or is too slow."""

from __future__ import annotations

import asyncio
import logging
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from gateway.asr.recordings import recording_writer
from gateway.asr.recordings.recording import Track
from gateway.config import Recording
from tests.integration.recorded import CALLER, START, Desk, feed, names, sides, tone


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True)
    if made.returncode:
        pytest.skip("a small disk cannot be mounted here (needs root)")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, leave: int) -> None:
    """Use the disk up to so many bytes."""
    (disk / "other").write_bytes(bytes(shutil.disk_usage(disk).free - leave))


async def feed_until_told(desk: Desk, track: Track) -> None:
    noise = np.random.default_rng(1).normal(0, 3000, 800).astype(np.int16)
    for _ in range(3000):
        feed(track, noise)
        await asyncio.sleep(0.001)
        if desk.told:
            return
    raise AssertionError("five minutes of noise were taken")


async def test_a_full_disk_ends_the_recording_and_nothing_else(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(small_disk, leave=100_000)
    desk = Desk(small_disk)
    track = desk.recordings.open(CALLER, 8000, START, kept=True)
    await feed_until_told(desk, track)
    feed(track, tone(1.0))
    track.close()
    await desk.recordings.close()

    closed = desk.told[0]
    assert len(desk.told) == 1
    assert (closed.complete, closed.file) == (False, "2026-11-24/1764.1-1.ogg")
    assert closed.seconds > 10
    left, _ = sides(desk.path())
    assert len(left) / 8000 == pytest.approx(closed.seconds, abs=0.05)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == [
        "recording of call 1764.1 ended early, the call goes on: No space left on device"
    ]


async def test_on_a_disk_that_is_nearly_full_no_recording_begins(
    small_disk: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fill(small_disk, leave=900_000)
    desk = Desk(small_disk, Recording(min_free_mb=1))
    track = desk.recordings.open(CALLER, 8000, START, kept=True)
    feed(track, tone(1.0))
    closed = await desk.closed()
    track.close()
    await desk.recordings.close()

    assert (closed.complete, closed.file, closed.seconds) == (False, "", 0.0)
    assert names(small_disk) == []
    assert f"less than 1 MB are free in {small_disk}" in caplog.text


async def test_a_recording_ends_before_the_disk_is_full(small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(small_disk, Recording(min_free_mb=1))
    track = desk.recordings.open(CALLER, 8000, START, kept=True)
    feed(track, tone(3.0))
    other = msgspec.structs.replace(CALLER, call_id="1764.2")
    feed(desk.recordings.open(other, 8000, START, kept=True), tone(1.0))
    desk.recordings.close_call(other.call_id)
    assert (await desk.closed()).complete, "and so all before it is on the disk"
    desk.told.clear()
    fill(small_disk, leave=900_000)
    desk.now += recording_writer.ROOM_SECONDS
    await feed_until_told(desk, track)
    await desk.recordings.close()

    assert (desk.told[0].call_id, desk.told[0].complete) == ("1764.1", False)
    assert desk.told[0].seconds > 2
    assert f"less than 1 MB are free in {small_disk}" in caplog.text


async def test_a_disk_that_is_too_slow_ends_the_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(tmp_path)
    track = desk.recordings.open(CALLER, 8000, START, kept=True)
    feed(track, tone(1.0))
    monkeypatch.setattr(recording_writer, "MOST_WAITING", 0)
    feed(track, tone(1.0))
    closed = await desk.closed()
    await desk.recordings.close()

    assert not closed.complete
    assert "the disk is too slow" in caplog.text
