"""Writes the contract from the structs: ``python -m gateway.bus.contract``; with ``--check`` only compares.

Files: ``contract/events.schema.json``, ``contract/asyncapi.yaml``, ``contract/examples/<type>.json`` and
``ui/src/contract.ts``. They belong to the source tree; a check that finds one differing or left over exits with 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from gateway.bus.cloudevents import envelope, partial_envelope
from gateway.bus.examples import EXAMPLES
from gateway.bus.schema import JsonObject, asyncapi, schema
from gateway.bus.typescript import typescript
from gateway.events import AnyEvent, TranscriptPartial, event_type

ROOT = Path(__file__).parents[2]
"""The source tree."""
EXAMPLES_FOLDER = "contract/examples"


def contract() -> dict[str, str]:
    """Every generated file: its path in the source tree and its text."""
    examples = {event_type(event): _example(number, event) for number, event in enumerate(EXAMPLES, 1)}
    by_class = {type(event).__name__: examples[event_type(event)] for event in EXAMPLES}
    return {
        "contract/events.schema.json": _json(schema()),
        "contract/asyncapi.yaml": asyncapi(by_class),
        **{f"{EXAMPLES_FOLDER}/{name}.json": _json(example) for name, example in sorted(examples.items())},
        "ui/src/contract.ts": typescript(),
    }


def differing(root: Path = ROOT) -> list[str]:
    """Paths of files that are missing, differ from what would be written, or should not be there."""
    wanted = contract()
    found = [path for path, text in wanted.items() if _text(root / path) != text]
    return found + [path for path in _examples(root) if path not in wanted]


def write(root: Path = ROOT) -> list[str]:
    """Write what differs and remove what is left over. Returns the paths touched."""
    wanted = contract()
    touched = differing(root)
    for name in touched:
        path = root / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return touched


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m gateway.bus.contract", description="Generate the contract.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file differs")
    if parser.parse_args(arguments).check:
        paths = differing()
        for path in paths:
            print(f"{path} differs from the structs. Run python -m gateway.bus.contract", file=sys.stderr)
        return 1 if paths else 0
    for path in write():
        print(path)
    return 0


def _example(number: int, event: AnyEvent) -> JsonObject:
    text = partial_envelope(event) if isinstance(event, TranscriptPartial) else envelope(event, str(number))
    example: JsonObject = json.loads(text)
    return example


def _examples(root: Path) -> list[str]:
    return sorted(f"{EXAMPLES_FOLDER}/{path.name}" for path in (root / EXAMPLES_FOLDER).glob("*.json"))


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _json(value: JsonObject) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main())
