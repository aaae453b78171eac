"""Text to waveform: Mandarin with Kokoro-82M (ONNX), for the hotline's prompts and the demo's voices.

A voice's folder holds ``model.onnx``, ``vocab.json`` (phoneme to token) and ``voices.npz`` (one style table
per voice). The model speaks at 24 kHz; callers hear 8 kHz, so samples come out at the rate asked for.
"""

from __future__ import annotations

import io
import json
import logging
import os
import re
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gateway.errors import InputError, ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL_RATE = 24_000
"""Samples a second the model makes."""
MAX_TOKENS = 500
"""Phonemes the model takes in one breath; longer sentences are cut at a comma."""
SENTENCE_PAUSE = 0.35
"""Seconds of silence between two sentences."""
_NEEDED = ("model.onnx", "vocab.json", "voices.npz")
_INSTALL = "Install it with: hotline models install kokoro-82m"
_DIGITS = "零一二三四五六七八九"

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

            self._phonemes = Phonemizer()
        except ImportError as error:
            raise ModelError(f"cannot speak: {error}", "Install the extra: pip install hotline-gateway[tts]") from error
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
        """Mono int16 samples of ``text`` at ``rate`` Hz; numerals are read as Chinese.

        Raises InputError for an unknown voice, and for text with nothing, or something, the voice cannot say.
        """
        import soxr

        if voice not in self._styles:
            raise InputError(f"there is no voice {voice}", f"Take one of {', '.join(self.names)}")
        pieces = [self._say(tokens, voice, speed) for tokens in self._breaths(text)]
        if not pieces:
            raise InputError("the text has nothing that can be said", "Write it in Chinese characters")
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
                raise InputError(f"the voice cannot say {' '.join(unknown)}", "Write it in Chinese characters")
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


class Phonemizer:
    """Mandarin text to Kokoro's phonemes: words by jieba, tones with sandhi by pypinyin, letters by misaki."""

    def __init__(self) -> None:
        import cn2an  # type: ignore[import-untyped]
        import jieba  # type: ignore[import-untyped]
        import pypinyin
        from misaki.zh import ZHG2P

        jieba.setLogLevel(logging.WARNING)
        self._amounts: Any = cn2an.transform
        self._words: Any = jieba.lcut
        self._pinyin: Any = pypinyin.lazy_pinyin
        self._style: Any = pypinyin.Style.TONE3
        self._misaki: Any = ZHG2P

    def __call__(self, text: str) -> str:
        """Phonemes of ``text``, with tone arrows, punctuation marks and spaces between words.

        Raises InputError for a character that has no reading.
        """
        text = self._misaki.map_punctuation(self._amounts(text, "an2cn"))
        runs = re.findall(r"[\u4e00-\u9fff]+|[^\u4e00-\u9fff]+", text)
        spoken = (self._sentence(run) if "\u4e00" <= run[0] <= "\u9fff" else run for run in runs)
        # The mark below a non-syllabic vowel is not in the model's table.
        return "".join(spoken).replace("\u032f", "")

    def _sentence(self, run: str) -> str:
        return " ".join(self._word(word) for word in self._words(run))

    def _word(self, word: str) -> str:
        syllables = self._pinyin(word, style=self._style, neutral_tone_with_five=True, tone_sandhi=True)
        try:
            return "".join(self._misaki.py2ipa(syllable) for syllable in syllables)
        except (ValueError, AssertionError) as error:
            raise InputError("a character has no Mandarin reading", "Write it with common characters") from error


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


def read_numerals(text: str) -> str:
    """Numerals that are names, not amounts, digit by digit in Chinese; amounts are left to the phonemizer.

    Names are: five digits and more (telephone numbers, 12345), a leading zero, a year, a room, and the parts of
    an address such as 3-2-501. A time of day such as 15:30 becomes hours and minutes.
    """
    text = re.sub(r"(?<!\d)(\d{1,2})[:：](\d{2})(?![\d:：])", _time_of_day, text)
    text = re.sub(r"(?<!\d)\d+(?:-\d+)+(?!\d)", lambda m: "杠".join(_by_digit(p) for p in m[0].split("-")), text)
    text = re.sub(r"(?<![\d.])(?:\d{5,}|0\d+)(?![\d.])", lambda m: _by_digit(m[0]), text)
    return re.sub(r"(?<![\d.])(?:\d{4}(?=年)|\d{3,4}(?=室|房))", lambda m: _by_digit(m[0]), text)


def _by_digit(digits: str) -> str:
    return "".join(_DIGITS[int(d)] for d in digits)


def _time_of_day(match: re.Match[str]) -> str:
    hour, minute = match[1], match[2]
    if int(minute) == 0:
        return f"{int(hour)}点整"
    return f"{int(hour)}点{'零' if minute[0] == '0' else ''}{int(minute)}分"


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
