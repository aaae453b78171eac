"""Mandarin text to the phonemes of the Kokoro voice. PURE.

Words come from rjieba, readings from pypinyin; a table here turns pinyin into the voice's symbols: IPA with affricates
as one sign, aspiration as ʰ, and an arrow for the tone behind the vowel. Words stand apart by a space, without which
the voice runs syllables together and is understood less well.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import accumulate, islice, pairwise

import rjieba
from pypinyin import Style, lazy_pinyin
from pypinyin.contrib.tone_convert import to_finals, to_initials

from gateway.errors import InputError

_TONES = {"1": "→", "2": "↗", "3": "↓", "4": "↘", "5": ""}
_INITIALS = {
    "": "",
    **{"b": "p", "p": "pʰ", "m": "m", "f": "f"},
    **{"d": "t", "t": "tʰ", "n": "n", "l": "l"},
    **{"g": "k", "k": "kʰ", "h": "x"},
    **{"j": "ʨ", "q": "ʨʰ", "x": "ɕ"},
    **{"zh": "ꭧ", "ch": "ꭧʰ", "sh": "ʂ", "r": "ɻ"},
    **{"z": "ʦ", "c": "ʦʰ", "s": "s"},
}
# Finals in full spelling (iou for -iu, v for ü); the hyphen is the place of the tone.
_FINALS = {
    **{"a": "a-", "ai": "ai-", "ao": "au-", "an": "a-n", "ang": "a-ŋ"},
    **{"e": "ɤ-", "ê": "ɛ-", "ei": "ei-", "en": "ə-n", "eng": "ə-ŋ", "er": "ɚ-"},
    **{"o": "wo-", "ou": "ou-", "ong": "ʊ-ŋ"},
    **{"i": "i-", "ia": "ja-", "iao": "jau-", "ie": "je-", "iou": "jou-"},
    **{"ian": "jɛ-n", "iang": "ja-ŋ", "in": "i-n", "ing": "i-ŋ", "iong": "jʊ-ŋ"},
    **{"u": "u-", "ua": "wa-", "uai": "wai-", "uo": "wo-", "uei": "wei-"},
    **{"uan": "wa-n", "uang": "wa-ŋ", "uen": "wə-n", "ueng": "wə-ŋ"},
    **{"v": "y-", "ve": "ɥe-", "van": "ɥɛ-n", "vn": "y-n"},
}
# What is not an initial with a final: interjections, and i behind a sibilant, which is a vowel of its own.
_WHOLE = {
    **{"o": "ɔ-", "yo": "jɔ-", "m": "m-", "n": "n-", "ng": "ŋ-", "hm": "hm-", "hng": "hŋ-"},
    **{f"{initial}i": f"{_INITIALS[initial]}ɨ-" for initial in ("zh", "ch", "sh", "r", "z", "c", "s")},
}
_PUNCTUATION = str.maketrans(
    {
        **dict.fromkeys("，、", ", "),
        **dict.fromkeys("。．", ". "),
        **{"！": "! ", "？": "? ", "：": ": ", "；": "; ", "（": " (", "）": ") "},
        **dict.fromkeys("《〈「『【", " “"),
        **dict.fromkeys("》〉」』】", "” "),
    }
)
_YI = {"1": "yi4", "2": "yi4", "3": "yi4", "4": "yi2"}
"""一 by the tone of the next syllable, unless it counts."""
_BEFORE_A_COUNT = frozenset("零〇一二三四五六七八九十百千万亿第")
_AFTER_A_COUNT = frozenset("零〇一二三四五六七八九十月号日")
_HAN = re.compile(r"[\u3007\u3400-\u4dbf\u4e00-\u9fff]+")


def phonemes(text: str) -> str:
    """Phonemes of ``text``, with tone arrows, punctuation marks and spaces between words; numerals must be Chinese.

    Raises InputError for a character that has no reading.
    """
    return _HAN.sub(lambda run: _run(run[0]), text.translate(_PUNCTUATION).strip())


@lru_cache(maxsize=2048)
def symbols(syllable: str) -> str:
    """The voice's symbols for a syllable of numbered pinyin, such as ``zhong1``, ``lv4`` or ``de5`` (no tone).

    Raises KeyError for what is no syllable.
    """
    plain, tone = syllable[:-1], syllable[-1:]
    sound = _WHOLE.get(plain) or _INITIALS[to_initials(plain, strict=True)] + _FINALS[to_finals(plain, strict=True)]
    return sound.replace("-", _TONES[tone])


def _run(run: str) -> str:
    """Phonemes of Chinese characters with nothing between them."""
    words = rjieba.cut(run)
    spoken = map(symbols, sandhi(words, [syllable for word in words for syllable in readings(word)]))
    return " ".join("".join(islice(spoken, len(word))) for word in words)


def readings(word: str) -> list[str]:
    """The numbered pinyin of each character, by the dictionary. Raises InputError for a character it lacks."""
    read = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
    if len(read) != len(word):
        raise InputError("a character has no Mandarin reading", "Write it with common characters")
    return read


def sandhi(words: list[str], read: list[str]) -> list[str]:
    """The syllables as spoken: 不 and 一 go by what follows, third tones in a row within a word become second.

    ``read`` has one syllable for each character of ``words``. 一 keeps its tone when it counts (第一, 十一, 一二三),
    dates (一月, 一号) or ends a word (统一).
    """
    text = "".join(words)
    ends = set(accumulate(len(word) for word in words))
    spoken = list(read)
    for i, (syllable, following) in enumerate(pairwise(read)):
        tone = following[-1]
        last = i + 1 in ends
        alone = last and (i == 0 or i in ends)
        if syllable == "bu4" and tone == "4":
            spoken[i] = "bu2"
        elif text[i] == "一":
            keeps = text[i - 1 : i] in _BEFORE_A_COUNT or text[i + 1] in _AFTER_A_COUNT or (last and not alone)
            spoken[i] = "yi1" if keeps else _YI.get(tone, "yi1")
        elif syllable[-1] == tone == "3" and not last:
            spoken[i] = syllable[:-1] + "2"
    return spoken
