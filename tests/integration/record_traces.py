"""Records what Asterisk's AMI says while real phones do what a trace's name says.

``python -m tests.integration.record_traces FOLDER [NAME ...]`` writes FOLDER/NAME.jsonl, one event a line:
``{"received": <Unix seconds>, "event": {"Event": ..., header: value}}``; a repeated header is joined by newlines.
Beside it FOLDER/NAME.queue_log is what Asterisk's queues wrote down.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from contextlib import AsyncExitStack
from pathlib import Path

from tests.integration.plots import PLOTS
from tests.integration.plots.scene import PlotPbx, Scene, setting_of


async def main(folder: Path, names: list[str]) -> None:
    """Record the named traces, or all."""
    for name in names or list(PLOTS):
        plot = PLOTS[name]
        async with PlotPbx(setting_of(plot)) as instance, AsyncExitStack() as stack:
            recording = await plot(Scene(instance, stack))
            await asyncio.sleep(0.3)
            with (folder / f"{name}.jsonl").open("w", encoding="utf-8") as file:
                for received, event in recording.lines:
                    file.write(json.dumps({"received": received, "event": event}, ensure_ascii=False) + "\n")
            shutil.copy(instance.queue_log, folder / f"{name}.queue_log")
            print(f"{name}: {len(recording.lines)} events")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
