"""Stand-ins for spoken prompts: noises that can be told apart, as long as the words would be; and an ear for them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gateway.demo.stage import AsteriskInstance

RATE = 8000
SECONDS = {"recording-notice": 1.5, "agent-serves": 1.2, "goodbye": 0.5, **{f"digit-{n}": 0.3 for n in range(10)}}
LOUDNESS = 3000
PIECE = RATE // 10
ALIKE = 0.9


def noise(seed: int, seconds: float) -> NDArray[np.int16]:
    """Noise below 3 kHz, 8000 Hz, the same for the same seed."""
    samples = np.random.default_rng(seed).normal(0, LOUDNESS, int(RATE * seconds))
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / RATE) > 3000] = 0
    return np.clip(np.fft.irfft(spectrum, len(samples)), -32768, 32767).astype(np.int16)


def prompt(name: str) -> NDArray[np.int16]:
    """The noise that stands for a prompt."""
    return noise(list(SECONDS).index(name), SECONDS[name])


def lay_prompts(instance: AsteriskInstance) -> None:
    """Give a running instance every prompt of the dialplan, in place of what it has."""
    folder = instance.folder / "data" / "sounds" / "hotline"
    folder.mkdir(parents=True, exist_ok=True)
    for name in SECONDS:
        write(folder / f"{name}.wav", prompt(name))


def write(path: Path, samples: NDArray[np.int16]) -> Path:
    """Write a WAV of 8000 Hz and return its path."""
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.tobytes())
    return path


def read(path: Path) -> NDArray[np.int16]:
    """Samples of a WAV of 8000 Hz."""
    with wave.open(str(path), "rb") as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, RATE)
        return np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16)


def share_heard(part: NDArray[np.int16], whole: NDArray[np.int16]) -> float:
    """Share of ``part``'s tenths of a second that are in ``whole``; a lost or late packet spoils one of them only."""
    pieces = [part[start : start + PIECE] for start in range(0, len(part) - PIECE + 1, PIECE)]
    return sum(likeness(piece, whole)[0] > ALIKE for piece in pieces) / len(pieces)


def place_heard(part: NDArray[np.int16], whole: NDArray[np.int16]) -> int:
    """First sample of where ``part`` begins in ``whole``, by the median of its pieces."""
    starts = range(0, len(part) - PIECE + 1, PIECE)
    return int(np.median([likeness(part[start : start + PIECE], whole)[1] - start for start in starts]))


def likeness(part: NDArray[np.int16], whole: NDArray[np.int16]) -> tuple[float, int]:
    """How much the most similar place of ``whole`` resembles ``part`` (1: the same), and that place's first sample."""
    if len(whole) < len(part):
        return 0.0, 0
    size = len(whole) + len(part)
    sound, pattern = whole.astype(np.float64), part.astype(np.float64)
    products = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(pattern, size)), size)
    energy = np.convolve(sound**2, np.ones(len(part)), mode="valid")
    scores = products[: len(energy)] / np.sqrt(np.maximum(energy, 1.0) * np.sum(pattern**2))
    best = int(np.argmax(scores))
    return float(scores[best]), best
