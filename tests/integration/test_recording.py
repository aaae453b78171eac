"""Recordings on a real disk, read back by decoding them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import numpy as np
import pytest

from gateway.asr.protocol import RecordingClosed
from gateway.asr.recordings import recording
from gateway.asr.recordings.call_recording import CallRecording
from gateway.asr.recordings.playback import blocks, details
from gateway.errors import InputError
from tests.integration.recorded import (
    AGENT,
    CALLER,
    SETTINGS,
    START,
    Desk,
    begun,
    clicks,
    feed,
    joined,
    loudness,
    names,
    sides,
    silence,
    tone,
    with_clicks,
)


async def test_a_call_is_one_stereo_file_with_its_name_and_times(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    caller = desk.recordings.open(CALLER, 8000, START, kept=True)
    agent = desk.recordings.open(AGENT, 8000, START, kept=True)
    for _ in range(40):
        feed(caller, tone(0.1, pitch=500))
        feed(agent, silence(0.1))
    caller.close()
    agent.close()
    desk.recordings.close_call(CALLER.call_id)
    closed = await desk.closed()
    await desk.recordings.close()

    assert closed == RecordingClosed(
        call_id="1764.1",
        arrived=closed.arrived,
        file="2026-11-24/1764.1-1.ogg",
        start=START,
        seconds=4.0,
        complete=True,
        kept=True,
    )
    found = details(desk.path())
    assert (found.seconds, found.call_id, found.started) == (4.0, "1764.1", START)
    left, right = sides(desk.path())
    assert len(left) == len(right) == 32_000
    assert loudness(left) > 4000
    assert loudness(right) < loudness(left) / 100, "the caller is heard on the agent's side"
    assert desk.path().stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("tap", "read", "seconds"),
    [(8000, 8000, 600.0), (8000, 16000, 60.0), (16000, 16000, 60.0), (16000, 8000, 60.0), (48000, 16000, 60.0)],
)
def test_a_click_is_where_it_was_after_ten_minutes_too(tmp_path: Path, tap: int, read: int, seconds: float) -> None:
    by_caller = [0.5, 20.123, seconds / 2 + 0.017, seconds - 1.01]
    by_agent = [1.25, 19.9, seconds / 2 - 0.3, seconds - 0.3]
    told: list[RecordingClosed] = []
    recorded = CallRecording(tmp_path, CALLER, START, tap, SETTINGS, UTC, lambda: START, told.append)
    recorded.begin(kept=True)
    tracks = [
        (joined(recorded, 0, rate=tap), with_clicks(seconds, by_caller, tap)),
        (joined(recorded, 1, rate=tap), with_clicks(seconds, by_agent, tap)),
    ]
    for first in range(0, round(seconds * tap), tap // 10):
        for part, sound in tracks:
            recorded.write(part, sound[first : first + tap // 10].tobytes())
    recorded.finish()

    left, right = sides(tmp_path / told[0].file, read)
    assert len(left) == seconds * read
    assert clicks(left, read) == pytest.approx(by_caller, abs=0.02)
    assert clicks(right, read) == pytest.approx(by_agent, abs=0.02)


async def test_the_next_agent_of_another_rate_joins_on_the_right_where_he_begins_to_speak(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    caller = desk.recordings.open(CALLER, 8000, START, kept=True)
    first = desk.recordings.open(AGENT, 8000, START - 0.06, kept=True)
    feed(first, with_clicks(2.0, [0.56]))
    first.close()
    feed(caller, with_clicks(4.0, [2.5]))
    second = desk.recordings.open(AGENT, 16000, START + 3.9, kept=True)
    feed(second, with_clicks(2.0, [1.1], 16000), 16000)
    feed(caller, with_clicks(1.9, [0.25]))
    second.close()
    caller.close()
    await desk.recordings.close()

    left, right = sides(desk.path())
    assert len(desk.told) == 1
    assert clicks(left) == pytest.approx([2.5, 4.25], abs=0.02)
    assert clicks(right) == pytest.approx([0.5, 5.0], abs=0.02)


async def test_agents_who_speak_at_once_are_both_heard(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    tracks = [desk.recordings.open(AGENT, 8000, START, kept=True) for _ in range(2)]
    for _ in range(20):
        for track, pitch in zip(tracks, (500, 1100), strict=True):
            feed(track, tone(0.1, pitch=pitch))
    await desk.recordings.close()

    _, right = sides(desk.path())
    strength = np.abs(np.fft.rfft(right[:16_000].astype(np.float64)))
    assert min(strength[1000], strength[2200]) > 50 * strength[1600]


def test_a_track_that_stalls_does_not_stop_the_file_and_does_not_come_back_in_the_wrong_place(tmp_path: Path) -> None:
    now = START
    recorded, told = begun(tmp_path, clock=lambda: now)
    caller, agent = joined(recorded, 0), joined(recorded, 1)
    path = next(tmp_path.glob("*/*.ogg"))
    recorded.write(agent, with_clicks(1.0, [0.5]).tobytes())
    sizes = []
    for second in range(10):
        now = START + second + 1
        recorded.write(caller, tone(1.0).tobytes())
        sizes.append(path.stat().st_size)
    recorded.write(agent, with_clicks(9.0, [3.0, 8.9]).tobytes())
    recorded.finish()

    assert sizes[9] > sizes[4] > sizes[0]
    left, right = sides(path)
    assert (told[0].seconds, told[0].complete) == (10.0, True)
    assert loudness(left[8000:]) > 4000
    assert clicks(right) == pytest.approx([0.5, 9.9], abs=0.02), "what came too late is silence, what follows is right"


def test_a_track_that_runs_ahead_silences_nobody(tmp_path: Path) -> None:
    now = START
    recorded, told = begun(tmp_path, clock=lambda: now)
    fast, right_on_time = joined(recorded, 0), joined(recorded, 1)
    for second in range(40):
        now = START + second + 1
        recorded.write(fast, tone(2.0).tobytes())
        recorded.write(right_on_time, with_clicks(1.0, [0.5]).tobytes())
    recorded.finish()

    _, right = sides(tmp_path / told[0].file)
    assert clicks(right) == pytest.approx([second + 0.5 for second in range(40)], abs=0.02)
    assert told[0].seconds < 40 + 31, "the fast one has an end"


async def test_a_file_waits_for_another_leg_and_then_closes_by_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "GRACE_SECONDS", 0.05)
    desk = Desk(tmp_path)
    track = desk.recordings.open(CALLER, 8000, START, kept=True)
    feed(track, tone(1.0))
    track.close()
    track.write(tone(1.0).tobytes())
    again = desk.recordings.open(CALLER, 8000, START + 3, kept=True)
    feed(again, tone(1.0))
    again.close()
    closed = await desk.closed()
    later = desk.recordings.open(CALLER, 8000, START + 20, kept=True)
    feed(later, tone(1.0))
    await desk.recordings.close()

    assert closed.seconds == 4.0
    assert [message.file for message in desk.told] == ["2026-11-24/1764.1-1.ogg", "2026-11-24/1764.1-2.ogg"]
    assert desk.told[1].start == START + 20


async def test_a_leg_that_outlives_its_call_does_not_end_the_next_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "GRACE_SECONDS", 0.0)
    desk = Desk(tmp_path)
    old = desk.recordings.open(CALLER, 8000, START, kept=True)
    desk.recordings.close_call(CALLER.call_id)
    desk.recordings.close_call(CALLER.call_id)
    new = desk.recordings.open(CALLER, 8000, START + 1, kept=True)
    old.write(tone(1.0).tobytes())
    old.close()
    await desk.closed()
    feed(new, tone(1.0))
    await desk.recordings.close()

    assert [(message.file, message.seconds) for message in desk.told] == [("", 0.0), ("2026-11-24/1764.1-1.ogg", 1.0)]
    assert names(tmp_path) == ["2026-11-24/1764.1-1.ogg"]


async def test_after_the_clock_was_set_a_track_gets_a_file_of_its_own(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for jump in (0.0, 3600.0, -3600.0):
        track = desk.recordings.open(CALLER, 8000, START + jump, kept=True)
        feed(track, tone(1.0))
    await desk.recordings.close()

    assert [(message.start, message.seconds) for message in desk.told] == [
        (START, 1.0),
        (START + 3600, 1.0),
        (START - 3600, 1.0),
    ]


@pytest.mark.parametrize(
    ("kept", "name"),
    [((False, False), "1764.1-1.unkept.ogg"), ((False, True), "1764.1-1.ogg"), ((True, False), "1764.1-1.ogg")],
)
async def test_a_file_is_kept_when_any_of_its_tracks_is(tmp_path: Path, kept: tuple[bool, bool], name: str) -> None:
    desk = Desk(tmp_path)
    for each, leg in zip(kept, (CALLER, AGENT), strict=True):
        feed(desk.recordings.open(leg, 8000, START, each), tone(1.0))
    await desk.recordings.close()

    assert desk.told[0].kept == any(kept)
    assert desk.path().name == name
    assert len(sides(desk.path())[0]) == 8000


KILLED = """
import asyncio, sys, time
from pathlib import Path
import numpy as np
from gateway.asr.protocol import Leg
from gateway.asr.recordings.recording import Recordings
from gateway.config import Recording

