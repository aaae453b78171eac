"""What ``hotline worker --line-in`` prints, and who reads it."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC

import pytest

from gateway.cli import line
from gateway.cli.line import Lines, readable
from gateway.errors import NeighbourError
from gateway.events import (
    Event,
    RecordingCompleted,
    Speaker,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptGap,
    TranscriptPartial,
)

NINE = 1_764_061_200.0
"""9:00:00."""


def final(speaker: Speaker, text: str) -> TranscriptFinal:
    return TranscriptFinal(
        at=NINE + 5.0,
        call_id="line-1",
        utterance_id="c1",
        speaker=speaker,
        text=text,
        start=1.0,
        end=4.0,
        language="zh",
        engine="vosk",
        model="m",
    )


def test_lines_for_people() -> None:
    gap = TranscriptGap(at=NINE, call_id="line-1", speaker="agent", start=2.0, end=5.5, reason="device_lost")
    completed = TranscriptCompleted(at=NINE, call_id="line-1", legs=())
    partial = TranscriptPartial(
        at=NINE, call_id="line-1", utterance_id="c1", speaker="caller", text="你", start=0.0, end=1.0
    )
    recorded = RecordingCompleted(at=NINE, call_id="line-1", file="f.ogg", start=0.0, seconds=1.0)
    told: tuple[Event, ...] = (final("caller", "你好"), gap, completed, partial, recorded)
    assert [readable(UTC, named=True)(event) for event in told] == [
        "09:00:02  caller 你好",
        "08:59:56  agent  [3.5 s not heard: device_lost]",
        "",
        None,
        None,
    ]
    assert readable(UTC, named=False)(final("caller", "你好")) == "09:00:02  你好"


async def test_all_is_read_at_the_end() -> None:
    read, write = os.pipe()
    with Lines(write) as lines:
        for text in ("你好", None, "", "再见"):
            lines.put(text)
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as out:
        assert out.read() == "你好\n\n再见\n"


async def test_a_reader_who_stalls_holds_nobody_up_and_what_he_missed_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(line, "MOST_LINES", 10)
    monkeypatch.setattr(line, "CLOSE_SECONDS", 0.1)
    read, write = os.pipe()
    with Lines(write) as lines:
        lines.put("x" * 1_000_000)  # more than a pipe takes
        for number in range(100):
            lines.put(str(number))
    said = capsys.readouterr().err
    os.close(read)
    assert said.startswith("hotline: ")
    assert said.endswith(" lines were not read from standard output\n")
    assert 90 <= int(said.split()[1]) <= 100
    os.close(write)


async def test_a_reader_who_is_gone_is_told() -> None:
    read, write = os.pipe()
    os.close(read)
    with Lines(write) as lines:
        reading = asyncio.create_task(lines.read())
        lines.put("你好")
        with pytest.raises(NeighbourError, match="whoever read the words"):
            await asyncio.wait_for(reading, 5)
    os.close(write)
