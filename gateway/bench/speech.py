"""What the legs of ``hotline bench asr`` hear: lines of the demo's people with the pauses of a conversation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from msgspec import Struct

from gateway.asr import audiosocket
from gateway.asr.evaluate import read_wav
from gateway.demo.citizens import load_script
from gateway.demo.voices import RATE, Voices

ACTIVITY = 0.45
"""Share of the time that one side of a telephone conversation speaks."""
CALLS = 2
"""Calls of the script whose lines are taken."""
FIRST_PAUSE, BETWEEN_LEGS, LAST_PAUSE = 0.5, 0.37, 1.0
"""Seconds of silence before a leg's first line; so much more with every leg, so that they are not in step; and after
the last one at least.
"""
QUIET = 0.02
"""Part of a line's peak below which its ends are no speech."""
FRAME_SECONDS = 0.02


class Spoken(Struct, frozen=True):
    """A line within a leg, seconds from the leg's first sample. The voice ends at ``end``."""

    start: float
    end: float


class LegAudio(Struct, frozen=True):
    """8 kHz samples of one leg, and the lines in it."""

    samples: bytes
    lines: tuple[Spoken, ...]

    @property
    def speech_seconds(self) -> float:
        """Seconds of the leg in which somebody speaks."""
        return sum(line.end - line.start for line in self.lines)

    def of_line(self, line: Spoken) -> bytes:
        """The samples of one line."""
        return self.samples[round(line.start * RATE) * 2 : round(line.end * RATE) * 2]


async def load_lines(home: Path, config: Path) -> list[bytes]:
    """The demo's first lines, caller's and agent's, without silence at the ends. Raises ModelError, SettingError."""
    voices = Voices(home)
    lines = []
    for call in [call for call in load_script(config / "demo" / "citizens.toml") if call.caller_says][:CALLS]:
        other = "male" if call.voice == "female" else "female"
        said = [(text, call.voice) for text in call.caller_says] + [(text, other) for text in call.agent_says]
        for text, voice in said:
            lines.append(_trimmed(read_wav(await voices.line(text, voice), RATE)))
    return lines


def leg_audio(lines: Sequence[bytes], leg: int, seconds: float) -> LegAudio:
    """One leg: lines from another place for each leg, ``ACTIVITY`` of the time; longer only if no line fits in."""
    samples = bytearray(_silence(FIRST_PAUSE + BETWEEN_LEGS * leg))
    spoken: list[Spoken] = []
    for line in islice(cycle(lines), leg * 3, None):
        length = len(line) / 2 / RATE
        start = len(samples) / 2 / RATE
        if start + length / ACTIVITY > seconds and spoken:
            break
        spoken.append(Spoken(start, start + length))
        samples += line + _silence(length / ACTIVITY - length)
    whole = round(max(seconds, spoken[-1].end + LAST_PAUSE) * RATE) * 2
    return LegAudio(bytes(samples[:whole].ljust(whole, b"\0")), tuple(spoken))


async def play(address: str, tap_id: str, samples: bytes) -> float:
    """Be Asterisk's end of one tap: send the leg in real time, hang up, and give the instant of its first sample."""
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    loop = asyncio.get_running_loop()
    try:
        writer.write(audiosocket.encode_uuid(tap_id))
        began, start = time.time(), loop.time()
        step = int(RATE * FRAME_SECONDS) * 2
        for i in range(0, len(samples), step):
            await asyncio.sleep(start + (i / 2 / RATE + FRAME_SECONDS) - loop.time())
            writer.write(audiosocket.encode_audio(samples[i : i + step]))
        writer.write(audiosocket.encode_hangup())
        while await reader.read(4096):
            pass
    finally:
        writer.close()
    return began


def _silence(seconds: float) -> bytes:
    return bytes(max(0, int(seconds * RATE)) * 2)


def _trimmed(line: bytes) -> bytes:
    samples = np.abs(np.frombuffer(line, "<i2").astype(np.int32))
    (loud,) = np.nonzero(samples > QUIET * samples.max(initial=1))
    return line[loud[0] * 2 : (loud[-1] + 1) * 2] if len(loud) else line
