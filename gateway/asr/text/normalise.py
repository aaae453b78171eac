"""A recogniser's words as people write them. PURE.

Engines differ: Vosk puts a space between Chinese words, Whisper writes half-width punctuation, or a space for a pause.
"""

from __future__ import annotations

import re

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_WIDE = str.maketrans(",.?!:;", "，。？！：；")
_REPLACEMENT = "\ufffd"
_MARKS = "，。？！：；、"


def normalise(text: str, language: str, *, spaces_are_pauses: bool = False) -> str:
    """One utterance, tidied.

    Chinese: no spaces (with ``spaces_are_pauses`` one between Chinese characters becomes a comma) but those between
    Latin words; punctuation full-width; letters and digits half-width. Other languages: single spaces.
    """
    text = " ".join(text.replace(_REPLACEMENT, " ").split())
    if language != "zh":
        return text
    text = re.sub("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a]", lambda m: chr(ord(m[0]) - 0xFEE0), text)
    text = re.sub(r"(?<![0-9A-Za-z])[,.?!:;]|[,.?!:;](?![0-9A-Za-z])", lambda m: m[0].translate(_WIDE), text)
    if spaces_are_pauses:
        text = re.sub(rf"(?<=[{_HAN}0-9]) (?=[{_HAN}])", "，", text)
    text = re.sub(r"(?<![0-9A-Za-z]) | (?![0-9A-Za-z])", "", text)
    text = re.sub(r"(?<=\d) (?=\d)", "", text)
    return re.sub(rf"([{_MARKS}])[{_MARKS}]+", r"\1", text).lstrip(_MARKS)
