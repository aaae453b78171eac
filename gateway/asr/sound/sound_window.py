"""What two seconds of a leg's sound look like: level, dynamics, tones, pitch, how long its spectrum lasts. PURE.

Sound is cut into frames of 64 ms every 32 ms, and frames are measured a window of 64 at a time, so that numpy does
the work in few calls. All of it lies below 4 kHz but for the spectrum itself, so that a leg's rate does not matter.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from gateway.asr.sound.sound_tones import tone_frames

HOP_MS = 32
FRAME_MS = 64
FRAMES = 64
MIN_FRAMES = 12
"""Frames of a piece of a window, at least: 0.4 s."""
WINDOW_SECONDS = FRAMES * HOP_MS / 1000
BIN_HZ = 1000 / FRAME_MS
SILENCE_DB = -54.0
"""Below this (dB to full scale, RMS) nobody is heard: comfort noise and an open line's idle noise lie at -60 and less,
a quiet caller's vowels at -45 and more."""
ACTIVE_DB = 30.0
"""Frames this far below the loudest of their window are pauses."""
FLOOR = 3e-10
"""Added to a bin's power before its logarithm: white noise of -71 dB, so that digital silence and A-law's smallest step
are alike."""
RELATIVE_FLOOR = 1e-4
"""The same, of the frame: what lies that far below its sum is an empty part of the band, where a codec's or a
resampler's traces would look like held notes."""
SUSTAIN_FRAMES = 6
"""Frames between two spectra that are compared for held notes: 0.19 s, longer than most vowels, shorter than notes."""
SMOOTH_BINS = 11
LOWEST_BIN = 12
"""Below it (190 Hz) rumble falls so steeply from bin to bin that it would look like held notes."""
BAND_HZ = 4000.0
PITCH_HZ = (45.0, 700.0)
VOICED = 0.35
"""Height of the peak in a frame's autocorrelation (of the amplitude spectrum) from which it has a pitch."""
FULL_SCALE = 32_000
"""Loudest step of A-law and mu-law, and linear samples within 2 % of their end."""

Floats: TypeAlias = NDArray[np.float32]
Flags: TypeAlias = NDArray[np.bool_]


class Window(Struct, frozen=True):
    """Measures of one window. ``power`` is (frames, bins of BIN_HZ); a frame's sum is its mean square, full scale 1."""

    power: Floats
    active: Flags
    tones: Flags
    voiced: Flags
    pitch: Floats
    """Hz; of meaning where ``voiced``."""
    loudest: float
    """dB to full scale: the level only the loudest frames exceed."""
    dynamics: float
    """Standard deviation of the active frames' level, dB."""
    sustain: float
    """Correlation of the spectrum's fine structure with that SUSTAIN_FRAMES later: 1 for held notes and hum, 0 for
    noise, in between for speech, whose pitch moves."""
    clipped: float
    """Share of samples at full scale."""

    @property
    def silent(self) -> bool:
        """Digital silence, or so little that nobody is heard."""
        return self.loudest < SILENCE_DB


class SoundWindows:
    """Samples in, whole windows out. ``rate`` in samples a second, 8000 or more."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._hop = rate * HOP_MS // 1000
        self._frame = 2 * self._hop
        self._bytes = (FRAMES + 1) * self._hop * 2
        self._buffer = bytearray()
        self._shape = np.hanning(self._frame + 1)[:-1].astype(np.float32)
        self._scale = np.float32(16 / 3 / (32768.0 * self._frame) ** 2)
        self._bins = int(BAND_HZ / BIN_HZ)
        self._lags = (int(rate / PITCH_HZ[1]), int(rate / PITCH_HZ[0]))

    def push(self, samples: bytes) -> list[Window]:
        """Take 16-bit little-endian mono samples; the windows they complete."""
        self._buffer += samples
        windows = []
        while len(self._buffer) >= self._bytes:
            windows.append(self._measure(np.frombuffer(bytes(self._buffer[: self._bytes]), dtype="<i2")))
            del self._buffer[: FRAMES * self._hop * 2]
        return windows

    def rest(self) -> Window | None:
        """What has come since the last whole window; None if that is too little to be judged."""
        hops = len(self._buffer) // 2 // self._hop
        if hops <= MIN_FRAMES:
            return None
        return self._measure(np.frombuffer(bytes(self._buffer[: hops * self._hop * 2]), dtype="<i2"))

    def _measure(self, samples: NDArray[np.int16]) -> Window:
        frames = np.lib.stride_tricks.sliding_window_view(samples, self._frame)[:: self._hop]
        spectrum = np.fft.rfft(frames * self._shape, axis=1)
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32) * self._scale
        power[:, :3] = 0.0
        level = 10.0 * np.log10(power.sum(axis=1) + np.float32(1e-12))
        loudest = float(np.partition(level, -4)[-4])
        active = level > max(loudest - ACTIVE_DB, SILENCE_DB - 6.0)
        voiced, pitch = self._pitch(power)
        return Window(
            power=power,
            active=active,
            tones=tone_frames(power[:, : self._bins]) & active,
            voiced=voiced & active,
            pitch=pitch,
            loudest=loudest,
            dynamics=float(level[active].std()) if active.any() else 0.0,
            sustain=_sustain(power[:, LOWEST_BIN : self._bins], active),
            clipped=float(np.mean(np.abs(samples.astype(np.int32)) >= FULL_SCALE)),
        )

    def _pitch(self, power: Floats) -> tuple[Flags, Floats]:
        """Which frames are periodic, and at what frequency, from the autocorrelation of the amplitude spectrum."""
        correlation = np.fft.irfft(np.sqrt(power), axis=1)
        low, high = self._lags
        peaks = correlation[:, low:high].argmax(axis=1)
        height = correlation[np.arange(len(peaks)), peaks + low]
        voiced: Flags = height > VOICED * correlation[:, 0]
        return voiced, (self._rate / (peaks + low)).astype(np.float32)


def _sustain(power: Floats, active: Flags) -> float:
    both = active[:-SUSTAIN_FRAMES] & active[SUSTAIN_FRAMES:]
    if not both.any():
        return 0.0
    floor = power.sum(axis=1, keepdims=True) * np.float32(RELATIVE_FLOOR) + np.float32(FLOOR)
    level = np.log(power + floor)
    half = SMOOTH_BINS // 2
    total = np.cumsum(np.pad(level, ((0, 0), (half + 1, half)), mode="edge"), axis=1)
    fine = level - (total[:, SMOOTH_BINS:] - total[:, :-SMOOTH_BINS]) / np.float32(SMOOTH_BINS)
    energy = np.einsum("ij,ij->i", fine, fine)
    common = np.einsum("ij,ij->i", fine[:-SUSTAIN_FRAMES], fine[SUSTAIN_FRAMES:])
    alike = common / np.sqrt(energy[:-SUSTAIN_FRAMES] * energy[SUSTAIN_FRAMES:] + np.float32(1e-9))
    return float(alike[both].mean())
