"""The transition table as a picture in docs/call-flow.md: ``python -m gateway.ami.diagram`` draws it anew.

With ``--check`` it only says whether the picture is up to date, non-zero if not.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from gateway.ami.call import State
from gateway.ami.transitions import TABLE

DOCUMENT = Path(__file__).parents[2] / "docs" / "call-flow.md"
_PICTURE = re.compile(r"```mermaid\n.*?\n```", re.DOTALL)


def diagram() -> str:
    """A Mermaid state diagram; what leaves a call where it is, is left out."""
    lines = ["stateDiagram-v2", f"    [*] --> {State.OFFERED}: arrives in a trunk context"]
    for (state, kind), (after, _) in TABLE.items():
        if state is not after:
            target = "[*]" if after is State.ENDED else after.value
            lines.append(f"    {state} --> {target}: {kind}")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Draw it, or check it."""
    text = DOCUMENT.read_text(encoding="utf-8")
    drawn = _PICTURE.sub(lambda _: f"```mermaid\n{diagram()}\n```", text, count=1)
    if arguments == ["--check"]:
        if drawn == text:
            return 0
        print(
            f"{DOCUMENT}: not what the table says; draw it anew with `python -m gateway.ami.diagram`", file=sys.stderr
        )
        return 1
    DOCUMENT.write_text(drawn, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
