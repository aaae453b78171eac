import os
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gateway.asr.recordings import recording_files

SHANGHAI = ZoneInfo("Asia/Shanghai")
LATE = datetime(2026, 11, 24, 17, 30, tzinfo=UTC).timestamp()
"""Already the 25th in Shanghai."""


def created(folder: Path, call_id: str, *, kept: bool = True) -> Path:
    path, file = recording_files.create(folder, call_id, LATE, SHANGHAI, kept)
    file.close()
    return path


def test_a_file_lies_in_the_folder_of_the_day_on_which_the_call_arrived(tmp_path: Path) -> None:
    assert created(tmp_path, "pbx-1-1764.12") == tmp_path / "2026-11-25" / "pbx-1-1764.12-1.ogg"


def test_nobody_else_may_read_it_whatever_the_process_allows(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        path = created(tmp_path / "hotline" / "recordings", "1764.1")
    finally:
        os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o600
    for folder in list(path.parents)[:3]:
        assert folder.stat().st_mode & 0o777 == 0o700


def test_files_of_one_call_are_numbered_also_across_kept_and_unkept(tmp_path: Path) -> None:
    names = [created(tmp_path, "1764.1", kept=kept).name for kept in (True, False, False, True)]
    assert names == ["1764.1-1.ogg", "1764.1-2.unkept.ogg", "1764.1-3.unkept.ogg", "1764.1-4.ogg"]
    assert recording_files.keep(tmp_path / "2026-11-25" / names[1]).name == "1764.1-2.ogg"


@pytest.mark.parametrize("call_id", ["../../etc/passwd", ".hidden", "a/b", "张三", "x" * 400])
def test_no_call_id_leads_out_of_the_folder(tmp_path: Path, call_id: str) -> None:
    path = created(tmp_path, call_id)
    assert path.resolve().parent == tmp_path / "2026-11-25"
    assert not path.name.startswith(".")


def test_only_days_and_recordings_are_listed(tmp_path: Path) -> None:
    recording = created(tmp_path, "1764.1")
    (recording.parent / "notes.txt").touch()
    (recording.parent / "elsewhere-1.ogg").symlink_to("/etc/passwd")
    (tmp_path / "lost+found").mkdir()
    (tmp_path / "2026-11-26").symlink_to(recording.parent)
    assert [path for _, path in recording_files.days(tmp_path)] == [recording.parent]
    assert list(recording_files.recordings_of(recording.parent)) == [recording]
    assert list(recording_files.days(tmp_path / "nowhere")) == []
