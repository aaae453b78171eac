"""Prompts: the texts' file, levels, and which files are left alone. No voice is needed here."""

from pathlib import Path

import numpy as np
import pytest

from gateway.errors import ModelError, SettingError
from gateway.ivr.flow import KEYS, Survey
from gateway.ivr.prompts import PEAK, PROMPT_RATE, build, level, load_texts
from gateway.tts import write_wav

REPOSITORY = Path(__file__).parents[3]
SOUNDS = REPOSITORY / "asterisk" / "sounds" / "hotline"


def texts_file(folder: Path, content: str) -> Path:
    path = folder / "prompts.toml"
    path.write_text(content, encoding="utf-8")
    return path


def test_the_files_of_the_repository_are_what_the_texts_say(tmp_path: Path) -> None:
    texts = load_texts(REPOSITORY / "config" / "prompts.toml")
    prompts = build(texts, SOUNDS, tmp_path / "no-model")
    assert {prompt.state for prompt in prompts} == {"current"}
    assert {f"{prompt.name}.wav" for prompt in prompts} == {path.name for path in SOUNDS.glob("*.wav")}
    assert {"recording-notice", "agent-serves", *(f"digit-{n}" for n in range(10))} <= set(texts.text)


def test_the_survey_plays_only_prompts_that_exist() -> None:
    assert KEYS
    assert (SOUNDS / f"{Survey(1.0).step.prompt}.wav").is_file()  # type: ignore[union-attr]
    for name in ("survey-invalid", "survey-thanks", "goodbye"):
        assert (SOUNDS / f"{name}.wav").is_file()


def test_a_recording_of_the_site_is_left_alone(tmp_path: Path) -> None:
    texts = load_texts(texts_file(tmp_path, '[text]\ngreeting = "您好"\n'))
    own = tmp_path / "greeting.wav"
    write_wav(own, np.zeros(4000, np.int16), PROMPT_RATE)
    before = own.read_bytes()
    (prompt,) = build(texts, tmp_path, tmp_path / "no-model")
    assert (prompt.state, prompt.seconds) == ("own", 0.5)
    assert own.read_bytes() == before
    with pytest.raises(ModelError, match="hotline models install kokoro-82m"):
        build(texts, tmp_path, tmp_path / "no-model", force=True)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('[text]\n"Gute Nacht" = "晚安"\n', "text"),
        ('[text]\ngreeting = ""\n', "text.*length"),
        ('speed = 9.0\n[text]\ngreeting = "您好"\n', "speed"),
        ('pitch = 1.0\n[text]\ngreeting = "您好"\n', "pitch"),
        ("[text\n", "line 1"),
    ],
)
def test_a_mistake_in_the_file_is_named(tmp_path: Path, content: str, named: str) -> None:
    with pytest.raises(SettingError, match=named) as refused:
        load_texts(texts_file(tmp_path, content))
    assert "prompts.toml" in str(refused.value)


def test_level_trims_and_brings_speech_to_its_loudness() -> None:
    time = np.arange(PROMPT_RATE) / PROMPT_RATE
    quiet = np.concatenate([np.zeros(4000), 800 * np.sin(2 * np.pi * 300 * time), np.zeros(4000)]).astype(np.int16)
    levelled = level(quiet, -20.0)
    assert len(levelled) == pytest.approx(PROMPT_RATE * 1.06, rel=0.01)
    middle = levelled[1000:7000].astype(np.float64) / 32768
    assert 20 * np.log10(np.sqrt(np.mean(middle**2))) == pytest.approx(-20.0, abs=0.5)


def test_level_keeps_peaks_below_the_limit() -> None:
    clicks = np.zeros(8000, np.int16)
    clicks[2000:6000:500] = 30000
    levelled = level(clicks, -10.0)
    assert np.abs(levelled).max() <= PEAK * 32767 + 1
    assert len(level(np.zeros(800, np.int16), -20.0)) == 0
