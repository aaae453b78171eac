"""What the legs of ``hotline bench asr`` hear: lines of the demo's people with the pauses of a conversation."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from msgspec import Struct

from gateway.asr import audiosocket
from gateway.asr.evaluate import read_wav
from gateway.bench.figures import within
from gateway.demo.citizens import load_script
from gateway.demo.voices import RATE, Voices
from gateway.errors import InputError

ACTIVITY = 0.45
"""Share of the time that one side of a telephone conversation speaks."""
FIRST_PAUSE, SHORTEST_PAUSE = 0.5, 1.0
"""Seconds of silence before a leg's first line, and after each line at least."""
MANDARIN = "zh"
OTHER_VOICE = {"female": "male", "male": "female"}
SPEEDS = (0.9, 1.1)
"""Between these a line is spoken slower or faster, and lower or higher with it."""
QUIET = 0.02
"""Part of a line's peak below which its ends are no speech."""
FRAME_SECONDS = 0.02
HANG_UP_SECONDS = 120.0
"""Seconds that the other side has for what it has not heard yet when a leg ends."""


class Spoken(Struct, frozen=True):
    """A line within a leg, seconds from the leg's first sample. The voice ends at ``end``."""

    start: float
    end: float


class Played(Struct, frozen=True):
    """A leg that was sent: Unix instant of its first sample, and by how many seconds a frame was sent too late.

    Sample ``n`` was due ``n / RATE`` seconds after ``began``, whatever the sender was up to.
    """

    began: float
    late: float


class LegAudio(Struct, frozen=True):
    """8 kHz samples of one leg, and the lines in it."""

    samples: bytes
    lines: tuple[Spoken, ...]

    @property
    def seconds(self) -> float:
        """Its length."""
        return len(self.samples) / 2 / RATE

    @property
    def speech_seconds(self) -> float:
        """Seconds of the leg in which somebody speaks."""
        return sum(line.end - line.start for line in self.lines)

    def of_line(self, line: Spoken) -> bytes:
        """The samples of one line."""
        return self.samples[round(line.start * RATE) * 2 : round(line.end * RATE) * 2]


class Speech(Struct, frozen=True):
    """The lines that legs are made of: 8 kHz samples without silence at the ends."""

    what: str
    language: str
    lines: tuple[bytes, ...]

    @property
    def seconds(self) -> float:
        """Of all lines together."""
        return sum(map(len, self.lines)) / 2 / RATE

    def legs(self, legs: int, seconds: float, take: int) -> list[LegAudio]:
        """Legs that speak at once. The same ``take`` is the same audio, another one is other audio.

        No line is ever spoken twice alike: a recogniser decodes what it has heard before in a third of the time.
        """
        chance = random.Random(take)
        return [leg_audio(self.lines, chance, seconds) for _ in range(legs)]


async def demo_lines(home: Path, config: Path, language: str, seconds: float) -> Speech:
    """Lines of the demo's calls in the language, in Mandarin where it has none; ``seconds`` of them or all there are.

    Each is spoken by the voice of its caller or agent and, when that is not enough, by the other voice too. Lines that
    were never spoken before are spoken now, which takes a part of their length. Raises ModelError, SettingError.
    """
    script = config / "demo" / f"phone_{language}.toml"
    spoken_language = language if language != MANDARIN and script.exists() else MANDARIN
    calls = load_script(script if spoken_language != MANDARIN else config / "demo" / "citizens.toml")
    said: list[tuple[str, str]] = [(text, call.voice) for call in calls for text in call.caller_says]
    said += [(text, OTHER_VOICE[call.voice]) for call in calls for text in call.agent_says]
    said += [(text, OTHER_VOICE[voice]) for text, voice in said]
    voices = Voices(home)
    lines: list[bytes] = []
    for text, voice in said:
        if sum(map(len, lines)) / 2 / RATE >= seconds:
            break
        lines.append(_trimmed(read_wav(await voices.line(text, voice), RATE)))
    return Speech("the demo's lines, synthetic voices", spoken_language, tuple(lines))


