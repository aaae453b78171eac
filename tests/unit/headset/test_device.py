"""Choosing among sound devices."""

import pytest

from gateway.errors import DeviceError
from gateway.headset.device import Device, Kind, choose

DEVICES = (
    Device(index=0, name="HDMI", microphone=False, speaker=True, default_speaker=True),
    Device(index=1, name="USB Headset", microphone=True, speaker=True),
    Device(index=2, name="USB Headset Pro", microphone=True, speaker=True, default_microphone=True),
)


@pytest.mark.parametrize(
    ("kind", "wanted", "index"),
    [
        ("microphone", "", 2),
        ("speaker", "", 0),
        ("microphone", "1", 1),
        ("microphone", "USB Headset", 1),
        ("speaker", "pro", 2),
        ("line-in", "pro", 2),
    ],
)
def test_by_default_number_name_and_part_of_a_name(kind: Kind, wanted: str, index: int) -> None:
    assert choose(DEVICES, kind, wanted).index == index


def test_without_a_default_the_first_is_taken() -> None:
    assert choose(DEVICES[1:2], "microphone").index == 1


@pytest.mark.parametrize(
    ("devices", "wanted", "says"),
    [
        ((), "", "no microphone"),
        (DEVICES[:1], "", "no microphone"),
        (
            DEVICES,
            "usb",
            "more than one microphone is called 'usb'. Take a number: 1 'USB Headset', 2 'USB Headset Pro'",
        ),
        (DEVICES, "0", "no microphone is called '0'"),
        (DEVICES, "bluetooth", "hotline headset list"),
    ],
)
def test_none_and_too_many_are_said(devices: tuple[Device, ...], wanted: str, says: str) -> None:
    with pytest.raises(DeviceError, match=says):
        choose(devices, "microphone", wanted)
