"""``hotline bench``: measurements of this machine, each beside a reference."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from gateway.cli.common import Run, Subcommands, run_until_signal
from gateway.config import Settings

T = TypeVar("T")

BENCHES = {
    "ami": "AMI events a second, and milliseconds to the disk and to Redis, beside bare panoramisk",
    "clock": "how exactly thousands of waiting calls are said to be late, beside a timer per deadline",
    "resync": "seconds until living calls are known again after a cut, beside bare panoramisk",
    "phone": "what the live transcript of real calls is worth, beside the same audio decoded at leisure",
    "asr": "how far behind speech its words are and what they cost, beside a plain server of the same engine",
    "knowledge": "milliseconds from a caller's words to the articles that answer, beside a plain scan",
}


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add it to the command line."""
    command = commands.add_parser("bench", parents=[common], help="measure this machine; without a name: list them")
    command.set_defaults(run=_list)
    group = command.add_subparsers(metavar="NAME")
    output = argparse.ArgumentParser(add_help=False, parents=[common])
    output.add_argument("--json", action="store_true", help="one JSON document, on one line")

    def add(name: str, run: Run) -> argparse.ArgumentParser:
        bench = group.add_parser(name, parents=[output], help=BENCHES[name])
        bench.set_defaults(run=run)
        return bench

    bench = add("ami", _ami)
    bench.add_argument("--calls", type=int, default=1000, metavar="N", help="of the storm (default: %(default)s)")
    bench.add_argument("--seconds", type=float, default=5.0, metavar="S", help="at each steady rate (%(default)s)")
    bench.add_argument("--repeat", type=int, default=3, metavar="N", help="each measurement (default: %(default)s)")
    bench = add("clock", _clock)
    bench.add_argument("--calls", type=int, default=10_000, metavar="N", help="that wait (default: %(default)s)")
    bench.add_argument("--seconds", type=float, default=10.0, metavar="S", help="in which they come (%(default)s)")
    bench.add_argument("--rate", type=float, default=500.0, metavar="R", help="other AMI events a second (%(default)s)")
    bench.add_argument("--target", type=float, default=15.0, metavar="S", help="of the queue (default: %(default)s)")
    bench.add_argument("--repeat", type=int, default=1, metavar="N", help="the whole (default: %(default)s)")
    bench = add("resync", _resync)
    bench.add_argument("--calls", type=int, default=500, metavar="N", help="that live (default: %(default)s)")
    bench.add_argument("--repeat", type=int, default=10, metavar="N", help="cuts (default: %(default)s)")
    bench = add("asr", _asr)
    bench.add_argument("--legs", type=_counts, default="4,8,12,16", metavar="N,N", help="at once, two make a call")
    bench.add_argument("--seconds", type=float, default=30.0, metavar="S", help="of each leg (default: %(default)s)")
    bench.add_argument("--most", action="store_true", help="the most legs that both can follow, as well")
    bench.add_argument("--language", default="", metavar="L", help="default: speech.language")
    bench.add_argument("--lines", type=Path, metavar="FOLDER", help="WAV files to play, in place of the demo's lines")
    bench.add_argument("--soak", type=float, default=0.0, metavar="S", help="calls come and go so long, instead")
    bench.add_argument("--calls", type=int, default=4, metavar="N", help="at once, of --soak (default: %(default)s)")
    bench = add("phone", _phone)
    bench.add_argument("--out", type=Path, required=True, metavar="DIR", help="gets the legs, sentences and manifest")
    bench.add_argument("--language", default="zh", metavar="L", help="default: %(default)s")
    bench.add_argument("--sentences", type=int, metavar="N", help="the first N only (default: all)")
    bench = add("knowledge", _knowledge)
    bench.add_argument("--made", type=int, default=5000, metavar="N", help="made articles (default: %(default)s)")
    bench.add_argument("--questions", type=int, default=300, metavar="N", help="of each set (default: %(default)s)")


def _counts(text: str) -> tuple[int, ...]:
    counts = tuple(int(part) for part in text.split(","))
    if min(counts) < 1:
        raise argparse.ArgumentTypeError(f"{text}: numbers from 1, as in 4,8")
    return counts


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    for name, what in BENCHES.items():
        print(f"{name:<9} {what}")
    return 0


def _ami(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.bench.ami import measure, table

    work = measure(settings, arguments.config, max(1, arguments.calls), arguments.seconds, max(1, arguments.repeat))
    return _run(arguments, work, table)


def _clock(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.bench.clock import Plan, measure, table

    plan = Plan(max(1, arguments.calls), arguments.seconds, arguments.rate, arguments.target, max(1, arguments.repeat))
    return _run(arguments, measure(settings, arguments.config, plan), table)


def _resync(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.bench.resync import measure, table

    work = measure(settings, arguments.config, max(1, arguments.calls), max(1, arguments.repeat))
    return _run(arguments, work, table)


def _asr(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.bench.asr import Plan, measure, table

    language = arguments.language or settings.speech.language
    if arguments.soak:
        return _soak(arguments, settings, language)
    plan = Plan(language, arguments.legs, arguments.seconds, arguments.most, arguments.lines)
    return _run(arguments, measure(settings, arguments.config, plan), table)


def _soak(arguments: argparse.Namespace, settings: Settings, language: str) -> int:
    """Exit status 1 when something was lost or memory grew."""
    from gateway.bench.asr_soak import Plan, SoakReport, measure, table

    plan = Plan(language, max(1, arguments.calls), arguments.soak, arguments.lines)
    return _run(arguments, measure(settings, arguments.config, plan), table, SoakReport.passed)


def _phone(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.bench.phone import measure, table

    count = None if arguments.sentences is None else max(1, arguments.sentences)
    work = measure(settings, arguments.config.resolve(), arguments.out.resolve(), arguments.language, count)
    return _run(arguments, work, table)


def _knowledge(arguments: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 when it took too long."""
    from gateway.bench.knowledge import KnowledgeReport, measure, table

    work = measure(settings, arguments.config, max(1, arguments.made), max(1, arguments.questions))
    return _run(arguments, work, table, KnowledgeReport.passed)


def _run(
    arguments: argparse.Namespace,
    work: Coroutine[Any, Any, T],
    table: Callable[[T], str],
    passed: Callable[[T], bool] = lambda report: True,
) -> int:
    # Connections come, go and are cut by the plan; only what goes wrong is worth a line.
    logging.disable(logging.WARNING)
    report = run_until_signal(work)
    if report is None:
        return 130
    if arguments.json:
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
    else:
        print(table(report))
    return 0 if passed(report) else 1
