"""Memory that was freed, given back to the system."""

from __future__ import annotations

import ctypes


def trim() -> None:
    """Give back what glibc keeps of freed memory: hundreds of megabytes after a recogniser. Elsewhere does nothing.

    Takes some milliseconds, in which threads that allocate may wait.
    """
    try:
        malloc_trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # another C library, another system
        return
    malloc_trim(0)
