"""The installed voice, and whether a recogniser understands it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from faster_whisper import WhisperModel

from gateway import tts
from gateway.errors import InputError
from gateway.ivr.prompts import PromptTexts, build
from gateway.tts import MODEL_RATE, Samples, Voice
from tests.integration.speech import need_models

COMPLAINT = "我要投诉小区楼下的烧烤店，晚上噪音特别大。"


@pytest.fixture(scope="module")
def voice() -> Voice:
    return Voice(need_models("kokoro-82m") / "models" / "kokoro-82m")


def transcribe(samples: Samples) -> str:
    folder = need_models("whisper-base") / "models" / "whisper-base"
    whisper = WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=2)
    segments, _ = whisper.transcribe(
        samples.astype(np.float32) / 32768, language="zh", beam_size=5, initial_prompt="以下是普通话的句子。"
    )
    return re.sub(r"\W", "", "".join(segment.text for segment in segments))


def test_a_complaint_is_understood(voice: Voice) -> None:
    heard = transcribe(voice.speak(COMPLAINT, rate=16000))
    expected = re.sub(r"\W", "", COMPLAINT)
    assert sum(character in heard for character in expected) / len(expected) > 0.8


def test_speech_has_the_rate_asked_for_and_a_natural_length(voice: Voice) -> None:
    narrow, wide = voice.speak("感谢您的评价。", rate=8000), voice.speak("感谢您的评价。", rate=MODEL_RATE)
    assert narrow.dtype == np.int16
    assert len(narrow) == pytest.approx(len(wide) / 3, rel=0.02)
    assert 1.0 < len(narrow) / 8000 < 3.0
    assert np.abs(narrow).max() > 3000
    slow = voice.speak("感谢您的评价。", speed=0.6)
    assert len(slow) > 1.2 * len(narrow)


def test_long_text_is_cut_into_breaths(voice: Voice, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = voice.speak("您好，请问，您在哪里，遇到了问题。")
    monkeypatch.setattr(tts, "MAX_TOKENS", 16)
    cut = voice.speak("您好，请问，您在哪里，遇到了问题。")
    assert len(cut) > len(whole)


@pytest.mark.parametrize("text", ["", "  。，！", "车牌AB", "\n"])
def test_what_cannot_be_said_is_refused(voice: Voice, text: str) -> None:
    with pytest.raises(InputError, match="Write it in Chinese"):
        voice.speak(text)


def test_an_unknown_voice_names_the_known_ones(voice: Voice) -> None:
    with pytest.raises(InputError, match="jf_gongitsune"):
        voice.speak("您好", "nobody")


def test_prompts_are_built_once_and_again_when_the_text_changes(voice: Voice, tmp_path: Path) -> None:
    model = need_models("kokoro-82m") / "models" / "kokoro-82m"
    texts = PromptTexts(text={"digit-1": "一", "digit-2": "二"})
    assert [prompt.state for prompt in build(texts, tmp_path, model)] == ["built", "built"]
    assert [prompt.state for prompt in build(texts, tmp_path, model)] == ["current", "current"]
    changed = PromptTexts(text={"digit-1": "幺", "digit-2": "二"})
    assert [prompt.state for prompt in build(changed, tmp_path, model)] == ["built", "current"]
    (tmp_path / "digit-2.wav").unlink()
    assert [prompt.state for prompt in build(changed, tmp_path, model)] == ["current", "built"]
