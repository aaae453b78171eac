"""The second back end: PortAudio through PyAudio."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.headset.device import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    RATE,
    Device,
    Exchange,
    Listen,
    OpenStream,
    cannot_be_asked,
    line_refused,
    load_library,
    refused,
)


class PyAudioBackend:
    """See Backend."""

    def __init__(self) -> None:
        self._library: Any = load_library("pyaudio")

    def devices(self) -> tuple[Device, ...]:
        """See Backend."""
        audio = self._library.PyAudio()
        try:
            microphone = _index(audio.get_default_input_device_info)
            speaker = _index(audio.get_default_output_device_info)
            found = [audio.get_device_info_by_index(index) for index in range(audio.get_device_count())]
        except OSError as error:
            raise cannot_be_asked(error) from error
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
                inputs=int(device["maxInputChannels"]),
                rate=round(float(device["defaultSampleRate"])),
            )
            for device in found
        )

    def look_again(self) -> None:
        """See Backend. Each use of PyAudio looks anew."""

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
            raise refused(microphone, speaker, error) from error
        return _PyAudioStream(audio, stream)

    def open_line(self, device: Device, rate: int, channels: int, listen: Listen) -> OpenStream:
        """See Backend."""
        go_on = self._library.paContinue

        def callback(heard: bytes, _frames: int, _time: Any, status: int) -> tuple[None, int]:
            listen(heard, bool(status))
            return None, go_on

        audio = self._library.PyAudio()
        try:
            stream = audio.open(
                rate=rate,
                channels=channels,
                format=self._library.paInt16,
                input=True,
                input_device_index=device.index,
                frames_per_buffer=round(rate * FRAME_SECONDS),
                stream_callback=callback,
            )
        except (OSError, ValueError) as error:
            audio.terminate()
            raise line_refused(device, rate, channels, error) from error
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


def _index(default: Callable[[], Any]) -> int:
    try:
        return int(default()["index"])
    except OSError:  # there is no default
        return -1
