"""Sound devices through one small interface: sounddevice by default, PyAudio as the second back end.

Both speak to PortAudio. Audio is 16 kHz, 16-bit, mono, in frames of 20 ms (640 bytes), both ways at once; the back
end calls ``exchange`` with the microphone's frame from a thread of its own and plays what it returns.
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
_LIST = "See what there is: hotline headset list"


class Device(Struct, frozen=True, kw_only=True):
    """One sound device. ``microphone`` and ``speaker`` say what it can do, ``default_...`` what the system takes."""

    index: int
    name: str
    microphone: bool
    speaker: bool
    default_microphone: bool = False
    default_speaker: bool = False


Exchange: TypeAlias = Callable[[bytes, bool], bytes]
"""Called from the back end's thread every 20 ms: the microphone's frame in, the speaker's frame out. The flag says that
the device lost samples before this frame. It returns at once and does not raise."""


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

    def open(self, microphone: Device, speaker: Device, exchange: Exchange) -> OpenStream:
        """Open both ways at once. Raises DeviceError when the devices refuse."""


def backend(name: BackendName = "sounddevice") -> Backend:
    """The back end of that name. Raises DeviceError when its library is not installed."""
    return PyAudioBackend() if name == "pyaudio" else SoundDeviceBackend()


def choose(devices: tuple[Device, ...], kind: Literal["microphone", "speaker"], wanted: str = "") -> Device:
    """The device whose index is ``wanted`` or whose name contains it; empty: the system's default.

    Raises DeviceError when there is none, or more than one.
    """
    able = [device for device in devices if (device.microphone if kind == "microphone" else device.speaker)]
    if not able:
        raise DeviceError(f"this machine has no {kind}", f"Plug a headset in. {_LIST}")
    if not wanted:
        default = (d for d in able if (d.default_microphone if kind == "microphone" else d.default_speaker))
        return next(default, able[0])
    found = [device for device in able if wanted == str(device.index)]
    found = found or [device for device in able if wanted == device.name]
    found = found or [device for device in able if wanted.lower() in device.name.lower()]
    if len(found) != 1:
        how_many = "no" if not found else "more than one"
        raise DeviceError(f"{how_many} {kind} is called {wanted!r}", f"Take its number. {_LIST}")
    return found[0]


class SoundDeviceBackend:
    """PortAudio through sounddevice."""

    def __init__(self) -> None:
        self._library: Any = _load("sounddevice")

    def devices(self) -> tuple[Device, ...]:
        """See Backend."""
        try:
            found = self._library.query_devices()
            microphone, speaker = self._library.default.device
        except self._library.PortAudioError as error:
            raise DeviceError(f"the sound system cannot be asked: {error}", "Is a sound server running?") from error
        return tuple(
            Device(
                index=index,
                name=device["name"],
                microphone=device["max_input_channels"] > 0,
                speaker=device["max_output_channels"] > 0,
                default_microphone=index == microphone,
                default_speaker=index == speaker,
            )
            for index, device in enumerate(found)
        )

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
            raise _refused(microphone, speaker, error) from error
        return _SoundDeviceStream(stream)


class _SoundDeviceStream:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def running(self) -> bool:
        return bool(self._stream.active)

    def close(self) -> None:
        self._stream.close(ignore_errors=True)


class PyAudioBackend:
    """PortAudio through PyAudio."""

    def __init__(self) -> None:
        self._library: Any = _load("pyaudio")

    def devices(self) -> tuple[Device, ...]:
        """See Backend."""
        audio = self._library.PyAudio()
        try:
            microphone = _index(audio.get_default_input_device_info)
            speaker = _index(audio.get_default_output_device_info)
            found = [audio.get_device_info_by_index(index) for index in range(audio.get_device_count())]
        except OSError as error:
            raise DeviceError(f"the sound system cannot be asked: {error}", "Is a sound server running?") from error
        finally:
            audio.terminate()
        return tuple(
            Device(
                index=int(device["index"]),
                name=str(device["name"]),
                microphone=device["maxInputChannels"] > 0,
                speaker=device["maxOutputChannels"] > 0,
                default_microphone=device["index"] == microphone,
                default_speaker=device["index"] == speaker,
            )
            for device in found
        )

    def open(self, microphone: Device, speaker: Device, exchange: Exchange) -> OpenStream:
        """See Backend."""
        go_on = self._library.paContinue

        def callback(heard: bytes, _frames: int, _time: Any, status: int) -> tuple[bytes, int]:
            return exchange(heard, bool(status)), go_on

        audio = self._library.PyAudio()
        try:
            stream = audio.open(
                rate=RATE,
                channels=1,
                format=self._library.paInt16,
                input=True,
                output=True,
                input_device_index=microphone.index,
                output_device_index=speaker.index,
                frames_per_buffer=FRAME_SAMPLES,
                stream_callback=callback,
            )
        except (OSError, ValueError) as error:
            audio.terminate()
            raise _refused(microphone, speaker, error) from error
        return _PyAudioStream(audio, stream)


class _PyAudioStream:
    def __init__(self, audio: Any, stream: Any) -> None:
        self._audio = audio
        self._stream = stream

    def running(self) -> bool:
        try:
            return bool(self._stream.is_active())
        except OSError:
            return False

    def close(self) -> None:
        try:
            self._stream.close()
        except OSError:
            pass  # the device went away first
        finally:
            self._audio.terminate()


def _load(name: BackendName) -> ModuleType:
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


def _index(default: Callable[[], Any]) -> int:
    try:
        return int(default()["index"])
    except OSError:  # there is no default
        return -1


def _refused(microphone: Device, speaker: Device, error: Exception) -> DeviceError:
    return DeviceError(
        f"{microphone.name!r} and {speaker.name!r} do not open at {RATE} Hz, mono: {error}",
        "Close the program that holds them, or choose the sound server's device (pulse, default)",
    )
