"""``hotline models``, ``hotline asr`` and ``hotline prompts``."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from gateway.cli.common import Subcommands, print_json
from gateway.config import Settings


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add them to the command line."""
    group = commands.add_parser("models", help="speech models").add_subparsers(required=True, metavar="WHAT")
    command = group.add_parser("list", parents=[common], help="what there is and what is installed")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_list)
    command = group.add_parser("install", parents=[common], help="fetch a model, check it, put it in place")
    command.add_argument("name")
    command.add_argument("--from", dest="source", type=Path, metavar="FILE", help="take it from here, without internet")
    command.add_argument("--again", action="store_true", help="fetch it although it is installed")
    command.set_defaults(run=_install)
    command = group.add_parser("verify", parents=[common], help="compare installed files with their checksums")
    command.add_argument("name")
    command.set_defaults(run=_verify)

    group = commands.add_parser("asr", help="measure speech engines").add_subparsers(required=True, metavar="WHAT")
    command = group.add_parser("eval", parents=[common], help="character error rate over recordings with transcripts")
    command.add_argument("--engine", choices=("auto", "vosk", "whisper"), default="auto")
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


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.asr.models import list_models

    models = list_models(settings.home())
    if arguments.json:
        print_json(models)
        return 0
    for model in models:
        installed = "installed" if model.installed else ""
        languages = ",".join(model.languages)
        print(
            f"{model.name:<14} {model.engine:<8} {languages:<10} {model.size_mb:>5} MB  {model.licence:<11} {installed}"
        )
    return 0


def _install(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.asr.model_install import install_model
    from gateway.asr.models import is_installed, verify_model

    if is_installed(settings.home(), arguments.name) and arguments.source is None and not arguments.again:
        verify_model(settings.home(), arguments.name)
        print(f"{arguments.name} is installed", file=sys.stderr)
        return 0
    print(install_model(settings.home(), arguments.name, arguments.source))
    return 0


def _verify(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.asr.models import verify_model

    manifest = verify_model(settings.home(), arguments.name)
    print(f"{arguments.name}: {len(manifest.files)} files are as installed")
    return 0


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
