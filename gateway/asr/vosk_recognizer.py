"""Vosk: streaming recognition with Kaldi models. The model is shared; each leg that speaks borrows a recogniser.

An utterance ends with Kaldi's plain result, which takes a few milliseconds and keeps what it knows of the speaker: the
silence at the end has brought all words through the network by then. Only the last utterance of a leg, which may be
cut off in a word, is flushed by the final result.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import vosk
from msgspec import Struct

from gateway.asr.engine_parts.memory import trim
from gateway.asr.engine_parts.vosk_grammar import UNKNOWN, vosk_grammar
from gateway.asr.engine_parts.vosk_pool import Kaldi, KaldiPool
from gateway.asr.engine_parts.wideband import Widener
from gateway.asr.models import Model
from gateway.asr.recognizer import BLOCK_SECONDS, Capabilities, Decoded, UtteranceDecoder, Word
from gateway.asr.text.normalise import normalise
from gateway.asr.vad import GateSettings
from gateway.errors import ModelError

TELEPHONE_RATE, WIDE_RATE = 8000, 16_000
"""Samples a second of a telephone line, and of what a recogniser is given of it."""


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
    gate = GateSettings(end_silence=0.44, post_roll=0.44, max_utterance=20.0, split_search=0.6)
    """All silence is heard (see above). Words come while they are spoken, so that an utterance may be long."""
    capabilities = Capabilities(streaming=True, interim=True, words=True, grammar=True)

    def __init__(self, model: Model, folder: Path) -> None:
        self.model = model.name
        vosk.SetLogLevel(-1)
        try:
            self._model: Any = vosk.Model(str(folder))
            vosk.KaldiRecognizer(self._model, WIDE_RATE)  # some faults of a model show only here
        except Exception as error:  # vosk raises a bare Exception
            raise ModelError(
                f"model {model.name} cannot be read by Vosk", f"hotline models verify {model.name}"
            ) from error
        self._has_grammars = all((folder / "graph" / name).is_file() for name in ("HCLr.fst", "Gr.fst"))
        self._options = model.vosk
        self._pool = KaldiPool(self._model)
        self._pool.prepare(WIDE_RATE)

    def decoder(
        self, language: str, rate: int, idle: Callable[[], bool], grammar: Sequence[str] = ()
    ) -> UtteranceDecoder:
        """See Recognizer."""
        widener = Widener(self._options.mirror, self._options.floor) if rate == TELEPHONE_RATE else None
        heard_at = WIDE_RATE if widener is not None else rate
        if not grammar:
            return _VoskDecoder(language, rate, widener, lambda: self._pool.borrow(heard_at), self._pool)
        if not self._has_grammars:
            raise ModelError(f"model {self.model} has no grammars: its graph is fixed", "Take a small Vosk model")
        allowed = vosk_grammar(grammar, self._knows, self.model)
        return _VoskDecoder(language, rate, widener, lambda: Kaldi(self._model, heard_at, grammar=allowed))

    def release(self) -> None:
        """See Recognizer."""
        self._pool.release()
        trim()

    def _knows(self, word: str) -> bool:
        return int(self._model.vosk_model_find_word(word)) > 0


class _VoskDecoder:
    """One utterance after another; Kaldi's own ends of utterance inside one are joined. ``home``: of recognisers."""

    def __init__(
        self,
        language: str,
        rate: int,
        widener: Widener | None,
        borrow: Callable[[], Kaldi],
        home: KaldiPool | None = None,
    ) -> None:
        self._language = language
        self._widener = widener
        self._borrow = borrow
        self._home = home
        self._kaldi: Kaldi | None = None
        self._parts: list[_VoskResult] = []
        self._from = 0.0
        # Blocks of one size, however the audio arrived: Kaldi's words depend on where it was cut, and load must not
        # change what a leg is heard to say.
        self._block = int(rate * BLOCK_SECONDS) * 2
        self._rest = bytearray()
        self._begun = False

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

    def finish(self, cut: bool = True) -> Decoded:
        """See UtteranceDecoder."""
        if self._rest:
            self._feed(bytes(self._rest))
            self._rest.clear()
        if self._kaldi is None or not self._begun:
            return Decoded("")
        last = cut or (self._home is not None and not self._home.keeps(self._kaldi))
        if last and self._widener is not None:
            self._hear(self._kaldi, self._widener.finish())
        self._parts.append(_parse(self._kaldi.final_result() if last else self._kaldi.result()))
        parts, self._parts, self._begun = self._parts, [], False
        if last:
            self._give_back()
        words = [w for part in parts for w in part.result if w.word != UNKNOWN]
        return Decoded(
            self._text([p.text for p in parts]),
            sum(w.conf for w in words) / len(words) if words else None,
            tuple(Word(w.word, w.start - self._from, w.end - self._from, w.conf) for w in words),
        )

    def close(self) -> None:
        """See UtteranceDecoder."""
        self._give_back()

    def _feed(self, samples: bytes) -> str:
        """Decode one block; returns the words so far since Kaldi's last own end of utterance."""
        if self._kaldi is None:
            self._kaldi = self._borrow()
        if not self._begun:
            self._from, self._begun = self._kaldi.seconds, True
        return self._hear(self._kaldi, samples if self._widener is None else self._widener.push(samples))

    def _hear(self, kaldi: Kaldi, samples: bytes) -> str:
        if kaldi.accept(samples):
            self._parts.append(_parse(kaldi.result()))
            return ""
        return _parse(kaldi.partial_result()).partial

    def _give_back(self) -> None:
        if self._kaldi is not None and self._home is not None:
            self._home.give_back(self._kaldi)
        self._kaldi = None

    def _text(self, parts: list[str]) -> str:
        heard = " ".join(part for part in parts if part).replace(UNKNOWN, "")
        return normalise(heard, self._language)


def _parse(answer: str) -> _VoskResult:
    return msgspec.json.decode(answer, type=_VoskResult)


def load(model: Model, folder: Path, threads: int) -> VoskRecognizer:
    """See ``recognizer.load``. Vosk needs no threads of its own."""
    return VoskRecognizer(model, folder)
