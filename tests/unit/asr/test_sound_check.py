import numpy as np
import pytest

from gateway.asr.sound.sound_check import Found, SoundCheck, sentence
from gateway.events import Finding
from tests.sounds import Sound, babble, hum, music, noise, samples, tones

SECONDS = 14.0
"""Six windows."""


def check(sound: Sound, rate: int = 8000, *, pace: float = 1.0) -> SoundCheck:
    """``sound`` as it comes in blocks of 20 ms, ``pace`` times as fast as real time."""
    sound_check = SoundCheck(rate)
    data, block = samples(sound), rate // 50 * 2
    for i in range(0, len(data), block):
        sound_check.push(data[i : i + block], 1000.0 + i / 2 / rate / pace)
    return sound_check


def findings(sound: Sound, rate: int = 8000, *, pace: float = 1.0) -> list[Finding]:
    return [found.finding for found in check(sound, rate, pace=pace).findings(len(sound) / rate / pace)]


@pytest.mark.parametrize("rate", [8000, 16000])
@pytest.mark.parametrize("pitch", [110.0, 160.0, 220.0])
def test_speech_has_nothing_wrong_with_it(rate: int, pitch: float) -> None:
    assert findings(babble(SECONDS, rate, pitch), rate) == []


def test_speech_in_noise_and_with_long_pauses_has_nothing_wrong_with_it() -> None:
    speech = babble(SECONDS)
    assert findings(speech + noise(SECONDS, 0.01)) == []
    half = len(speech) // 2
    assert findings(np.concatenate([speech[:half], np.zeros(20 * 8000), speech[half:]])) == []


@pytest.mark.parametrize("pitch", [110.0, 160.0, 220.0])
def test_speech_with_a_wrong_rate_is_found_whichever_way_it_is_wrong(pitch: float) -> None:
    at_8, at_16 = babble(2 * SECONDS, 8000, pitch), babble(SECONDS, 16000, pitch)
    assert check(at_8, 16000).findings(SECONDS) == (Found("wrong_rate", "fast"),)
    assert check(at_16, 8000).findings(2 * SECONDS) == (Found("wrong_rate", "slow"),)


def test_a_wrong_rate_is_told_while_the_call_goes_on() -> None:
    live = check(babble(20.6, 8000), 16000)
    assert live.findings(10.3) == (Found("wrong_rate", "fast"),)


def test_a_live_source_with_a_wrong_label_has_both_its_pace_and_its_speech_wrong() -> None:
    assert findings(babble(SECONDS, 16000), 8000, pace=2.0) == ["too_fast", "wrong_rate"]
    assert findings(babble(2 * SECONDS, 8000), 16000, pace=0.5) == ["too_slow", "wrong_rate"]


def test_a_leg_that_never_sends() -> None:
    sound_check = SoundCheck(8000)
    assert sound_check.findings(1.0) == ()
    assert sound_check.findings(2.0) == (Found("no_audio"),)
    sound_check.push(bytes(320), 1002.0)
    assert sound_check.findings(2.1) == ()


@pytest.mark.parametrize("level", [0.0, 0.0002, 0.001])
def test_digital_silence_and_what_is_near_it(level: float) -> None:
    assert findings(noise(SECONDS, level)) == ["silence"]
    assert findings(noise(9.0, level)) == []


def test_a_leg_is_silent_until_somebody_speaks() -> None:
    silence = np.zeros(12 * 8000)
    assert findings(silence) == ["silence"]
    assert findings(np.concatenate([silence, babble(3.0)])) == []


@pytest.mark.parametrize("sound", [noise(SECONDS, 0.01), noise(SECONDS, 0.2), hum(SECONDS), hum(SECONDS) * 0.1])
def test_noise_and_hum(sound: Sound) -> None:
    assert findings(sound) == ["noise"]


def test_one_knock_in_a_minute_does_not_make_noise_speech() -> None:
    sound = noise(80.0, 0.01)
    sound[40 * 8000 : 40 * 8000 + 1600] += noise(0.2, 0.3)
    assert findings(sound) == ["noise"]


def test_music() -> None:
    assert findings(music(SECONDS)) == ["music"]
    assert findings(np.concatenate([music(SECONDS), babble(3 * SECONDS)])) == []


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(tones(SECONDS, 450.0, on=0.35, off=0.35), id="busy in China"),
        pytest.param(tones(SECONDS, 425.0, on=1.0, off=4.0), id="ringing in Europe"),
        pytest.param(tones(SECONDS, 350.0, 440.0), id="dial tone in America"),
        pytest.param(tones(SECONDS, 1100.0, on=0.5, off=3.0), id="a fax calls"),
        pytest.param(tones(SECONDS, 2100.0), id="a fax answers"),
        pytest.param(tones(SECONDS, 770.0, 1336.0, on=0.1, off=0.1), id="a key, again and again"),
    ],
)
def test_telephone_tones(sound: Sound) -> None:
    assert findings(sound + noise(SECONDS, 0.0005)) == ["tones"]


def test_a_few_keys_in_a_conversation_are_no_finding() -> None:
    speech = babble(2 * SECONDS)
    speech[:8000] = tones(1.0, 697.0, 1209.0, on=0.1, off=0.1)
    assert findings(speech) == []


def test_clipped_speech() -> None:
    speech = babble(SECONDS) / 0.35
    assert findings(speech) == []
    assert findings(speech * 6.0) == ["clipped"]


def test_each_finding_has_a_sentence_with_its_mend() -> None:
    found = [Found(each) for each in Finding.__args__ if each != "wrong_rate"]
    sentences = [sentence(each) for each in (*found, Found("wrong_rate", "fast"), Found("wrong_rate", "slow"))]
    assert len(set(sentences)) == len(Finding.__args__) + 1
    assert all(": check " in each or ": lower " in each for each in sentences)
    assert "twice as fast" in sentences[-2]
    assert "half as fast" in sentences[-1]


def test_blocks_of_any_size_bring_the_same() -> None:
    data = samples(babble(SECONDS))
    at_once, in_parts = SoundCheck(8000), SoundCheck(8000)
    at_once.push(data, 1000.0)
    for i in range(0, len(data), 1234):
        in_parts.push(data[i : i + 1234], 1000.0 + i / 16_000)
    assert at_once.findings(SECONDS) == in_parts.findings(SECONDS) == ()
