"""Grammars for Vosk: phrases in the words a model knows. PURE.

Kaldi drops a word it does not know, and then never hears the phrase; so such a phrase is refused. Chinese phrases are
written without spaces and are cut into the longest words known.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from gateway.errors import ModelError

UNKNOWN = "[unk]"
"""The word of most models for what is none of theirs."""


def vosk_grammar(phrases: Sequence[str], knows: Callable[[str], bool], model: str) -> str:
    """The phrases as Vosk takes them; what is none of them is heard as ``UNKNOWN`` where the model has that.

    ``knows(word)``: the model's dictionary has it. Raises ModelError that names the first word it has not.
    """
    found = [" ".join(word for piece in phrase.split() for word in _words(piece, knows, model)) for phrase in phrases]
    return json.dumps([*found, *([UNKNOWN] if knows(UNKNOWN) else [])], ensure_ascii=False)


def _words(piece: str, knows: Callable[[str], bool], model: str) -> list[str]:
    """The fewest known words that make up ``piece``."""
    if knows(piece):
        return [piece]
    best: list[list[str] | None] = [[], *[None] * len(piece)]
    for end in range(1, len(piece) + 1):
        for start in range(end):
            before, word = best[start], piece[start:end]
            if before is None or not _may_be_cut(piece) or not knows(word):
                continue
            known = best[end]
            if known is None or len(before) + 1 < len(known):
                best[end] = [*before, word]
    whole = best[-1]
    if whole is None:
        raise ModelError(
            f"model {model} does not know the word {piece}", "Say it in other words, or take a larger model"
        )
    return whole


def _may_be_cut(piece: str) -> bool:
    return all("\u4e00" <= character <= "\u9fff" for character in piece)
