"""HTTP downloads that resume: a cut connection goes on where it stopped, also in a later run.

Progress goes to stderr.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast

from gateway.errors import ModelError

TIMEOUT = 30.0
TRIES = 5
MAX_TEXT_BYTES = 4 << 20
_BLOCK = 1 << 16


def download(url: str, target: Path, label: str, by_hand: str) -> None:
    """Fetch ``url`` into ``target``, by way of ``<target>.part``, which a later try continues.

    A try that brought new bytes does not count against the ``TRIES`` allowed.
    Raises ModelError, with ``by_hand`` as the mend, when the site cannot be reached or keeps cutting off.
    """
    part = target.with_name(target.name + ".part")
    left = TRIES
    while True:
        before = _size(part)
        try:
            if _continue(url, part, label):
                part.rename(target)
                return
            reason = "the connection was cut"
        except urllib.error.HTTPError as error:
            reason = f"the server answered {error.code}"
            if error.code == 416:
                part.unlink(missing_ok=True)
            elif error.code < 500:
                left = 0
        except (urllib.error.URLError, HTTPException, TimeoutError, OSError) as error:
            reason = str(getattr(error, "reason", error)) or type(error).__name__
        if _size(part) <= before:
            left -= 1
        if left <= 0:
            raise ModelError(f"{url} cannot be fetched: {reason}", by_hand)


def fetch_text(url: str, by_hand: str) -> str:
    """A small text file. Raises ModelError, with ``by_hand`` as the mend, when it cannot be had."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            return str(response.read(MAX_TEXT_BYTES).decode())
    except (urllib.error.URLError, HTTPException, TimeoutError, OSError, UnicodeDecodeError) as error:
        raise ModelError(f"{url} cannot be fetched: {getattr(error, 'reason', error)}", by_hand) from error


def _continue(url: str, part: Path, label: str) -> bool:
    """Fetch what is missing of ``part``; True when it is whole."""
    have = _size(part)
    request = urllib.request.Request(url)
    if have:
        request.add_header("Range", f"bytes={have}-")
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        response = cast(HTTPResponse, answer)
        resumed = response.status == 206
        length = response.headers.get("Content-Length")
        total = (int(length) + (have if resumed else 0)) if length else None
        done = have if resumed else 0
        shown = -1
        with part.open("ab" if resumed else "wb") as out:
            while block := response.read(_BLOCK):
                out.write(block)
                done += len(block)
                if total and (percent := done * 100 // total) != shown:
                    shown = percent
                    print(f"\r{label}: {percent} % of {total // 1_000_000} MB", end="", file=sys.stderr, flush=True)
        if shown >= 0:
            print(file=sys.stderr)
    return total is None or done >= total


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
