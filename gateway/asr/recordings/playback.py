"""Reading recordings: what a file holds, and its two sides as samples for another recogniser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from msgspec import Struct

from gateway.errors import InputError

BLOCK_SECONDS = 1.0


class Details(Struct, frozen=True, kw_only=True):
    """What a recording says about itself. ``started``: instant of its first sample (Unix seconds); None in a file of
    other make.
    """

    seconds: float
    call_id: str = ""
    started: float | None = None


def details(path: Path) -> Details:
    """Raises InputError when this is no recording. A file that nobody closed is as long as what was written."""
    with _opened(path) as (container, stream):
        comments = {name.upper(): value for name, value in {**container.metadata, **stream.metadata}.items()}
        seconds = (container.duration or 0) / av.time_base - stream.codec_context.delay / stream.rate
        return Details(
            seconds=round(max(seconds, 0.0), 3),
            call_id=comments.get("CALL_ID", ""),
            started=_instant(comments.get("DATE", "")),
        )


def blocks(path: Path, rate: int) -> Iterator[tuple[bytes, bytes]]:
    """The caller's and the agents' side, 16-bit mono at ``rate`` Hz, a second at a time, from the first sample on.

    A file that was cut off is read as far as it goes. Raises InputError when this is no stereo recording.
    """
    with _opened(path) as (container, stream):
        if stream.channels != 2:
            raise InputError(f"{path}: this is no recording of two sides", "Give a file from the recordings' folder")
        waiting: list[bytes] = []
        gathered, wanted = 0, int(rate * BLOCK_SECONDS) * 4
        for samples in _samples(container, stream, rate):
            waiting.append(samples)
            gathered += len(samples)
            if gathered >= wanted:
                yield _sides(b"".join(waiting))
                waiting, gathered = [], 0
        if waiting:
            yield _sides(b"".join(waiting))


def _samples(container: InputContainer, stream: AudioStream, rate: int) -> Iterator[bytes]:
    """Interleaved stereo, as far as the file can be read."""
    resampler = av.AudioResampler("s16", "stereo", rate)
    frames = container.decode(stream)
    while True:
        try:
            frame = next(frames, None)
        except FFmpegError:
            frame = None
        for resampled in resampler.resample(frame):
            yield resampled.to_ndarray().tobytes()
        if frame is None:
            return


def _sides(stereo: bytes) -> tuple[bytes, bytes]:
    both = np.frombuffer(stereo, np.int16).reshape(-1, 2)
    return both[:, 0].tobytes(), both[:, 1].tobytes()


@contextmanager
def _opened(path: Path) -> Iterator[tuple[InputContainer, AudioStream]]:
    try:
        container = av.open(str(path), format="ogg")
    except (FFmpegError, OSError) as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"{path}: this is no recording ({reason})", "Give a file from the recordings' folder"
        ) from error
    with container:
        if not container.streams.audio:
            raise InputError(f"{path}: there is no sound in this file", "Give a file from the recordings' folder")
        yield container, container.streams.audio[0]


def _instant(date: str) -> float | None:
    try:
        return datetime.fromisoformat(date).timestamp()
    except ValueError:
        return None
