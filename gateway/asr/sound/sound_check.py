"""What is wrong with the sound of a leg, told while the call goes on. PURE.

Windows of 2 s are taken for what they are mostly: silence, tones, noise, music, speech, or none of these. What holds
for the leg is what holds for all of it so far, so a finding may go away again: a caller who is silent for his first
ten seconds has a silent leg until he speaks. Only a wrong pace of arrival stays.

The limits were measured on 25 voices (real and synthetic, seven languages, wide and telephone band, with noise at
20, 10 and 5 dB), 44 pieces of music (orchestra, pop, hold music) and made noises, at 8 kHz A-law unless said so:

    dynamics of 2 s     speech 5 to 10 dB, at 5 dB above noise 3 to 5; music 1 to 7; noise below 1.1; hum below 0.3
    sustain of 2 s      speech 0.0 to 0.2 (0.3 for the most monotonous voices); music 0.2 to 0.8; noise below 0.05

Of 15 s of music, 85 % were called music and the others nothing: drums alone, and noise that swells and fades, look
like neither, and no finding is better than a wrong one. A leg at 8 kHz costs 0.035 % of a core, at 16 kHz 0.05 %, in
pieces of a millisecond every 2 s.
"""

from __future__ import annotations

from collections import Counter
from typing import Literal, TypeAlias

from msgspec import Struct

from gateway.asr.sound.sound_pace import ArrivalPace
from gateway.asr.sound.sound_rate import RateEvidence, SpeechPace
from gateway.asr.sound.sound_window import SoundWindows, Window
from gateway.events import Finding

MIN_WINDOWS = 5
"""Windows before a leg as a whole is judged: 10.3 s. A leg that ends earlier is not."""
NO_AUDIO_SECONDS = 2.0
"""A leg that lasted so long without a sample never had sound; Asterisk sends the first within 20 ms of a channel's."""
STEADY_DB = 2.0
"""Dynamics of noise at most; speech that little above noise is of no use to an engine, but is not called noise."""
HUM_DB = 0.5
"""Below this even held notes are no music."""
SPEECH_DB = 4.0
MUSIC_SUSTAIN = 0.12
MUSIC_SLOPE = 0.04
"""A window is music where sustain >= MUSIC_SUSTAIN + MUSIC_SLOPE * dynamics: what is held and loud all the time. So
taken, the leg was called music for 41 of the 44 pieces, and for none of the voices at their own rate but one (an
almost monotonous synthetic one)."""
NOISE_SUSTAIN = 0.2
TONES_SHARE = 0.4
"""Of a window's active frames. Keys of 0.1 s with 0.1 s between reach 0.6, a busy tone 0.85, vowels 0.2."""
LEG_TONES = 0.3
LEG_MUSIC = 0.6
LEG_NOISE = 0.8
"""Share of the windows with sound in them; the rest of a noisy leg may be anything but speech."""
SPEECH_SHARE = 0.03
"""Of the windows of a leg with nothing but noise: a knock or a click has the dynamics of speech."""
MIN_TONES = 2
CLIPPED_SHARE = 0.02
"""Of the samples in speech at full scale. Speech whose highest peak is at full scale has less than 0.1 %; amplified
beyond it by 6 dB it has 0.5 to 2 %, by 9 dB 2 to 7 %, by 12 dB 5 to 16 %."""

Kind: TypeAlias = Literal["silence", "tones", "noise", "music", "speech", "other"]


class Found(Struct, frozen=True):
    """A finding. ``detail``: of ``wrong_rate``, whether the speech runs ``fast`` or ``slow``."""

    finding: Finding
    detail: str = ""


