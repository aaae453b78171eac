"""Stereo as Opus in Ogg (RFC 6716, RFC 7845), written page by page, so that a file that nobody closed plays too."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from io import FileIO

import av
import numpy as np
from av.error import FFmpegError

from gateway.asr.recordings.timeline import Samples

PAGE_MICROSECONDS = 200_000
"""A page holds so much; the writer keeps one back and gathers another, and a kill loses both."""
ENCODER = {"application": "voip", "compression_level": "5"}
"""For speech. At 8 kHz one side of it is 56 dB lower on the other (the music modes: 39 dB, and 25 dB at 24 kbit/s), for
the first 20 ms of a hard onset 10 to 20 dB. Levels above 5 cost a quarter more.
"""


class OggOpusFile:
    """A file that is being written. ``file`` has no buffer and is closed with it; ``comments``: tags that players show.

    ``rate``: 8000 or 16000 Hz. Methods raise OSError and FFmpegError; after one of them, only ``abandon`` may follow.
    """

    def __init__(self, file: FileIO, rate: int, bitrate: int, comments: Mapping[str, str]) -> None:
        self._pages = _Pages(file)
        self._rate = rate
        self._position = 0
        self._container = av.open(
            self._pages, "w", format="ogg", options={"page_duration": str(PAGE_MICROSECONDS), "flush_packets": "1"}
        )
        self._container.metadata.update(comments)
        self._stream = self._container.add_stream(
            "libopus", rate=rate, layout="stereo", bit_rate=bitrate, options=dict(ENCODER)
        )

    def write(self, block: Samples) -> None:
        """Append samples of shape (samples, 2)."""
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block).reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = self._rate
        frame.pts = self._position
        self._position += len(block)
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what is left and end the file."""
        if self._position:
            self._container.mux(self._stream.encode(None))
        self._container.close()
        self._pages.close()

    def abandon(self) -> None:
        """End the file as it is."""
        self._pages.lost = True
        with contextlib.suppress(FFmpegError, OSError):
            self._container.close()
        self._pages.close()


class _Pages:
    """What the muxer writes to."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self.lost = False
        """From now on nothing is written, and nothing fails."""

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        while rest and not self.lost:
            rest = rest[self._file.write(rest) :]
        return len(data)

    def close(self) -> None:
        self._file.close()
