"""``hotline missed``: who rang in vain and is to be called back."""

from __future__ import annotations

import argparse
import time
from datetime import datetime
from zoneinfo import ZoneInfo

from gateway.cli.common import Subcommands, print_json
from gateway.config import Settings
from gateway.config.settings import zone


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add it to the command line."""
    command = commands.add_parser("missed", parents=[common], help="callers missed in a period and not reached since")
    command.add_argument("--from", dest="start", default="", metavar="TIME", help="2026-11-24T08:00 (default: today)")
    command.add_argument("--to", dest="end", default="", metavar="TIME", help="not included (default: midnight)")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_missed)


def _missed(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.answer_sla.period import span
    from gateway.store.missed_list import read_missed

    local = zone(settings.timezone)
    found = read_missed(settings, *span(arguments.start, arguments.end, time.time(), local))
    if arguments.json:
        print_json(found)
        return 0
    print(f"{'missed at':<20}{'number':<16}{'tried':>6}{'wait':>8}  {'call-back':<24}queues")
    for caller in found.callers:
        wait = "" if caller.longest_wait is None else f"{caller.longest_wait:.1f} s"
        asked = f"asked by {caller.callback_by}" if caller.callback_at is not None else ""
        vain = f"in vain {caller.called_in_vain} x" if caller.called_in_vain else ""
        state = ", ".join(each for each in (asked, vain) if each)
        print(
            f"{_time(caller.missed_at, local):<20}{caller.number:<16}{caller.tried:>6}{wait:>8}  "
            f"{state:<24}{' '.join(caller.queues)}"
        )
    print(f"{len(found.callers)} callers; {found.withheld} calls without a number")
    return 0


def _time(at: float, local: ZoneInfo) -> str:
    return f"{datetime.fromtimestamp(at, local):%Y-%m-%d %H:%M:%S}"
