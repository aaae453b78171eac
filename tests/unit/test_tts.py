"""Numerals, silence and files; the voice itself is heard in the integration tests."""

import wave
from pathlib import Path

import numpy as np
import pytest

from gateway.errors import ModelError
from gateway.tts import Voice, read_numerals, trim_silence, write_wav


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("请拨打12345热线", "请拨打一二三四五热线"),
        ("电话010-62345678", "电话零一零杠六二三四五六七八"),
        ("门牌3-2-501", "门牌三杠二杠五零一"),
        ("2024年3月5日", "二零二四年3月5日"),
        ("住501室", "住五零一室"),
        ("工号007", "工号零零七"),
        ("晚上9:05到11:30", "晚上9点零5分到11点30分"),
        ("早上8:00", "早上8点整"),
        ("请按5，罚款1500元，涨了3.5%", "请按5，罚款1500元，涨了3.5%"),
        ("100000.5元", "100000.5元"),
    ],
)
def test_numerals_that_are_names_are_read_digit_by_digit(written: str, read: str) -> None:
    assert read_numerals(written) == read


def test_silence_at_the_ends_goes() -> None:
    speech = np.zeros(1000, np.float32)
    speech[400:600] = 0.5
    assert len(trim_silence(speech, 1000, margin=0.05)) == 300
    assert len(trim_silence(np.zeros(1000, np.float32), 1000)) == 0


def test_a_file_is_mono_16_bit_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    samples = np.array([0, 1, -1, 32767, -32768], np.int16)
    write_wav(path, samples, 8000)
    with wave.open(str(path)) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000)
        assert np.array_equal(np.frombuffer(sound.readframes(9), "<i2"), samples)
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_model_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"lacks model.onnx.*hotline models install kokoro-82m"):
        Voice(tmp_path)
