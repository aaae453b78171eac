"""From an engine's words to text as people write it. PURE.

    write("喂 你好 嗯 我 住 在 幸福路 一百二十 号", words, "zh")      Written("喂你好，我住在幸福路120号。", ...)

In this order: tidied (``normalise``), without fillers, names put right by the operator's vocabulary, numbers in digits,
punctuation from pauses. The vocabulary comes before the numbers, as it goes by the sound of characters; what it has put
right stays as the operator wrote it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from gateway.asr.text.fillers import filler_edits
from gateway.asr.text.normalise import normalise
from gateway.asr.text.numbers import number_edits
from gateway.asr.text.passage import Passage
from gateway.asr.text.punctuation import pauses, punctuation_edits
from gateway.asr.text.words import Word
from gateway.events import Correction


class Corrects(Protocol):
    """An operator's vocabulary."""

    def correct(self, text: str) -> tuple[str, tuple[Correction, ...]]:
        """The text with what was misheard put right, and where: ``text[start:end]`` stands for ``heard``."""


class Written(Struct, frozen=True):
    """One utterance. ``text``: for people; ``raw``: what was heard, fillers included, empty when it is the same.

    ``corrections``: the places in ``text`` that the vocabulary has put right.
    """

    text: str
    raw: str = ""
    corrections: tuple[Correction, ...] = ()


def write(
    text: str, words: Sequence[Word], language: str, vocabulary: Corrects | None = None, *, final: bool = True
) -> Written:
    """What an engine heard, as people write it.

    ``words`` with their times give the pauses, if the engine supplies them. Numbers, vocabulary and punctuation are
    for Chinese (``zh``) and for finished utterances; other languages keep what their engine wrote, without fillers.
    """
    heard = normalise(text, language)
    chinese = language == "zh"
    passage = Passage(heard, pauses(heard, words) if chinese else ())
    passage = passage.edited(filler_edits(heard, language, passage.pauses))
    if chinese and final:
        if vocabulary is not None:
            passage = passage.corrected(*vocabulary.correct(passage.text))
        kept = [(c.start, c.end) for c in passage.corrections]
        passage = passage.edited(number_edits(passage.text, kept, passage.pauses))
        passage = passage.edited(punctuation_edits(passage.text, passage.pauses))
    readable = passage.text.strip()
    return Written(readable, "" if readable == heard else heard, passage.corrections)
