"""Sounds and words with which a speaker only gains time. PURE.

嗯 and 呃 are nothing else; 那个, 就是说 or 啊 are fillers only where a clause begins with them, 那个 only where it also
stands alone or before a phrase that needs none: 那个小区 and 好啊 stay.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.asr.text.passage import Edit, replaced

_MARKS = "，。？！；：、"
_OPENINGS = "我想(?:问|咨询|投诉|反映|请问|了解|举报)|请问|麻烦[您你]|[您你]好|喂|就是说|怎么说呢"
_CHINESE = re.compile(
    r"(?P<sound>[嗯呃]+(?![哼逆]))"
    r"|(?P<interjection>[啊哦噢喔唉哎诶欸]+(?![呀哟声])|额+(?![度外头角手定数济满比]))"
    rf"|(?P<pointing>(?:那个|这个)+)(?P<opening>(?={_OPENINGS}))?"
    r"|(?P<phrase>(?:就是说)+|然后呢|怎么说呢)"
    r"|(?P<stammer>(?:然后){2,})"
)
_SAID_AGAIN = re.compile(r"(那个|这个|然后)\1+")
_OTHERS = {
    "en": re.compile(r"\b(?:u+m+|u+h+m*|e+r+m|h+m+)\b(?!-)[,.…]*\s*", re.IGNORECASE),
    "ja": re.compile(r"(?:えーっ?と|えっと|ええと|えー+(?=[、。\s]))[、。\s]*"),
    "ko": re.compile(r"(?<!\S)(?:(?:어+|음+|으음|흠+)[,.…]*|그[,…]+)(?:\s+|$)"),
}


def filler_edits(text: str, language: str, pauses: Sequence[int] = ()) -> list[Edit]:
    """What to take out of ``text``, in order. Nothing where nothing else was said: 嗯 alone is an answer.

    ``pauses``: offsets in ``text`` at which the speaker paused.
    """
    if language == "zh":
        edits = _chinese(text, frozenset(pauses))
    elif language in _OTHERS:
        edits = [Edit(*match.span(), "") for match in _OTHERS[language].finditer(text)]
    else:
        return []
    return edits if any(c.isalnum() for c in replaced(text, edits)) else []


def _chinese(text: str, pauses: frozenset[int]) -> list[Edit]:
    edits: list[Edit] = []
    begun = 0  # where a clause begins although no mark stands there: at the start, or after a filler that began one
    for match in _CHINESE.finditer(text):
        start, end = match.span()
        following = text[end : end + 1]
        if following in ("？", "！"):
            continue
        after_mark = start == begun or text[start - 1] in _MARKS
        begins = after_mark or start in pauses
        alone = not following or end in pauses or following in _MARKS + "嗯呃"
        if (
            match["sound"]
            or (match["interjection"] and begins)
            or (match["pointing"] and begins and (alone or match["opening"] is not None))
            or (match["phrase"] and begins and following)
        ):
            while after_mark and text[end : end + 1] and text[end] in _MARKS:
                end += 1
            if begins:
                begun = end
            edits.append(Edit(start, end, ""))
        elif again := _SAID_AGAIN.fullmatch(match[0]):
            edits.append(Edit(start, end - len(again[1]), ""))
    return edits
