"""A recording that is transcribed after its call: whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from gateway.asr.afterwards import transcribe_files
from gateway.asr.engine_parts.babble import babble
from gateway.asr.recognizer import Capabilities, Decoded, SegmentingAdapter, UtteranceDecoder
from gateway.asr.stream import DecoderPool
from gateway.asr.text.vocabulary import Vocabulary
from gateway.asr.vad import GateSettings
from gateway.errors import ModelError
from gateway.events import Utterance
from tests.integration.recorded import AGENT, ARRIVED, CALLER, START, Desk, feed, silence

BABBLE = np.frombuffer(babble(8000, 1.0), np.int16)


class EngineThatFails:
    """Hears one word in every utterance, and fails on that with the number ``on``, as no real engine can be made to."""

    engine, model = "failing", "failing-model"
    capabilities = Capabilities(streaming=False, interim=False, words=False, grammar=False)
    gate = GateSettings()

    def __init__(self, on: int | None = None) -> None:
        self._on = on
        self._count = 0

    def _decode(self, samples: bytes, final: bool) -> Decoded:
        self._count += 1
        if self._count - 1 == self._on:
            raise RuntimeError("out of luck")
        return Decoded("好")

    def decoder(
        self, language: str, rate: int, idle: Callable[[], bool], grammar: Sequence[str] = ()
    ) -> UtteranceDecoder:
        return SegmentingAdapter(self._decode, rate, lambda: False)

    def release(self) -> None:
        return


async def recorded(folder: Path) -> Path:
    """The caller speaks at 1 s, the agent at 4 s."""
    desk = Desk(folder)
    tracks = [desk.recordings.open(leg, 8000, START, kept=True) for leg in (CALLER, AGENT)]
    feed(tracks[0], np.concatenate((silence(1.0), BABBLE, silence(4.0))))
    feed(tracks[1], np.concatenate((silence(4.0), BABBLE, silence(1.0))))
    await desk.recordings.close()
    return desk.path()


async def transcribe(path: Path, engine: EngineThatFails) -> tuple[Utterance, ...]:
    pool = DecoderPool(1)
    try:
        return await transcribe_files([(path, START)], ARRIVED, engine, "zh", pool, Vocabulary(()))
    finally:
        pool.close()


async def test_each_side_is_somebody_and_the_order_is_that_of_speaking(tmp_path: Path) -> None:
    said = await transcribe(await recorded(tmp_path), EngineThatFails())
    assert [utterance.speaker for utterance in said] == ["caller", "agent"]
    assert [utterance.start for utterance in said] == pytest.approx([13.5, 16.5], abs=0.2)


async def test_a_part_the_engine_failed_on_is_named_and_nothing_passes_for_the_whole(tmp_path: Path) -> None:
    with pytest.raises(ModelError) as failed:
        await transcribe(await recorded(tmp_path), EngineThatFails(on=1))
    assert "engine failing failed on 1764.1-1.ogg from 4." in str(failed.value)
    assert "The recording is kept. Run: hotline models verify failing-model" in str(failed.value)