async def record():
    start = time.time()
    recordings = Recordings(Path(sys.argv[1]), Recording(min_free_mb=0), print, time.time)
    legs = [Leg(call_id="1764.1", speaker=speaker, arrived=start) for speaker in ("caller", "agent")]
    tracks = [recordings.open(leg, 8000, start, True) for leg in legs]
    noise = np.random.default_rng(1).normal(0, 3000, 160).astype(np.int16).tobytes()
    for number in range(1, 1000):
        await asyncio.sleep(max(0.0, start + number / 50 - time.time()))
        for track in tracks:
            track.write(noise)
        print(number / 50, flush=True)

asyncio.run(record())
"""


def test_a_killed_worker_leaves_a_file_that_lacks_a_second_at_most(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert child.stdout is not None
    try:
        spoken = next(seconds for line in child.stdout if (seconds := float(line)) >= 4.0)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    path = tmp_path / next(tmp_path.glob("*/*.ogg"))
    left, right = sides(path)
    assert len(left) / 8000 >= spoken - 1.0
    assert loudness(left[-1600:]) > 1000
    assert loudness(right[-1600:]) > 1000
    assert details(path).seconds == pytest.approx(len(left) / 8000, abs=0.05)


def test_what_is_no_recording_is_refused(tmp_path: Path) -> None:
    for name, content in (("empty.ogg", b""), ("text.ogg", b"no sound\n" * 100)):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"{name}: this is no recording"):
            details(path)
        with pytest.raises(InputError, match=f"{name}: this is no recording"):
            list(blocks(path, 8000))
    with pytest.raises(InputError, match="nowhere"):
        details(tmp_path / "nowhere.ogg")


def test_a_file_that_was_cut_off_anywhere_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    recorded, told = begun(tmp_path, clock=lambda: START)
    recorded.write(joined(recorded, 0), tone(5.0).tobytes())
    recorded.finish()
    whole = (tmp_path / told[0].file).read_bytes()
    cut = tmp_path / "cut.ogg"
    last = 0
    for size in range(1000, len(whole), 997):
        cut.write_bytes(whole[:size])
        left, _ = sides(cut)
        assert last <= len(left) <= 40_000
        last = len(left)
    assert last > 30_000


# --- list and purge ----------------------------------------------------------------------------------------------
