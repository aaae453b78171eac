"""Real SIP phones under program control: citizens who call and agents who answer. No sound device is needed.

A phone sends silence until it is told to ``say`` something, and records what it hears. Each is a baresip process
of its own; the codec is A-law, 8000 Hz.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import tempfile
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gateway.demo.asterisk import TRUNK_ADDRESS, AsteriskInstance
from gateway.demo.baresip import Baresip
from gateway.demo.process import Ephemeral
from gateway.errors import InputError, NeighbourError

RATE = 8000
# baresip hangs up when its file ends: nobody may stay silent for longer than this.
SILENCE_SECONDS = 600
# Silence after the words, in which the phone goes back to the silent file.
PAD_SECONDS = 10
WAIT_SECONDS = 15.0
# From telling baresip to play until the last packet of the words has left, beyond the words themselves.
LATENCY_SECONDS = 0.25
FILTER_TAPS = 127


class Phone(Ephemeral):
    """What callers and agents have in common. An async context manager: on within the block, gone after it.

    It may have several calls. What it is told to do it does with the latest, and so do its waits.
    """

    def __init__(
        self, instance: AsteriskInstance, account: str, address: str, name: str, sip_port: int | None = None
    ) -> None:
        self.name = name
        self._exchange = f"{instance.host}:{instance.sip_port}"
        self._sounds = tempfile.TemporaryDirectory(prefix="hotline-sounds-")
        self._silence = Path(self._sounds.name) / "silence.wav"
        _write_wav(self._silence, np.zeros(0, dtype=np.int16), SILENCE_SECONDS)
        self._baresip = Baresip(account, address=address, source=self._silence, on_event=self._note, sip_port=sip_port)
        self._registered = asyncio.Event()
        self._ringing = asyncio.Event()
        self._reached = asyncio.Event()
        self._established = asyncio.Event()
        self._closed = asyncio.Event()
        self._calls: list[str] = []
        self._reason = ""
        self._said = 0

    async def start(self) -> None:
        """Switch the phone on. Raises NeighbourError when it does not get ready."""
        await self._baresip.start()

    async def stop(self) -> None:
        """Switch it off; a living call is cut."""
        await self._baresip.stop()

    def forget(self) -> None:
        """Remove what it said and heard."""
        self._baresip.clean()
        self._sounds.cleanup()

    @property
    def in_call(self) -> bool:
        """Whether the latest call is up."""
        return self._established.is_set() and not self._closed.is_set()

    async def wait_established(self, timeout: float = WAIT_SECONDS) -> None:
        """Wait until the call is up (for a caller: the PBX answered). Raises NeighbourError."""
        await self._wait(self._established, "was not connected", timeout)

    async def wait_closed(self, timeout: float = WAIT_SECONDS) -> None:
        """Wait until every call is over. Raises NeighbourError."""
        await self._wait(self._closed, "was still in the call", timeout)

    async def wait_ringing(self, timeout: float = WAIT_SECONDS) -> None:
        """Wait until the phone rings. Raises NeighbourError."""
        await self._wait(self._ringing, "did not ring", timeout)

    async def call(self, number: str) -> None:
        """Dial. Returns at once; ``wait_established`` follows."""
        self._new_call()
        await self._baresip.command("dial", self._uri(number))

    async def answer(self) -> None:
        """Pick up."""
        await self._baresip.command("accept")

    async def reject(self) -> None:
        """Refuse the ringing call: 486 Busy Here."""
        await self._baresip.command("hangup")

    async def say(self, path: Path) -> None:
        """Play a mono 16-bit WAV of 8000 Hz or a multiple into the call; return when it has been played.

        Ends early when the call ends. Raises InputError for another kind of file, NeighbourError without a call.
        """
        samples = _read_wav(path)
        if not self.in_call:
            raise NeighbourError(f"{self.name} cannot speak: no call is up")
        self._said += 1
        words = Path(self._sounds.name) / f"words-{self._said}.wav"
        _write_wav(words, samples, PAD_SECONDS)
        await self._baresip.command("ausrc", f"aufile,{words}")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._closed.wait(), len(samples) / RATE + LATENCY_SECONDS)
        if self.in_call:
            await self._baresip.command("ausrc", f"aufile,{self._silence}")
        words.unlink()

    async def press(self, keys: str) -> None:
        """Press keys (0-9 * #) during the call, sent as RTP telephone events."""
        for key in keys:
            await self._baresip.command("sndcode", key)

    async def hold(self) -> None:
        """Press the hold key: the other side hears nothing of this one."""
        await self._baresip.command("hold")

    async def resume(self) -> None:
        """Press it again."""
        await self._baresip.command("resume")

    async def transfer(self, number: str) -> None:
        """Send the other side on to ``number`` without asking there (blind, REFER).

        The call ends here, also when the PBX refuses: baresip 1.0 hangs up then, other than a desk phone.
        """
        await self._baresip.command("transfer", self._uri(number))

    async def hang_up(self) -> None:
        """End the latest call; the one before it becomes the latest."""
        await self._baresip.command("hangup")

    def heard(self) -> Path:
        """WAV (8000 Hz) of what was heard in the latest call; whole after ``wait_closed``. Raises NeighbourError."""
        found = self._baresip.recordings()
        if not found:
            raise NeighbourError(f"{self.name} has heard nothing yet")
        return found[-1]

    def _note(self, kind: str, call: str, text: str) -> None:
        if call and call not in self._calls and kind.startswith("CALL_") and kind != "CALL_CLOSED":
            self._calls.append(call)
        match kind:
            case "REGISTER_OK":
                self._registered.set()
            case "REGISTER_FAIL":
                self._reason = text
            case "CALL_INCOMING":
                self._new_call()
                self._ringing.set()
            case "CALL_RINGING" | "CALL_PROGRESS":
                self._reached.set()
            case "CALL_ESTABLISHED":
                self._ringing.clear()
                self._reached.set()
                self._established.set()
            case "CALL_CLOSED" | "TRANSFER_FAILED":
                self._reason = text
                self._ringing.clear()
                self._calls = [other for other in self._calls if other != call]
                (self._established if self._calls else self._closed).set()

    def _new_call(self) -> None:
        for state in (self._ringing, self._reached, self._established, self._closed):
            state.clear()

    def _uri(self, number: str) -> str:
        return f"sip:{number}@{self._exchange}"

    async def _wait(self, state: asyncio.Event, complaint: str, timeout: float) -> None:
        try:
            await asyncio.wait_for(state.wait(), timeout)
        except TimeoutError:
            last = f" (last heard: {self._reason})" if self._reason else ""
            raise NeighbourError(f"{self.name} {complaint} after {timeout:g} s{last}", self._baresip.tail()) from None


class Caller(Phone):
    """A citizen whose calls come in over the trunk, showing ``number`` and ``name`` (any script).

    One at a time may be ``reachable``: what the PBX sends over the trunk to ``number`` rings there.
    """

    def __init__(
        self,
        instance: AsteriskInstance,
        number: str,
        name: str = "",
        *,
        label: str = "the caller",
        reachable: bool = False,
    ) -> None:
        shown = f'"{name}" ' if name else ""
        account = f"{shown}<sip:{number}@{instance.host}:{instance.sip_port}>;regint=0;audio_codecs=PCMA/8000/1"
        super().__init__(instance, account, TRUNK_ADDRESS, label, instance.trunk_port if reachable else None)


class AgentPhone(Phone):
    """An agent's phone; it registers when switched on and rings until told otherwise."""

    def __init__(self, instance: AsteriskInstance, agent: str) -> None:
        self.agent = agent
        account = (
            f"<sip:{agent}@{instance.host}:{instance.sip_port}>;auth_pass={instance.agent_password(agent)}"
            ";regint=60;answermode=manual;audio_codecs=PCMA/8000/1"
        )
        super().__init__(instance, account, instance.host, f"agent {agent}")

    async def wait_registered(self, timeout: float = WAIT_SECONDS) -> None:
        """Wait until the PBX took the registration. Raises NeighbourError."""
        await self._wait(self._registered, "was not registered", timeout)

    async def consult(self, number: str) -> None:
        """Put the other side on hold and dial ``number``, to ask there first."""
        await self.hold()
        await self.call(number)

    async def take_back(self) -> None:
        """Go back to the held call; the latest one goes on too, as when the phone itself joins the two."""
        await self._baresip.command("callfind", self._calls[-2])
        await self.resume()
        await self._baresip.command("callfind", self._calls[-1])

    async def hand_over(self, number: str) -> None:
        """Join the held call with the latest, to ``number`` (attended, REFER with Replaces); ends both.

        The latest need not be answered, only ringing. Raises NeighbourError when it does not get there.
        """
        await self._wait(self._reached, "did not reach whom to hand over to", WAIT_SECONDS)
        held, latest = self._calls[-2:]
        await self._baresip.command("callfind", held)
        await self._baresip.command("transfer", f"{self._uri(number)}?{self._baresip.replaces(latest)}")


async def first_ringing(phones: Sequence[AgentPhone], timeout: float = WAIT_SECONDS) -> AgentPhone:
    """The phone that rings now, or the next to ring. Raises NeighbourError."""
    waits = {asyncio.ensure_future(phone.wait_ringing(timeout)): phone for phone in phones}
    try:
        done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    for wait in done:
        if wait.exception() is None:
            return waits[wait]
    raise NeighbourError("no agent's phone rang", "The queue may have no member that is free")


def _read_wav(path: Path) -> NDArray[np.int16]:
    """Samples at 8000 Hz."""
    try:
        with wave.open(str(path), "rb") as sound:
            kind = (sound.getnchannels(), sound.getsampwidth())
            rate = sound.getframerate()
            samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16)
    except (OSError, EOFError, wave.Error) as error:
        raise InputError(f"{path}: not a WAV file that can be read: {error}") from error
    if kind != (1, 2) or rate % RATE:
        raise InputError(
            f"{path}: {kind[0]} channels of {8 * kind[1]} bits at {rate} Hz", "Give mono, 16 bit, n x 8 kHz"
        )
    step = rate // RATE
    if step == 1:
        return samples
    taps = np.arange(FILTER_TAPS) - FILTER_TAPS // 2
    low_pass = np.sinc(taps / step) * np.hamming(FILTER_TAPS) / step
    smooth = np.convolve(samples.astype(np.float64), low_pass, mode="same")[::step]
    return np.clip(np.rint(smooth), -32768, 32767).astype(np.int16)


def _write_wav(path: Path, samples: NDArray[np.int16], silence_seconds: int) -> None:
    """Samples, then silence as a hole in the file, which takes no room on the disk."""
    size = samples.nbytes + 2 * RATE * silence_seconds
    layout = struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16)
    with path.open("wb") as file:
        file.write(b"RIFF" + struct.pack("<I", 36 + size) + b"WAVEfmt " + struct.pack("<I", len(layout)) + layout)
        file.write(b"data" + struct.pack("<I", size) + samples.tobytes())
        file.truncate(44 + size)
