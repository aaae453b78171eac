import numpy as np
import pytest

from gateway.asr.sound.sound_utterance import UtteranceSound
from tests.sounds import Sound, babble, hum, music, noise, samples, tones


def speechless(sound: Sound) -> bool:
    """Pushed in blocks of 0.2 s, as a decoder gets it."""
    utterance, data = UtteranceSound(8000), samples(sound)
    for i in range(0, len(data), 3200):
        utterance.push(data[i : i + 3200])
    return utterance.speechless


@pytest.mark.parametrize("seconds", [0.3, 0.6, 1.0, 2.5, 8.0])
def test_words_long_and_short_are_kept(seconds: float) -> None:
    pause = noise(0.3, 0.0001)
    assert not speechless(np.concatenate([pause, babble(seconds), pause]))


def test_a_long_vowel_is_kept() -> None:
    time = np.arange(0, 1.2, 1 / 8000)
    vowel = sum((np.sin(2 * np.pi * 200 * n * time) * 0.1 / n for n in range(1, 8)), start=np.zeros(len(time)))
    pause = noise(0.3, 0.0001)
    assert not speechless(np.concatenate([pause, vowel * np.hanning(len(time)), pause]))


@pytest.mark.parametrize("seconds", [0.8, 2.5, 6.0])
@pytest.mark.parametrize("what", ["noise", "hum", "busy", "keys"])
def test_noise_and_tones_are_refused(what: str, seconds: float) -> None:
    sound = {
        "noise": noise(seconds, 0.05),
        "hum": hum(seconds),
        "busy": tones(seconds, 450.0, on=0.35, off=0.35),
        "keys": tones(seconds, 770.0, 1336.0, on=0.1, off=0.1),
    }[what]
    assert speechless(sound)


def test_music_is_refused_once_it_has_lasted() -> None:
    assert speechless(music(6.0))
    assert not speechless(music(0.8))


def test_speech_behind_music_or_noise_is_kept() -> None:
    assert not speechless(np.concatenate([music(3.0), babble(3.0)]))
    assert not speechless(np.concatenate([noise(3.0, 0.02), babble(3.0) + noise(3.0, 0.02)]))


def test_too_little_to_be_judged_is_kept() -> None:
    assert not speechless(noise(0.2, 0.05))
