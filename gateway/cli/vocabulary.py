"""``hotline vocabulary``: what the operator's names would put right in a text, and how often wrongly."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

from gateway.cli.common import Subcommands, print_json
from gateway.config import Settings, read_text
from gateway.errors import InputError


class LineChange(Struct, frozen=True):
    """One change; ``line`` counts from 1, ``start`` and ``end`` are characters of that line."""

    line: int
    start: int
    end: int
    heard: str
    term: str
    distance: float
    gain: float
    around: str


class PlainRate(Struct, frozen=True):
    """Changes in a text without any of the terms: all of them are wrong. ``left_out``: lines that do hold a term."""

    lines: int
    left_out: int
    characters: int
    changes: int
    lines_changed: int
    per_1000_characters: float | None
    share_of_lines: float | None


class Report(Struct, frozen=True):
    """``changes`` in the text given, ``wrong`` ones in the plain text."""

    terms: int
    changes: tuple[LineChange, ...]
    wrong: tuple[LineChange, ...]
    plain: PlainRate | None


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add it to the command line."""
    group = commands.add_parser("vocabulary", help="names put right by their sound").add_subparsers(
        required=True, metavar="WHAT"
    )
    terms = argparse.ArgumentParser(add_help=False)
    terms.add_argument(
        "--vocabulary", type=Path, metavar="FILE", help="default: vocabulary.txt in the folder of settings"
    )
    terms.add_argument("--json", action="store_true")
    command = group.add_parser("check", parents=[common, terms], help="what would be changed in a text")
    command.add_argument("file", nargs="?", metavar="FILE", help="a text, UTF-8; - for standard input")
    command.add_argument("--text", metavar="TEXT", help="this text")
    command.add_argument(
        "--plain", type=Path, metavar="FILE", help="a text without the terms: each change in it is a wrong one"
    )
    command.set_defaults(run=_check)
    command = group.add_parser("list", parents=[common, terms], help="the terms with their readings")
    command.set_defaults(run=_list)


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.asr.text.vocabulary import Vocabulary, read_vocabulary

    terms = Vocabulary(read_vocabulary(_file(arguments))).terms
    if arguments.json:
        print_json(terms)
        return 0
    for term in terms:
        print(f"{term.written}\t{' '.join(term.syllables)}")
    print(f"{len(terms)} terms", file=sys.stderr)
    return 0


def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    report = _report(arguments)
    if arguments.json:
        print_json(report)
        return 0
    for change in report.changes:
        print(_line(change))
    if arguments.file is not None or arguments.text is not None:
        print(f"{len(report.changes)} changes by {report.terms} terms")
    for change in report.wrong:
        print(f"wrong: {_line(change)}")
    if plain := report.plain:
        rate, share = plain.per_1000_characters, plain.share_of_lines
        print(
            f"{plain.changes} wrong changes in {plain.lines} lines of {plain.characters} characters: "
            + (f"{rate:.2f} per 1000 characters, {share:.2%} of the lines" if share is not None else "no data")
            + (f"; {plain.left_out} lines hold a term and are left out" if plain.left_out else "")
        )
    return 0


def _report(arguments: argparse.Namespace) -> Report:
    from gateway.asr.text.vocabulary import Vocabulary, read_vocabulary

    if arguments.file is None and arguments.text is None and arguments.plain is None:
        raise InputError("there is no text to check", "Name a file, or give --text or --plain")
    vocabulary = Vocabulary(read_vocabulary(_file(arguments)))

    def changes(lines: Iterable[tuple[int, str]]) -> tuple[LineChange, ...]:
        return tuple(
            LineChange(
                number, c.start, c.end, c.heard, c.term, c.distance, c.gain, line[max(0, c.start - 8) : c.end + 8]
            )
            for number, line in lines
            for c in vocabulary.changes(line)
        )

    lines = _lines(arguments.file) + (arguments.text.splitlines() if arguments.text is not None else [])
    wrong: tuple[LineChange, ...] = ()
    rate = None
    if arguments.plain is not None:
        spoken = [(i, line) for i, line in enumerate(read_text(arguments.plain).splitlines(), 1) if line.strip()]
        plain = [(i, line) for i, line in spoken if not any(term.written in line for term in vocabulary.terms)]
        wrong = changes(plain)
        characters = sum(len(line) for _, line in plain)
        lines_changed = len({change.line for change in wrong})
        rate = PlainRate(
            lines=len(plain),
            left_out=len(spoken) - len(plain),
            characters=characters,
            changes=len(wrong),
            lines_changed=lines_changed,
            per_1000_characters=1000 * len(wrong) / characters if plain else None,
            share_of_lines=lines_changed / len(plain) if plain else None,
        )
    return Report(len(vocabulary.terms), changes(enumerate(lines, 1)), wrong, rate)


def _lines(file: str | None) -> list[str]:
    if file is None:
        return []
    return (sys.stdin.read() if file == "-" else read_text(Path(file))).splitlines()


def _file(arguments: argparse.Namespace) -> Path:
    file: Path = arguments.vocabulary or arguments.config / "vocabulary.txt"
    return file


def _line(change: LineChange) -> str:
    return (
        f"line {change.line}: {change.heard} -> {change.term}  distance {change.distance:.2f}, "
        f"gain {change.gain:.1f}  ({change.around})"
    )
