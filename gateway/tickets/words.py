"""Utterances as one text, and the way from a span in it back to the utterance, the second and the words. PURE."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence

from gateway.events import Evidence, TranscriptFinal
from gateway.tickets import phones
from gateway.tickets.spoken import arabic_throughout

_FILLER = re.compile(
    r"[嗯呃]++|(?:^|(?<=[，。！？、\s]))(?:啊|哦|唉|喂|那个|就是说|您好|你好)++(?=[，。！？、\s]|$)|^(?:喂|啊|哦|您好|你好)++"
)
_ASSENT = re.compile(r"^(?:(?:对的?|是的?|没错|好的?)[，。、！])+")
_THANKS = re.compile(r"(?<=[，。！])(?:好的，)?(?:谢谢[您你]?们?|麻烦[您你]们?了?)[，。！]*$")
_LOOSE_PUNCTUATION = re.compile(r"^[，。！？、；\s]+|(?<=[，。！？、；])[，。！？、；\s]+")
_COURTESY = re.compile(
    r"(?>好的?|对的?|是的?|没错|谢谢(?:提醒|[您你]们|[您你])?|感谢|没有了?|没了|可以的?|行|再见|拜拜|辛苦了?|不客气|就这些"
    r"|我?(?:知道|明白|记住|清楚)了|我?等[您你]?们?(?:的)?消息|没问题|没事了?|麻烦[您你]?了?|不用了?|正确|[您你]"
    r"|[啊吧呢嗯的了，。！？、；\s])++"
)
_NUMBER_TALK = re.compile(
    r"我的|我|电话|手机|号码?|联系方式|联系|就?是|打|这个|您|你们?|可以|请|记一下|[，。！？、；\s的到上]"
)
_SENTENCE_END = "。！？，；、.!?,;"
_ADDS_LITTLE = 0.7
_LONGEST_CONTENT = 1000


class Words:
    """The words of some utterances joined by line feeds, in the order given; ``text`` holds them verbatim."""

    def __init__(self, utterances: Iterable[TranscriptFinal]) -> None:
        self.utterances: Sequence[TranscriptFinal] = tuple(utterances)
        self.text = "\n".join(u.text for u in self.utterances)
        self._starts: list[int] = []
        at = 0
        for utterance in self.utterances:
            self._starts.append(at)
            at += len(utterance.text) + 1

    def utterance_at(self, offset: int) -> TranscriptFinal:
        """The utterance that holds the character at ``offset`` of ``text``."""
        return self.utterances[bisect_right(self._starts, offset) - 1]

    def evidence(self, spans: Iterable[tuple[int, int]]) -> tuple[Evidence, ...]:
        """Where the words of these spans of ``text`` were said: one item per utterance a span touches."""
        found = []
        for start, end in spans:
            for first, utterance in zip(self._starts, self.utterances, strict=True):
                begin, stop = max(start - first, 0), min(end - first, len(utterance.text))
                if begin < stop:
                    found.append(evidence_of(utterance, begin, stop))
        return tuple(found)


def evidence_of(utterance: TranscriptFinal, start: int, end: int) -> Evidence:
    """Evidence for ``utterance.text[start:end]``; its second is reckoned from the place within the utterance."""
    share = start / len(utterance.text) if utterance.text else 0.0
    return Evidence(
        utterance_id=utterance.utterance_id,
        start=start,
        end=end,
        second=round(utterance.start + share * max(utterance.end - utterance.start, 0.0), 2),
        text=utterance.text[start:end],
    )


def content(utterances: Iterable[TranscriptFinal]) -> tuple[str, tuple[Evidence, ...]]:
    """What the caller said, readable: without fillers, courtesies, telephone numbers alone, and repetitions."""
    kept: list[str] = []
    evidence: list[Evidence] = []
    known: set[str] = set()
    for utterance in utterances:
        words = tidy(utterance.text)
        pairs = _pairs(words)
        if not words or _COURTESY.fullmatch(words) or _only_a_number(words):
            continue
        if pairs and len(pairs & known) >= _ADDS_LITTLE * len(pairs):
            continue
        if sum(map(len, kept)) + len(words) > _LONGEST_CONTENT:
            break
        known |= pairs
        kept.append(words)
        evidence.append(evidence_of(utterance, 0, len(utterance.text)))
    text = "".join(words if words[-1] in _SENTENCE_END else words + "，" for words in kept)
    return text.rstrip("，、,") + "。" if text and text[-1] not in "。！？.!?" else text, tuple(evidence)


def tidy(text: str) -> str:
    """One utterance without fillers, greetings, assent, thanks, and the punctuation they leave behind."""
    plain = _LOOSE_PUNCTUATION.sub("", _FILLER.sub("", text)).strip()
    return _THANKS.sub("", _ASSENT.sub("", plain))


def _pairs(words: str) -> set[str]:
    plain = re.sub(r"\W", "", arabic_throughout(words))
    return {plain[i : i + 2] for i in range(len(plain) - 1)}


def _only_a_number(words: str) -> bool:
    numbers = phones.find(words)
    if not numbers:
        return False
    rest = words
    for number in reversed(numbers):
        rest = rest[: number.start] + rest[number.end :]
    return len(_NUMBER_TALK.sub("", rest)) < 3
