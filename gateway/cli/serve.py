"""``hotline serve``, ``hotline worker`` and ``hotline check``."""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.cli import line
from gateway.cli.common import Subcommands, print_json, run_until_signal
from gateway.config import Settings
from gateway.errors import InputError, SettingError

if TYPE_CHECKING:
    from gateway.check import Finding


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add them to the command line."""
    command = commands.add_parser("serve", parents=[common], help="the gateway: core, pages, voice flows, workers")
    command.add_argument(
        "--record-ami",
        type=Path,
        metavar="FILE",
        help="append all AMI events to FILE (personal data), for replay",
    )
    command.set_defaults(run=_serve)
    command = commands.add_parser("worker", parents=[common], help="one speech worker: for another host, or of a line")
    source = command.add_mutually_exclusive_group(required=True)
    source.add_argument("--core", metavar="URL", help="the gateway, http://HOST:PORT of its pages")
    source.add_argument("--line-in", metavar="DEVICE", help="transcribe a sound device, without a gateway or PBX")
    line.add_options(command)
    command.set_defaults(run=_worker)
    command = commands.add_parser("check", parents=[common], help="try every neighbour and say how to mend it")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_check, show_bad_settings=_show_bad_settings)


def _serve(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.app import App

    if _tell_failures(_findings(arguments, settings)):
        return 1
    run_until_signal(App(settings, arguments.config, arguments.record_ami).run())
    return 0


def _worker(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.asr.worker import run_worker
    from gateway.store.recordings import RecordingRetention

    if arguments.line_in is not None:
        return line.run(arguments, settings)
    if not settings.speech.worker_token:
        raise InputError("hotline worker: no token", "Set HOTLINE_SPEECH_WORKER_TOKEN to the gateway's")

    async def run() -> None:
        purging = asyncio.create_task(RecordingRetention(settings).run())
        try:
            await run_worker(arguments.core, settings.speech.worker_token, settings, settings.home())
        finally:
            purging.cancel()

    asyncio.run(run())
    return 0


def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    return _show(arguments, _findings(arguments, settings))


def _show_bad_settings(arguments: argparse.Namespace, error: SettingError) -> int:
    from gateway.check import Finding

    return _show(arguments, [Finding("settings", "fail", str(error))])


def _findings(arguments: argparse.Namespace, settings: Settings) -> list[Finding]:
    from gateway.check import check

    # The findings say it all; what the parts log while they are tried would only repeat it.
    logging.disable(logging.WARNING)
    try:
        return asyncio.run(check(settings, arguments.config))
    finally:
        logging.disable(logging.NOTSET)


def _show(arguments: argparse.Namespace, findings: Sequence[Finding]) -> int:
    """What is as it should be to stdout, what is not to stderr, a line each; with ``--json`` stdout has it all."""
    if arguments.json:
        print_json(findings)
        return _tell_failures(findings)
    for finding in findings:
        if finding.status != "fail":
            print(f"{finding.status:<6}{finding.what:<12} {finding.detail}", flush=True)
    return _tell_failures(findings)


def _tell_failures(findings: Sequence[Finding]) -> int:
    failed = [finding for finding in findings if finding.status == "fail"]
    for finding in failed:
        print(f"hotline: {finding.what}: {finding.detail}", file=sys.stderr)
    return int(bool(failed))
