"""A line's ears, clock and recording with a real engine; the instants of its sound are the test's."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from gateway.asr import models
from gateway.asr.line.line import LinePlan, LineTap
from gateway.asr.recordings.playback import blocks
from gateway.config import Recording, Settings, Speech, default_home
from gateway.events import Event, RecordingCompleted, Speaker, TranscriptCompleted, TranscriptFinal, TranscriptGap
from tests.integration.speech import need_models
from tests.sounds import hum, samples

RATE = 16_000
PIECE = RATE // 50
BEGAN = 1_764_000_000.0
PLAN = LinePlan(language="ko", quiet=5.0)

HOME = default_home()
Sound = NDArray[np.int16]
T = TypeVar("T", bound=Event)


@pytest.fixture(scope="module")
def spoken() -> Sound:
    """Some seconds of speech, beginning with its first sound; what of it the engine understands does not matter."""
    home = need_models("kokoro-82m", "vosk-ko")
    from gateway.tts import Voice

    said = Voice(models.model_dir(home, "kokoro-82m")).speak("你好，我要投诉，路灯坏了。", rate=RATE)
    loud = np.flatnonzero(np.abs(said) > 1000)
    return said[loud[0] : loud[-1]]


class Line:
    """A device whose clock the test sets: ``at`` is the instant of its next sample."""

    def __init__(self, settings: Settings, plan: LinePlan) -> None:
        self.at = BEGAN
        self.told: list[Event] = []
        self.tap = LineTap(settings, HOME, plan, RATE, self._tell, lambda: self.at)
        self._sides = len(plan.sides)
        self._heard = asyncio.Event()

    async def brings(self, *sides: Sound | float, faster: float = 1.0) -> None:
        """Sound of one side, or of both; a number stands for so many seconds of silence. It may come too fast."""
        sounds = [np.zeros(round(side * RATE), np.int16) if isinstance(side, float) else side for side in sides]
        both = np.zeros((max(map(len, sounds)), self._sides), np.int16)
        for number, sound in enumerate(sounds):
            both[: len(sound), number] = sound
        for start in range(0, len(both), PIECE):
            piece = both[start : start + PIECE]
            self.at += len(piece) / RATE / faster
            self.tap.hear(piece, self.at)
            await asyncio.sleep(0)

    async def stays_away(self, seconds: float) -> None:
        """Nothing comes, while time passes."""
        for _ in range(round(seconds * 10)):
            self.at += 0.1
            self.tap.silent(self.at)
            await asyncio.sleep(0)

    async def understood(self, words: int) -> None:
        """Wait until so many utterances are told."""
        async with asyncio.timeout(30):
            while len(self.all(TranscriptFinal)) < words:
                self._heard.clear()
                await self._heard.wait()

    def all(self, kind: type[T]) -> list[T]:
        return [event for event in self.told if isinstance(event, kind)]

    def _tell(self, event: Event) -> None:
        self.told.append(event)
        self._heard.set()


@asynccontextmanager
async def opened(recordings: Path, plan: LinePlan = PLAN) -> AsyncIterator[Line]:
    """A line; behind the block it is closed, and all is told."""
    settings = Settings(speech=Speech(language="ko", threads=2), recording=Recording(folder=str(recordings)))
    line = Line(settings, plan)
    await line.tap.load()
    try:
        yield line
    finally:
        await line.tap.close()


async def test_the_recording_has_the_call_from_its_first_word(spoken: Sound, tmp_path: Path) -> None:
    sides: tuple[Speaker, ...] = ("caller", "agent")
    async with opened(tmp_path, replace(PLAN, record=True, sides=sides)) as line:
        await line.brings(45.0, 45.0)
        said_at = line.at
        await line.brings(0.0, spoken)
        await line.brings(2.0, 2.0)
        await line.understood(1)
        await line.brings(8.0, 8.0)
    final = line.all(TranscriptFinal)[0]
    (completed,) = line.all(TranscriptCompleted)
    (recorded,) = line.all(RecordingCompleted)
    assert (final.speaker, final.start) == ("agent", 0.0)
    assert final.at - final.end + final.start == pytest.approx(said_at, abs=0.1)
    assert completed.at == pytest.approx(said_at + len(spoken) / RATE + PLAN.quiet, abs=0.2)
    assert -0.6 <= recorded.start <= -0.2
    assert (recorded.complete, recorded.kept) == (True, True)
    left, right = (
        np.frombuffer(b"".join(side), np.int16) for side in zip(*blocks(tmp_path / recorded.file, RATE), strict=True)
    )
    assert np.abs(left).max() < np.abs(right).max() / 10
    first_loud = np.flatnonzero(np.abs(right) > 1000)[0] / RATE
    assert first_loud + recorded.start == pytest.approx(0.0, abs=0.1)
    assert recorded.seconds >= len(spoken) / RATE + PLAN.quiet


async def test_a_device_that_stays_away_leaves_a_gap_of_its_time(spoken: Sound, tmp_path: Path) -> None:
    async with opened(tmp_path) as line:
        await line.brings(spoken)
        gone = line.at
        await line.stays_away(3.0)
        await line.brings(spoken)
        await line.brings(1.0)
    (call_id,) = {final.call_id for final in line.all(TranscriptFinal)}
    began = float(call_id.removeprefix("line-"))
    (gap,) = line.all(TranscriptGap)
    assert gap.reason == "device_lost"
    assert began + gap.start == pytest.approx(gone, abs=0.05)
    assert gap.end - gap.start == pytest.approx(3.0, abs=0.05)
    behind = next(final for final in line.all(TranscriptFinal) if final.end > gap.end)
    assert behind.start == pytest.approx(gap.end, abs=0.2)
    (completed,) = line.all(TranscriptCompleted)
    assert completed.legs[0].lost == pytest.approx(3.0, abs=0.05)


async def test_a_machine_that_slept_goes_on_with_another_call(spoken: Sound, tmp_path: Path) -> None:
    async with opened(tmp_path) as line:
        await line.brings(spoken)
        line.at += 3600.0
        woken = line.at
        await line.brings(spoken)
        await line.brings(1.0)
    first, second = line.all(TranscriptCompleted)
    (gap,) = line.all(TranscriptGap)
    assert gap.call_id == first.call_id
    assert gap.end - gap.start == pytest.approx(PLAN.quiet, abs=0.2)
    assert float(second.call_id.removeprefix("line-")) == pytest.approx(woken, abs=0.1)
    assert second.share == 1.0


async def test_a_line_that_is_quiet_keeps_the_machines_time(spoken: Sound, tmp_path: Path) -> None:
    async with opened(tmp_path) as line:
        await line.brings(40.0, faster=1.2)
        said_at = line.at
        await line.brings(spoken)
        await line.brings(1.0)
    (completed,) = line.all(TranscriptCompleted)
    assert float(completed.call_id.removeprefix("line-")) == pytest.approx(said_at, abs=1.1)


async def test_a_device_that_lies_about_its_rate_is_told(
    spoken: Sound, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, replace(PLAN, quiet=60.0)) as line:
        await line.brings(spoken)
        await line.brings(0.5)
        await line.understood(1)
        await line.brings(40.0, faster=2.0)
    assert {gap.reason for gap in line.all(TranscriptGap)} == {"too_fast"}
    (completed,) = line.all(TranscriptCompleted)
    assert "too_fast" in completed.legs[0].findings
    assert completed.legs[0].lost == pytest.approx(9.0, abs=1.5)  # of 20 s, every other
    assert "line-in, caller: This leg's sound arrives faster than it can have been spoken" in caplog.text


async def test_noise_is_told_but_a_silent_line_is_as_it_should_be(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    async with opened(tmp_path) as line:
        await line.brings(15.0)
        assert caplog.text == ""
        await line.brings(np.frombuffer(samples(hum(20.0, RATE)), np.int16))
    assert caplog.text.count("This leg has noise or hum and no speech") == 1
