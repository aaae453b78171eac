"""Words by their sound: recognisers write the right syllables with wrong characters (遭音 for 噪音). PURE.

A text's sound has one character per character of the text: a code for the syllable of each Chinese character, anything
else as it is. So a span in the sound is the same span in the text. Tones are left out, and sounds that callers'
accents and narrow-band audio blur are one: zh/z, ch/c, sh/s, n/l at the start, ing/in and eng/en at the end.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

_FIRST_CODE = 0xE000
_codes: dict[str, str] = {}


def sound(text: str) -> str:
    """The sound of ``text``, character for character."""
    return "".join(_sound_of(char) for char in text)


@lru_cache(maxsize=16384)
def _sound_of(char: str) -> str:
    if not "\u4e00" <= char <= "\u9fff":
        return char
    syllable = lazy_pinyin(char, style=Style.NORMAL)[0]
    for blurred, plain in (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l")):
        if syllable.startswith(blurred):
            syllable = plain + syllable[len(blurred) :]
            break
    for blurred, plain in (("ing", "in"), ("eng", "en")):
        if syllable.endswith(blurred):
            syllable = syllable.removesuffix(blurred) + plain
    return _codes.setdefault(syllable, chr(_FIRST_CODE + len(_codes)))


class Lexicon:
    """Words that a recogniser may have written with other characters of the same sound, longest first."""

    def __init__(self, words: Iterable[str]) -> None:
        unique = sorted({w for w in words if len(w) >= 2}, key=lambda w: (-len(w), w))
        self._words = [(word, sound(word)) for word in unique]

    def mend(self, text: str) -> str:
        """``text`` with each stretch that sounds like a word written as that word; the length stays the same.

        What already is one of the words stays, also within a longer word that only sounds like the text.
        """
        mended = list(text)
        kept = [False] * len(text)
        for spelling, written in ((0, text), (1, sound(text))):
            for forms in self._words:
                word, form = forms[0], forms[spelling]
                at = written.find(form)
                while at >= 0:
                    span = range(at, at + len(word))
                    if not any(kept[i] and mended[i] != word[i - at] for i in span):
                        for i in span:
                            mended[i], kept[i] = word[i - at], True
                    at = written.find(form, at + 1)
        return "".join(mended)
