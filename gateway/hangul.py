"""Korean text to the phonemes of the Kokoro voice. PURE.

Hangul is spelled by morphemes; what is said follows from rules over neighbouring syllables, those of the Standard
Pronunciation of Korean (표준 발음법, chapters 4 to 6). They are applied within a word, not across spaces.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from msgspec import Struct

_ONSETS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_CODAS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
_FIRST, _PER_ONSET, _PER_VOWEL = 0xAC00, 21 * 28, 28

_CLUSTERS = {
    **{"ㄳ": "ㄱㅅ", "ㄵ": "ㄴㅈ", "ㄶ": "ㄴㅎ", "ㄺ": "ㄹㄱ", "ㄻ": "ㄹㅁ", "ㄼ": "ㄹㅂ"},
    **{"ㄽ": "ㄹㅅ", "ㄾ": "ㄹㅌ", "ㄿ": "ㄹㅍ", "ㅀ": "ㄹㅎ", "ㅄ": "ㅂㅅ"},
}
_CLOSED = {
    **dict.fromkeys(("ㄱ", "ㄲ", "ㅋ", "ㄳ", "ㄺ"), "ㄱ"),
    **dict.fromkeys(("ㄷ", "ㅅ", "ㅆ", "ㅈ", "ㅊ", "ㅌ", "ㅎ"), "ㄷ"),
    **dict.fromkeys(("ㅂ", "ㅍ", "ㅄ", "ㄿ"), "ㅂ"),
    **dict.fromkeys(("ㄼ", "ㄽ", "ㄾ", "ㅀ"), "ㄹ"),
    **{"ㄵ": "ㄴ", "ㄶ": "ㄴ", "ㄻ": "ㅁ"},
}
"""Seven codas are said (rules 8 to 11)."""
_ASPIRATED = {"ㄱ": "ㅋ", "ㄷ": "ㅌ", "ㅂ": "ㅍ", "ㅈ": "ㅊ"}
_TENSE = {"ㄱ": "ㄲ", "ㄷ": "ㄸ", "ㅂ": "ㅃ", "ㅅ": "ㅆ", "ㅈ": "ㅉ"}
_NASAL = {"ㄱ": "ㅇ", "ㄷ": "ㄴ", "ㅂ": "ㅁ"}

_ONSET_SOUNDS = {
    **{"ㄱ": "k", "ㄷ": "t", "ㅂ": "p", "ㅅ": "s", "ㅈ": "ʨ"},
    **{"ㄲ": "ʔk", "ㄸ": "ʔt", "ㅃ": "ʔp", "ㅆ": "ʔs", "ㅉ": "ʔʨ"},
    **{"ㅋ": "kʰ", "ㅌ": "tʰ", "ㅍ": "pʰ", "ㅊ": "ʨʰ"},
    **{"ㄴ": "n", "ㄹ": "ɾ", "ㅁ": "m", "ㅇ": "", "ㅎ": "h"},
}
_VOICED = {"ㄱ": "ɡ", "ㄷ": "d", "ㅂ": "b", "ㅈ": "ʥ"}
"""Plain stops between voiced sounds."""
_VOWEL_SOUNDS = {
    **{"ㅏ": "a", "ㅐ": "e", "ㅓ": "ʌ", "ㅔ": "e", "ㅗ": "o", "ㅜ": "u", "ㅡ": "ɯ", "ㅣ": "i"},
    **{"ㅑ": "ja", "ㅒ": "je", "ㅕ": "jʌ", "ㅖ": "je", "ㅛ": "jo", "ㅠ": "ju"},
    **{"ㅘ": "wa", "ㅙ": "we", "ㅚ": "we", "ㅝ": "wʌ", "ㅞ": "we", "ㅟ": "wi", "ㅢ": "ɯi"},
}
_CODA_SOUNDS = {"": "", "ㄱ": "k", "ㄴ": "n", "ㄷ": "t", "ㄹ": "l", "ㅁ": "m", "ㅂ": "p", "ㅇ": "ŋ"}
HANGUL = re.compile("[\uac00-\ud7a3]+")
"""A word in hangul."""


class Syllable(Struct):
    """Its three parts, in the letters of the alphabet; ㅇ as an onset is silent, ``coda`` may be empty."""

    onset: str
    vowel: str
    coda: str


def phonemes(text: str) -> str:
    """``text`` with each word of hangul as the voice's phonemes; all else stays."""
    return HANGUL.sub(lambda word: sounds(spoken(word[0])), text)


