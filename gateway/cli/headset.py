"""``hotline headset``: sound devices, their test, and an agent's station."""

from __future__ import annotations

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

import msgspec

from gateway.cli.common import Subcommands, print_json, run_until_signal
from gateway.config import Settings

if TYPE_CHECKING:
    from gateway.headset.stream import Headset

STATION_AGI_PORT = 4574
"""Beside the gateway's own FastAGI port, so that both may run on one machine."""


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add them to the command line."""
    group = commands.add_parser("headset", help="sound devices").add_subparsers(required=True, metavar="WHAT")
    device = argparse.ArgumentParser(add_help=False)
    device.add_argument("--backend", choices=("sounddevice", "pyaudio"), default="sounddevice")
    which = argparse.ArgumentParser(add_help=False, parents=[device])
    which.add_argument("--microphone", default="", metavar="NAME", help="part of a device's name, or its number")
    which.add_argument("--speaker", default="", metavar="NAME")

    command = group.add_parser("list", parents=[common, device], help="the sound devices")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_list)
    command = group.add_parser("test", parents=[common, which], help="play a tone and show the microphone's level")
    command.add_argument("--seconds", type=float, default=5.0)
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_test)
    command = group.add_parser("station", parents=[common, which], help="take queue calls without a phone")
    command.add_argument(
        "--port",
        type=int,
        default=STATION_AGI_PORT,
        help="FastAGI port at which the PBX finds it (default: %(default)s)",
    )
    command.add_argument("--auto-answer", type=float, metavar="S", help="take each call after S seconds of ringing")
    command.set_defaults(run=_station)


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.headset.device import backend

    devices = backend(arguments.backend).devices()
    if arguments.json:
        print_json(devices)
        return 0
    for device in devices:
        ways = ("microphone " if device.microphone else "") + ("speaker" if device.speaker else "")
        default = "default" if device.default_microphone or device.default_speaker else ""
        print(f"{device.index:>3}  {device.name:<44} {ways:<20} {default}")
    if not devices:
        print("no sound device", file=sys.stderr)
    return 0


def _test(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.headset.device import backend
    from gateway.headset.stream import Headset, LevelReport, measure

    async def work() -> LevelReport:
        async with Headset.choose(backend(arguments.backend), arguments.microphone, arguments.speaker) as headset:
            meter = asyncio.create_task(_show_level(headset))
            try:
                return await measure(headset, arguments.seconds)
            finally:
                meter.cancel()

    report = asyncio.run(work())
    if arguments.json:
        print_json(report)
    else:
        print(f"{report.microphone}: loudest {report.loudest} dBFS, mean {report.mean} dBFS")
        if report.silent:
            print("Nothing was heard: is the microphone muted?")
    return int(report.silent)


async def _show_level(headset: Headset) -> None:
    while True:
        level = headset.microphone_level
        bar = "#" * max(0, round((level + 60) / 2))
        print(f"\r{level:6.1f} dBFS |{bar:<30}|", end="", file=sys.stderr, flush=True)
        await asyncio.sleep(0.1)


def _station(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.headset.device import backend
    from gateway.headset.station import KeyboardAgent, PatientAgent, Station
    from gateway.headset.stream import Headset

    async def work() -> None:
        agent = KeyboardAgent() if arguments.auto_answer is None else PatientAgent(arguments.auto_answer)
        await Station(
            msgspec.structs.replace(settings.ivr, port=arguments.port),
            lambda: Headset.choose(backend(arguments.backend), arguments.microphone, arguments.speaker),
            agent,
            lambda call: print(call, file=sys.stderr),
        ).run()

    run_until_signal(work())
    return 0
