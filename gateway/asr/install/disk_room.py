"""Room on the disk for a model, and an operating system's refusal to write in an operator's words."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from gateway.errors import ModelError

SPARE_BYTES = 256 << 20
"""Stays free beside a model: the journal is often on the same disk."""
MEGABYTE = 1_000_000


def require_room(folder: Path, needed: int, what: str) -> None:
    """Raise ModelError unless ``needed`` bytes and ``SPARE_BYTES`` are free where ``folder`` is."""
    free = shutil.disk_usage(folder).free
    if free < needed + SPARE_BYTES:
        raise ModelError(
            f"{what} needs {_mb(needed)} MB at {folder}, and {_mb(SPARE_BYTES)} MB beside it must stay free, "
            f"but only {_mb(free)} MB are",
            "Make room there, or move the data folder to a larger disk (data_dir in gateway.toml)",
        )


def disk_fault(error: OSError, folder: Path, what: str) -> ModelError:
    """``error`` of writing somewhere under ``folder`` while doing ``what``, told so that it can be mended."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        free = shutil.disk_usage(folder).free if folder.exists() else 0
        return ModelError(
            f"{what}: the disk of {folder} is full ({_mb(free)} MB free)", "Make room there and run the same again"
        )
    where = error.filename or folder
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ModelError(f"{what}: {where}: {error.strerror}", "Run it as the user whose data folder this is")
    return ModelError(f"{what}: {where}: {error.strerror or error}")


def _mb(count: int) -> int:
    return count // MEGABYTE
