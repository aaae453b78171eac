"""The articles that answer what a caller asks, with the passage that does. PURE.

Two indexes, both BM25: the *subjects* (title and keywords of an article) tell whether and which article answers, the
*passages* which part of it. An article whose subject was not named does not answer, however many of its words were
said: no answer is better than a wrong one.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import chain
from typing import TypeAlias

import bm25s
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from gateway.asr.text.vocabulary import LONGEST, SHORTEST, Vocabulary
from gateway.knowledge.articles import Article, Passage
from gateway.knowledge.terms import PAIR, Terms, telling_words

logging.getLogger("bm25s").setLevel(logging.WARNING)

Scores: TypeAlias = npt.NDArray[np.floating]

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")

ANSWERS = 3
LOOK_BACK = 12
"""So many of the caller's last utterances are looked at;"""
UTTERANCES = 3
"""so many of these count, the last that name anything the articles are about,"""
FADING = 0.5
"""each this much of the one after it."""
LEAST_WORTH = 2.0
"""An article below it does not answer. 1 is what the rarest term weighs in a subject: a word of two characters that
only this subject names is worth 2 to 3, since its pair of characters and its sound count beside it.
"""
LEAST_IF_NAMED = 0.8
"""The same for an article of which a name was said whole."""
LEAST_SUBJECT = 0.8
"""So much of that must come from the subject."""
LEAST_NAMED = 0.35
"""Of one of its names, this share of the terms must have been said: 营业 alone is no 营业执照."""
LEAST_OF_BEST = 0.35
"""What is worth less than this share of the best answer is left out."""
MARGIN_OF_TWO = 4.0
"""See ``Vocabulary``: what is taken for a name wrongly here only adds a weak answer."""
COMMON_SHARE = 0.5
"""What a common term weighs of a telling one."""
_TITLE_WEIGHT = 2
_PASSAGE_SHARE = 0.5
"""What a passage weighs beside the subject."""
_ASKED_FOR = 1.5
"""Added to a passage whose section is what was asked for."""
_SECTIONS = tuple(
    (re.compile(asked), re.compile(heading))
    for asked, heading in (
        ("材料|证件|手续|带什么|带哪些|要什么|准备什么", "材料"),
        ("多少钱|要钱|收费|费用|免费|花钱|交多少|怎么收|价格|贵", "收费|费用|标准"),
        ("多久|几天|多长时间|多少天|什么时候.{0,4}(?:下来|到账|拿到|办好)", "时限|时间"),
        ("怎么办理|怎么弄|怎么申请|流程|步骤|在哪|去哪|上哪|哪里|哪儿|找谁|怎么领", "流程|处理|谁来管"),
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
        self._passages = tuple(chain.from_iterable(article.passages for article in self.articles))
        self._starts = np.cumsum([0, *(len(article.passages) for article in self.articles[:-1])], dtype=np.intp)
        """Where in ``_passages`` those of each article begin."""
        if not self.articles:
            return
        self._subjects = _Ranking(map(_subject, self.articles), length_matters=0.3)
        self._texts = _Ranking(map(_text, self._passages), length_matters=0.6)
        self._names = [[_Name.of(name) for name in _names(article)] for article in self.articles]
        self._sounds = Vocabulary(sorted(set(_mendable(self.articles))), MARGIN_OF_TWO)

    def search(self, utterances: Sequence[str], today: date, limit: int = ANSWERS) -> tuple[Answer, ...]:
        """At most ``limit`` answers to what the caller said last, the best first; expired articles come last, marked.

        ``utterances``: the caller's, in order. Greetings, thanks and what names no article's subject get no answer.
        """
        questions = self._questions(utterances) if self.articles else []
        if not questions:
            return ()
        worth = np.zeros(len(self.articles))
        highest = np.zeros(len(self.articles))
        for age, (_, terms) in enumerate(questions):
            subjects, passages = self._subjects.scores(terms), self._texts.scores(terms)
            ours = subjects + _PASSAGE_SHARE * np.maximum.reduceat(passages, self._starts)
            ours[subjects < LEAST_SUBJECT] = 0.0
            highest = np.maximum(highest, ours)
            worth += FADING**age * ours
        said = set(chain.from_iterable(terms.all for _, terms in questions))
        least = LEAST_OF_BEST * float(highest.max())
        found = [
            (self.articles[place], float(worth[place]), place)
            for place in np.flatnonzero(highest >= max(least, LEAST_IF_NAMED)).tolist()
            if self._named(place, said) >= (LEAST_NAMED if highest[place] >= LEAST_WORTH else 1.0)
        ]
        found.sort(key=lambda one: (not one[0].holds_on(today), -one[1], one[2]))
        answers = []
        for article, score, place in found[:limit]:
            passage = self._best(place, questions)
            answers.append(
                Answer(
                    article_id=article.article_id,
                    title=article.title,
                    section=passage.section,
                    passage=passage.text,
                    spans=_spans(passage.text, said),
                    score=round(score, 2),
                    updated=article.updated,
                    valid=article.holds_on(today),
                )
            )
        return tuple(answers)

    def _questions(self, utterances: Sequence[str]) -> list[tuple[str, Terms]]:
        """The last utterances that name anything, the newest first, their names put right by sound."""
        questions = []
        for utterance in reversed(utterances[-LOOK_BACK:]):
            text, _ = self._sounds.correct(utterance)
            terms = Terms(text, alone=True)
            if self._subjects.knows(terms):
                questions.append((text, terms))
                if len(questions) == UTTERANCES:
                    break
        return questions

    def _named(self, place: int, said: set[str]) -> float:
        """The share of the terms of that name of an article of which most was said."""
        return max(name.share(said) for name in self._names[place])

    def _best(self, place: int, questions: Sequence[tuple[str, Terms]]) -> Passage:
        """The passage of the article at ``place`` that says most of what was asked; of equals the first.

        The title's terms do not count: every passage is about them.
        """
        passages = self.articles[place].passages
        start = int(self._starts[place])
        title = set(Terms(self.articles[place].title).all)
        text, terms = questions[0]
        said = self._texts.scores(terms.without(title))[start : start + len(passages)]
        wanted = [heading for words, heading in _SECTIONS if words.search(text)]

        def worth(number: int) -> float:
            named = any(heading.search(passages[number].section) for heading in wanted)
            return float(said[number]) + (_ASKED_FOR if named else 0.0)

        return passages[max(range(len(passages)), key=lambda number: (worth(number), -number))]


class _Name(Struct, frozen=True):
    """What an article is called: its terms, and how many they would be had it no empty words (上次反映的问题: 上次)."""

    terms: frozenset[str]
    size: int

    @classmethod
    def of(cls, written: str) -> _Name:
        terms = Terms(written, alone=len(written) == 1)
        return cls(frozenset(terms.all), len(set(terms.all)) + terms.left_out)

    def share(self, said: set[str]) -> float:
        """How much of it was said."""
        return len(self.terms & said) / self.size


_ANY = "\n"
"""A term of every document, so that none is empty; nobody looks for it."""


class _Ranking:
    """BM25 over lists of terms. ``length_matters``: BM25's b."""

    def __init__(self, documents: Iterable[list[str]], length_matters: float) -> None:
        # Terms become numbers one document at a time: as strings, those of all documents would fill the memory.
        numbers: dict[str, int] = {}
        numbered = [[numbers.setdefault(term, len(numbers)) for term in (_ANY, *terms)] for terms in documents]
        self._bm25 = bm25s.BM25(k1=1.2, b=length_matters)
        self._bm25.index((numbered, numbers), show_progress=False)
        self._rarest = float(np.log(1 + (len(numbered) - 0.5) / 1.5))
        """The inverse frequency of a term that stands in one document."""

    def knows(self, terms: Terms) -> bool:
        """Whether any of the terms stands in any of the documents."""
        return bool(self._bm25.get_tokens_ids(terms.all))

    def scores(self, terms: Terms) -> Scores:
        """One for each document; a term counts once, the rarest about 1 whatever the number of documents."""
        return self._of(terms.telling) + COMMON_SHARE * self._of(terms.common)

    def _of(self, terms: list[str]) -> Scores:
        scores: Scores = self._bm25.get_scores_from_ids(self._bm25.get_tokens_ids(list(dict.fromkeys(terms))))
        return scores / self._rarest


def _subject(article: Article) -> list[str]:
    single = [word for word in article.keywords if len(word) == 1]
    terms = Terms(article.title).all * _TITLE_WEIGHT + Terms("，".join(article.keywords)).all
    return terms + Terms("，".join(single), alone=True).all


def _text(passage: Passage) -> list[str]:
    return Terms(f"{passage.section}\n{passage.text}").all


def _names(article: Article) -> tuple[str, ...]:
    """By what callers call it: its keywords, and the telling words of its title."""
    return tuple(dict.fromkeys((*article.keywords, *telling_words(article.title))))


def _mendable(articles: Sequence[Article]) -> Iterator[str]:
    """What is put right by its sound: names, and the telling words in them."""
    for name in chain.from_iterable(map(_names, articles)):
        for word in (name, *telling_words(name)):
            if SHORTEST <= len(word) <= LONGEST and _HAN.fullmatch(word):
                yield word


def _spans(text: str, said: set[str]) -> tuple[tuple[int, int], ...]:
    """Where words and pairs of characters that were said stand, in order, what touches being one."""
    words = {word for word in (term.removesuffix(PAIR) for term in said) if len(word) > 1}
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
