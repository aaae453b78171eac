"""Silence and files; the voice itself is heard in the integration tests."""

import wave
from pathlib import Path

import numpy as np
import pytest

from gateway.errors import ModelError
from gateway.tts import Voice, trim_silence, write_wav


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
