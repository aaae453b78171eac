"""``hotline worker --line-in`` on a real sound server: what is said into the device stands on standard output."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self, TypeAlias

import msgspec
import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from gateway.asr import models
from gateway.asr.evaluate import cer
from gateway.asr.recordings.playback import blocks
from gateway.config import default_home
from gateway.events import RecordingCompleted, TranscriptCompleted, TranscriptFinal, TranscriptPartial
from gateway.headset.device import RATE
from tests.integration.sound import SoundServer
from tests.integration.speech import need_models

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(240)]

CALLER = "你好，我要投诉，门口的路灯坏了一个多星期了。"
AGENT = "好的，我已经记录下来了，会转给城管部门处理。"
CER_LIMIT = 0.3
QUIET = 4.0
PATIENCE = 60.0
HOME = default_home()  # before a sound server of our own changes $HOME

Sound: TypeAlias = NDArray[np.int16]
Told: TypeAlias = TranscriptPartial | TranscriptFinal | TranscriptCompleted | RecordingCompleted


@pytest.fixture(scope="module")
def speech() -> dict[str, Sound]:
    """A caller and an agent, by side, at 16 kHz."""
    home = need_models("kokoro-82m", "whisper-base", "vosk-ko")
    from gateway.tts import Voice

    voice = Voice(models.model_dir(home, "kokoro-82m"))
    return {
        "caller": voice.speak(CALLER, "jf_gongitsune", rate=RATE),
        "agent": voice.speak(AGENT, "jm_kumo", rate=RATE),
    }


@pytest_asyncio.fixture(loop_scope="module")
async def sound() -> AsyncIterator[SoundServer]:
    async with SoundServer() as server:
        yield server


def conversation(speech: dict[str, Sound]) -> Sound:
    """The caller left, then the agent right."""
    caller, agent = speech["caller"], speech["agent"]
    both = np.zeros((len(caller) + len(agent), 2), np.int16)
    both[: len(caller), 0] = caller
    both[len(caller) :, 1] = agent
    return both


class Worker:
    """The command as an operator starts it; keeps what it prints."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[str] = []
        self.complaints: list[str] = []
        self._changed = asyncio.Condition()
        assert process.stdout is not None
        assert process.stderr is not None
        self._reading = [
            asyncio.create_task(self._read(process.stdout, self.lines)),
            asyncio.create_task(self._read(process.stderr, self.complaints)),
        ]

    @classmethod
    async def start(cls, *options: str, device: str = "line2", recordings: Path | None = None) -> Worker:
        environment = {**os.environ, "HOTLINE_HOME": str(HOME), "HOTLINE_SPEECH_MODEL": "whisper-base"}
        if recordings is not None:
            environment["HOTLINE_RECORDING_FOLDER"] = str(recordings)
        command = (sys.executable, "-m", "gateway", "worker", "--line-in", device, "--quiet", str(QUIET), *options)
        process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment
        )
        return cls(process)

    @classmethod
    @asynccontextmanager
    async def listening(
        cls, *options: str, device: str = "line2", recordings: Path | None = None
    ) -> AsyncIterator[Worker]:
        async with await cls.start(*options, device=device, recordings=recordings) as worker:
            await worker.until(lambda: worker.complained("heard at 16000 Hz"))
            yield worker

    def complained(self, words: str) -> bool:
        return any(words in line for line in self.complaints)

    def events(self) -> list[Told]:
        return [msgspec.json.decode(line, type=Told) for line in self.lines]

    def said(self, speaker: str, call_id: str | None = None) -> str:
        finals = [e for e in self.events() if isinstance(e, TranscriptFinal) and e.speaker == speaker]
        return "".join(e.text for e in finals if call_id in (None, e.call_id))

    def completed(self) -> list[TranscriptCompleted]:
        return [e for e in self.events() if isinstance(e, TranscriptCompleted)]

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: condition() or any(reading.done() for reading in self._reading))
        assert condition(), "\n".join(self.complaints)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        if self.process.returncode is None:
            self.process.kill()
        await asyncio.gather(self.process.wait(), *self._reading)

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*self._reading)
            return await self.process.wait()

    async def _read(self, stream: asyncio.StreamReader, lines: list[str]) -> None:
        while line := await stream.readline():
            async with self._changed:
                lines.append(line.decode().rstrip("\n"))
                self._changed.notify_all()
        async with self._changed:
            self._changed.notify_all()


