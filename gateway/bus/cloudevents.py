"""The envelope every event travels in: CloudEvents 1.0, JSON format. PURE.

``type`` is the event's own name between ``hotline.`` and the contract's version, such as ``hotline.call.answered.v1``;
``subject`` is the call; ``time`` is the event's ``at`` in UTC (RFC 3339, microseconds). ``data`` carries all fields,
with the exact ``at``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from gateway.errors import ProtocolError
from gateway.events import AnyEvent, Event, TranscriptPartial, event_type

SOURCE = "/hotline"
VERSION = "v1"


class CloudEvent(Struct, frozen=True, kw_only=True):
    """One event in its envelope. ``source`` and ``id`` together name it for ever: a second copy is the same event."""

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str | UnsetType = UNSET
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    data: AnyEvent


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(CloudEvent).decode


def type_name(event: Event) -> str:
    """The envelope's ``type`` for an event."""
    return f"hotline.{event_type(event)}.{VERSION}"


def wrap(event: AnyEvent, event_id: str, source: str = SOURCE) -> CloudEvent:
    """Put an event in its envelope. ``event_id`` is its number in the journal."""
    return CloudEvent(
        id=event_id,
        source=source,
        type=type_name(event),
        subject=getattr(event, "call_id", "") or UNSET,
        time=datetime.fromtimestamp(event.at, UTC),
        data=event,
    )


def envelope(event: AnyEvent, event_id: str, source: str = SOURCE) -> bytes:
    """An event's envelope as JSON."""
    return _encode(wrap(event, event_id, source))


def partial_envelope(event: TranscriptPartial, source: str = SOURCE) -> bytes:
    """A partial transcript's envelope as JSON. It has no number in the journal: its utterance and second name it."""
    return envelope(event, f"{event.utterance_id}:{event.end:.3f}", source)


def parse(data: bytes | str) -> CloudEvent:
    """Read an envelope. Raises ProtocolError, which names the field but never quotes a value."""
    try:
        event = _decode(data)
    except msgspec.ValidationError as error:
        raise ProtocolError(f"CloudEvents envelope refused{_place(error)}", "See contract/events.schema.json") from None
    except msgspec.DecodeError as error:
        raise ProtocolError("CloudEvents envelope refused: not JSON", "See contract/events.schema.json") from error
    if event.type != type_name(event.data):
        raise ProtocolError("CloudEvents envelope refused: `type` is not that of its data")
    if event.time.utcoffset() is None:
        raise ProtocolError("CloudEvents envelope refused: `time` has no zone")
    return event


def _place(error: msgspec.ValidationError) -> str:
    text = str(error)
    # A wrong word is quoted by the decoder; what a person said or typed must not get into a log that way.
    return f": {text}" if not text.startswith("Invalid") else f" at {text.rpartition(' - at ')[2]}"