def own_lines(folder: Path, language: str) -> Speech:
    """Every WAV file of a folder is a line in ``language``. Raises InputError."""
    lines = [_trimmed(read_wav(path, RATE)) for path in sorted(folder.glob("*.wav"))]
    if not lines:
        raise InputError(f"{folder} holds no WAV file", "Put one file for each line that is spoken there")
    return Speech("WAV files of one's own", language, tuple(lines))


def leg_audio(lines: Sequence[bytes], chance: random.Random, seconds: float) -> LegAudio:
    """One leg that speaks ``ACTIVITY`` of the time, as far as lines fit in; longer only if none does."""
    samples = bytearray(_silence(FIRST_PAUSE))
    spoken: list[Spoken] = []
    order: deque[bytes] = deque()
    while True:
        if len(order) < len(lines):
            order.extend(chance.sample(lines, len(lines)))
        rest = seconds - len(samples) / 2 / RATE
        fitting = next((i for i, line in enumerate(order) if len(line) / 2 / RATE / ACTIVITY <= rest), None)
        if fitting is None and spoken:
            break
        line = order[fitting] if fitting is not None else min(lines, key=len)
        if fitting is not None:
            del order[fitting]
        line = _at_speed(line, chance.uniform(*SPEEDS))
        length = len(line) / 2 / RATE
        pause = max(length / ACTIVITY - length, SHORTEST_PAUSE)
        before = chance.uniform(0.0, pause - SHORTEST_PAUSE)
        samples += _silence(before)
        start = len(samples) / 2 / RATE
        spoken.append(Spoken(start, start + length))
        samples += line + _silence(pause - before)
    whole = round(max(seconds, spoken[-1].end + SHORTEST_PAUSE) * RATE) * 2
    return LegAudio(bytes(samples[:whole].ljust(whole, b"\0")), tuple(spoken))


async def play(address: str, tap_id: str, samples: bytes) -> Played:
    """Be Asterisk's end of one tap: send the leg in real time, hang up, wait until the other side hangs up too.

    Raises NeighbourError when it does not.
    """
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    loop = asyncio.get_running_loop()
    listening = asyncio.create_task(_listen(reader))
    late = 0.0
    try:
        writer.write(audiosocket.encode_uuid(tap_id))
        began, start = time.time(), loop.time()
        step = int(RATE * FRAME_SECONDS) * 2
        for i in range(0, len(samples), step):
            due = start + i / 2 / RATE + FRAME_SECONDS
            await asyncio.sleep(due - loop.time())
            late = max(late, loop.time() - due)
            writer.write(audiosocket.encode_audio(samples[i : i + step]))
        writer.write(audiosocket.encode_hangup())
        await within(listening, HANG_UP_SECONDS, "a leg was not heard to its end")
    finally:
        listening.cancel()
        writer.close()
    return Played(began, late)


async def _listen(reader: asyncio.StreamReader) -> None:
    """Take what the other side sends, to the end."""
    with contextlib.suppress(ConnectionError):
        while await reader.read(4096):
            pass


def _silence(seconds: float) -> bytes:
    return bytes(max(0, int(seconds * RATE)) * 2)


def _at_speed(line: bytes, speed: float) -> bytes:
    import soxr

    wave = soxr.resample(np.frombuffer(line, "<i2").astype(np.float32), RATE * speed, RATE)
    return bytes(np.clip(wave, -32768, 32767).astype("<i2").tobytes())


def _trimmed(line: bytes) -> bytes:
    samples = np.abs(np.frombuffer(line, "<i2").astype(np.int32))
    (loud,) = np.nonzero(samples > QUIET * samples.max(initial=1))
    return line[loud[0] * 2 : (loud[-1] + 1) * 2] if len(loud) else line
