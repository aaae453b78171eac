"""How long recordings are kept, and the commands that list and remove them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from gateway.asr.recordings import recording_files
from gateway.cli import main
from gateway.config import Recording, Settings
from gateway.store.recordings import RecordingRetention
from tests.integration.recorded import ARRIVED, CALLER, Desk, feed, names, tone


async def record(folder: Path, call_id: str, arrived: float, *, kept: bool = True) -> None:
    desk = Desk(folder)
    leg = msgspec.structs.replace(CALLER, call_id=call_id, arrived=arrived)
    feed(desk.recordings.open(leg, 8000, arrived + 2, kept), tone(1.0))
    await desk.recordings.close()


async def test_a_day_goes_when_all_of_it_is_too_old_with_its_folder(tmp_path: Path) -> None:
    for day in range(5):
        await record(tmp_path, f"1764.{day}", ARRIVED + day * 86_400)
    settings = Settings(timezone="UTC", recording=Recording(folder=str(tmp_path), days=2))
    midnight = datetime(2026, 11, 28, tzinfo=UTC).timestamp()
    retention = RecordingRetention(settings)

    assert retention.purge(midnight - 1, dry_run=True).files == 1
    counted = retention.purge(midnight, dry_run=True)
    assert len(names(tmp_path)) == 5
    (tmp_path / "2026-11-25" / "minutes.txt").touch()
    removed = retention.purge(midnight)
    assert (removed.files, removed.size, removed.failed) == (counted.files, counted.size, 0)
    assert removed.files == 2
    assert names(tmp_path) == [f"2026-11-{26 + day}/1764.{day + 2}-1.ogg" for day in range(3)]
    assert [path.name for _, path in recording_files.days(tmp_path)] == [
        "2026-11-25",
        "2026-11-26",
        "2026-11-27",
        "2026-11-28",
    ]


async def test_what_only_served_transcription_and_was_left_behind_goes_after_a_day(tmp_path: Path) -> None:
    await record(tmp_path, "1764.1", ARRIVED, kept=False)
    await record(tmp_path, "1764.2", ARRIVED)
    settings = Settings(timezone="UTC", recording=Recording(folder=str(tmp_path)))
    day_later = datetime(2026, 11, 26, tzinfo=UTC).timestamp()

    assert RecordingRetention(settings).purge(day_later - 1).files == 0
    assert RecordingRetention(settings).purge(day_later).files == 1
    assert names(tmp_path) == ["2026-11-24/1764.2-1.ogg"]


async def test_the_commands_list_and_purge(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "recordings"
    monkeypatch.setenv("HOTLINE_RECORDING_FOLDER", str(folder))
    await record(folder, "1764.1", ARRIVED)
    await record(folder, "1764.2", ARRIVED, kept=False)
    broken = folder / "2026-11-24" / "1764.9-1.ogg"
    broken.write_bytes(b"")

    assert main(["recordings", "list", "--json", "--day", "2026-11-24"]) == 0
    found = msgspec.json.decode(capsys.readouterr().out)
    assert found[0] == {
        "file": "2026-11-24/1764.1-1.ogg",
        "size": (folder / "2026-11-24/1764.1-1.ogg").stat().st_size,
        "seconds": 1.0,
        "call_id": "1764.1",
        "started": ARRIVED + 2,
        "kept": True,
    }
    assert [(each["call_id"], each["seconds"], each["kept"]) for each in found[1:]] == [
        ("1764.2", 1.0, False),
        ("", None, True),
    ]
    assert main(["recordings", "list"]) == 0
    assert "3 recordings" in capsys.readouterr().out
    assert main(["recordings", "list", "--day", "2026-11-25"]) == 0
    assert "0 recordings" in capsys.readouterr().out

    assert main(["recordings", "purge", "--days", "36500", "--json"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out)["files"] in (0, 1)
    assert broken.exists()
    with pytest.raises(SystemExit):
        main(["recordings", "purge", "--days", "0"])
    assert "at least 1" in capsys.readouterr().err
