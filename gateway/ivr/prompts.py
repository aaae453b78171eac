"""The prompts callers hear: texts of ``config/prompts.toml`` spoken into 8 kHz 16-bit mono WAV files.

Asterisk finds ``asterisk/sounds/hotline/<name>.wav`` as ``Playback(hotline/<name>)`` for a channel of any language.
``built.json`` beside the files remembers what each was made from, so that a second build does nothing, and tells a
file this module wrote from a recording somebody put in its place.
"""

from __future__ import annotations

import hashlib
import json
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct

from gateway import config
from gateway.errors import InputError, SettingError
from gateway.tts import Samples, Voice, trim_silence, write_wav

PROMPT_RATE = 8000
"""Samples a second; what a telephone carries."""
PEAK = 0.7
"""Loudest sample, of full scale: A-law and a handset's loudspeaker distort above."""
_RECORD = "built.json"
_MAKING = 1
"""Raise when samples come out differently from the same text, so that files are built anew."""

PromptName = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$")]


class PromptTexts(Struct, frozen=True, forbid_unknown_fields=True):
    """The file ``prompts.toml``: how to speak, and what, by the prompt's name."""

    text: dict[PromptName, Annotated[str, Meta(min_length=1, max_length=500)]]
    voice: str = "jf_gongitsune"
    speed: Annotated[float, Meta(ge=0.5, le=2.0)] = 0.9
    loudness: Annotated[float, Meta(ge=-40.0, le=-10.0)] = -20.0


class Prompt(Struct, frozen=True, kw_only=True):
    """One prompt after a build. ``own`` is a recording of the site's, ``current`` was up to date; in seconds."""

    name: str
    state: Literal["built", "current", "own"]
    seconds: float


def load_texts(path: Path) -> PromptTexts:
    """Read ``prompts.toml``. Raises SettingError naming file and key."""
    return config.convert(config.read_toml(path), PromptTexts, str(path), strict=False)


def build(
    texts: PromptTexts,
    folder: Path,
    model_dir: Path,
    *,
    force: bool = False,
    progress: Callable[[Prompt], None] = lambda prompt: None,
) -> list[Prompt]:
    """Speak every text whose file in ``folder`` is missing or made from something else.

    ``force`` speaks them all, over recordings of the site's own too. The voice is loaded only when needed.
    Raises ModelError when the voice is not installed, SettingError when it cannot say a text.
    """
    folder.mkdir(parents=True, exist_ok=True)
    record = _read_record(folder / _RECORD)
    voice: Voice | None = None
    prompts = []
    for name, text in texts.text.items():
        path = folder / f"{name}.wav"
        source = _digest(msgspec.json.encode([_MAKING, text, texts.voice, texts.speed, texts.loudness]))
        made = record.get(name)
        state: Literal["built", "current", "own"] = "built"
        if path.exists() and not force:
            if made is None or made["file"] != _digest(path.read_bytes()):
                state = "own"
            elif made["source"] == source:
                state = "current"
        if state == "built":
            voice = voice or Voice(model_dir)
            write_wav(path, _speak(voice, texts, name), PROMPT_RATE)
            record[name] = {"source": source, "file": _digest(path.read_bytes())}
            _write_record(folder / _RECORD, record)
        prompt = Prompt(name=name, state=state, seconds=_seconds(path))
        progress(prompt)
        prompts.append(prompt)
    return prompts


def level(samples: Samples, loudness: float) -> Samples:
    """``samples`` without silence at the ends, their mean at ``loudness`` dB of full scale, peaks below PEAK."""
    speech = trim_silence(samples.astype(np.float32) / np.float32(32768), PROMPT_RATE)
    if not len(speech):
        return samples[:0]
    gain = 10 ** (loudness / 20) / float(np.sqrt(np.mean(speech**2)))
    gain = min(gain, PEAK / float(np.abs(speech).max()))
    return np.round(speech * gain * 32767).astype(np.int16)


def _speak(voice: Voice, texts: PromptTexts, name: str) -> Samples:
    try:
        samples = voice.speak(texts.text[name], texts.voice, texts.speed, PROMPT_RATE)
    except InputError as error:
        raise SettingError(f"prompts.toml: text.{name}", error.what, error.mend) from error
    return level(samples, texts.loudness)


def _read_record(path: Path) -> dict[str, dict[str, str]]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, dict[str, str]])
    except FileNotFoundError:
        return {}
    except (OSError, msgspec.DecodeError) as error:
        raise SettingError(str(path), f"cannot be read: {error}", "Delete it and build with --force") from error


def _write_record(path: Path, record: dict[str, dict[str, str]]) -> None:
    path.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _seconds(path: Path) -> float:
    try:
        with wave.open(str(path), "rb") as sound:
            return round(sound.getnframes() / sound.getframerate(), 3)
    except (wave.Error, EOFError) as error:
        raise SettingError(str(path), f"is no WAV file: {error}", "Put in 8000 Hz, 16 bit, mono") from error