def syllables(word: str) -> list[Syllable]:
    """The parts of each syllable of ``word``, which is all hangul."""
    places = [ord(c) - _FIRST for c in word]
    return [
        Syllable(_ONSETS[place // _PER_ONSET], _VOWELS[place % _PER_ONSET // _PER_VOWEL], _CODAS[place % _PER_VOWEL])
        for place in places
    ]


def spoken(word: str) -> list[Syllable]:
    """The syllables of ``word`` as they are said."""
    said = syllables(word)
    for this, following in pairwise(said):
        _join(this, following)
    if said:
        said[-1].coda = _CLOSED.get(said[-1].coda, said[-1].coda)
    for syllable in said:
        if syllable.vowel == "ㅢ" and (syllable is not said[0] or syllable.onset != "ㅇ"):
            syllable.vowel = "ㅣ"
        elif syllable.vowel == "ㅖ" and syllable.onset not in "ㅇㄹ":
            syllable.vowel = "ㅔ"
        elif syllable.vowel == "ㅕ" and syllable.onset in "ㅈㅉㅊ":
            syllable.vowel = "ㅓ"
    return said


def _join(this: Syllable, following: Syllable) -> None:
    """What a coda and the onset behind it make of each other."""
    first, last = _parts(this.coda)
    onset = following.onset
    if onset == "ㅇ":
        _link(this, following, first, last)
        return
    if last == "ㅎ" and onset in _ASPIRATED:  # rule 12: 좋고, 많던
        this.coda, following.onset = first, _ASPIRATED[onset]
    elif last == "ㅎ" and onset == "ㅅ":
        this.coda, following.onset = first, "ㅆ"
    elif onset == "ㅎ" and (last in "ㅈㅂㄱ" or _CLOSED.get(last, last) == "ㄷ") and last:
        whole = last if last in "ㅈㅂㄱ" else "ㄷ"
        aspirated = _ASPIRATED[whole]
        if last in "ㄷㅌ" and following.vowel == "ㅣ":  # rule 17: 묻히다
            aspirated = "ㅊ"
        this.coda, following.onset = first, aspirated
    this.coda = _CLOSED.get(this.coda, this.coda)
    _meet(this, following)


def _meet(this: Syllable, following: Syllable) -> None:
    """Rules 18 to 20 and 23, for one of the seven codas."""
    coda, onset = this.coda, following.onset
    if coda in ("ㄱ", "ㄷ", "ㅂ"):
        if onset in "ㄴㅁㄹ":
            this.coda = _NASAL[coda]
            following.onset = "ㄴ" if onset == "ㄹ" else onset
        else:
            following.onset = _TENSE.get(onset, onset)
    elif coda in ("ㅁ", "ㅇ") and onset == "ㄹ":
        following.onset = "ㄴ"
    elif (coda, onset) in (("ㄴ", "ㄹ"), ("ㄹ", "ㄴ")):
        this.coda = following.onset = "ㄹ"


def _link(this: Syllable, following: Syllable, first: str, last: str) -> None:
    """Before a vowel the coda, or the second part of one, begins the next syllable (rules 12 to 14, 17)."""
    if last in ("", "ㅇ"):
        return
    this.coda = first
    if last == "ㅎ":
        if first:
            this.coda, following.onset = "", first
        return
    if following.vowel == "ㅣ" and last in "ㄷㅌ":
        last = {"ㄷ": "ㅈ", "ㅌ": "ㅊ"}[last]
    following.onset = "ㅆ" if first and last == "ㅅ" else last


def _parts(coda: str) -> tuple[str, str]:
    """What stays of a coda and what its last part is; a simple coda is all last part."""
    parts = _CLUSTERS.get(coda, coda)
    return (parts[0], parts[1]) if len(parts) == 2 else ("", parts)


def sounds(word: Sequence[Syllable]) -> str:
    """The voice's phonemes for syllables as they are said."""
    out = ""
    for i, syllable in enumerate(word):
        before = word[i - 1] if i else None
        out += _onset(syllable, before) + _VOWEL_SOUNDS[syllable.vowel] + _CODA_SOUNDS[syllable.coda]
    return out


def _onset(syllable: Syllable, before: Syllable | None) -> str:
    onset = syllable.onset
    if before is not None and before.coda in ("", "ㄴ", "ㄹ", "ㅁ", "ㅇ") and onset in _VOICED:
        return _VOICED[onset]
    if onset == "ㄹ" and before is not None and before.coda == "ㄹ":
        return "l"
    if onset in "ㅅㅆ" and syllable.vowel in "ㅣㅑㅒㅕㅖㅛㅠㅟ":
        return _ONSET_SOUNDS[onset].replace("s", "ɕ")
    return _ONSET_SOUNDS[onset]
