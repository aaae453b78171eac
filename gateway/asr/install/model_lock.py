"""One installation of a model at a time, whoever started it."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from gateway.errors import ModelError


@contextmanager
def installing(root: Path, name: str) -> Iterator[None]:
    """Hold the lock of the model ``name`` in the folder of models ``root``; freed by the system if we die.

    Raises ModelError that says which process holds it, and since when.
    """
    path = root / f".{name}.lock"
    fd = _locked(path, name)
    try:
        os.ftruncate(fd, 0)
        os.write(fd, f"process {os.getpid()} on {socket.gethostname()}".encode())
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(fd)


def _locked(path: Path, name: str) -> int:
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it removes the file when he is done: what was opened may not be the file of that name.
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(fd), path.stat()):
                    return fd
        except BlockingIOError as error:
            holder = os.read(fd, 200).decode(errors="replace") or "another process"
            since = datetime.fromtimestamp(os.fstat(fd).st_mtime)
            os.close(fd)
            raise ModelError(
                f"model {name} is being installed by {holder} since {since:%H:%M:%S}", "Wait for it, or end it"
            ) from error
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)