class SoundCheck:
    """One leg's sound at ``rate`` samples a second (8000 or more)."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._windows = SoundWindows(rate)
        self._pace = ArrivalPace()
        self._speech = RateEvidence()
        self._kinds: Counter[Kind] = Counter()
        self._clipped = 0.0
        self._spoken = 0.0
        self._any = False

    def push(self, samples: bytes, at: float) -> None:
        """Take 16-bit little-endian mono samples as they arrived, at the instant ``at`` (Unix seconds)."""
        if not samples:
            return
        self._any = True
        self._pace.push(len(samples) / 2 / self._rate, at)
        for window in self._windows.push(samples):
            self._take(window)

    def findings(self, seconds: float) -> tuple[Found, ...]:
        """What is wrong with the leg so far, ``seconds`` after it was opened; the gravest first."""
        if not self._any:
            return (Found("no_audio"),) if seconds >= NO_AUDIO_SECONDS else ()
        found = [*self._arrival(), *self._whole()]
        if self._spoken and self._clipped > CLIPPED_SHARE * self._spoken:
            found.append(Found("clipped"))
        return tuple(found)

    def _take(self, window: Window) -> None:
        kind = kind_of(window)
        self._kinds[kind] += 1
        if kind in ("speech", "other"):
            self._clipped += window.clipped
            self._spoken += float(window.active.mean())
        if kind not in ("silence", "tones") and window.dynamics >= SPEECH_DB:
            self._speech.add(window)

    def _arrival(self) -> list[Found]:
        fast = [Found("too_fast")] if self._pace.fast else []
        return [*fast, Found("too_slow")] if self._pace.slow else fast

    def _whole(self) -> list[Found]:
        """What the leg is instead of speech, or that its speech has a wrong rate."""
        kinds = self._kinds
        heard = kinds.total() - kinds["silence"]
        if kinds["tones"] >= max(MIN_TONES, LEG_TONES * heard):
            return [Found("tones")]
        if kinds.total() < MIN_WINDOWS:
            return []
        if heard == 0:
            return [Found("silence")]
        if kinds["noise"] >= LEG_NOISE * heard and kinds["speech"] <= SPEECH_SHARE * heard:
            return [Found("noise")]
        # Samples that come twice as fast, and speech that runs half as fast, have one cause.
        likely: SpeechPace | None = "slow" if self._pace.fast else "fast" if self._pace.slow else None
        pace = self._speech.pace(likely)
        if kinds["music"] >= LEG_MUSIC * heard and (pace is None or pace != likely):
            return [Found("music")]
        return [Found("wrong_rate", pace)] if pace is not None else []


def kind_of(window: Window) -> Kind:
    """What a window is mostly."""
    if window.silent:
        return "silence"
    if window.tones.sum() >= TONES_SHARE * window.active.sum():
        return "tones"
    if window.dynamics < HUM_DB or (window.dynamics < STEADY_DB and window.sustain < NOISE_SUSTAIN):
        return "noise"
    if window.sustain >= MUSIC_SUSTAIN + MUSIC_SLOPE * window.dynamics:
        return "music"
    return "speech" if window.dynamics >= SPEECH_DB else "other"


_SENTENCES: dict[Finding, str] = {
    "no_audio": "No sound ever came from this leg: check that its audio passes through the PBX (direct media off, "
    "a codec both sides have, RTP ports open)",
    "silence": "This leg is silent: check that the telephone or headset is not muted, and that its RTP reaches the PBX",
    "noise": "This leg has noise or hum and no speech: check the line, the headset's plug and the trunk's codec",
    "music": "This leg carries music and no speech: check whether it is on hold, or bridged to a music source",
    "tones": "This leg carries telephone tones (keys, busy, fax): check whom the trunk connects here",
    "clipped": "The speech of this leg is clipped: lower the microphone's or the trunk's gain",
    "too_fast": "This leg's sound arrives faster than it can have been spoken, and what is too much is left out: check "
    "the rate of the trunk's codec or of the line-in device",
    "too_slow": "This leg's sound arrives slower than it is spoken: check the rate of the trunk's codec or of the "
    "line-in device, and the network for lost packets",
}
_WRONG_RATE = (
    "The sound of this leg runs {pace} as fast as people speak, as if its rate were not the one it is labelled with: "
    "check the trunk's codec or the line-in device's rate"
)


def sentence(found: Found) -> str:
    """What is wrong and how to mend it, in one line for the operator."""
    if found.finding == "wrong_rate":
        return _WRONG_RATE.format(pace="twice" if found.detail == "fast" else "half")
    return _SENTENCES[found.finding]
