"""Whisper (faster-whisper, CTranslate2, int8): whole utterances, one thread each.

What differs from the usual way of running it, and why:

- The encoder sees the utterance and a few seconds of silence, not always 30 s: a third of the time for the same
  error rate. Without the silence the model tends to repeat itself.
- For Chinese, tokens that write a character outside GB 2312 (in practice the traditional forms) are suppressed, so
  that the text comes out in simplified characters whatever the model leans to.
- Whisper invents sentences when nobody speaks: results it is unsure of, repetitions, and phrases known from
  subtitles are dropped.
"""

from __future__ import annotations

import math
import os
import re
import threading
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import ctranslate2
import numpy as np
import soxr
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer
from numpy.typing import NDArray

from gateway.asr.engine_parts.memory import trim
from gateway.asr.models import Model
from gateway.asr.recognizer import Capabilities, Decoded, SegmentingAdapter, UtteranceDecoder, no_grammar
from gateway.asr.text.normalise import normalise
from gateway.asr.vad import GateSettings
from gateway.errors import ModelError

RATE = 16_000
HOP = 160
"""Samples of one encoder frame (10 ms)."""
MIN_CONTEXT, MAX_CONTEXT, TAIL = 1000, 3000, 400
"""Frames: the shortest and longest the encoder is given, and the silence after the utterance."""
MIN_SECONDS = 0.3
"""Shorter sounds are no speech."""
TOKENS_PER_SECOND = 10
MIN_LOG_PROBABILITY = -1.0
"""Mean per token, as the four limits are applied: speech over a telephone stays above -0.5, inventions below -1.1."""
NO_SPEECH_PROBABILITY, NO_SPEECH_LOG_PROBABILITY = 0.6, -0.6
MAX_COMPRESSION = 2.4
"""UTF-8 bytes before and after zlib; above, the model is repeating itself."""
PHANTOMS = re.compile(
    r"字幕|订阅|点赞|打赏|明镜|点点栏目|优优独播|谢谢观看|感谢观看|谢谢收看|作词|作曲|编曲|主持人员|请坐席员"
    r"|thanks? (you )?for watching|subscribe|시청해주셔서|ご視聴",
    re.IGNORECASE,
)
"""Subtitle phrases the model was trained on and utters over noise."""


class WhisperRecognizer:
    """A loaded Whisper model. Raises ModelError when the folder holds none."""

    engine = "whisper"
    gate = GateSettings()
    capabilities = Capabilities(streaming=False, interim=True, words=False, grammar=False)

    def __init__(self, model: Model, folder: Path, threads: int) -> None:
        self.model = model.name
        self._options = model.whisper
        try:
            self._whisper: Any = WhisperModel(
                str(folder), device="cpu", compute_type="int8", cpu_threads=1, num_workers=max(1, threads)
            )
        except Exception as error:  # the library has errors of its own for a broken file
            raise ModelError(
                f"model {model.name} cannot be read by faster-whisper", f"hotline models verify {model.name}"
            ) from error
        self._tokenizers: dict[str, Any] = {}
        self._suppressed: dict[str, list[int]] = {}
        self._lock = threading.Lock()

    def decoder(
        self, language: str, rate: int, idle: Callable[[], bool], grammar: Sequence[str] = ()
    ) -> UtteranceDecoder:
        """See Recognizer."""
        if grammar:
            raise no_grammar(self.engine)
        return SegmentingAdapter(lambda samples, final: self.decode(samples, rate, language, final), rate, idle)

    def release(self) -> None:
        """See Recognizer. Between utterances Whisper holds its weights only."""
        trim()

    def decode(self, samples: bytes, rate: int, language: str, final: bool) -> Decoded:
        """One utterance of 16-bit mono ``samples``, at most 26 s. Interim results take no beam search."""
        audio = np.frombuffer(samples, "<i2").astype(np.float32) / np.float32(32768)
        if len(audio) < MIN_SECONDS * rate:
            return Decoded("")
        if rate != RATE:
            audio = soxr.resample(audio, rate, RATE, quality="LQ")
        tokenizer, suppressed = self._for_language(language)
        encoded = self._whisper.model.encode(ctranslate2.StorageView.from_array(self._features(audio)))
        prompt = self._options.prompts.get(language, "")
        start = [tokenizer.sot_prev, *tokenizer.encode(" " + prompt)] if prompt else []
        start += [*tokenizer.sot_sequence, tokenizer.no_timestamps]
        longest = len(start) + 12 + math.ceil(len(audio) / RATE * TOKENS_PER_SECOND)
        for repeats_allowed in (True, False):
            best = self._whisper.model.generate(
                encoded,
                [start],
                beam_size=self._options.beam_size if final else 1,
                max_length=longest,
                no_repeat_ngram_size=0 if repeats_allowed else 3,
                suppress_tokens=suppressed,
                return_scores=True,
                return_no_speech_prob=True,
            )[0]
            text = normalise(tokenizer.decode(best.sequences_ids[0]), language, spaces_are_pauses=True)
            if not repeats(text):
                break
        if invented(text, best.scores[0], best.no_speech_prob):
            return Decoded("")
        return Decoded(text, math.exp(min(0.0, best.scores[0])))

    def _features(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Log-mel frames, shape (1, 80, frames), padded with silence to the context chosen."""
        frames = min(MAX_CONTEXT, max(MIN_CONTEXT, len(audio) // HOP + TAIL))
        frames -= frames % 2
        padded = np.zeros(frames * HOP, np.float32)
        padded[: len(audio)] = audio[: len(padded)]
        features = self._whisper.feature_extractor(padded)[:, :frames]
        return np.ascontiguousarray(features[None], np.float32)

    def _for_language(self, language: str) -> tuple[Any, list[int]]:
        with self._lock:
            if language not in self._tokenizers:
                tokenizer = Tokenizer(self._whisper.hf_tokenizer, True, task="transcribe", language=language)
                self._suppressed[language] = [-1, *(_traditional(tokenizer) if language == "zh" else ())]
                self._tokenizers[language] = tokenizer
            return self._tokenizers[language], self._suppressed[language]


def _traditional(tokenizer: Any) -> list[int]:
    """Text tokens that write a Chinese character GB 2312 does not have."""
    return [
        token
        for token in range(tokenizer.eot)
        if any("\u4e00" <= c <= "\u9fff" and not _in_gb2312(c) for c in tokenizer.decode([token]))
    ]


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def repeats(text: str) -> bool:
    """The same words over and over."""
    data = text.encode()
    return len(data) > 2 * 24 and len(data) / len(zlib.compress(data)) > MAX_COMPRESSION


def invented(text: str, log_probability: float, no_speech: float) -> bool:
    """True for what the model makes up over silence, noise and music."""
    return (
        log_probability < MIN_LOG_PROBABILITY
        or (no_speech > NO_SPEECH_PROBABILITY and log_probability < NO_SPEECH_LOG_PROBABILITY)
        or repeats(text)
        or PHANTOMS.search(text) is not None
    )


def load(model: Model, folder: Path, threads: int) -> WhisperRecognizer:
    """See ``recognizer.load``. Each of ``threads`` callers decodes with one core: the best use of few cores."""
    return WhisperRecognizer(model, folder, threads or os.cpu_count() or 1)
