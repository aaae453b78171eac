"""The voices of the demo's people: each line spoken once by Kokoro, then kept as a WAV file."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

from gateway.hangul import HANGUL
from gateway.tts import Voice, write_wav

RATE = 8000
MAKING = 2
"""Counted up when the same text comes out otherwise than before, so that kept lines are spoken anew."""
VOICES = {"female": "jf_gongitsune", "male": "jm_kumo"}
"""By the ``voice`` of a script: those of Kokoro's that a small recogniser understands best on the phone."""
KOREAN_VOICES = {"female": "jf_nezumi", "male": "jm_kumo"}
"""The same for lines in hangul."""


class Voices:
    """Lines as sound files, in ``<home>/cache/voices``. The model is loaded for the first line nobody spoke yet."""

    def __init__(self, home: Path) -> None:
        self._model = home / "models" / "kokoro-82m"
        self._cache = home / "cache" / "voices"
        self._voice: Voice | None = None
        self._speaking = asyncio.Lock()

    async def line(self, text: str, voice: str) -> Path:
        """The file with ``text`` spoken, 8000 Hz. Raises ModelError without the model."""
        name = (KOREAN_VOICES if HANGUL.search(text) else VOICES)[voice]
        path = self._cache / f"{hashlib.sha256(f'{MAKING}|{name}|{RATE}|{text}'.encode()).hexdigest()[:24]}.wav"
        async with self._speaking:
            if not path.exists():
                await asyncio.to_thread(self._speak, text, name, path)
        return path

    def _speak(self, text: str, name: str, path: Path) -> None:
        if self._voice is None:
            self._voice = Voice(self._model)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        write_wav(part, self._voice.speak(text, name, rate=RATE), RATE)
        part.rename(path)
