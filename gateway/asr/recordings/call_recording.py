"""One file of a call's recording as the writing thread sees it: tracks in, mixed by time, Opus out.

The file is written up to where all open tracks have come. One that stalls is not waited for: after a while there is
silence in its place. Every track is brought to the rate of the file's first one, 16 kHz at most.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path

import numpy as np
import soxr
from av.error import FFmpegError

from gateway.asr.protocol import Leg, RecordingClosed
from gateway.asr.recordings import recording_files
from gateway.asr.recordings.ogg_opus import OggOpusFile
from gateway.asr.recordings.playback import details
from gateway.asr.recordings.timeline import Samples, Side, Timeline
from gateway.config import Recording
from gateway.errors import InputError

log = logging.getLogger(__name__)

RATES = (8000, 16000)
"""Of files; a track with another rate is converted to one of them."""
BLOCK_SECONDS = 0.2
"""Encoded at once."""
GUARD_SECONDS = 0.1
"""Kept back behind the foremost track, so that another may begin that much earlier."""
BEHIND_SECONDS = 1.0
"""A track that is so far behind the foremost one and the clock has stalled ..."""
PATIENCE_SECONDS = 1.0
"""... and is waited for so much longer."""
AHEAD_SECONDS = 30.0
"""Sound of one track that may wait for the others; there is no room for more (a leg that sends too fast)."""
FAILURES = (OSError, FFmpegError)


class Part:
    """Where one track stands: its first sample was spoken at ``at``."""

    def __init__(self, side: Side, at: float, rate: int) -> None:
        self.side = side
        self.at = at
        self.rate = rate
        self.position = 0
        self.resampler: soxr.ResampleStream | None = None
        self.behind_since: float | None = None


class CallRecording:
    """Methods are called in the writing thread, and raise OSError or FFmpegError when the disk refuses; then
    ``fail`` is to follow. ``start``: the instant of its first sample; ``tell`` takes RecordingClosed, once.
    """

    def __init__(
        self,
        folder: Path,
        leg: Leg,
        start: float,
        rate: int,
        settings: Recording,
        zone: tzinfo,
        clock: Callable[[], float],
        tell: Callable[[RecordingClosed], None],
    ) -> None:
        self.over = False
        self._call_id = leg.call_id
        self._arrived = leg.arrived
        self._folder = folder
        self._start = start
        self._rate = min((fit for fit in RATES if fit >= rate), default=RATES[-1])
        self._settings = settings
        self._zone = zone
        self._clock = clock
        self._tell = tell
        self._timeline = Timeline(round(AHEAD_SECONDS * self._rate))
        self._parts: list[Part] = []
        self._furthest = 0
        self._cut = 0
        self._kept = False
        self._path: Path | None = None
        self._file: OggOpusFile | None = None

    def begin(self, kept: bool) -> None:
        """Make the file."""
        recording_files.make_folder(self._folder)
        self.check_room()
        self._path, file = recording_files.create(self._folder, self._call_id, self._arrived, self._zone, kept)
        self._kept = kept
        comments = {
            "TITLE": f"Call {self._call_id}",
            "DATE": datetime.fromtimestamp(self._start, self._zone).isoformat(timespec="milliseconds"),
            "CALL_ID": self._call_id,
            "START": f"{self._start - self._arrived:.3f}",
        }
        self._file = OggOpusFile(file, self._rate, self._settings.bitrate, comments)

    def check_room(self) -> None:
        """Raises OSError when the disk has less left than the settings want."""
        if shutil.disk_usage(self._folder).free < self._settings.min_free_mb * 1_000_000:
            raise OSError(f"less than {self._settings.min_free_mb} MB are free in {self._folder}")

    def join(self, part: Part, kept: bool) -> None:
        """A track begins."""
        if kept and not self._kept and self._path is not None:
            self._path, self._kept = recording_files.keep(self._path), True
        part.position = round((part.at - self._start) * self._rate)
        if part.rate != self._rate:
            part.resampler = soxr.ResampleStream(part.rate, self._rate, 1, dtype="int16")
        self._parts.append(part)
        self._furthest = max(self._furthest, part.position)

    def write(self, part: Part, samples: bytes) -> None:
        """The track's next samples, 16-bit mono."""
        self._lay(part, np.frombuffer(samples, np.int16), last=False)
        self._advance(self._reached(self._clock()))

    def leave(self, part: Part) -> None:
        """The track is over."""
        self._lay(part, np.zeros(0, np.int16), last=True)
        self._parts.remove(part)

    def finish(self) -> None:
        """Write what is left, close the file, and tell."""
        for part in tuple(self._parts):
            self.leave(part)
        self._advance(self._furthest)
        if self._file is not None:
            self._file.close()
        if self._cut:
            log.warning("recording: %.1f s of sound came too late or too fast", self._cut / self._rate)
        self._end(self._timeline.taken / self._rate, complete=True)

    def fail(self, reason: str) -> None:
        """End the file as it is, and tell."""
        log.error("recording of call %s ended early, the call goes on: %s", self._call_id, reason)
        if self._file is not None:
            self._file.abandon()
        seconds = 0.0
        if self._path is not None:
            with contextlib.suppress(InputError):
                seconds = details(self._path).seconds
        self._end(seconds, complete=False)

    def _lay(self, part: Part, samples: Samples, *, last: bool) -> None:
        if part.resampler is not None:
            samples = part.resampler.resample_chunk(samples, last=last)
        part.position, cut = self._timeline.lay(part.side, part.position, samples)
        self._cut += cut
        self._furthest = max(self._furthest, part.position)

    def _reached(self, now: float) -> int:
        """Up to where nobody has anything more to say."""
        foremost = min(self._furthest, round((now - self._start) * self._rate))
        awaited = []
        for part in self._parts:
            if foremost - part.position <= BEHIND_SECONDS * self._rate:
                part.behind_since = None
            elif part.behind_since is None:
                part.behind_since = now
            if part.behind_since is None or now - part.behind_since < PATIENCE_SECONDS:
                awaited.append(part.position)
        return min([self._furthest - round(GUARD_SECONDS * self._rate), *awaited])

    def _advance(self, until: int) -> None:
        """Encode up to ``until``, in whole blocks but at the end of the file."""
        block = round(BLOCK_SECONDS * self._rate)
        while self._file is not None and (rest := until - self._timeline.taken) > 0:
            if rest < block and until < self._furthest:
                return
            self._file.write(self._timeline.take(self._timeline.taken + min(rest, block)))

    def _end(self, seconds: float, *, complete: bool) -> None:
        """Tell; a file without a sample is removed."""
        self.over = True
        if not seconds and self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            self._path = None
        self._tell(
            RecordingClosed(
                call_id=self._call_id,
                arrived=self._arrived,
                file=self._path.relative_to(self._folder).as_posix() if self._path is not None else "",
                start=self._start,
                seconds=round(seconds, 3),
                complete=complete,
                kept=self._kept,
            )
        )
