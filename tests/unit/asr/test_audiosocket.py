import itertools
import struct
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.asr import audiosocket
from gateway.asr.audiosocket import (
    RATES,
    Audio,
    Dtmf,
    Frame,
    FrameDecoder,
    Hangup,
    Identify,
    MalformedFrameError,
    OversizedFrameError,
    PeerError,
    TruncatedFrameError,
    UnknownFrameTypeError,
)
from gateway.errors import ProtocolError


def wire(kind: int, payload: bytes = b"") -> bytes:
    return struct.pack(">BH", kind, len(payload)) + payload


frames = st.one_of(
    st.uuids().map(lambda u: (wire(1, u.bytes), Identify(str(u)))),
    st.tuples(st.sampled_from(sorted(RATES)), st.integers(0, 400)).map(
        lambda t: (wire(t[0], bytes(t[1] * 2)), Audio(RATES[t[0]], bytes(t[1] * 2)))
    ),
    st.sampled_from("0123456789*#").map(lambda d: (wire(3, d.encode()), Dtmf(d))),
    st.just((wire(0), Hangup())),
    st.integers(0, 255).map(lambda code: (wire(0xFF, bytes([code])), PeerError(code))),
)


@given(st.lists(frames, max_size=8), st.lists(st.integers(0, 4000)))
def test_however_the_bytes_are_split_the_same_frames_come_out(sent: list[tuple[bytes, Frame]], cuts: list[int]) -> None:
    stream = b"".join(data for data, _ in sent)
    edges = [0, *sorted(c for c in cuts if c < len(stream)), len(stream)]
    decoder = FrameDecoder()
    got: list[Frame] = []
    for start, end in itertools.pairwise(edges):
        got += decoder.feed(stream[start:end])
    decoder.finish()
    assert got == [frame for _, frame in sent]


@given(st.binary(max_size=400))
def test_any_bytes_give_frames_or_a_protocol_error(data: bytes) -> None:
    decoder = FrameDecoder()
    try:
        got = list(decoder.feed(data))
        decoder.finish()
    except ProtocolError:
        return
    assert sum(3 + len(f.samples) if isinstance(f, Audio) else 3 for f in got) <= len(data)


def test_an_unknown_type_is_refused_at_its_header() -> None:
    with pytest.raises(UnknownFrameTypeError, match="0x42"):
        list(FrameDecoder().feed(b"\x42\x00\x05"))


def test_an_oversized_frame_is_refused_at_its_header() -> None:
    with pytest.raises(OversizedFrameError, match="65534 bytes"):
        list(FrameDecoder().feed(struct.pack(">BH", 0x10, 65534)))


def test_good_frames_before_a_bad_one_come_out() -> None:
    frames = FrameDecoder().feed(wire(3, b"5") + b"\x42\x00\x00")
    assert next(frames) == Dtmf("5")
    with pytest.raises(UnknownFrameTypeError):
        next(frames)


@pytest.mark.parametrize("data", [wire(1, bytes(15)), wire(0x10, bytes(3)), wire(3)])
def test_a_length_that_does_not_fit_its_type_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedFrameError):
        list(FrameDecoder().feed(data))


def test_a_connection_that_ends_inside_a_frame_is_told() -> None:
    decoder = FrameDecoder()
    assert list(decoder.feed(audiosocket.SILENCE[:100])) == []
    with pytest.raises(TruncatedFrameError, match="100 bytes"):
        decoder.finish()


def test_what_we_send_is_what_asterisk_takes() -> None:
    tap = str(uuid.uuid4())
    sent = audiosocket.encode_uuid(tap) + audiosocket.SILENCE + audiosocket.encode_audio(bytes(640), 16000)
    sent += audiosocket.encode_hangup()
    assert list(FrameDecoder().feed(sent)) == [
        Identify(tap),
        Audio(8000, bytes(320)),
        Audio(16000, bytes(640)),
        Hangup(),
    ]
    assert Audio(8000, bytes(320)).seconds == 0.02
    with pytest.raises(ProtocolError, match="11025 Hz"):
        audiosocket.encode_audio(bytes(2), 11025)
