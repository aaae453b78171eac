"""How far behind the speech something is: by chunks of speech, by the lines' last words, and by their first."""

from __future__ import annotations

import pytest

from gateway.asr.chunk_trace import DecodedTo
from gateway.bench.asr_lag import Told, chunk_lags, chunks_of, final_lags, first_word_lags
from gateway.bench.speech import Spoken

BEGAN = 100.0
LINES = [Spoken(1.0, 2.0), Spoken(4.0, 5.0), Spoken(7.0, 8.0)]


def piece(start: float, end: float, at: float, over: bool = False) -> DecodedTo:
    return DecodedTo("tap", start, end, over, at)


def test_a_chunk_counts_when_it_was_decoded_not_when_it_was_handed_over() -> None:
    trace = [piece(10.0, 10.36, 10.5), piece(10.0, 10.56, 10.7), piece(10.0, 10.86, 11.0)]
    chunks = chunks_of(trace, 9.0)
    assert [told.at for told in chunks] == [10.5, 10.7, 11.0, 11.0]
    assert [told.position for told in chunks] == pytest.approx([1.2, 1.4, 1.6, 1.8])


def test_what_a_decoder_held_is_decoded_when_the_utterance_is_over() -> None:
    trace = [piece(10.0, 10.3, 10.5), piece(10.0, 10.3, 10.9, over=True), piece(12.0, 12.2, 12.5)]
    chunks = chunks_of(trace, 10.0)
    assert [told.at for told in chunks] == [10.5, 10.9, 12.5]
    assert [told.position for told in chunks] == pytest.approx([0.2, 0.3, 2.2])


def test_an_utterance_that_ends_with_a_whole_chunk_has_no_other_one() -> None:
    trace = [piece(10.0, 10.4, 10.5), piece(10.0, 10.4, 10.9, over=True)]
    assert len(chunks_of(trace, 10.0)) == 2


def test_chunks_of_silence_have_no_lag() -> None:
    chunks = [Told(p / 10, BEGAN + p / 10 + 0.05) for p in range(2, 100, 2)]
    lags = chunk_lags(LINES, BEGAN, chunks)
    assert lags == pytest.approx([0.05] * 15)


def test_a_line_waits_for_the_last_of_its_words() -> None:
    finals = [Told(1.5, 102.0), Told(2.1, 103.5), Told(8.0, 108.25)]
    assert final_lags(LINES, BEGAN, finals) == [1.5, None, 0.25]


def test_a_line_is_seen_with_the_first_of_its_words() -> None:
    words = [Told(1.6, 101.9), Told(1.4, 101.7), Told(8.2, 108.9)]
    found = first_word_lags(LINES, BEGAN, words)
    assert found[1] is None
    assert [found[0], found[2]] == pytest.approx([0.7, 1.9])
