"""A call's recording, transcribed after its end: both sides, at the pace that living legs leave.

The two sides go through the same gate and decoders as a live leg, one after the other and a block at a time, so that
no more than one thread is ever busy with what is past.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import get_args

from gateway.asr.recognizer import Final, Lost, Recognizer
from gateway.asr.recordings.playback import blocks
from gateway.asr.stream import DecoderPool, RecognizerStream
from gateway.asr.text.writing import Corrects, write
from gateway.errors import ModelError
from gateway.events import Speaker, Utterance

RATE = 8000
MOST_WAITING = 2.0
"""Seconds of speech that may wait for the decoder before the next block is read."""
SIDES: tuple[Speaker, ...] = get_args(Speaker)
"""The caller is left, the agents are right."""


async def transcribe_files(
    files: Sequence[tuple[Path, float]],
    arrived: float,
    recognizer: Recognizer,
    language: str,
    pool: DecoderPool,
    vocabulary: Corrects,
) -> tuple[Utterance, ...]:
    """What both sides said, in order of its beginning; seconds since the call's arrival.

    ``files``: each with the instant of its first sample, like ``arrived`` in Unix seconds. Raises InputError when one
    is no recording, ModelError when the engine failed on a part of it.
    """
    said: list[Utterance] = []
    for path, start in files:
        for side, speaker in enumerate(SIDES):
            stream = RecognizerStream(recognizer, language, RATE, pool, partials=lambda: False)
            feeding = asyncio.create_task(_feed(stream, blocks(path, RATE), side, start - arrived))
            try:
                async for event in stream.events():
                    if isinstance(event, Final) and event.text:
                        said.append(_utterance(event, speaker, language, vocabulary))
                    elif isinstance(event, Lost):
                        raise _failed(recognizer, path, event, start - arrived)
            finally:
                feeding.cancel()
                await asyncio.gather(feeding, return_exceptions=True)
            if not feeding.cancelled():
                feeding.result()
    return tuple(sorted(said, key=lambda utterance: utterance.start))


async def _feed(stream: RecognizerStream, sound: Iterator[tuple[bytes, bytes]], side: int, at: float) -> None:
    """A block of one side at a time; the end is told whatever happens."""
    try:
        while (block := await asyncio.to_thread(next, sound, None)) is not None:
            stream.push(block[side], at)
            at += len(block[side]) / 2 / RATE
            await stream.caught_up(MOST_WAITING)
    finally:
        stream.finish()


def _failed(recognizer: Recognizer, path: Path, lost: Lost, file_start: float) -> ModelError:
    start, end = lost.start - file_start, lost.end - file_start
    return ModelError(
        f"engine {recognizer.engine} failed on {path.name} from {start:.1f} to {end:.1f} s ({lost.reason})",
        f"The recording is kept. Run: hotline models verify {recognizer.model}",
    )


def _utterance(event: Final, speaker: Speaker, language: str, vocabulary: Corrects) -> Utterance:
    written = write(event.text, event.words, language, vocabulary)
    return Utterance(
        speaker=speaker,
        text=written.text,
        raw=written.raw,
        corrections=written.corrections,
        start=event.start,
        end=event.end,
        confidence=event.confidence,
    )
