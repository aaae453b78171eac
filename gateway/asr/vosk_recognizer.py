"""Vosk: streaming recognition with Kaldi models. The model is shared; each leg borrows a recogniser.

A recogniser that has heard speech decodes faster than a fresh one, so those given back are kept for the next leg,
until one has heard ``RETIRE_SECONDS``: its memory grows with use.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import vosk
from msgspec import Struct

from gateway.asr.models import Model
from gateway.asr.normalise import normalise
from gateway.asr.recognizer import Capabilities, Decoded, UtteranceDecoder, Word
from gateway.asr.vad import GateSettings
from gateway.errors import ModelError

RETIRE_SECONDS = 1800.0
MAX_IDLE = 8
BLOCK_SECONDS = 0.2


class _VoskWord(Struct):
    word: str
    start: float
    end: float
    conf: float = 1.0


class _VoskResult(Struct):
    text: str = ""
    partial: str = ""
    result: list[_VoskWord] = []


class _Kaldi:
    """One recogniser and the seconds it has heard, which its word times count from."""

    def __init__(self, model: Any, rate: int) -> None:
        self.recognizer: Any = vosk.KaldiRecognizer(model, rate)
        self.recognizer.SetWords(True)
        self.rate = rate
        self.seconds = 0.0


class VoskRecognizer:
    """A loaded Vosk model. Raises ModelError when the folder holds none."""

    engine = "vosk"
    gate = GateSettings(end_silence=0.5)
    capabilities = Capabilities(streaming=True, interim=True, words=True, grammar=True)

    def __init__(self, model: Model, folder: Path) -> None:
        self.model = model.name
        vosk.SetLogLevel(-1)
        try:
            self._model: Any = vosk.Model(str(folder))
        except Exception as error:  # vosk raises a bare Exception
            raise ModelError(
                f"model {model.name} cannot be read by Vosk", f"hotline models verify {model.name}"
            ) from error
        self._idle: list[_Kaldi] = []
        self._lock = threading.Lock()

    def release(self) -> None:
        """See Recognizer."""

    def decoder(
        self, language: str, rate: int, idle: Callable[[], bool], grammar: Sequence[str] = ()
    ) -> UtteranceDecoder:
        """See Recognizer."""
        return _VoskDecoder(self, language, rate)

    def borrow(self, rate: int) -> _Kaldi:
        """A recogniser at ``rate``, a used one if there is one."""
        with self._lock:
            for i, kaldi in enumerate(self._idle):
                if kaldi.rate == rate:
                    return self._idle.pop(i)
        return _Kaldi(self._model, rate)

    def give_back(self, kaldi: _Kaldi) -> None:
        """The leg is over; its recogniser may serve another."""
        with self._lock:
            if kaldi.seconds < RETIRE_SECONDS and len(self._idle) < MAX_IDLE:
                kaldi.recognizer.Reset()
                self._idle.append(kaldi)


class _VoskDecoder:
    """One utterance after another; Kaldi's own ends of utterance inside one are joined."""

    def __init__(self, recognizer: VoskRecognizer, language: str, rate: int) -> None:
        self._home = recognizer
        self._language = language
        self._rate = rate
        self._kaldi: _Kaldi | None = None
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
        self._parts.append(_parse(self._kaldi.recognizer.FinalResult()))
        words = [w for part in self._parts for w in part.result]
        text = self._text([p.text for p in self._parts])
        start, self._from, self._parts = self._from, self._kaldi.seconds, []
        return Decoded(
            text,
            sum(w.conf for w in words) / len(words) if words else None,
            tuple(Word(w.word, w.start - start, w.end - start, w.conf) for w in words),
        )

    def _feed(self, samples: bytes) -> str:
        """Decode one block; returns the words so far since Kaldi's last own end of utterance."""
        if self._kaldi is None:
            self._kaldi = self._home.borrow(self._rate)
            self._from = self._kaldi.seconds
        self._kaldi.seconds += len(samples) / 2 / self._rate
        if self._kaldi.recognizer.AcceptWaveform(samples):
            self._parts.append(_parse(self._kaldi.recognizer.Result()))
            return ""
        return _parse(self._kaldi.recognizer.PartialResult()).partial

    def close(self) -> None:
        """See UtteranceDecoder."""
        if self._kaldi is not None:
            self._home.give_back(self._kaldi)
            self._kaldi = None

    def _text(self, parts: list[str]) -> str:
        return normalise(" ".join(part for part in parts if part), self._language)


def _parse(answer: str) -> _VoskResult:
    return msgspec.json.decode(answer, type=_VoskResult)


def load(model: Model, folder: Path, threads: int) -> VoskRecognizer:
    """See ``recognizer.load``. Vosk needs no threads of its own."""
    return VoskRecognizer(model, folder)
