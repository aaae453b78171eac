"""sherpa-onnx: streaming Zipformer (and other transducers of icefall) and streaming Paraformer, on the CPU.

The model is shared; each utterance has a stream of its own, so that what was said before never changes its words.
Utterances are cut by our voice activity gate: the engine's own endpoint detection is off.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sherpa_onnx
import soxr
from numpy.typing import NDArray

from gateway.asr.engine_parts.memory import trim
from gateway.asr.engine_parts.pieces import Piece, words_of
from gateway.asr.engine_parts.sherpa_layout import Layout, lay_out
from gateway.asr.models import Model
from gateway.asr.recognizer import BLOCK_SECONDS, Capabilities, Decoded, UtteranceDecoder, Word, no_grammar
from gateway.asr.text.normalise import normalise
from gateway.asr.vad import GateSettings
from gateway.errors import ModelError

RATE = 16_000


class SherpaRecognizer:
    """A loaded model. Raises ModelError when the folder holds none that sherpa-onnx decodes while it is spoken."""

    engine = "sherpa"
    gate = GateSettings(end_silence=0.5)

    def __init__(self, model: Model, folder: Path) -> None:
        self.model = model.name
        self.layout = lay_out(model, folder)
        self.capabilities = Capabilities(
            streaming=True, interim=True, words=self.layout.joiner is not None, grammar=False
        )
        try:
            self.recognizer: Any = _open(self.layout)
            # Parts that do not fit together are found by the first decoding only.
            silence = self.decoder("", RATE, lambda: False)
            silence.accept(bytes(RATE))
            silence.finish()
        except Exception as error:  # ONNX Runtime's errors arrive as several kinds
            raise ModelError(
                f"model {model.name} cannot be read by sherpa-onnx", f"hotline models verify {model.name}"
            ) from error

    def decoder(
        self, language: str, rate: int, idle: Callable[[], bool], grammar: Sequence[str] = ()
    ) -> UtteranceDecoder:
        """See Recognizer."""
        if grammar:
            raise no_grammar(self.engine)
        return _SherpaDecoder(self.recognizer, language, rate, self.layout.tail)

    def release(self) -> None:
        """See Recognizer. Between utterances only the weights are held."""
        trim()


class _SherpaDecoder:
    """One leg's utterances, one after another."""

    def __init__(self, recognizer: Any, language: str, rate: int, tail: float) -> None:
        self._recognizer = recognizer
        self._language = language
        self._rate = rate
        self._tail = np.zeros(int(tail * RATE), np.float32)
        # Blocks of one size, however the audio arrived: load must not change what a leg is heard to say.
        self._block = int(rate * BLOCK_SECONDS) * 2
        self._rest = bytearray()
        self._bytes = 0
        self._stream: Any = None
        self._resampler: Any = None

    def accept(self, samples: bytes) -> str | None:
        """See UtteranceDecoder."""
        self._rest += samples
        decoded = False
        while len(self._rest) >= self._block:
            decoded |= self._feed(bytes(self._rest[: self._block]))
            del self._rest[: self._block]
        return normalise(self._recognizer.get_result(self._stream), self._language) or None if decoded else None

    def finish(self, cut: bool = True) -> Decoded:
        """See UtteranceDecoder."""
        if self._rest:
            self._feed(bytes(self._rest))
            self._rest.clear()
        if self._stream is None:
            return Decoded("")
        if self._resampler is not None:
            self._decode(self._resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        self._stream.accept_waveform(RATE, self._tail)
        self._stream.input_finished()
        self._decode()
        result = self._recognizer.get_result_all(self._stream)
        seconds = self._bytes / 2 / self._rate
        self.close()
        chances = [math.exp(min(0.0, logarithm)) for logarithm in result.ys_probs]
        return Decoded(
            normalise(result.text, self._language),
            sum(chances) / len(chances) if chances else None,
            _words(result.text, result.tokens, result.timestamps, chances, seconds),
        )

    def close(self) -> None:
        """See UtteranceDecoder."""
        self._rest.clear()
        self._bytes = 0
        self._stream = self._resampler = None

    def _feed(self, samples: bytes) -> bool:
        """Take one block; True when something was decoded."""
        if self._stream is None:
            self._stream = self._recognizer.create_stream()
            # The engine would resample too, but says so on standard error for every utterance.
            self._resampler = None if self._rate == RATE else soxr.ResampleStream(self._rate, RATE, 1, quality="LQ")
        self._bytes += len(samples)
        audio = np.frombuffer(samples, "<i2").astype(np.float32) / np.float32(32768)
        return self._decode(audio if self._resampler is None else self._resampler.resample_chunk(audio))

    def _decode(self, audio: NDArray[np.float32] | None = None) -> bool:
        if audio is not None and len(audio):
            self._stream.accept_waveform(RATE, audio)
        decoded = False
        while self._recognizer.is_ready(self._stream):
            self._recognizer.decode_stream(self._stream)
            decoded = True
        return decoded


def _words(
    text: str, tokens: Sequence[str], starts: Sequence[float], chances: Sequence[float], seconds: float
) -> tuple[Word, ...]:
    """The words of ``text`` with their times; none where the engine gives no times or its tokens spell otherwise."""
    if not len(tokens) == len(starts) == len(chances):
        return ()
    words = words_of([Piece(*piece) for piece in zip(tokens, starts, chances, strict=True)], seconds)
    return words if "".join(word.text for word in words) == "".join(text.split()) else ()


def _open(layout: Layout) -> Any:
    if layout.joiner is None:
        return sherpa_onnx.OnlineRecognizer.from_paraformer(
            tokens=str(layout.tokens), encoder=str(layout.encoder), decoder=str(layout.decoder), num_threads=1
        )
    return sherpa_onnx.OnlineRecognizer.from_transducer(
        tokens=str(layout.tokens),
        encoder=str(layout.encoder),
        decoder=str(layout.decoder),
        joiner=str(layout.joiner),
        num_threads=1,
        # Left out, the encoder would be loaded twice to find it.
        model_type=layout.kind,
    )


def load(model: Model, folder: Path, threads: int) -> SherpaRecognizer:
    """See ``recognizer.load``. Each caller decodes in its own thread, with one core."""
    return SherpaRecognizer(model, folder)
