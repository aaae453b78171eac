"""Punctuation from pauses and from the way a sentence ends, for engines that give none. PURE."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from gateway.asr.text.passage import Edit
from gateway.asr.text.words import Word

PAUSE_SECONDS = 0.35
"""A longer gap between two words parts clauses."""
MARKS = "，。？！；：、"
_HESITATION = re.compile(
    r"(?:^|.)(?:我|你|您|他|她|我们|你们|您们|他们|在|把|被|和|跟|与|从|就|很|给|向|往|因为|所以|但是|如果|这|那|一|个|来自|位于|住|叫|姓)$"
)
"""Words that no clause ends with: who pauses after one is looking for the next."""
_ATTACHED = re.compile("[的了吗呢吧呀嘛着过们]")
"""No clause begins with these."""
_FIGURES = re.compile("[零〇一二两三四五六七八九十百千万亿幺]")
_YES_OR_NO = r"吗|对不对|是不是|好不好|行不行|可不可以|能不能|有没有|要不要|对吧|是吧"
_ASKED = r"什么|哪里|哪儿|哪个|哪些|怎么办|怎么回事|怎么样|多少钱?|几[点号楼栋层个天岁]|什么时候|什么地方|谁"
_QUESTION = re.compile(
    rf"(?:{_YES_OR_NO})$|(?:怎么|什么|哪|谁|几|多少|为何|[是能会有要行好对]不[是能会要行好对]|有没有).*呢$|(?:{_ASKED})(?:呢|啊|呀)?$"
)
_NO_QUESTION = re.compile(
    r"(?:没|没有|不算|不是|无论|不管|随便|不知道|不清楚|不晓得|不记得|记不清|说不清|没看清|没说|忘了).*(?:什么|哪|怎么|多少|几|谁)"
    r"|(?:想|就|都|也)(?:.{0,3})(?:是什么|有什么)$|好几|十几|没几"
)
_POLITE = re.compile(r"(?:^|[。？！])(?:[^，。？！]{0,4}，)?[^，。？！]{0,4}请问，?[^，。？！]*$")


def pauses(text: str, words: Sequence[Word]) -> tuple[int, ...]:
    """The offsets in ``text`` between two of ``words`` that are ``PAUSE_SECONDS`` apart.

    None for a text that has punctuation; only those before the first word that is not in the text.
    """
    if any(c in MARKS for c in text):
        return ()
    found, at = [], 0
    for word, following in pairwise(words):
        said = "".join(word.text.split())
        if not text.startswith(said, at):
            break
        at += len(said)
        if following.start - word.end >= PAUSE_SECONDS:
            found.append(at)
    return tuple(p for p in found if 0 < p < len(text))


def punctuation_edits(text: str, pauses: Sequence[int]) -> list[Edit]:
    """The marks to put into a Chinese utterance: at its ``pauses``, and at its end."""
    edits, clause = [], 0
    for at in sorted(set(pauses)):
        if 0 < at < len(text) and _parts_clauses(text[clause:at], text[at:]):
            edits.append(Edit(at, at, "？" if text[clause:at].endswith("吗") else "，"))
            clause = at
    end = len(text.rstrip("，、；："))
    if end and text[end - 1] not in MARKS:
        edits.append(Edit(end, len(text), "？" if _asks(text[:end], clause) else "。"))
    return edits


def _parts_clauses(before: str, after: str) -> bool:
    if not before or before[-1] in MARKS or after[0] in MARKS or _ATTACHED.match(after):
        return False
    return not (_HESITATION.search(before) or (_FIGURES.match(before[-1]) and _FIGURES.match(after)))


def _asks(text: str, clause: int) -> bool:
    last = re.split(f"[{MARKS}]", text[clause:])[-1]
    if _NO_QUESTION.search(last):
        return False
    return _QUESTION.search(last) is not None or _POLITE.search(text) is not None
