import math

import pytest
from msgspec.structs import replace

from gateway.errors import StoreError
from gateway.events import CallQueued, TranscriptFinal, TranscriptPartial
from gateway.store.entry import draft, from_row, rows

QUEUED = CallQueued(at=1764000000.25, call_id="1764.1", queue="hotline", position=2)


def test_a_row_reads_back_as_the_event_it_was_made_from():
    (row,) = rows([draft(QUEUED)], 41, 1764000000300)
    assert (row["seq"], row["type"], row["call_id"], row["at"]) == (42, "call.queued", "1764.1", QUEUED.at)
    entry = from_row(row["seq"], row["stream_ms"], row["data"])
    assert (entry.seq, entry.stream_ms, entry.event) == (42, 1764000000300, QUEUED)


def test_a_partial_transcript_is_refused():
    partial = TranscriptPartial(
        at=1.0, call_id="1764.1", utterance_id="u1", speaker="caller", text="您好", start=0.0, end=1.0
    )
    with pytest.raises(TypeError, match="not journaled"):
        draft(partial)


def test_values_that_could_not_be_read_back_are_refused_without_quoting_them():
    final = TranscriptFinal(
        at=1.0,
        call_id="1764.1",
        utterance_id="u1",
        speaker="caller",
        text="路灯坏了",
        start=0.0,
        end=1.0,
        language="zh",
        engine="vosk",
        model="small",
    )
    assert draft(final).event == final
    with pytest.raises(TypeError, match="cannot be journaled") as refused:
        draft(replace(final, start=math.nan))
    assert "路灯" not in str(refused.value)
    with pytest.raises(TypeError, match="cannot be journaled"):
        draft(replace(QUEUED, position="second"))
    for at in (math.nan, math.inf, -1.0, 1e18):
        with pytest.raises(TypeError, match="not an instant"):
            draft(replace(QUEUED, at=at))


def test_an_entry_of_an_unknown_type_names_its_number():
    with pytest.raises(StoreError, match="journal entry 7: cannot be read"):
        from_row(7, 0, '{"type": "call.teleported", "at": 1.0}')
