"""Vosk: streaming recognition with Kaldi models. The model is shared; each utterance borrows a recogniser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import vosk
from msgspec import Struct

from gateway.asr.memory import trim
from gateway.asr.models import Model
from gateway.asr.normalise import normalise
from gateway.asr.recognizer import BLOCK_SECONDS, Capabilities, Decoded, UtteranceDecoder, Word
from gateway.asr.vad import GateSettings
from gateway.asr.vosk_grammar import UNKNOWN, vosk_grammar
from gateway.asr.vosk_pool import Kaldi, KaldiPool
from gateway.errors import ModelError

USUAL_RATE = 8000
"""Samples a second of a telephone line, for which recognisers are made at start."""


class _VoskWord(Struct):
    word: str
    start: float
    end: float
    conf: float = 1.0


class _VoskResult(Struct):
    text: str = ""
    partial: str = ""
    result: list[_VoskWord] = []


class VoskRecognizer:
    """A loaded Vosk model. Raises ModelError when the folder holds none."""

    engine = "vosk"
    gate = GateSettings(end_silence=0.44, max_utterance=20.0, split_search=0.6)
    """Words come while they are spoken, so that a long utterance waits for nothing, and a short search finds a gap."""
    capabilities = Capabilities(streaming=True, interim=True, words=True, grammar=True)

    def __init__(self, model: Model, folder: Path) -> None:
        self.model = model.name
        vosk.SetLogLevel(-1)
        try:
            self._model: Any = vosk.Model(str(folder))
            vosk.KaldiRecognizer(self._model, USUAL_RATE)  # some faults of a model show only here
        except Exception as error:  # vosk raises a bare Exception
            raise ModelError(
                f"model {model.name} cannot be read by Vosk", f"hotline models verify {model.name}"
            ) from error
        self._has_grammars = all((folder / "graph" / name).is_file() for name in ("HCLr.fst", "Gr.fst"))
        self._pool = KaldiPool(self._model)
        self._pool.prepare(USUAL_RATE)

    def decoder(
        self, language: str, rate: int, idle: Callable[[], bool], grammar: Sequence[str] = ()
    ) -> UtteranceDecoder:
        """See Recognizer."""
        if not grammar:
            return _VoskDecoder(language, rate, lambda: self._pool.borrow(rate), self._pool.give_back)
        if not self._has_grammars:
            raise ModelError(f"model {self.model} has no grammars: its graph is fixed", "Take a small Vosk model")
        allowed = vosk_grammar(grammar, self._knows, self.model)
        return _VoskDecoder(language, rate, lambda: Kaldi(self._model, rate, grammar=allowed), Kaldi.close)

    def release(self) -> None:
        """See Recognizer."""
        self._pool.release()
        trim()

    def _knows(self, word: str) -> bool:
        return int(self._model.vosk_model_find_word(word)) > 0


class _VoskDecoder:
    """One utterance after another; Kaldi's own ends of utterance inside one are joined."""

    def __init__(
        self, language: str, rate: int, borrow: Callable[[], Kaldi], give_back: Callable[[Kaldi], None]
    ) -> None:
        self._language = language
        self._borrow = borrow
        self._give_back = give_back
        self._kaldi: Kaldi | None = None
        self._parts: list[_VoskResult] = []
        self._from = 0.0
        # Blocks of one size, however the audio arrived: Kaldi's words depend on where it was cut, and load must not
        # change what a leg is heard to say.
        self._block = int(rate * BLOCK_SECONDS) * 2
        self._rest = bytearray()

    def accept(self, samples: bytes) -> str | None:
        """See UtteranceDecoder."""
        self._rest += samples
        if len(self._rest) < self._block:
            return None
        partial = ""
        while len(self._rest) >= self._block:
            partial = self._feed(bytes(self._rest[: self._block]))
            del self._rest[: self._block]
        return self._text([*(p.text for p in self._parts), partial]) or None

    def finish(self) -> Decoded:
        """See UtteranceDecoder."""
        if self._rest:
            self._feed(bytes(self._rest))
            self._rest.clear()
        if self._kaldi is None:
            return Decoded("")
        self._parts.append(_parse(self._kaldi.final_result()))
        words = [w for part in self._parts for w in part.result if w.word != UNKNOWN]
        text = self._text([p.text for p in self._parts])
        self._give_back(self._kaldi)
        self._kaldi, self._parts = None, []
        return Decoded(
            text,
            sum(w.conf for w in words) / len(words) if words else None,
            tuple(Word(w.word, w.start - self._from, w.end - self._from, w.conf) for w in words),
        )

    def _feed(self, samples: bytes) -> str:
        """Decode one block; returns the words so far since Kaldi's last own end of utterance."""
        if self._kaldi is None:
            self._kaldi = self._borrow()
            self._from = self._kaldi.seconds
        if self._kaldi.accept(samples):
            self._parts.append(_parse(self._kaldi.result()))
            return ""
        return _parse(self._kaldi.partial_result()).partial

    def close(self) -> None:
        """See UtteranceDecoder. A recogniser in mid-utterance is not given back: it remembers the speaker."""
        self._kaldi, self._parts = None, []
        self._rest.clear()

    def _text(self, parts: list[str]) -> str:
        heard = " ".join(part for part in parts if part).replace(UNKNOWN, "")
        return normalise(heard, self._language)


def _parse(answer: str) -> _VoskResult:
    return msgspec.json.decode(answer, type=_VoskResult)


def load(model: Model, folder: Path, threads: int) -> VoskRecognizer:
    """See ``recognizer.load``. Vosk needs no threads of its own."""
    return VoskRecognizer(model, folder)
