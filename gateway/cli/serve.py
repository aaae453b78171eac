"""``hotline serve``, ``hotline worker`` and ``hotline check``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys

from gateway.cli.common import Subcommands, print_json, run_until_signal
from gateway.config import Settings
from gateway.errors import InputError


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add them to the command line."""
    command = commands.add_parser("serve", parents=[common], help="the gateway: core, pages, voice flows, workers")
    command.set_defaults(run=_serve)
    command = commands.add_parser("worker", parents=[common], help="one speech worker, for another host")
    command.add_argument("--core", required=True, metavar="URL", help="the gateway's ws://HOST:PORT/workers")
    command.set_defaults(run=_worker)
    command = commands.add_parser("check", parents=[common], help="try every neighbour and say how to mend it")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_check)


def _serve(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.app import App
    from gateway.check import check

    failed = [finding for finding in asyncio.run(check(settings, arguments.config)) if finding.status == "fail"]
    for finding in failed:
        print(f"hotline: {finding.what}: {finding.detail}", file=sys.stderr)
    if failed:
        return 1
    run_until_signal(App(settings, arguments.config).run())
    return 0


def _worker(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.asr.worker import run_worker

    if not settings.speech.worker_token:
        raise InputError("hotline worker: no token", "Set HOTLINE_SPEECH_WORKER_TOKEN to the gateway's")
    asyncio.run(run_worker(arguments.core, settings.speech.worker_token, settings, settings.home()))
    return 0


def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.check import check

    # The findings say it all; what the parts log while they are tried would only repeat it.
    logging.disable(logging.WARNING)
    findings = asyncio.run(check(settings, arguments.config))
    if arguments.json:
        print_json(findings)
    else:
        for finding in findings:
            sign = finding.status.upper() if finding.status == "fail" else finding.status
            print(f"{sign:<4}  {finding.what:<12} {finding.detail}")
    return int(any(finding.status == "fail" for finding in findings))
