"""What every speech engine looks like from outside, and what they share.

The field's shape: a stream per leg, into which audio is pushed and from which speech events come.

    recognizer = load(model, folder, threads)                  the model, loaded once, shared by all legs
    stream = RecognizerStream(recognizer, "zh", 8000, pool)    one leg (module ``stream``)
    stream.push(samples, at)                                   never waits
    stream.finish()                                            no more audio: the last words still come
    async for event in stream.events(): ...                    Started, Interim, Final, Lost

To add an engine, write a module with ``load(model, folder, threads) -> Recognizer`` and name it in ``LOADERS``.
An engine supplies decoders that take one utterance at a time; one that can only decode whole utterances is made a
decoder by ``SegmentingAdapter``. Voice activity detection, threads and queues are the stream's, the same for all.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias

from msgspec import Struct

from gateway.asr.install.model_folder import check_folder
from gateway.asr.models import Model
from gateway.asr.text.words import Word as Word
from gateway.asr.vad import Detector, GateSettings
from gateway.errors import ModelError

LOADERS: dict[str, str] = {
    "vosk": "gateway.asr.vosk_recognizer",
    "whisper": "gateway.asr.whisper_recognizer",
    "sherpa": "gateway.asr.sherpa_recognizer",
}
"""Engine name to the module whose ``load`` makes its Recognizer."""
RATES = (8000, 16000, 32000, 48000)
"""Samples a second a stream takes."""
BLOCK_SECONDS = 0.1
"""Speech that is handed to a decoder at once."""
INTERIM_SECONDS = 1.0
"""New speech between two interim results of an utterance engine."""


class Decoded(Struct, frozen=True):
    """A whole utterance in words; an empty text means nothing was said in it."""

    text: str
    confidence: float | None = None
    words: tuple[Word, ...] = ()


class Started(Struct, frozen=True):
    """Somebody begins to speak, at ``start`` on the clock of ``push``; a Final or Lost follows."""

    start: float


class Interim(Struct, frozen=True):
    """Words so far of the utterance being spoken. Instants are on the clock of ``push``."""

    text: str
    start: float
    end: float


class Final(Struct, frozen=True):
    """A finished utterance; empty ``text`` if its sound was no speech. ``words`` count from ``words_from``."""

    text: str
    start: float
    end: float
    confidence: float | None
    words: tuple[Word, ...]
    words_from: float


class Lost(Struct, frozen=True):
    """Speech that was not decoded, and why: ``decoder_behind`` or ``engine_error``."""

    start: float
    end: float
    reason: str


SpeechEvent: TypeAlias = Started | Interim | Final | Lost


class Capabilities(Struct, frozen=True):
    """What an engine can do. ``streaming``: decodes while it is spoken."""

    streaming: bool
    interim: bool
    words: bool
    grammar: bool


class UtteranceDecoder(Protocol):
    """One leg's decoder, one utterance after another. Called in a worker thread, never twice at once."""

    def accept(self, samples: bytes) -> str | None:
        """Take more of the utterance; the words so far, or None if they are not known or have not changed."""

    def finish(self, cut: bool = True) -> Decoded:
        """The utterance is over; the next ``accept`` begins another.

        ``cut``: the leg has ended, perhaps in a word. Otherwise it ended in silence, or goes on in the next one.
        """

    def close(self) -> None:
        """The leg is over. Does not block."""


class Recognizer(Protocol):
    """An engine with its model loaded, shared by all legs."""

    engine: str
    model: str
    capabilities: Capabilities
    gate: GateSettings
    """Where utterances end for this engine: a slow one wants whole sentences."""

    def decoder(
        self, language: str, rate: int, idle: Callable[[], bool], grammar: Sequence[str] = ()
    ) -> UtteranceDecoder:
        """A decoder for one leg. ``idle()``: a thread is free now, so that an interim result delays nobody.

        ``grammar``: nothing but these phrases is expected, and what else is said comes out as nothing or as one of
        them; empty: anything. Raises ModelError when the engine has no grammars, or its model lacks a word of one.
        """

    def release(self) -> None:
        """Give up the memory of what can be made anew; legs go on. Blocks for a moment."""


def load(model: Model, folder: Path, threads: int) -> Recognizer:
    """Load ``model`` from ``folder`` (blocks for seconds). ``threads``: decoders that may run at once.

    Raises ModelError when the engine is unknown or not installed, or the model cannot be read.
    """
    if model.engine not in LOADERS:
        raise ModelError(f"no recogniser for engine {model.engine}", f"Known engines: {', '.join(LOADERS)}")
    check_folder(folder, model.engine, model.name)
    try:
        module = importlib.import_module(LOADERS[model.engine])
    except ImportError as error:
        extra = f"Install the extra: pip install hotline-gateway[{model.engine}]"
        raise ModelError(f"engine {model.engine} is not installed ({error})", extra) from error
    recognizer: Recognizer = module.load(model, folder, threads)
    return recognizer


def no_grammar(engine: str) -> ModelError:
    """What an engine without grammars raises when it is given one."""
    return ModelError(f"engine {engine} has no grammar mode", "Choose a Vosk model for short answers")


def webrtc_detector(aggressiveness: int = 2) -> Detector:
    """WebRTC's voice detector, one per leg; ``aggressiveness`` 0 (lets most through) to 3."""
    import webrtcvad

    vad = webrtcvad.Vad(aggressiveness)
    return lambda frame, rate: bool(vad.is_speech(frame, rate))


class SegmentingAdapter:
    """Makes a decoder of an engine that only decodes whole utterances.

    Interim results decode the utterance so far, when ``INTERIM_SECONDS`` of new speech have come and a thread is idle.
    """

    def __init__(self, decode: Callable[[bytes, bool], Decoded], rate: int, idle: Callable[[], bool]) -> None:
        self._decode = decode
        self._idle = idle
        self._step = int(rate * INTERIM_SECONDS) * 2
        self._samples = bytearray()
        self._decoded = 0

    def accept(self, samples: bytes) -> str | None:
        """See UtteranceDecoder."""
        self._samples += samples
        if len(self._samples) - self._decoded < self._step or not self._idle():
            return None
        self._decoded = len(self._samples)
        return self._decode(bytes(self._samples), False).text or None

    def finish(self, cut: bool = True) -> Decoded:
        """See UtteranceDecoder."""
        samples = bytes(self._samples)
        self._samples.clear()
        self._decoded = 0
        return self._decode(samples, True) if samples else Decoded("")

    def close(self) -> None:
        """See UtteranceDecoder."""
        self._samples.clear()
