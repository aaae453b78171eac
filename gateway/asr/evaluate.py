"""How well and how fast an engine transcribes: character error rate, real-time factor, latency.

Files go through the same stream as a live leg (gate, decoder, threads), as fast as the engine takes them.
"""

from __future__ import annotations

import asyncio
import csv
import re
import time
import unicodedata
import wave
from pathlib import Path

import numpy as np
from msgspec import Struct

from gateway.asr import models
from gateway.asr.recognizer import Final, Recognizer, load
from gateway.asr.stream import DecoderPool, RecognizerStream
from gateway.asr.text.amounts import DIGITS, NUMERALS, UNITS, value
from gateway.asr.text.writing import Corrects, Written, write
from gateway.errors import InputError

_NUMERAL = re.compile(f"[0-9{NUMERALS}]+")
CHUNK_SECONDS = 0.02


class FileResult(Struct, frozen=True):
    """One file. ``rtf``: decoding seconds per second of audio; ``latency``: end of the audio to the last word."""

    file: str
    reference: str
    hypothesis: str
    cer: float
    characters: int
    seconds: float
    rtf: float
    latency: float


class Report(Struct, frozen=True):
    """What ``hotline asr eval --json`` prints. ``cer`` weighs each file by its characters."""

    engine: str
    model: str
    language: str
    rate: int
    threads: int
    files: tuple[FileResult, ...]
    cer: float
    rtf: float
    latency_mean: float
    latency_max: float


def comparable(text: str) -> str:
    """``text`` without what is not said: punctuation and spaces; numbers as digits however written, letters small."""
    text = "".join(unicodedata.normalize("NFKC", text).lower().split())
    text = re.sub(r"([0-9][0-9.]*)%", r"百分之\1", text)
    text = re.sub(rf"(?<=[0-9{NUMERALS}])\.(?=[0-9{NUMERALS}])", "点", text)
    text = re.sub(rf"(?<=[0-9{NUMERALS}])杠(?=[0-9{NUMERALS}])", "-", text)
    text = _NUMERAL.sub(lambda m: _digits(m[0]), text)
    return "".join(c for c in text if unicodedata.category(c)[0] in "LN")


def _digits(numeral: str) -> str:
    """十二 -> 12, 三百零五 -> 305, 3千 -> 3000; without a unit digit by digit: 一三八零 -> 1380."""
    if not any(c in UNITS for c in numeral):
        return "".join("2" if c == "两" else DIGITS.get(c, c) for c in numeral)
    amount = value(numeral)
    if amount is not None:
        return str(amount)
    total = section = 0
    pending = ""
    for c in numeral:
        if c not in UNITS:
            pending += "2" if c == "两" else DIGITS.get(c, c)
            continue
        unit = UNITS[c]
        known = int(pending) if pending else 0 if section and unit >= 10_000 else 1
        pending = ""
        if unit >= 10_000:
            total, section = total + (section + known) * unit, 0
        else:
            section += known * unit
    return str(total + section + (int(pending) if pending else 0))


def edits(reference: str, hypothesis: str) -> int:
    """Levenshtein distance in characters."""
    row = list(range(len(hypothesis) + 1))
    for i, expected in enumerate(reference, 1):
        diagonal, row[0] = row[0], i
        for j, said in enumerate(hypothesis, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (expected != said))
    return row[-1]


def cer(reference: str, hypothesis: str) -> float:
    """Character error rate of ``comparable`` texts: edits / characters of the reference; may exceed 1.

    An empty reference gives 0 for an empty hypothesis and 1 for any other.
    """
    expected, said = comparable(reference), comparable(hypothesis)
    if not expected:
        return 1.0 if said else 0.0
    return edits(expected, said) / len(expected)