async def test_both_sides_of_two_calls_are_told_and_recorded(
    sound: SoundServer, speech: dict[str, Sound], tmp_path: Path
) -> None:
    async with Worker.listening("--channels", "2", "--json", "--record", recordings=tmp_path) as worker:
        await sound.speak(conversation(speech), "line")
        await worker.until(lambda: bool(worker.completed()))
        await sound.speak(conversation(speech)[: len(speech["caller"])], "line")
        assert await worker.stop() == 0  # in the middle of the second call, with its words not yet decoded

        first, second = worker.completed()
        assert cer(CALLER, worker.said("caller", first.call_id)) <= CER_LIMIT
        assert cer(AGENT, worker.said("agent", first.call_id)) <= CER_LIMIT
        assert cer(CALLER, worker.said("caller", second.call_id)) <= CER_LIMIT
        assert worker.said("agent", second.call_id) == ""
        assert first.share == second.share == 1.0
        assert any(isinstance(event, TranscriptPartial) and event.text for event in worker.events())

        last = {e.speaker: e for e in worker.events() if isinstance(e, TranscriptFinal) and e.call_id == first.call_id}
        assert last["caller"].end < last["agent"].end
        began = float(first.call_id.removeprefix("line-"))
        assert first.at == pytest.approx(began + last["agent"].end + QUIET)

        recorded = {event.call_id: event for event in worker.events() if isinstance(event, RecordingCompleted)}
        assert recorded.keys() == {first.call_id, second.call_id}
        recording = recorded[first.call_id]
        assert recording.complete
        left, right = (
            np.frombuffer(b"".join(side), np.int16)
            for side in zip(*blocks(tmp_path / recording.file, RATE), strict=True)
        )
        middle = round((last["caller"].end - recording.start) * RATE)
        assert loudness(left[:middle]) > 20 * loudness(left[middle + RATE :])
        assert loudness(right[middle:]) > 20 * loudness(right[: middle - RATE])


async def test_a_device_that_was_pulled_out_is_waited_for_by_its_name(
    sound: SoundServer, speech: dict[str, Sound]
) -> None:
    async with Worker.listening("--quiet", "30", device="1") as worker:
        await sound.speak(speech["caller"], "line")
        await worker.until(lambda: bool(worker.lines))
        await sound.stop()
        await worker.until(lambda: worker.complained("waiting until it is back"))
        sound.plug_in("another")  # which now has number 0, and 'line' that of the device
        await sound.start_again()
        await worker.until(lambda: worker.complained("'line2' is back"))
        await sound.speak(speech["agent"], "line")
        await worker.until(lambda: len(worker.lines) > 2)
        assert await worker.stop() == 0
        first, gap, *rest = worker.lines
        assert cer(CALLER, first.partition("  ")[2]) <= CER_LIMIT
        assert "s not heard: device_lost]" in gap
        assert rest.pop() == ""
        assert cer(AGENT, "".join(line.partition("  ")[2] for line in rest)) <= CER_LIMIT


async def test_another_language(sound: SoundServer, speech: dict[str, Sound]) -> None:
    async with Worker.listening("--language", "ko", "--json") as worker:
        await sound.speak(speech["agent"], "line")
        await worker.until(lambda: bool(worker.completed()))
        assert await worker.stop() == 0
        finals = [event for event in worker.events() if isinstance(event, TranscriptFinal)]
        assert {(event.language, event.engine, event.speaker) for event in finals} == {("ko", "vosk", "caller")}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--line-in", "phone"), "no line-in is called 'phone'. Take a number: 0 'line', 1 'line2', 2 'default'"),
        (("--line-in", "lin", "--channels", "2"), "more than one line-in is called 'lin'. Take a number: 0 'line', 1"),
        (("--rate", "3"), "'line2' does not open at 3 Hz, mono: "),
        (("--language", "fr"), "no model for language fr"),
        (("--quiet", "0"), "--quiet 0 is not between 1 and 600 seconds"),
        (("--core", "http://127.0.0.1:1"), "not allowed with argument"),
    ],
)
async def test_what_cannot_be_done_is_said_in_one_line(sound: SoundServer, options: tuple[str, ...], says: str) -> None:
    async with await Worker.start(*options) as worker:
        assert await worker.ended() in (1, 2)
        assert says in worker.complaints[-1]
        assert worker.lines == []


async def test_a_reader_who_is_gone_ends_it(sound: SoundServer, speech: dict[str, Sound]) -> None:
    async with Worker.listening() as worker:
        transport = worker.process._transport.get_pipe_transport(1)  # type: ignore[attr-defined]
        transport.close()
        await sound.speak(speech["agent"], "line")
        assert await worker.ended() == 1
        assert worker.complaints[-1] == "hotline: whoever read the words from standard output is gone"


def loudness(samples: Sound) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))
