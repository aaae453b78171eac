"""Speech decoded directly, without a server: the least that it can cost, and Whisper's reference."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct

from gateway.bench.asr_lag import CHUNK_SECONDS
from gateway.bench.asr_sides import Side, call_minutes, speech_seconds
from gateway.bench.figures import percentiles
from gateway.bench.speech import LegAudio
from gateway.demo.voices import RATE

WHISPER_RATE = 16_000


class DecodeOnly(Struct, frozen=True):
    """The limit: the same speech and nothing but it, decoded by one recogniser that is warm, on one core.

    ``real_time_factor``: processor seconds a second of speech; ``cpu_seconds_per_call_minute``: two legs' speech.
    """

    seconds: float
    real_time_factor: float
    cpu_seconds_per_call_minute: float


def decode_only(folder: Path, warm_up: Sequence[LegAudio], audio: Sequence[LegAudio]) -> DecodeOnly:
    """Vosk, line after line by one recogniser that has heard the ``warm_up``. Blocks."""
    import vosk

    vosk.SetLogLevel(-1)
    recognizer = vosk.KaldiRecognizer(vosk.Model(str(folder)), RATE)
    recognizer.SetWords(True)
    _decode(recognizer, warm_up)
    cpu = time.thread_time()
    _decode(recognizer, audio)
    cpu = time.thread_time() - cpu
    speech = speech_seconds(audio)
    return DecodeOnly(speech, cpu / speech, cpu / call_minutes(audio))


def _decode(recognizer: Any, audio: Sequence[LegAudio]) -> None:
    step = int(RATE * CHUNK_SECONDS) * 2
    for leg in audio:
        for spoken in leg.lines:
            line = leg.of_line(spoken)
            for i in range(0, len(line), step):
                recognizer.AcceptWaveform(line[i : i + step])
            recognizer.FinalResult()


def direct_whisper(folder: Path, language: str, audio: Sequence[LegAudio]) -> Side:
    """faster-whisper as its users run it, one line after another: beam search, all cores for one line. Blocks.

    ``end_to_final`` are the seconds of decoding, as if each line had waited for nothing.
    """
    import soxr
    from faster_whisper import WhisperModel

    model = WhisperModel(str(folder), device="cpu", compute_type="int8")
    found: list[float | None] = []
    cpu = time.process_time()
    for leg in audio:
        for line in leg.lines:
            wave = np.frombuffer(leg.of_line(line), "<i2").astype(np.float32) / np.float32(32768)
            start = time.monotonic()
            segments, _ = model.transcribe(soxr.resample(wave, RATE, WHISPER_RATE), language=language, beam_size=5)
            text = "".join(segment.text for segment in segments)
            found.append(time.monotonic() - start if text.strip() else None)
    cpu = time.process_time() - cpu
    return Side(
        what="direct decoding",
        chunk_lag=percentiles([]),
        end_to_final=percentiles([seconds for seconds in found if seconds is not None]),
        first_words=percentiles([]),
        unheard=found.count(None),
        covered=1.0,
        lost=0.0,
        deferred=0.0,
        sender_late=0.0,
        real_time_factor=cpu / speech_seconds(audio),
        cpu_seconds_per_call_minute=cpu / call_minutes(audio),
        peak_memory_mb=None,
    )
