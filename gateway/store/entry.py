"""What stands in the journal: an event with its number, and its form as a row."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from gateway.errors import StoreError
from gateway.events import AnyEvent, Event, TranscriptPartial, event_type
from gateway.store.tables import journal

COLUMNS = (journal.c.seq, journal.c.stream_ms, journal.c.data)
"""The columns ``from_row`` reads."""

END_OF_TIME = 253_402_300_800.0
"""Unix seconds of the year 10000, which no RFC 3339 time can name."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder[AnyEvent](AnyEvent).decode


LONGEST_TEXT = 200
"""Characters of a text that stands in a column of its own."""


def clean(text: str) -> str:
    """The text as every database takes it: PostgreSQL has no NUL in a text, and no long ones in an index."""
    return text.replace("\0", "")[:LONGEST_TEXT]


class Entry(Struct, frozen=True):
    """A durable event. ``seq`` counts from 1; ``stream_ms`` (Unix ms at commit) never decreases.

    Entries are numbered without gaps; those that were purged are missing, single ones too.
    """

    seq: int
    stream_ms: int
    event: AnyEvent


class Draft(Struct, frozen=True):
    """An event on its way into the journal, with its JSON."""

    event: AnyEvent
    data: str


def draft(event: Event) -> Draft:
    """Encode an event, and make sure that it can be read back as it is.

    Raises TypeError for a partial transcript, which is never journaled, and for a value that is not of its declared
    type or not a finite number.
    """
    if isinstance(event, TranscriptPartial):
        raise TypeError("transcript.partial is not journaled; give it to the bus and the pages directly")
    if not 0 <= event.at < END_OF_TIME:
        raise TypeError(f"{event_type(event)} cannot be journaled: `at` is not an instant in Unix seconds")
    data = _encode(event)
    try:
        return Draft(_decode(data), data.decode())
    except msgspec.ValidationError as error:
        raise TypeError(f"{event_type(event)} cannot be journaled: {error}") from error


def rows(drafts: Sequence[Draft], after: int, stream_ms: int) -> list[dict[str, object]]:
    """The drafts as rows, numbered from ``after`` + 1."""
    return [
        {
            "seq": seq,
            "stream_ms": stream_ms,
            "type": event_type(one.event),
            "call_id": clean(getattr(one.event, "call_id", "")),
            "at": one.event.at,
            "data": one.data,
        }
        for seq, one in enumerate(drafts, after + 1)
    ]


def from_row(seq: int, stream_ms: int, data: str) -> Entry:
    """The entry in a row of ``COLUMNS``. Raises StoreError when this gateway does not know such an event."""
    try:
        return Entry(seq, stream_ms, _decode(data))
    except msgspec.DecodeError as error:
        raise StoreError(
            f"journal entry {seq}: cannot be read: {error}", "It was written by another version of the gateway"
        ) from error
