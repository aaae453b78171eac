"""The pieces of words that a model spells text with, joined to words with times. PURE.

Three spellings occur, also mixed: Chinese characters, each a word of its own; SentencePiece pieces, of which one that
begins with the mark ``▁`` (or the space it stands for) begins a word; and single bytes of UTF-8 as ``<0xE4>``, for
characters the model's table has not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec import Struct

from gateway.asr.text.words import Word

LONGEST = 0.2
"""Seconds a word goes on at most after its last piece, about a syllable: models do not tell when a piece ends."""
_MARKS = "▁ "
_BYTE = re.compile("<0x([0-9A-F]{2})>")
_CHINESE = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN = re.compile(f"[{_CHINESE}]")
_PART = re.compile(f"[{_MARKS}]*(?:[{_CHINESE}]|[^{_CHINESE}]+)")


class Piece(Struct, frozen=True):
    """One piece, heard at ``start`` seconds; ``probability`` 0 to 1."""

    text: str
    start: float
    probability: float


def words_of(pieces: Sequence[Piece], end: float) -> tuple[Word, ...]:
    """The words spelled by ``pieces``, none after ``end``. Bytes that are no UTF-8 are left out."""
    words: list[list[Piece]] = []
    open_word = False
    for piece in _characters(pieces):
        text = piece.text.lstrip(_MARKS)
        if not text:
            open_word = False
            continue
        alone = _HAN.fullmatch(text) is not None
        if open_word and not alone and text == piece.text:
            words[-1].append(piece)
        else:
            words.append([piece])
        open_word = not alone
    starts = [word[0].start for word in words]
    return tuple(_word(word, min(until, end)) for word, until in zip(words, [*starts[1:], end], strict=False))


def _word(pieces: list[Piece], until: float) -> Word:
    start = min(pieces[0].start, until)
    return Word(
        "".join(piece.text for piece in pieces).lstrip(_MARKS),
        start,
        max(start, min(until, pieces[-1].start + LONGEST)),
        sum(piece.probability for piece in pieces) / len(pieces),
    )


def _characters(pieces: Sequence[Piece]) -> list[Piece]:
    """Bytes put together to characters; a piece of several Chinese characters taken apart."""
    found: list[Piece] = []
    spelled: list[tuple[int, Piece]] = []
    for piece, following in zip(pieces, [*pieces[1:], None], strict=False):
        if byte := _BYTE.fullmatch(piece.text):
            spelled.append((int(byte[1], 16), piece))
            if following is not None and _BYTE.fullmatch(following.text):
                continue
            found += _decoded(spelled)
            spelled = []
        else:
            found += _apart(piece, following.start if following else piece.start + LONGEST)
    return found


def _decoded(spelled: list[tuple[int, Piece]]) -> list[Piece]:
    """A run of bytes as characters, each heard with its first byte."""
    found = []
    at = 0
    while at < len(spelled):
        for length in range(1, 5):
            try:
                text = bytes(byte for byte, _ in spelled[at : at + length]).decode()
            except UnicodeDecodeError:
                continue
            parts = [piece for _, piece in spelled[at : at + length]]
            found.append(Piece(text, parts[0].start, sum(p.probability for p in parts) / len(parts)))
            at += length
            break
        else:
            at += 1
    return found


def _apart(piece: Piece, until: float) -> list[Piece]:
    """A piece cut around its Chinese characters, which share its time; a mark stays with what follows it."""
    parts = _PART.findall(piece.text) or [piece.text]
    step = max(0.0, min(until - piece.start, LONGEST)) / len(parts)
    return [Piece(part, piece.start + i * step, piece.probability) for i, part in enumerate(parts)]
