"""``hotline models``: what there is, install, verify, remove."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from msgspec import Struct

from gateway.cli.common import Subcommands, print_json
from gateway.config import Settings
from gateway.errors import ModelError


class Verified(Struct, frozen=True):
    """One model of ``hotline models verify --json``; ``fault`` is empty when its files are as installed."""

    name: str
    files: int
    fault: str = ""


def add_commands(commands: Subcommands, common: argparse.ArgumentParser) -> None:
    """Add them to the command line."""
    group = commands.add_parser("models", help="speech models").add_subparsers(required=True, metavar="WHAT")
    command = group.add_parser("list", parents=[common], help="what there is and what is installed")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_list)
    command = group.add_parser("install", parents=[common], help="fetch a model, check it, put it in place")
    command.add_argument("name")
    command.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="FILE",
        help="take it from here, without internet: the archive, the folder of wheels, or the unpacked folder",
    )
    command.add_argument("--again", action="store_true", help="fetch it although it is installed")
    command.add_argument("--json", action="store_true", help="print the model's line of list at the end")
    command.set_defaults(run=_install)
    command = group.add_parser("verify", parents=[common], help="compare installed files with their checksums")
    command.add_argument("name", nargs="?", help="default: every installed model")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=_verify)
    command = group.add_parser("remove", parents=[common], help="remove an installed model")
    command.add_argument("name")
    command.set_defaults(run=_remove)


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.asr.models import catalogue, list_models, strange_folders

    known = catalogue()
    models = list_models(settings.home(), known)
    if arguments.json:
        print_json(models)
        return 0
    width = max((len(model.name) for model in models), default=0)
    for model in models:
        condition = "broken" if model.fault else "installed" if model.installed else ""
        languages = ",".join(model.languages)
        print(
            f"{model.name:<{width}} {model.engine:<8} {languages:<12} {model.size_mb:>5} MB  "
            f"{model.licence:<11} {condition}".rstrip()
        )
    for line in [f"{m.name}: {m.path} {m.fault}" for m in models if m.fault] + strange_folders(settings.home(), known):
        print(line, file=sys.stderr)
    return 0


def _install(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.asr.install.model_install import install_model
    from gateway.asr.models import catalogue, known_model, model_dir, state

    home = settings.home()
    model = known_model(arguments.name, catalogue())
    if arguments.source is None and not arguments.again and _is_whole(home, model.name):
        print(f"{model.name} is installed", file=sys.stderr)
    else:
        try:
            install_model(home, model.name, arguments.source)
        except KeyboardInterrupt:
            print("hotline: stopped. The same command goes on where it was", file=sys.stderr)
            raise
    if arguments.json:
        print_json(state(home, model))
    else:
        print(model_dir(home, model.name))
    return 0


def _is_whole(home: Path, name: str) -> bool:
    """Whether it is installed with every file as it was; a damaged one is said, to be installed anew."""
    from gateway.asr.models import is_installed, verify_model

    if not is_installed(home, name):
        return False
    try:
        verify_model(home, name)
    except ModelError as error:
        print(f"{error.what}: installing it again", file=sys.stderr)
        return False
    return True


def _verify(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.asr.models import list_models, verify_model

    home = settings.home()
    names = [m.name for m in list_models(home) if m.installed or m.fault]
    errors: list[ModelError] = []
    results = []
    for name in [arguments.name] if arguments.name else names:
        try:
            results.append(Verified(name, len(verify_model(home, name).files)))
        except ModelError as error:
            errors.append(error)
            results.append(Verified(name, 0, str(error)))
    if arguments.json:
        print_json(results)
    else:
        for result in results:
            if not result.fault:
                print(f"{result.name}: {result.files} files are as installed")
        if not results:
            print("no model is installed")
    if errors:
        raise ExceptionGroup("models", errors)
    return 0


def _remove(arguments: argparse.Namespace, settings: Settings) -> int:
    from gateway.asr.install.model_install import remove_model
    from gateway.asr.models import choose

    remove_model(settings.home(), arguments.name)
    print(f"{arguments.name} is removed; workers that run keep it until they are started again")
    for language in settings.languages() if settings.speech.enabled else ():
        try:
            choose(settings.home(), language, settings.speech.engine)
        except ModelError as error:
            print(f"hotline: {error}", file=sys.stderr)
    return 0
