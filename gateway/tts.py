"""Text to waveform: Mandarin and Korean with Kokoro-82M (ONNX), for the hotline's prompts and the demo's voices.

A voice's folder holds ``model.onnx``, ``vocab.json`` (phoneme to token) and ``voices.npz`` (one style table
per voice). The model speaks at 24 kHz; callers hear 8 kHz, so samples come out at the rate asked for.
"""

from __future__ import annotations

import io
import json
import os
import re
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gateway.errors import InputError, ModelError
from gateway.numerals import read_numerals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MODEL_RATE = 24_000
"""Samples a second the model makes."""
MAX_TOKENS = 500
"""Phonemes the model takes in one breath; longer sentences are cut at a comma."""
SENTENCE_PAUSE = 0.35
"""Seconds of silence between two sentences."""
_NEEDED = ("model.onnx", "vocab.json", "voices.npz")
_WRITE = "Write it in Chinese characters, or in hangul"
_INSTALL = "Install it with: hotline models install kokoro-82m"

Samples = NDArray[np.int16]


class Voice:
    """Kokoro with all its voices, loaded once. Calls block for about a third of the speech's length.

    ``threads`` caps the decoder, so that a gateway on the same machine keeps a core; 0 takes at most two.
    Raises ModelError when the folder lacks a file or the libraries are not installed.
    """

    def __init__(self, model_dir: Path, *, threads: int = 0) -> None:
        missing = [name for name in _NEEDED if not (model_dir / name).is_file()]
        if missing:
            raise ModelError(f"voice model folder {model_dir} lacks {', '.join(missing)}", _INSTALL)
        try:
            import onnxruntime

            from gateway import hangul, phonemes
        except ImportError as error:
            raise ModelError(f"cannot speak: {error}", "Install the extra: pip install hotline-gateway[tts]") from error
        self._phonemes: Callable[[str], str] = lambda text: phonemes.phonemes(hangul.phonemes(text))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or min(2, os.cpu_count() or 1)
        options.inter_op_num_threads = 1
        try:
            vocabulary = json.loads((model_dir / "vocab.json").read_text(encoding="utf-8"))
            self._tokens: dict[str, int] = vocabulary["vocab"]
            with np.load(model_dir / "voices.npz") as tables:
                self._styles: dict[str, NDArray[np.float32]] = {name: tables[name] for name in tables.files}
            self._session: Any = onnxruntime.InferenceSession(
                str(model_dir / "model.onnx"), sess_options=options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # each library has errors of its own for a broken file
            raise ModelError(f"voice model in {model_dir} cannot be read: {error}", _INSTALL) from error

    @property
    def names(self) -> tuple[str, ...]:
        """The voices there are."""
        return tuple(sorted(self._styles))

    def speak(self, text: str, voice: str = "jf_gongitsune", speed: float = 0.9, rate: int = 8000) -> Samples:
        """Mono int16 samples of ``text`` at ``rate`` Hz; numerals are read as Chinese (write Korean ones in hangul).

        Raises InputError for an unknown voice, and for text with nothing, or something, the voice cannot say.
        """
        import soxr

        if voice not in self._styles:
            raise InputError(f"there is no voice {voice}", f"Take one of {', '.join(self.names)}")
        pieces = [self._say(tokens, voice, speed) for tokens in self._breaths(text)]
        if not pieces:
            raise InputError("the text has nothing that can be said", _WRITE)
        pause = np.zeros(int(SENTENCE_PAUSE / speed * MODEL_RATE), np.float32)
        speech = pieces[0]
        for piece in pieces[1:]:
            speech = np.concatenate([speech, pause, piece])
        resampled = soxr.resample(speech, MODEL_RATE, rate, quality="HQ") if rate != MODEL_RATE else speech
        return np.round(np.clip(resampled, -1.0, 1.0) * 32767).astype(np.int16)

    def _breaths(self, text: str) -> Iterator[list[int]]:
        """Token lists, one for each sentence, none longer than the model takes."""
        for sentence in re.split(r"(?<=[。！？!?；;\n])", read_numerals(text)):
            if not sentence.strip():
                continue
            phonemes = self._phonemes(sentence.strip())
            unknown = sorted({c for c in phonemes if c not in self._tokens and c.isalnum()})
            if unknown:
                raise InputError(f"the voice cannot say {' '.join(unknown)}", _WRITE)
            tokens = [self._tokens[c] for c in phonemes if c in self._tokens]
            if not any(c.isalpha() for c in phonemes):
                continue
            yield from _cut(tokens, self._tokens.get(",", 0))

    def _say(self, tokens: list[int], voice: str, speed: float) -> NDArray[np.float32]:
        # The style table has one row for each number of phonemes; 0 stands at both ends of a sentence.
        style = self._styles[voice][min(len(tokens), len(self._styles[voice])) - 1]
        (speech, *_) = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": np.asarray(style, dtype=np.float32).reshape(1, -1),
                "speed": np.array([speed], dtype=np.float32),
            },
        )
        return trim_silence(np.asarray(speech, dtype=np.float32).ravel(), MODEL_RATE)


def _cut(tokens: list[int], comma: int) -> Iterator[list[int]]:
    """Pieces of at most MAX_TOKENS, cut behind the last comma that fits, else anywhere."""
    while len(tokens) > MAX_TOKENS:
        commas = [i + 1 for i, token in enumerate(tokens[:MAX_TOKENS]) if token == comma]
        end = commas[-1] if commas else MAX_TOKENS
        yield tokens[:end]
        tokens = tokens[end:]
    if tokens:
        yield tokens


def trim_silence(
    speech: NDArray[np.float32], rate: int, *, threshold: float = 0.01, margin: float = 0.03
) -> NDArray[np.float32]:
    """``speech`` (full scale 1.0) without silence at its ends, but for ``margin`` seconds."""
    loud = np.flatnonzero(np.abs(speech) > threshold)
    if not len(loud):
        return speech[:0]
    keep = int(margin * rate)
    return speech[max(0, loud[0] - keep) : loud[-1] + 1 + keep]


def write_wav(path: Path, samples: Samples, rate: int) -> None:
    """Write mono 16-bit PCM; the file appears whole or not at all."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(rate)
        sound.writeframes(samples.astype("<i2").tobytes())
    part = path.with_suffix(path.suffix + ".part")
    part.write_bytes(buffer.getvalue())
    part.replace(path)
