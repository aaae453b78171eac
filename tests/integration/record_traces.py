"""Records what Asterisk's AMI says while real phones do what a trace's name says.

``python -m tests.integration.record_traces FOLDER [NAME ...]`` writes FOLDER/NAME.jsonl, one event a line:
``{"received": <Unix seconds>, "event": {"Event": ..., header: value}}``; a repeated header is joined by newlines.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from gateway.demo.stage import AsteriskInstance
from tests.integration.plots import PLOTS
from tests.integration.plots.scene import Scene
from tests.integration.prompts import lay_prompts


@asynccontextmanager
async def a_pbx() -> AsyncIterator[AsteriskInstance]:
    """A PBX where phones ring for 4 s and callers wait for 10 s at most."""
    instance = AsteriskInstance()
    instance.ring_seconds = 4
    instance.queue_seconds = 10
    async with instance:
        lay_prompts(instance)
        yield instance


async def main(folder: Path, names: list[str]) -> None:
    """Record the named traces, or all."""
    for name in names or list(PLOTS):
        async with a_pbx() as instance, AsyncExitStack() as stack:
            ami = await PLOTS[name](Scene(instance, stack))
            await asyncio.sleep(0.3)
            with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
                for received, event in ami.lines:
                    file.write(json.dumps({"received": received, "event": event}, ensure_ascii=False) + "\n")
            print(f"{name}: {len(ami.lines)} events")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
