"""``hotline replay``: an AMI trace in, events out."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import msgspec

from gateway.cli.common import Subcommands
from gateway.config import Settings


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add it to the command line."""
    command = commands.add_parser("replay", parents=[common], help="AMI trace in, events out, one JSON object a line")
    command.add_argument("trace", type=Path, metavar="TRACE.jsonl")
    command.add_argument("--interval", type=float, default=0.0, metavar="S", help="seconds between two events")
    command.set_defaults(run=_replay)


def _replay(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.ami.trace import replay

    for event in replay(arguments.trace, settings):
        sys.stdout.buffer.write(msgspec.json.encode(event) + b"\n")
        sys.stdout.flush()
        if arguments.interval > 0:
            time.sleep(arguments.interval)
    return 0