def read_wav(path: Path, rate: int) -> bytes:
    """Mono 16-bit samples at ``rate``; stereo files are mixed. Raises InputError for another kind of file."""
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, source = file.getsampwidth(), file.getnchannels(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (OSError, EOFError, wave.Error) as error:
        raise InputError(f"{path} is not a WAV file that can be read: {error}") from error
    if width != 2:
        raise InputError(f"{path} has {width * 8}-bit samples", "Convert it to 16 bit")
    samples = np.frombuffer(data, "<i2").reshape(-1, channels).mean(axis=1)
    if source != rate:
        import soxr

        samples = soxr.resample(samples, source, rate)
    return bytes(np.round(np.clip(samples, -32768, 32767)).astype("<i2").tobytes())


class Transcription(Struct, frozen=True):
    """One recording's words: ``text`` as people read it, ``heard`` as the engine had it.

    ``took``: seconds the whole took; ``latency``: from its last sample to its last word.
    """

    text: str
    heard: str
    took: float
    latency: float


async def transcribe(
    recognizer: Recognizer,
    language: str,
    samples: bytes,
    rate: int,
    pool: DecoderPool,
    vocabulary: Corrects | None = None,
) -> Transcription:
    """Transcribe 16-bit ``samples`` as a live leg is, as fast as the engine goes."""
    stream = RecognizerStream(recognizer, language, rate, pool)
    started = time.perf_counter()
    step = int(rate * CHUNK_SECONDS) * 2
    for i in range(0, len(samples), step):
        stream.push(samples[i : i + step], i / 2 / rate)
    stream.finish()
    written: list[Written] = []
    latency, previous = 0.0, started
    async for event in stream.events():
        if isinstance(event, Final):
            written.append(write(event.text, event.words, language, vocabulary))
            latency, previous = time.perf_counter() - previous, time.perf_counter()
    separator = "" if language == "zh" else " "
    return Transcription(
        separator.join(one.text for one in written),
        separator.join(one.raw or one.text for one in written),
        time.perf_counter() - started,
        latency,
    )


def read_manifest(path: Path) -> list[tuple[Path, str]]:
    """(file, transcript) of a tab-separated manifest; files are relative to it. Raises InputError naming the column."""
    try:
        with path.open(encoding="utf-8", newline="") as lines:
            rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    for column in ("file", "transcript"):
        if not rows or column not in rows[0]:
            raise InputError(f"{path} has no column {column}, or no rows", "Columns, tab-separated: file, transcript")
    return [(path.parent / row["file"], row["transcript"]) for row in rows]


async def evaluate(
    manifest: Path,
    home: Path,
    *,
    engine: str = "auto",
    model: str = "",
    language: str = "zh",
    rate: int = 8000,
    threads: int = 1,
) -> Report:
    """Transcribe every file of ``manifest`` at ``rate`` Hz, one after another, and compare.

    Raises InputError for the manifest and its files, ModelError when no model fits.
    """
    rows = read_manifest(manifest)
    chosen, *_ = models.choose(home, language, engine, model)
    recognizer = await asyncio.to_thread(load, chosen, models.model_dir(home, chosen.name), threads)
    pool = DecoderPool(threads)
    results = []
    try:
        for path, reference in rows:
            samples = await asyncio.to_thread(read_wav, path, rate)
            done = await transcribe(recognizer, language, samples, rate, pool)
            seconds = len(samples) / 2 / rate
            results.append(
                FileResult(
                    file=path.name,
                    reference=reference,
                    hypothesis=done.text,
                    cer=cer(reference, done.text),
                    characters=len(comparable(reference)),
                    seconds=seconds,
                    rtf=done.took / seconds if seconds else 0.0,
                    latency=done.latency,
                )
            )
    finally:
        pool.close()
    characters = sum(r.characters for r in results)
    audio = sum(r.seconds for r in results)
    return Report(
        engine=chosen.engine,
        model=chosen.name,
        language=language,
        rate=rate,
        threads=threads,
        files=tuple(results),
        cer=sum(r.cer * r.characters for r in results) / characters if characters else 0.0,
        rtf=sum(r.rtf * r.seconds for r in results) / audio if audio else 0.0,
        latency_mean=sum(r.latency for r in results) / len(results),
        latency_max=max(r.latency for r in results),
    )
