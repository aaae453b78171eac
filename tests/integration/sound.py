"""A sound server of our own with a headset and a line that are not there: null sinks, read and fed from outside."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from gateway.demo.process import Child, program

RATE = 16_000
ALSA = """
pcm.default { type pulse }
ctl.default { type pulse }
pcm.line { type pulse device line.monitor }
pcm.line2 { type pulse device line.monitor }
"""
# Without norewinds PulseAudio 16 renders a null sink in blocks of up to two seconds.
PULSE = """
load-module module-native-protocol-unix socket={socket} auth-anonymous=1
load-module module-null-sink sink_name=ears rate=16000 channels=1 format=s16le norewinds=1
load-module module-null-sink sink_name=mouth rate=16000 channels=1 format=s16le norewinds=1
load-module module-null-sink sink_name=line rate=44100 channels=2 format=s16le norewinds=1
set-default-sink ears
set-default-source mouth.monitor
"""


class Recording:
    """What a speaker played."""

    def __init__(self, source: asyncio.StreamReader) -> None:
        self._source = source
        self._heard = bytearray()
        self._more = asyncio.Condition()

    @property
    def samples(self) -> NDArray[np.int16]:
        """So far, at 16 kHz."""
        return np.frombuffer(bytes(self._heard[: len(self._heard) // 2 * 2]), dtype="<i2")

    async def gathered(self, seconds: float) -> None:
        """Wait until ``seconds`` more are recorded."""
        enough = len(self._heard) + seconds * RATE * 2
        async with asyncio.timeout(seconds + 10), self._more:
            await self._more.wait_for(lambda: len(self._heard) >= enough)

    async def read(self) -> None:
        """Gather until the recorder ends."""
        while part := await self._source.read(4096):
            async with self._more:
                self._heard += part
                self._more.notify_all()


class SoundServer:
    """PulseAudio whose default device plays into ``ears`` and listens to ``mouth``. An async context manager.

    Within it, this process's environment leads PortAudio there.
    """

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="hotline-pulse-")
        folder = Path(self._folder.name)
        (folder / "asound.conf").write_text(ALSA)
        (folder / "pulse.pa").write_text(PULSE.format(socket=folder / "native"))
        self._environment = {
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_SERVER": f"unix:{folder / 'native'}",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        }
        command = [program("pulseaudio"), "-n", "-F", str(folder / "pulse.pa")]
        command += ["--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--disallow-exit"]
        self._child = Child("pulseaudio", command, folder / "log", self._environment)
        self._before: dict[str, str | None] = {}

    async def __aenter__(self) -> Self:
        self._before = {name: os.environ.get(name) for name in self._environment}
        os.environ.update(self._environment)
        await self._child.start()
        await self._child.until(self._ready, 10)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        for name, value in self._before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        self._folder.cleanup()

    async def stop(self) -> None:
        """The sound server dies: every device is lost."""
        await self._child.stop()

    async def start_again(self) -> None:
        """The sound server is back, with the same devices."""
        await self._child.start()
        await self._child.until(self._ready, 10)

    def plug_in(self, name: str) -> None:
        """Another silent device, listed before the others."""
        file = Path(self._environment["ALSA_CONFIG_PATH"])
        file.write_text(f"pcm.{name} {{ type pulse device ears.monitor }}\n{file.read_text()}")

    async def speak(self, samples: NDArray[np.int16], device: str = "mouth") -> None:
        """Say ``samples`` (16 kHz; of shape (samples, 2) for both channels) into the microphone, or into ``line``."""
        process = await self._tool("pacat", "--playback", "-d", device, channels=samples.ndim)
        await process.communicate(samples.tobytes())

    @asynccontextmanager
    async def recording(self) -> AsyncIterator[Recording]:
        """Record what the speaker plays: all of it, from before the block begins until it ends."""
        process = await self._tool("pacat", "--record", "-d", "ears.monitor", "--latency-msec=40")
        assert process.stdout is not None
        recording = Recording(process.stdout)
        reading = asyncio.create_task(recording.read())
        try:
            await recording.gathered(0.1)
            yield recording
        finally:
            process.terminate()
            await asyncio.gather(reading, process.wait())

    async def _ready(self) -> bool:
        process = await asyncio.create_subprocess_exec(
            "pactl", "info", stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        return await process.wait() == 0

    async def _tool(self, *arguments: str, channels: int = 1) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *arguments,
            "--raw",
            "--format=s16le",
            f"--rate={RATE}",
            f"--channels={channels}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
