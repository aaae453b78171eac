"""``hotline demo``."""

from __future__ import annotations

import argparse
from pathlib import Path

from gateway.cli.common import Subcommands, run_until_signal
from gateway.config import Settings


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add it to the command line."""
    command = commands.add_parser(
        "demo", parents=[common], help="a whole hotline on this machine, with real SIP calls in Mandarin"
    )
    command.add_argument(
        "--calls", type=int, metavar="N", help="play N calls only (default: the script, over and over)"
    )
    command.add_argument("--exit", action="store_true", help="end after the calls; status 1 if one was not as scripted")
    command.add_argument("--report", type=Path, metavar="FILE", help="write the report as JSON")
    command.add_argument("--script", type=Path, metavar="FILE", help="other citizens (default: demo/citizens.toml)")
    command.add_argument("--port", type=int, default=8088, help="of the pages (default: %(default)s; 0: a free one)")
    command.set_defaults(run=_demo)


def _demo(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.demo.citizens import load_script
    from gateway.demo.show import run

    script = load_script(arguments.script or arguments.config / "demo" / "citizens.toml")
    went_well = run_until_signal(
        run(
            settings,
            arguments.config.resolve(),
            script,
            calls=arguments.calls,
            exit_after=arguments.exit,
            report=arguments.report,
            web_port=arguments.port,
        )
    )
    return 0 if went_well is None or went_well else 1
