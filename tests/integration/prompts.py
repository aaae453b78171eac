"""Stand-ins for spoken prompts: tones as long as the words would be."""

from __future__ import annotations

import wave

import numpy as np

from gateway.demo.stage import AsteriskInstance

RATE = 8000
SECONDS = {"recording-notice": 1.5, "agent-serves": 1.2, "goodbye": 0.5, **{f"digit-{n}": 0.3 for n in range(10)}}


def lay_prompts(instance: AsteriskInstance, frequency: float = 1700.0) -> None:
    """Give the instance every prompt of the dialplan, in place of what it has."""
    folder = instance.folder / "data" / "sounds" / "hotline"
    folder.mkdir(parents=True, exist_ok=True)
    for name, seconds in SECONDS.items():
        phase = np.arange(int(RATE * seconds)) * 2 * np.pi * frequency / RATE
        with wave.open(str(folder / f"{name}.wav"), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(RATE)
            sound.writeframes((6000 * np.sin(phase)).astype(np.int16).tobytes())
