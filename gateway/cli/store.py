"""``hotline store``: how much is kept, and removing what is too old."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import datetime

from gateway.cli.common import Subcommands, print_json
from gateway.config import Settings, zone


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add them to the command line."""
    store = commands.add_parser("store", help="what the database holds")
    group = store.add_subparsers(required=True, metavar="WHAT")
    command = group.add_parser("status", parents=[common], help="rows, oldest and size; how far the readers are")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_status)
    command = group.add_parser(
        "purge", parents=[common], help="remove what is older than store.journal_days and store.history_days"
    )
    command.add_argument("--dry-run", action="store_true", help="only count it")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_purge)


def _status(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.store.database import database_url
    from gateway.store.status import status

    found = status(database_url(settings))
    if arguments.json:
        print_json(found)
        return 0
    print(f"{found.database}: {_megabytes(found.size)}", end="")
    print(f", {_megabytes(found.reusable)} of it free for new rows" if found.reusable else "")
    for table in found.tables:
        oldest = "" if table.oldest is None else f"since {_local(table.oldest, settings)}"
        print(f"{table.name:<14}{table.rows:>12}  {oldest}".rstrip())
    for reader in found.readers:
        print(f"reader {reader.name}: at {reader.seq}, {reader.behind} behind")
    return 0


def _purge(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.app import JOURNAL_READERS
    from gateway.store.database import database_url
    from gateway.store.retention import Retention

    removed = Retention(database_url(settings), settings, JOURNAL_READERS).purge(time.time(), dry_run=arguments.dry_run)
    if arguments.json:
        print_json(removed)
        return 0
    for table, rows in removed.rows.items():
        print(f"{table:<14}{rows:>12}  {'would be removed' if removed.dry_run else 'removed'}")
    if removed.kept_for:
        print(f"hotline: older entries of the journal stay: {removed.kept_for} has not read them yet", file=sys.stderr)
    return 0


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB"


def _local(instant: float, settings: Settings) -> str:
    return f"{datetime.fromtimestamp(instant, zone(settings.timezone)):%Y-%m-%d %H:%M}"
