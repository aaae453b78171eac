"""``hotline asr`` and ``hotline prompts``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from gateway.cli.common import Subcommands, print_json
from gateway.config import Settings


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add them to the command line."""
    group = commands.add_parser("asr", help="measure speech engines").add_subparsers(required=True, metavar="WHAT")
    command = group.add_parser("eval", parents=[common], help="character error rate over recordings with transcripts")
    command.add_argument("--engine", choices=("auto", "vosk", "sherpa", "whisper"), default="auto")
    command.add_argument("--model", default="", metavar="M")
    command.add_argument("--language", default="zh", metavar="L")
    command.add_argument("--manifest", type=Path, required=True, metavar="F.tsv", help="columns: file, transcript")
    command.add_argument("--rate", type=int, default=8000, metavar="HZ")
    command.add_argument("--threads", type=int, default=1, metavar="N")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_evaluate)

    group = commands.add_parser("prompts", help="what callers hear").add_subparsers(required=True, metavar="WHAT")
    command = group.add_parser("build", parents=[common], help="speak prompts.toml into sound files")
    command.add_argument("--out", type=Path, metavar="FOLDER", help="default: asterisk/sounds/hotline of the checkout")
    command.add_argument("--force", action="store_true", help="all of them, over recordings of your own too")
    command.set_defaults(run=_build_prompts)


def _evaluate(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.asr.evaluate import evaluate

    report = asyncio.run(
        evaluate(
            arguments.manifest,
            settings.home(),
            engine=arguments.engine,
            model=arguments.model,
            language=arguments.language,
            rate=arguments.rate,
            threads=arguments.threads,
        )
    )
    if arguments.json:
        print_json(report)
        return 0
    for result in report.files:
        print(f"{result.cer:6.3f}  {result.file}")
    print(f"{report.cer:6.3f}  overall; {report.engine} {report.model}, real-time factor {report.rtf:.2f}")
    return 0


def _build_prompts(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.ivr.prompts import Prompt, build, load_texts

    def progress(prompt: Prompt) -> None:
        print(f"{prompt.state:<8} {prompt.seconds:5.1f} s  {prompt.name}", file=sys.stderr)

    folder = arguments.out or Path(__file__).parents[2] / "asterisk" / "sounds" / "hotline"
    texts = load_texts(arguments.config / "prompts.toml")
    build(texts, folder, settings.home() / "models" / "kokoro-82m", force=arguments.force, progress=progress)
    return 0
