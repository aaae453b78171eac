"""The ``hotline`` command. ``--json`` prints one JSON document; progress goes to stderr; the exit status says how it
went: 0 done, 1 it could not be done or something checked is wrong, 2 the command line is wrong, 130 Ctrl-C.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from gateway import __version__, config
from gateway.cli import (
    bench,
    calls,
    demo,
    figures,
    headset,
    knowledge,
    missed,
    models,
    people,
    recordings,
    serve,
    speech,
    store,
    vocabulary,
)
from gateway.cli.common import LogFormatter
from gateway.errors import HotlineError, SettingError


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; gives the exit status."""
    arguments = parser().parse_args(argv)
    try:
        try:
            # Parts that read a file of their own, in this process or a worker's, look in the same folder.
            os.environ["HOTLINE_CONFIG"] = str(arguments.config.resolve())
            return _run(arguments)
        except HotlineError as error:
            return _complain([error])
        except KeyboardInterrupt:
            return 130
    except* HotlineError as group:
        _complain(_leaves(group))
    return 1


def _run(arguments: argparse.Namespace) -> int:
    try:
        settings = config.load(arguments.config)
    except SettingError as error:
        if "show_bad_settings" in arguments:
            return int(arguments.show_bad_settings(arguments, error))
        raise
    _set_up_log(settings.log)
    return int(arguments.run(arguments, settings))


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(
        prog="hotline", description="Beside an Asterisk hotline: answer times, live transcripts, tickets, events."
    )
    top.add_argument("--version", action="version", version=f"hotline {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--config",
        type=Path,
        default=config.default_folder(),
        metavar="FOLDER",
        help="folder of gateway.toml and its companions (default: $HOTLINE_CONFIG, else %(default)s)",
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    for part in (serve, demo, calls, figures, missed, models, speech, vocabulary, knowledge, recordings, people, store):
        part.add_commands(commands, common)
    for part in (headset, bench):
        part.add_commands(commands, common)
    return top


def _set_up_log(settings: config.Log) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(LogFormatter(settings.format))
    logging.basicConfig(level=settings.level.upper(), handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _leaves(group: BaseExceptionGroup[HotlineError]) -> list[HotlineError]:
    leaves: list[HotlineError] = []
    for error in group.exceptions:
        leaves += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return leaves


def _complain(errors: Sequence[HotlineError]) -> int:
    for text in dict.fromkeys(str(error) for error in errors):
        print(f"hotline: {text}", file=sys.stderr)
    return 1
