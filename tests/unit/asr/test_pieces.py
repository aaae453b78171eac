"""The pieces a model writes are joined to words with times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.asr.engine_parts.pieces import Piece, words_of


def heard(*texts: str, every: float = 0.25) -> tuple[list[str], list[tuple[float, float]]]:
    """Texts and times of the words that these pieces give, one each ``every`` seconds, up to 10 s."""
    words = words_of([Piece(text, i * every, 0.5) for i, text in enumerate(texts)], 10.0)
    return [w.text for w in words], [(round(w.start, 3), round(w.end, 3)) for w in words]


@pytest.mark.parametrize(
    ("pieces", "words"),
    [
        (["您", "好"], ["您", "好"]),
        ([" 您", "好"], ["您", "好"]),
        (["▁MON", "DAY", "▁IS"], ["MONDAY", "IS"]),
        ([" MON", "DAY", " IS"], ["MONDAY", "IS"]),
        (["昨", "天", " IS", "▁", "TO", "DAY", "了"], ["昨", "天", "IS", "TODAY", "了"]),
        (["好", "OK"], ["好", "OK"]),
        (["▁我们", "的"], ["我", "们", "的"]),
        (["▁A座", "B"], ["A", "座", "B"]),
        (["<0xE5>", "<0x9C>", "<0xB3>", "市"], ["圳", "市"]),
        (["▁", "<0xE5>", "<0x9C>", "<0xB3>", "<0xE5>", "<0x9C>", "<0xB3>"], ["圳", "圳"]),
        (["<0xE5>", "市", "<0xB3>"], ["市"]),
        (["<0xB3>", "<0x41>", "<0x42>"], ["AB"]),
        (["𠮷", "野"], ["𠮷", "野"]),
        (["▁"], []),
        ([], []),
    ],
)
def test_words_of_pieces(pieces: list[str], words: list[str]) -> None:
    assert heard(*pieces)[0] == words


def test_a_word_lasts_to_the_next_but_no_longer_than_a_syllable() -> None:
    assert heard("市", "民", every=0.1)[1] == [(0.0, 0.1), (0.1, 0.3)]
    assert heard("市", "民", every=1.0)[1] == [(0.0, 0.2), (1.0, 1.2)]
    assert heard("▁MON", "DAY", "好", every=0.5)[1] == [(0.0, 0.7), (1.0, 1.2)]


def test_characters_of_one_piece_share_its_time() -> None:
    assert heard("▁我们", "的", every=0.1)[1] == [(0.0, 0.05), (0.05, 0.1), (0.1, 0.3)]


def test_no_word_goes_beyond_the_end() -> None:
    words = words_of([Piece("市", 0.9, 0.5), Piece("民", 1.4, 0.7)], 1.0)
    assert [(w.start, w.end) for w in words] == [(0.9, 1.0), (1.0, 1.0)]
    assert [w.confidence for w in words] == [0.5, 0.7]


def test_a_word_is_as_sure_as_its_pieces_on_the_whole() -> None:
    (word,) = words_of([Piece("▁MON", 0.0, 0.4), Piece("DAY", 0.1, 0.8)], 1.0)
    assert word.confidence == pytest.approx(0.6)


@given(st.lists(st.text(alphabet="▁ 市民AB<0xE5>'", min_size=1, max_size=6), max_size=12))
def test_nothing_is_lost_and_times_never_go_back(texts: list[str]) -> None:
    words = words_of([Piece(text, i * 0.1, 0.5) for i, text in enumerate(texts)], 1.0)
    times = [at for word in words for at in (word.start, word.end)]
    assert times == sorted(times)
    if not any("<0x" in text for text in texts):
        said = "".join(texts).replace("▁", "").replace(" ", "")
        assert "".join(word.text for word in words).replace("▁", "").replace(" ", "") == said
