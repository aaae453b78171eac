"""AudioSocket's frames: type (1 byte), length (2 bytes, big-endian), payload. PURE.

The protocol is Asterisk's (``res_audiosocket``). A connection begins with one UUID frame; then audio comes as signed
16-bit little-endian mono at the rate its frame type names, until a hangup frame or the end of the connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import TypeAlias
from uuid import UUID

from msgspec import Struct

from gateway.errors import ProtocolError

HEADER_BYTES = 3
SAMPLE_BYTES = 2
FRAME_SECONDS = 0.02
"""What Asterisk sends at a time."""
MAX_AUDIO_SECONDS = 0.5
"""Longest audio frame taken; Asterisk sends 20 ms."""


class FrameType(IntEnum):
    """The frame types Asterisk knows."""

    HANGUP = 0x00
    UUID = 0x01
    DTMF = 0x03
    SLIN8 = 0x10
    SLIN12 = 0x11
    SLIN16 = 0x12
    SLIN24 = 0x13
    SLIN32 = 0x14
    SLIN44 = 0x15
    SLIN48 = 0x16
    SLIN96 = 0x17
    SLIN192 = 0x18
    ERROR = 0xFF


RATES: dict[int, int] = {
    FrameType.SLIN8: 8000,
    FrameType.SLIN12: 12000,
    FrameType.SLIN16: 16000,
    FrameType.SLIN24: 24000,
    FrameType.SLIN32: 32000,
    FrameType.SLIN44: 44100,
    FrameType.SLIN48: 48000,
    FrameType.SLIN96: 96000,
    FrameType.SLIN192: 192000,
}
"""Samples a second by audio frame type."""


class UnknownFrameTypeError(ProtocolError):
    """A frame of a type that does not exist."""

    def __init__(self, kind: int) -> None:
        super().__init__(f"AudioSocket frame of unknown type 0x{kind:02x}")


class OversizedFrameError(ProtocolError):
    """A frame longer than its type allows."""

    def __init__(self, kind: int, length: int, limit: int) -> None:
        super().__init__(f"AudioSocket frame of type 0x{kind:02x} has {length} bytes, at most {limit} are allowed")


class MalformedFrameError(ProtocolError):
    """A frame whose length does not fit its type."""

    def __init__(self, kind: int, length: int) -> None:
        super().__init__(f"AudioSocket frame of type 0x{kind:02x} cannot have {length} bytes")


class TruncatedFrameError(ProtocolError):
    """The connection ended inside a frame."""

    def __init__(self, have: int) -> None:
        super().__init__(f"AudioSocket connection ended {have} bytes into a frame")


class Identify(Struct, frozen=True):
    """The connection's UUID, as 36 characters in lower case."""

    uuid: str


class Audio(Struct, frozen=True):
    """Signed 16-bit little-endian mono at ``rate`` samples a second."""

    rate: int
    samples: bytes

    @property
    def seconds(self) -> float:
        """Its length in time."""
        return len(self.samples) / SAMPLE_BYTES / self.rate


class Dtmf(Struct, frozen=True):
    """A key the other side pressed (personal data)."""

    digit: str


class Hangup(Struct, frozen=True):
    """The other side hung up."""


class PeerError(Struct, frozen=True):
    """The other side reports an error of its own."""

    code: int


Frame: TypeAlias = Identify | Audio | Dtmf | Hangup | PeerError


class FrameDecoder:
    """Bytes in, whole frames out, however the bytes were split."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take the next bytes; the frames they complete, in order. Take them all before the next call.

        Raises UnknownFrameTypeError, OversizedFrameError or MalformedFrameError behind the last good frame, as soon
        as a header shows it; the decoder is of no more use then.
        """
        self._buffer += data
        while len(self._buffer) >= HEADER_BYTES:
            kind = self._buffer[0]
            length = int.from_bytes(self._buffer[1:HEADER_BYTES])
            _check_header(kind, length)
            end = HEADER_BYTES + length
            if len(self._buffer) < end:
                return
            frame = _frame(kind, bytes(self._buffer[HEADER_BYTES:end]))
            del self._buffer[:end]
            yield frame

    def finish(self) -> None:
        """Call at the end of the connection. Raises TruncatedFrameError if it came inside a frame."""
        if self._buffer:
            raise TruncatedFrameError(len(self._buffer))


def _check_header(kind: int, length: int) -> None:
    if kind in RATES:
        limit = int(RATES[kind] * MAX_AUDIO_SECONDS) * SAMPLE_BYTES
        if length > limit:
            raise OversizedFrameError(kind, length, limit)
        if length % SAMPLE_BYTES:
            raise MalformedFrameError(kind, length)
    elif kind == FrameType.UUID:
        if length != 16:
            raise MalformedFrameError(kind, length)
    elif kind in (FrameType.DTMF, FrameType.HANGUP, FrameType.ERROR):
        if length > 1:
            raise OversizedFrameError(kind, length, 1)
        if kind == FrameType.DTMF and length == 0:
            raise MalformedFrameError(kind, length)
    else:
        raise UnknownFrameTypeError(kind)


def _frame(kind: int, payload: bytes) -> Frame:
    if kind in RATES:
        return Audio(RATES[kind], payload)
    if kind == FrameType.UUID:
        return Identify(str(UUID(bytes=payload)))
    if kind == FrameType.DTMF:
        return Dtmf(chr(payload[0]))
    if kind == FrameType.HANGUP:
        return Hangup()
    return PeerError(payload[0] if payload else 0)


def encode_uuid(uuid: str) -> bytes:
    """The frame a connection begins with. Raises ValueError if ``uuid`` is none."""
    return _encode(FrameType.UUID, UUID(uuid).bytes)


def encode_audio(samples: bytes, rate: int = 8000) -> bytes:
    """One audio frame of 16-bit little-endian ``samples``.

    Raises ProtocolError for a rate AudioSocket has no type for, or samples the other side could not take.
    """
    kind = next((kind for kind, known in RATES.items() if known == rate), None)
    if kind is None:
        raise ProtocolError(f"AudioSocket has no frame type for {rate} Hz")
    _check_header(kind, len(samples))
    return _encode(kind, samples)


def encode_hangup() -> bytes:
    """The frame that ends the channel."""
    return _encode(FrameType.HANGUP, b"")


def _encode(kind: int, payload: bytes) -> bytes:
    return bytes([kind]) + len(payload).to_bytes(2) + payload


SILENCE = encode_audio(bytes(320))
"""20 ms of silence at 8 kHz."""
