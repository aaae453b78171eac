"""``hotline knowledge``: what the articles answer to a question, and what is wrong with them."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from datetime import date, datetime
from pathlib import Path

from msgspec import Struct

from gateway.cli.common import Subcommands, print_json
from gateway.config import Settings, zone
from gateway.knowledge.articles import Fault
from gateway.knowledge.folder import Shelf, knowledge_folder, read_categories, read_folder


class CheckReport(Struct, frozen=True):
    """``articles``: valid ones; ``faults``: of all kinds, files in order."""

    folder: str
    articles: int
    faults: tuple[Fault, ...]


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add it to the command line."""
    group = commands.add_parser("knowledge", help="articles that answer callers").add_subparsers(
        required=True, metavar="WHAT"
    )
    shared = argparse.ArgumentParser(add_help=False, parents=[common])
    shared.add_argument("--folder", type=Path, metavar="FOLDER", help="of articles (default: the one in gateway.toml)")
    shared.add_argument("--json", action="store_true")
    command = group.add_parser("search", parents=[shared], help="the articles that answer")
    command.add_argument("utterance", nargs="+", metavar="UTTERANCE", help="what the caller said; the last counts most")
    command.add_argument("--limit", type=int, default=3, metavar="N", help="answers at most (default: %(default)s)")
    command.set_defaults(run=_search)
    command = group.add_parser(
        "check", parents=[shared], help="every article: its head, dead links, duplicates, expired ones"
    )
    command.set_defaults(run=_check)


def _search(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.knowledge.search import KnowledgeIndex

    _, shelf = _read(arguments, settings)
    for fault in shelf.faults:
        print(f"left out: {fault}", file=sys.stderr)
    index = KnowledgeIndex(shelf.articles)
    answers = index.search(arguments.utterance, _today(settings), max(1, arguments.limit))
    if arguments.json:
        print_json(answers)
        return 0
    for answer in answers:
        expired = "" if answer.valid else "  (not valid today)"
        print(f"{answer.title}  [{answer.article_id}, {answer.section}, {answer.score}]{expired}")
        print(*(f"  {line}" for line in answer.passage.splitlines()), sep="\n")
    if not answers:
        print("no article answers that", file=sys.stderr)
    return 0


def _check(arguments: argparse.Namespace, settings: Settings) -> int:
    """Exit status 1 where an article is left out, a link dead or something there twice; 0 where some only expired."""
    from gateway.knowledge.check import check

    folder, shelf = _read(arguments, settings)
    faults = (*shelf.faults, *check(shelf.articles, _today(settings)))
    report = CheckReport(str(folder), len(shelf.articles), tuple(sorted(faults, key=lambda f: (f.file, f.line))))
    if arguments.json:
        print_json(report)
    else:
        for fault in report.faults:
            print(f"{fault.kind}: {fault}")
        kinds = Counter(fault.kind for fault in report.faults)
        print(f"{report.articles} articles valid" + "".join(f", {count} {kind}" for kind, count in kinds.items()))
    return int(any(fault.kind != "expired" for fault in report.faults))


def _read(arguments: argparse.Namespace, settings: Settings) -> tuple[Path, Shelf]:
    folder = arguments.folder or knowledge_folder(settings, arguments.config)
    return folder, read_folder(folder, read_categories(arguments.config))


def _today(settings: Settings) -> date:
    return datetime.now(zone(settings.timezone)).date()
