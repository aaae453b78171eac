"""A stream tells when each piece of speech had been decoded, and only when somebody measures."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import msgspec
import pytest

from gateway.asr.chunk_trace import VARIABLE, DecodedTo, chunk_trace
from gateway.asr.recognizer import Capabilities, Decoded, Final, SegmentingAdapter, UtteranceDecoder
from gateway.asr.stream import DecoderPool, RecognizerStream
from gateway.asr.vad import GateSettings

RATE = 8000


class Counting:
    """A recogniser whose words are the number of samples it was given."""

    engine = model = "counting"
    capabilities = Capabilities(streaming=True, interim=False, words=False, grammar=False)
    gate = GateSettings()

    def decoder(
        self, language: str, rate: int, idle: Callable[[], bool], grammar: Sequence[str] = ()
    ) -> UtteranceDecoder:
        return SegmentingAdapter(lambda samples, final: Decoded(str(len(samples) // 2)), rate, lambda: False)


def test_nobody_measures_unless_the_environment_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert chunk_trace("tap", lambda: 1.0) is None


async def test_every_sample_handed_to_the_decoder_is_in_the_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "chunks.jsonl"
    monkeypatch.setenv(VARIABLE, str(file))
    ticks = count(50)
    pool = DecoderPool(1)
    stream = RecognizerStream(
        Counting(),
        "zh",
        RATE,
        pool,
        detector=lambda frame, rate: frame[0] != 0,
        decoded=chunk_trace("tap", lambda: float(next(ticks))),
    )
    for _ in range(2):
        stream.push(b"\1" * RATE * 2, 10.0)
        stream.push(bytes(RATE * 2), 11.0)
    stream.finish()
    said = [event async for event in stream.events() if isinstance(event, Final)]
    pool.close()
    trace = [msgspec.json.decode(line, type=DecodedTo) for line in file.read_bytes().splitlines()]
    ends = [piece for piece in trace if piece.over]
    assert [round((piece.end - piece.start) * RATE) for piece in ends] == [int(event.text) for event in said]
    assert len(ends) == 2
    assert [piece.at for piece in trace] == [50.0 + i for i in range(len(trace))]
    assert {piece.tap_id for piece in trace} == {"tap"}
