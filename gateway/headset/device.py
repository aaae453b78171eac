"""Sound devices through one small interface: sounddevice by default, PyAudio as the second back end.

Both speak to PortAudio. A headset's audio is 16 kHz, 16-bit, mono, in frames of 20 ms (640 bytes), both ways at once;
the back end calls ``exchange`` with the microphone's frame from a thread of its own and plays what it returns. A line
is only listened to, at the device's own rate, in one or two channels.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, Literal, Protocol, TypeAlias

from msgspec import Struct

from gateway.errors import DeviceError

RATE = 16_000
"""Samples a second, both ways."""
FRAME_SAMPLES = 320
FRAME_SECONDS = FRAME_SAMPLES / RATE
FRAME_BYTES = FRAME_SAMPLES * 2
SILENCE = bytes(FRAME_BYTES)

BackendName: TypeAlias = Literal["sounddevice", "pyaudio"]
BACKENDS: tuple[BackendName, ...] = ("sounddevice", "pyaudio")
Kind: TypeAlias = Literal["microphone", "speaker", "line-in"]
_LIST = "hotline headset list"


class Device(Struct, frozen=True, kw_only=True):
    """One sound device. ``microphone`` and ``speaker`` say what it can do, ``default_...`` what the system takes.

    ``inputs``: channels it can be listened to in; ``rate``: its own samples a second.
    """

    index: int
    name: str
    microphone: bool
    speaker: bool
    default_microphone: bool = False
    default_speaker: bool = False
    inputs: int = 0
    rate: int = RATE


Exchange: TypeAlias = Callable[[bytes, bool], bytes]
"""Called from the back end's thread every 20 ms: the microphone's frame in, the speaker's frame out. The flag says that
the device lost samples before this frame. It returns at once and does not raise."""
Listen: TypeAlias = Callable[[bytes, bool], None]
"""Called from the back end's thread every 20 ms with what a line brings, its channels interleaved; otherwise the same.
"""


class OpenStream(Protocol):
    """A running stream."""

    def running(self) -> bool:
        """False once the device is lost."""

    def close(self) -> None:
        """Stop and give the devices back. Never raises: a lost device is closed too."""


class Backend(Protocol):
    """A library that reaches the sound devices."""

    def devices(self) -> tuple[Device, ...]:
        """What there is. Raises DeviceError when the sound system cannot be reached."""

    def look_again(self) -> None:
        """See devices that were plugged in since. Nothing may be open. Raises DeviceError."""

    def open(self, microphone: Device, speaker: Device, exchange: Exchange) -> OpenStream:
        """Open both ways at once. Raises DeviceError when the devices refuse."""

    def open_line(self, device: Device, rate: int, channels: int, listen: Listen) -> OpenStream:
        """Open a device to listen only. Raises DeviceError when it refuses."""


def backend(name: BackendName = "sounddevice") -> Backend:
    """The back end of that name. Raises DeviceError when its library is not installed."""
    if name == "pyaudio":
        from gateway.headset.pyaudio_device import PyAudioBackend

        return PyAudioBackend()
    return SoundDeviceBackend()


def choose(devices: tuple[Device, ...], kind: Kind, wanted: str = "") -> Device:
    """The device whose index is ``wanted`` or whose name contains it; empty: the system's default.

    Raises DeviceError when there is none, or more than one.
    """
    able = [device for device in devices if (device.speaker if kind == "speaker" else device.microphone)]
    if not able:
        raise DeviceError(f"this machine has no {kind}", f"Plug one in, and see what there is: {_LIST}")
    if not wanted:
        default = (d for d in able if (d.default_speaker if kind == "speaker" else d.default_microphone))
        return next(default, able[0])
    found = [device for device in able if wanted == str(device.index)]
    found = found or [device for device in able if wanted == device.name]
    found = found or [device for device in able if wanted.lower() in device.name.lower()]
    if len(found) != 1:
        how_many = "no" if not found else "more than one"
        there_are = ", ".join(f"{device.index} {device.name!r}" for device in found or able)
        raise DeviceError(f"{how_many} {kind} is called {wanted!r}", f"Take a number: {there_are} ({_LIST})")
    return found[0]


class SoundDeviceBackend:
    """PortAudio through sounddevice."""

    def __init__(self) -> None:
        self._library: Any = load_library("sounddevice")

    def devices(self) -> tuple[Device, ...]:
        """See Backend."""
        try:
            found = self._library.query_devices()
            microphone, speaker = self._library.default.device
        except self._library.PortAudioError as error:
            raise cannot_be_asked(error) from error
        return tuple(
            Device(
                index=index,
                name=device["name"],
                microphone=device["max_input_channels"] > 0,
                speaker=device["max_output_channels"] > 0,
                default_microphone=index == microphone,
                default_speaker=index == speaker,
                inputs=device["max_input_channels"],
                rate=round(device["default_samplerate"]),
            )
            for index, device in enumerate(found)
        )

    def look_again(self) -> None:
        """See Backend."""
        # PortAudio lists the devices once, when it is initialised; sounddevice has no public name for that.
        try:
            self._library._terminate()
            self._library._initialize()
        except self._library.PortAudioError as error:
            raise cannot_be_asked(error) from error

    def open(self, microphone: Device, speaker: Device, exchange: Exchange) -> OpenStream:
        """See Backend."""

        def callback(heard: Any, played: Any, _frames: int, _time: Any, status: Any) -> None:
            played[:] = exchange(bytes(heard), bool(status))

        try:
            stream = self._library.RawStream(
                samplerate=RATE,
                blocksize=FRAME_SAMPLES,
                dtype="int16",
                channels=1,
                device=(microphone.index, speaker.index),
                latency="low",
                callback=callback,
            )
            stream.start()
        except (self._library.PortAudioError, ValueError) as error:
            raise refused(microphone, speaker, error) from error
        return _SoundDeviceStream(stream)

    def open_line(self, device: Device, rate: int, channels: int, listen: Listen) -> OpenStream:
        """See Backend."""

        def callback(heard: Any, _frames: int, _time: Any, status: Any) -> None:
            listen(bytes(heard), bool(status))

        try:
            stream = self._library.RawInputStream(
                samplerate=rate,
                blocksize=round(rate * FRAME_SECONDS),
                dtype="int16",
                channels=channels,
                device=device.index,
                latency="high",
                callback=callback,
            )
            stream.start()
        except (self._library.PortAudioError, ValueError) as error:
            raise line_refused(device, rate, channels, error) from error
        return _SoundDeviceStream(stream)


class _SoundDeviceStream:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def running(self) -> bool:
        return bool(self._stream.active)

    def close(self) -> None:
        self._stream.close(ignore_errors=True)


def load_library(name: BackendName) -> ModuleType:
    """The library of a back end. Raises DeviceError when it is not installed, or finds no PortAudio."""
    try:
        if name == "pyaudio":
            import pyaudio as library
        else:
            import sounddevice as library
    except ImportError as error:
        extra = "pyaudio" if name == "pyaudio" else "headset"
        raise DeviceError(f"{name} is not installed", f"pip install hotline-gateway[{extra}]") from error
    except OSError as error:  # sounddevice found no PortAudio
        raise DeviceError(f"{name} cannot be loaded: {error}", "Install PortAudio (Debian: libportaudio2)") from error
    loaded: ModuleType = library
    return loaded


def refused(microphone: Device, speaker: Device, error: Exception) -> DeviceError:
    """Two devices that do not open together."""
    return DeviceError(
        f"{microphone.name!r} and {speaker.name!r} do not open at {RATE} Hz, mono: {error}",
        "Close the program that holds them, or choose the sound server's device (pulse, default)",
    )


def line_refused(device: Device, rate: int, channels: int, error: Exception) -> DeviceError:
    """A device that cannot be listened to like this."""
    mend = "Close the program that holds it, or choose the sound server's device (pulse, default)"
    if rate != device.rate:
        mend = f"Its own rate is {device.rate} Hz. {mend}"
    how = f"{rate} Hz, {'mono' if channels == 1 else 'stereo'}"
    return DeviceError(f"{device.name!r} does not open at {how}: {error}", mend)


def cannot_be_asked(error: Exception) -> DeviceError:
    """PortAudio itself does not work."""
    return DeviceError(f"the sound system cannot be asked: {error}", "Is a sound server running?")
