"""The operator's file of terms, read again when it changes: nobody restarts a hotline for a street's name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from gateway.asr.text.vocabulary import read_vocabulary
from gateway.errors import SettingError

log = logging.getLogger(__name__)


class VocabularyFile:
    """Watches ``path``; ``changed`` gets its terms, first when ``run`` begins and then after each change.

    A file that is wrong, or gone, leaves the terms as they were: it is logged, and ``failed`` told, once for each
    state of the file. A site without the file has no terms, which is no fault. Both are called in the loop's thread.
    ``every``: seconds between two looks.
    """

    def __init__(
        self,
        path: Path,
        changed: Callable[[tuple[str, ...]], None],
        failed: Callable[[SettingError], None],
        every: float = 2.0,
    ) -> None:
        self._path = path
        self._changed = changed
        self._failed = failed
        self._every = every

    async def run(self) -> None:
        """Until it is cancelled."""
        seen = await asyncio.to_thread(self._state)
        if seen is not None:
            await self._read()
        while True:
            await asyncio.sleep(self._every)
            state = await asyncio.to_thread(self._state)
            if state != seen:
                seen = state
                await self._read()

    async def _read(self) -> None:
        try:
            terms = await asyncio.to_thread(read_vocabulary, self._path)
        except SettingError as error:
            log.error("%s; the terms stay as they were", error)
            self._failed(error)
        else:
            log.info("%d terms read from %s", len(terms), self._path)
            self._changed(terms)

    def _state(self) -> tuple[int, ...] | None:
        """What is another after every change, of its rights too; None without a file."""
        try:
            stat = self._path.stat()
        except OSError:
            return None
        return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
