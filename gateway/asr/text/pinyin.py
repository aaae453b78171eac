"""How far apart two Mandarin syllables sound, over a telephone and from a southern speaker. PURE.

A syllable is written in pinyin with its tone as a digit (``zhong4``, ``lv4``, ``de5`` for the neutral tone) or without
one where the tone is not known (``zhong``). Distances run from 0 (the same) to 1 (nobody takes one for the other) and
are a sum: initial, final, tone. A line of 3.4 kHz blurs what differs in hiss or breath alone, and the sound of an n or
ng at the end; southern speech has one sound where the standard has two (zh/z, n/l, f/h, an/ang...); recognisers
rarely mind the tone.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from unicodedata import normalize

from pypinyin import Style, lazy_pinyin, pinyin
from pypinyin.constants import PINYIN_DICT
from pypinyin.contrib.tone_convert import to_finals, to_initials, to_normal, to_tone3

TONE, TONE_BLURRED = 0.1, 0.05
"""Another tone; and one that stands for the other in running speech: third for second, neutral for any."""


def _pairs(costs: dict[float, str]) -> dict[tuple[str, str], float]:
    """Every pair of each group, both ways round; groups are parted by spaces, sounds by ``/``, none is ``-``."""
    table = {}
    for cost, groups in costs.items():
        for group in groups.split():
            for one, other in combinations(group.replace("-", "").split("/"), 2):
                table[one, other] = table[other, one] = cost
    return table


_INITIALS = _pairs(
    {
        0.2: "zh/z ch/c sh/s",
        0.25: "n/l",
        0.3: "f/h r/l",
        0.45: "j/zh q/ch x/sh",
        0.5: "b/p d/t g/k j/q zh/ch z/c m/n j/z q/c x/s",
        0.6: "sh/ch s/c x/q g/h k/h r/n",
    }
)
# Finals in full spelling: iou for -iu, uei for -ui, uen for -un, v for ü; ih is the vowel of zhi and zi.
_FINALS = _pairs(
    {
        0.2: "an/ang en/eng in/ing o/uo",
        0.25: "ian/iang uan/uang uen/ueng",
        0.35: "eng/ong i/v in/vn ian/van ie/ve",
        0.4: "e/uo a/ia a/ua ei/uei en/uen",
        0.5: "an/ian ang/iang an/uan ang/uang ai/uai ai/ei ao/iao ou/iou u/v uen/ong vn/iong ing/iong ih/i ih/e vn/van",
        0.6: "an/en ang/eng en/in eng/ing ao/ou u/ou uo/ou uo/u i/ei",
    }
)
_HU_FOR_F = {"ua": "a", "uai": "ai", "uan": "an", "uang": "ang", "uei": "ei", "uen": "en", "uo": "o"}
"""Finals behind h and behind f that are one sound where f and h are: 花/发, 黄/房, 灰/飞."""

_TONES = "12345"
_SHORT = {"lue": "lve", "nue": "nve"}

_CLASSES_OF_INITIALS = "b/p d/t m/n/l/r g/k/h/f - zh/ch/z/c/j/q/sh/s/x"
_CLASSES_OF_FINALS = (
    "an/ang/ian/iang/uan/uang/van/en/eng/in/ing/uen/ueng/vn/ong/iong "
    "a/ia/ua e/o/uo/ou/iou/u/v/i/ei/uei/ih/ai/uai/ao/iao/ie/ve er"
)


def _numbered(groups: str) -> dict[str, int]:
    return {sound: i for i, group in enumerate(groups.split()) for sound in group.replace("-", "").split("/")}


_CLASS_OF_INITIAL = _numbered(_CLASSES_OF_INITIALS)
_CLASS_OF_FINAL = _numbered(_CLASSES_OF_FINALS)


@lru_cache(maxsize=65536)
def distance(one: str, other: str) -> float:
    """How far apart two syllables sound, 0 to 1."""
    if one == other:
        return 0.0
    (initial, final, tone), (initial_2, final_2, tone_2) = _parts(one), _parts(other)
    apart = _tones_apart(tone, tone_2)
    if {initial, initial_2} == {"f", "h"}:
        final, final_2 = (_HU_FOR_F.get(f, f) if i == "h" else f for i, f in ((initial, final), (initial_2, final_2)))
    if initial != initial_2:
        apart += _INITIALS.get((initial, initial_2), 1.0)
    if final != final_2:
        apart += _FINALS.get((final, final_2), 1.0)
    return min(apart, 1.0)


@lru_cache(maxsize=4096)
def sound_class(syllable: str) -> str:
    """One letter for all syllables that may be taken for each other: nearer than 1 never means another letter
    unless the whole distance is 1.
    """
    initial, final, _ = _parts(syllable)
    return chr(ord("A") + 8 * _CLASS_OF_INITIAL.get(initial, 7) + _CLASS_OF_FINAL.get(final, 7))


@lru_cache(maxsize=16384)
def readings(word: str) -> tuple[str, ...]:
    """The numbered pinyin of each character of ``word``, read as a word; "" for all of them where one has none."""
    read = lazy_pinyin(word, style=Style.TONE3, neutral_tone_with_five=True, errors="ignore")
    return tuple(read) if len(read) == len(word) else ("",) * len(word)


def parse_reading(written: str, word: str) -> tuple[str, ...]:
    """A reading as people write it (``chong qing lu``, ``chóng qìng lù``, ``chong2 qing4 lu4``), one syllable for
    each character of ``word``. A tone left out is that of the character where it is read so.

    Raises ValueError, with the reason, for what is no syllable and for another number of syllables.
    """
    folded = normalize("NFC", written.lower()).replace("ü", "v").replace("u:", "v")
    syllables = [_SHORT.get(s, s) for s in folded.split()]
    for syllable in syllables:
        letters = syllable[:-1] if syllable[-1] in _TONES else syllable
        if not letters.isalpha() or _plain(letters) not in _known():
            raise ValueError(f"{syllable} is no syllable of pinyin")
    if len(syllables) != len(word):
        raise ValueError(f"it has {len(word)} characters and {len(syllables)} syllables")
    return tuple(_with_tone(s, character) for s, character in zip(syllables, word, strict=True))


def _with_tone(syllable: str, character: str) -> str:
    if syllable[-1] in _TONES:
        return syllable
    if syllable != _plain(syllable):
        return str(to_tone3(syllable, v_to_u=False, neutral_tone_with_five=True)).replace("ü", "v")
    usual: list[str] = pinyin(character, style=Style.TONE3, heteronym=True, neutral_tone_with_five=True)[0]
    return next((reading for reading in usual if reading[:-1] == syllable), syllable)


def _plain(syllable: str) -> str:
    """Without the mark of its tone."""
    return str(to_normal(syllable, v_to_u=False)).replace("ü", "v")


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    """Every syllable of the dictionary, without tones."""
    written = {syllable for one in PINYIN_DICT.values() for syllable in one.split(",")}
    return frozenset(_plain(syllable) for syllable in written)


@lru_cache(maxsize=4096)
def _parts(syllable: str) -> tuple[str, str, str]:
    """Initial, final in full spelling, tone ("" where it is not known)."""
    plain, tone = (syllable[:-1], syllable[-1]) if syllable[-1:].isdigit() else (syllable, "")
    initial = str(to_initials(plain, strict=True))
    final = str(to_finals(plain, strict=True, v_to_u=False)).replace("ü", "v")
    if final == "i" and initial in ("zh", "ch", "sh", "r", "z", "c", "s"):
        final = "ih"
    return initial, final, tone


def _tones_apart(one: str, other: str) -> float:
    if one == other or not one or not other:
        return 0.0
    return TONE_BLURRED if "5" in (one, other) or {one, other} == {"2", "3"} else TONE
