"""``hotline recordings``: what was recorded on this host, and removing what is too old."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from msgspec import Struct

from gateway.cli.common import Subcommands, print_json
from gateway.config import Settings, zone
from gateway.errors import InputError

LEAST_DAYS = 1.0
"""Calls that arrived yesterday may still go on."""


class Listed(Struct, frozen=True, kw_only=True):
    """A recording. ``file`` is relative to the recordings' folder, ``size`` in bytes, ``started`` Unix seconds;
    ``seconds`` and ``started`` are None in a file that cannot be read.
    """

    file: str
    size: int
    seconds: float | None
    call_id: str
    started: float | None
    kept: bool


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add them to the command line."""
    recordings = commands.add_parser("recordings", help="recordings of calls on this host")
    group = recordings.add_subparsers(required=True, metavar="WHAT")
    command = group.add_parser("list", parents=[common], help="every recording with its length and its call")
    command.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="of calls that arrived that day")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_list)
    command = group.add_parser("purge", parents=[common], help="remove what is older than recording.days")
    command.add_argument("--days", type=_days, metavar="N", help="older than N days instead")
    command.add_argument("--dry-run", action="store_true", help="only count it")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_purge)


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    found = _recordings(settings.recordings(), arguments.day)
    if arguments.json:
        print_json(tuple(found))
        return 0
    files, size = 0, 0
    for each in found:
        started = (
            "" if each.started is None else f"{datetime.fromtimestamp(each.started, zone(settings.timezone)):%H:%M:%S}"
        )
        seconds = "unreadable" if each.seconds is None else f"{each.seconds:.1f} s"
        print(f"{each.file:<48}{started:>10}{seconds:>12}{each.size / 1e6:>9.2f} MB{'' if each.kept else '  not kept'}")
        files, size = files + 1, size + each.size
    print(f"{files} recordings, {size / 1e6:.1f} MB in {settings.recordings()}")
    return 0


def _recordings(folder: Path, wanted: date | None) -> Iterator[Listed]:
    from gateway.asr.recordings import recording_files
    from gateway.asr.recordings.playback import Details, details

    for day, path in recording_files.days(folder):
        for file in recording_files.recordings_of(path) if wanted in (None, day) else ():
            known: Details | None = None
            try:
                size = file.stat().st_size
                known = details(file)
            except FileNotFoundError:
                continue  # purged meanwhile
            except InputError:
                pass  # a file that is being begun, or a broken one
            yield Listed(
                file=file.relative_to(folder).as_posix(),
                size=size,
                seconds=known.seconds if known else None,
                call_id=known.call_id if known else "",
                started=known.started if known else None,
                kept=not recording_files.is_unkept(file),
            )


def _purge(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.store.recordings import RecordingRetention

    removed = RecordingRetention(settings).purge(time.time(), arguments.days, dry_run=arguments.dry_run)
    if arguments.json:
        print_json(removed)
    else:
        done = "would be removed" if removed.dry_run else "removed"
        print(f"{removed.files} recordings {done}, {removed.size / 1e6:.1f} MB")
    if removed.failed:
        print(f"hotline: {removed.failed} recordings could not be removed, see above", file=sys.stderr)
    return int(bool(removed.failed))


def _days(text: str) -> float:
    days = float(text)
    if not days >= LEAST_DAYS:
        raise argparse.ArgumentTypeError(f"{text}: at least {LEAST_DAYS:g}, calls of yesterday may still go on")
    return days
