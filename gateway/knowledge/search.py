"""The articles that answer what a caller asks, with the passage that does. PURE.

Two indexes, both BM25: the *subjects* (title and keywords of an article) tell whether and which article answers, the
*passages* which part of it. An article whose subject was not named does not answer, however many of its words were
said: no answer is better than a wrong one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import chain

import bm25s
import numpy as np
from msgspec import Struct

from gateway.asr.text.vocabulary import LONGEST, SHORTEST, Vocabulary
from gateway.knowledge.articles import Article, Passage
from gateway.knowledge.terms import Terms

logging.getLogger("bm25s").setLevel(logging.WARNING)

ANSWERS = 3
UTTERANCES = 3
"""So many of the caller's last utterances count that say anything,"""
FADING = 0.5
"""each by so much less than the one after it."""
LEAST_STRENGTH = 1.5
"""How much of an article's subject must be named, as a multiple of what the rarest term weighs."""
_TITLE_WEIGHT = 2
_SUBJECT_SHARE = 1.5
"""What the subject weighs beside the passage."""
_ASKED_FOR = 2.0
"""Added to a passage whose section is what was asked for."""
_SECTIONS = tuple(
    (re.compile(asked), re.compile(heading))
    for asked, heading in (
        ("材料|证件|手续|带什么|带哪些|要什么|准备什么", "材料"),
        ("多少钱|要钱|收费|费用|免费|花钱|交多少|怎么收|价格|贵", "收费|费用|标准"),
        ("多久|几天|多长时间|什么时候能|什么时候下来|多少天|快不快", "时限|时间"),
        ("怎么办|怎么弄|怎么申请|流程|步骤|在哪|去哪|上哪|哪里|哪儿|找谁|怎么领", "流程|处理|谁来管"),
        ("条件|符合|资格|够不够|哪些人|能不能|可不可以|可以吗|能.{0,6}吗", "条件|规定"),
        ("电话|号码|联系", "电话"),
    )
)
"""What a question asks for, and the headings under which that stands."""


class Answer(Struct, frozen=True, kw_only=True):
    """An article that answers, and its best passage. ``spans``: where in ``passage`` words of the question stand.

    ``score`` orders the answers to one question and means nothing beside another's. ``valid``: on the day of the
    question.
    """

    article_id: str
    title: str
    section: str
    passage: str
    spans: tuple[tuple[int, int], ...]
    score: float
    updated: date
    valid: bool


class KnowledgeIndex:
    """The articles, indexed. Nothing in it changes: other articles need another index."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.articles = tuple(articles)
        self._passages: tuple[Passage, ...] = tuple(chain.from_iterable(a.passages for a in self.articles))
        ends = np.cumsum([len(article.passages) for article in self.articles], dtype=int)
        self._ranges = list(zip([0, *ends[:-1]], ends, strict=True)) if self.articles else []
        self._subjects = _Ranking([_subject(article) for article in self.articles], length_matters=0.3)
        self._texts = _Ranking([Terms(f"{p.section}\n{p.text}").all for p in self._passages], length_matters=0.6)
        self._names = Vocabulary(sorted(_names(self.articles)))

    def search(self, utterances: Sequence[str], today: date, limit: int = ANSWERS) -> tuple[Answer, ...]:
        """At most ``limit`` answers to what the caller said last, the best first; expired articles come last, marked.

        ``utterances``: the caller's, in order. Greetings, thanks and what names no article's subject get no answer.
        """
        questions = self._questions(utterances)
        if not questions or not self.articles:
            return ()
        subjects = np.zeros(len(self.articles))
        texts = np.zeros(len(self._passages))
        strength = np.zeros(len(self.articles))
        for age, (_, terms) in enumerate(questions):
            named = self._subjects.scores(terms.all)
            strength = np.maximum(strength, named)
            subjects += FADING**age * named
            texts += FADING**age * self._texts.scores(terms.all)
        enough = LEAST_STRENGTH * self._subjects.rarest
        asked = questions[0][0]
        found = []
        for place in np.flatnonzero(strength >= enough):
            start, end = self._ranges[place]
            score = _SUBJECT_SHARE * float(subjects[place]) + float(texts[start:end].max())
            found.append((self.articles[place], score, self._best(start, end, texts, asked)))
        found.sort(key=lambda one: (not one[0].holds_on(today), -one[1], one[0].article_id))
        words = {word for _, terms in questions for word in terms.words}
        return tuple(
            Answer(
                article_id=article.article_id,
                title=article.title,
                section=passage.section,
                passage=passage.text,
                spans=_spans(passage.text, words),
                score=round(score, 2),
                updated=article.updated,
                valid=article.holds_on(today),
            )
            for article, score, passage in found[:limit]
        )

    def _questions(self, utterances: Sequence[str]) -> list[tuple[str, Terms]]:
        """The last utterances that say anything, the newest first, their names put right by sound."""
        questions = []
        for utterance in reversed(utterances):
            text, _ = self._names.correct(utterance)
            terms = Terms(text)
            if terms.words or terms.sounds:
                questions.append((text, terms))
                if len(questions) == UTTERANCES:
                    break
        return questions

    def _best(self, start: int, end: int, texts: np.ndarray, asked: str) -> Passage:
        """The passage that says most of what was asked; of equals the first."""
        wanted = [heading for words, heading in _SECTIONS if words.search(asked)]

        def worth(place: int) -> float:
            section = self._passages[place].section
            return float(texts[place]) + (_ASKED_FOR if any(heading.search(section) for heading in wanted) else 0.0)

        return self._passages[max(range(start, end), key=lambda place: (worth(place), -place))]


class _Ranking:
    """BM25 over lists of terms. ``length_matters``: BM25's b."""

    def __init__(self, documents: Sequence[list[str]], length_matters: float) -> None:
        self._count = len(documents)
        self._bm25 = bm25s.BM25(k1=1.2, b=length_matters)
        if self._count:
            self._bm25.index([*documents], show_progress=False)
        self.rarest = float(np.log(1 + (self._count - 0.5) / 1.5))
        """What a term weighs that stands in one document."""

    def scores(self, terms: list[str]) -> np.ndarray:
        """One for each document; a term counts once."""
        known = self._bm25.get_tokens_ids(list(dict.fromkeys(terms)))
        return self._bm25.get_scores_from_ids(known)


def _subject(article: Article) -> list[str]:
    return Terms(article.title).all * _TITLE_WEIGHT + Terms("，".join(article.keywords)).all


_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")


def _names(articles: Sequence[Article]) -> set[str]:
    """What is put right by its sound: keywords, and the parts of titles."""
    texts = chain.from_iterable((*article.keywords, article.title) for article in articles)
    names = set(chain.from_iterable(re.split("[、，和与：及]", text) for text in texts))
    return {name for name in names if SHORTEST <= len(name) <= LONGEST and _HAN.fullmatch(name)}


def _spans(text: str, words: set[str]) -> tuple[tuple[int, int], ...]:
    """Where any of the words stand, in order, what touches being one."""
    marked: list[tuple[int, int]] = []
    for start, end in sorted(chain.from_iterable(_all(text, word) for word in words)):
        if marked and start <= marked[-1][1]:
            marked[-1] = (marked[-1][0], max(end, marked[-1][1]))
        else:
            marked.append((start, end))
    return tuple(marked)


def _all(text: str, word: str) -> Iterator[tuple[int, int]]:
    at = text.lower().find(word)
    while at >= 0:
        yield at, at + len(word)
        at = text.lower().find(word, at + 1)
