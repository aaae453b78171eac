"""``hotline figures``: what the hotline promised and kept in any time, computed again from the journal."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator

from gateway.cli.common import Subcommands, print_json
from gateway.config import Settings, zone
from gateway.events import Event


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add it to the command line."""
    command = commands.add_parser(
        "figures",
        parents=[common],
        help="waits, rates and agents of any time, computed again from the journal",
        description="Reads the journal, also while a gateway writes it. TIME is a date (its midnight) or a time in the "
        "settings' time zone, such as 2026-03-02 or 2026-03-02T08:30. docs/figures.md says what each figure is.",
    )
    command.add_argument("--from", dest="since", default="", metavar="TIME", help="default: the midnight before --to")
    command.add_argument("--to", dest="until", default="", metavar="TIME", help="not included; default: now")
    command.add_argument("--queue", default="", metavar="NAME", help="only this queue, and the agents it rang")
    command.add_argument(
        "--interval", type=_minutes, default=30, metavar="MIN", help="minutes of one interval (default: %(default)s)"
    )
    command.add_argument("--json", action="store_true", help="one JSON document, with every interval and every day")
    command.set_defaults(run=_figures)


def _minutes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1440:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes from 1 to 1440")
    return int(text)


def _figures(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.answer_sla.days import day_of
    from gateway.answer_sla.figures import compute
    from gateway.answer_sla.period import instant
    from gateway.cli.figures_table import table

    local = zone(settings.timezone)
    until = instant("--to", arguments.until, local) if arguments.until else time.time()
    # The day that ends at a midnight is the one before it.
    since = instant("--from", arguments.since, local) if arguments.since else day_of(until - 0.001, local)[0]
    figures = compute(
        _events(settings, since, until),
        settings,
        since,
        until,
        interval=arguments.interval * 60.0,
        queue=arguments.queue,
    )
    if arguments.json:
        print_json(figures)
    else:
        print(table(figures, local))
    return 0


def _events(settings: Settings, since: float, until: float) -> Iterator[Event]:
    """The journal's events that figures of this time are made of, one after another."""
    from gateway.answer_sla.figures import LONGEST_CALL, READS, read_from
    from gateway.store.database import database_url
    from gateway.store.reader import JournalReader

    types = [str(kind.__struct_config__.tag) for kind in READS]
    with JournalReader(database_url(settings)) as journal:
        for entry in journal.entries(read_from(settings, since, until), types):
            # News of the past may come late, after a lost connection; but not later than a call may last.
            if entry.stream_ms > (until + LONGEST_CALL) * 1000:
                return
            yield entry.event
