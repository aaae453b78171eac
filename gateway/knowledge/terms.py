"""What of a text is looked for: its words, and each two characters that follow each other, written and by sound. PURE.

A word carries what is meant; the pairs find it again where it is part of a longer word, and their sounds where it was
heard as other characters (公机金). Words that any caller says whatever he asks (请问, 怎么办理, 我们) are no terms.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import chain

import rjieba

from gateway.tickets.sounds import sound

_RUN = re.compile("(?P<han>[\u3400-\u4dbf\u4e00-\u9fff]+)|(?P<other>[a-z]{2,}|[0-9]{5,})", re.IGNORECASE)
_EMPTY_WORDS = """
您好 你好 喂 请问 麻烦 麻烦您 谢谢 感谢 再见 没关系 不客气 对不起 不好意思 辛苦了 知道了 明白了 没有了 就这样 是的
对的 好的 咨询一下 咨询 了解一下 了解 问一下 问问 想问 我想 想要 需要 反映一下 反映 帮忙 帮我 告诉我
怎么办理 怎么办 怎么弄 怎么处理 怎么样 怎么 如何 什么时候 什么 多少 多久 几天 哪里 哪儿 哪个 哪些 为什么 是不是 能不能
可不可以 有没有 要不要 是否 可以 可能 能够 应该 必须 能 吗 呢 吧 啊 呀 嘛 哦 嗯
我们 你们 他们 她们 咱们 自己 别人 人家 大家 我 你 您 他 她 它 这个 那个 这边 那边 这里 那里 这样 那样 这种 那种 这 那
现在 今天 明天 昨天 前天 今年 去年 刚才 刚刚 已经 一直 后来 然后 还是 还有 就是 但是 因为 所以 如果 的话 一下 一个 一点
一些 两个 有点 有些 没有 不是 不能 不会 不知道 知道 时候 事情 问题 情况 东西 地方 时间 办理 办 申请 规定 处理 手续
先生 女士 小姐 师傅 同志 老师 电话 号码 地址 名字
"""
_EMPTY = re.compile("|".join(sorted(_EMPTY_WORDS.split(), key=len, reverse=True)))
"""Taken out of the text before it is cut into words; the longest first."""

PAIR = "_"
"""Stands behind a term that is a pair of characters, unlike the word of these two."""
COMMON = 2500
"""Frequency in rjieba's dictionary from which a word (老人, 服务, 公司) tells little."""


class Terms:
    """Of one text: ``telling`` ones and ``common`` ones, in the text's order, with repetitions.

    A term is a word, a pair of characters (with ``PAIR`` behind it) or a pair of sounds; ``alone``: words of a single
    character are terms too. ``left_out``: characters that are in no term.
    """

    def __init__(self, text: str, alone: bool = False) -> None:
        self.telling: list[str] = []
        self.common: list[str] = []
        self.left_out = len(text)
        for run in _runs(text):
            self.left_out -= len(run)
            telling, common = _terms(run, alone)
            self.telling += telling
            self.common += common

    def without(self, terms: Collection[str]) -> Terms:
        """These but for ``terms``."""
        rest = Terms("")
        rest.telling = [term for term in self.telling if term not in terms]
        rest.common = [term for term in self.common if term not in terms]
        return rest

    @property
    def all(self) -> list[str]:
        """Both."""
        return self.telling + self.common


def _terms(run: str, alone: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Telling and common ones. A word alone counts as much as one of two characters, with its pair and its sounds."""
    if run.isascii():
        return (run,), ()
    found: tuple[list[str], list[str]] = ([], [])
    for word in rjieba.cut_for_search(run, False):
        if len(word) > 1:
            found[_is_common(word)].append(word)
        elif alone:
            found[0].extend((word, word + PAIR, sound(word)))
    heard = sound(run)
    place = 0
    for word in rjieba.cut(run, False):
        end = place + len(word)
        for i in range(place, min(end, len(run) - 1)):
            found[i + 1 < end and _is_common(word)].extend((run[i : i + 2] + PAIR, heard[i : i + 2]))
        place = end
    return tuple(found[0]), tuple(found[1])


def telling_words(text: str) -> list[str]:
    """The words of ``text`` that tell something, the longest where one holds another."""
    words = chain.from_iterable([run] if run.isascii() else rjieba.cut(run, False) for run in _runs(text))
    return [word for word in words if len(word) > 1 and not _is_common(word)]


def _is_common(word: str) -> bool:
    return bool(rjieba.suggest_freq(word) >= COMMON)


def _runs(text: str) -> Iterator[str]:
    """Stretches without punctuation and empty words."""
    for run in _RUN.finditer(text):
        if run["other"]:
            yield run["other"].lower()
        else:
            yield from filter(None, _EMPTY.split(run["han"]))
