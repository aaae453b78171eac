"""HTTP downloads over a bad line: a cut connection goes on where it stopped, also in a later run.

A file is fetched into a folder of its own: ``archive.part`` while it grows, ``archive`` once it is whole, and
``origin.json`` with what the server called its version (ETag or Last-Modified), so that halves of two versions are
never joined (RFC 9110: Range, If-Range, 206, 416). Proxies are taken from HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
"""

from __future__ import annotations

import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from gateway.asr.install.disk_room import MEGABYTE, disk_fault, require_room
from gateway.asr.install.progress import Progress, say
from gateway.errors import ModelError

TIMEOUT = 30.0
"""Seconds without a byte after which a connection is given up."""
RETRY_PAUSES = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each further try that follows one without progress; progress counts them from the beginning."""
MAX_TEXT_BYTES = 4 << 20
_BLOCK = 1 << 16
_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)$")
_WAIT_CODES = (408, 425, 429)
"""Below 500, the answers that may be another one later."""


class Origin(Struct, frozen=True):
    """Of which version ``archive.part`` is the beginning. ``validator`` is an ETag or a date; ``total`` bytes or -1."""

    url: str
    validator: str = ""
    total: int = -1


class _GiveUpError(Exception):
    """Another try would bring the same. ``mend`` stands in place of fetching it by hand."""

    def __init__(self, reason: str, mend: str = "") -> None:
        super().__init__(reason)
        self.mend = mend


class _CutError(Exception):
    """Another try may bring more."""


class Download:
    """Fetches ``url`` into ``folder``. ``room``: bytes that must be free beside it when it is there.

    ``by_hand`` is the mend in the ModelError when it cannot be fetched.
    """

    def __init__(self, url: str, folder: Path, label: str, by_hand: str, room: int = 0) -> None:
        self._url = url
        self._label = label
        self._by_hand = by_hand
        self._room = room
        self._folder = folder
        self._whole = folder / "archive"
        self._part = folder / "archive.part"
        self._note = folder / "origin.json"
        self._answered = False

    def fetch(self) -> Path:
        """The whole file, which an earlier run may have begun or finished. Raises ModelError."""
        origin = self._origin()
        if origin.url != self._url:
            self._forget()
        elif self._whole.is_file():
            return self._whole
        best = self._have()
        tries = 0
        while True:
            try:
                with _reasons(self._url):
                    self._continue()
                self._part.rename(self._whole)
                return self._whole
            except _GiveUpError as error:
                raise self._failure(str(error), error.mend) from error
            except _CutError as error:
                if self._have() > best:
                    best, tries = self._have(), 0
                pauses = RETRY_PAUSES if self._answered else RETRY_PAUSES[:1]
                if tries >= len(pauses):
                    raise self._failure(str(error)) from error
                say(f"{self._label}: {error}; trying again in {pauses[tries]:g} s")
                time.sleep(pauses[tries])
                tries += 1

    def _failure(self, reason: str, mend: str = "") -> ModelError:
        kept = ""
        if have := self._have():
            total = self._origin().total
            of = f" of {total / MEGABYTE:.0f}" if total >= 0 else ""
            kept = f"{have / MEGABYTE:.0f}{of} MB are kept: the same command goes on from there. Or: "
        return ModelError(f"{self._url} cannot be fetched: {reason}", mend or kept + self._by_hand)

    def _continue(self) -> None:
        """Fetch what is missing. Raises _CutError when there is more to come, and what ``_reasons`` knows."""
        have, origin = self._have(), self._origin()
        request = urllib.request.Request(self._url)
        if have:
            request.add_header("Range", f"bytes={have}-")
            if origin.validator:
                request.add_header("If-Range", origin.validator)
        try:
            answer = urllib.request.urlopen(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as error:
            self._answered = True
            if error.code == 416 and have:
                with error:
                    self._nothing_more(have, error.headers.get("Content-Range", ""))
                return
            raise
        with answer:
            self._answered = True
            self._save(cast(HTTPResponse, answer), have, origin)

    def _nothing_more(self, have: int, content_range: str) -> None:
        """The server has nothing from ``have`` on: all is here if its file is just so long."""
        match = _RANGE.match(content_range)
        if match is None or match[2] != str(have):
            self._forget()
            raise _CutError("the file on the server is another one than before, so it is fetched anew")

    def _save(self, response: HTTPResponse, have: int, origin: Origin) -> None:
        if response.headers.get_content_type() == "text/html":
            raise _GiveUpError("a web page came instead of the file (is a login page of the network in between?)")
        length = response.headers.get("Content-Length", "")
        new = Origin(self._url, _validator(response), int(length) if length.isdigit() else -1)
        start = 0
        if response.status == 206:
            match = _RANGE.match(response.headers.get("Content-Range", ""))
            new = msgspec.structs.replace(new, total=int(match[2]) if match and match[2].isdigit() else -1)
            if match is None or match[1] != str(have) or _differ(origin, new):
                self._forget()
                raise _CutError("the file on the server is another one than before, so it is fetched anew")
            start = have
        elif have:
            say(f"{self._label}: from the beginning, since the server cannot go on or its file has changed")
        total = new.total if new.total >= 0 else None
        with self._writing():
            if not start:
                self._forget()
            require_room(self._folder, (total or 0) - start + self._room, self._label)
            if not start:
                self._note.write_bytes(msgspec.json.encode(new))
        done = self._copy(response, start, total)
        if total is not None and done < total:
            raise _CutError(f"the connection was cut at {done / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB")

    def _copy(self, response: HTTPResponse, start: int, total: int | None) -> int:
        progress = Progress(self._label, start, total)
        done = start
        try:
            # Unbuffered: nothing is left to be written at the end, when the disk may be full.
            with self._part.open("ab" if start else "wb", buffering=0) as out:
                while block := response.read1(_BLOCK):
                    rest = memoryview(block)
                    with self._writing():
                        while rest:
                            rest = rest[out.write(rest) :]
                    done += len(block)
                    progress.moved(done)
        finally:
            progress.end()
        return done

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """An OSError in here is the disk's, not the line's."""
        try:
            yield
        except OSError as error:
            raise disk_fault(error, self._folder, f"fetching {self._label}") from error

    def _origin(self) -> Origin:
        try:
            return msgspec.json.decode(self._note.read_bytes(), type=Origin)
        except (OSError, msgspec.MsgspecError):
            return Origin("")

    def _forget(self) -> None:
        for path in (self._whole, self._part, self._note):
            path.unlink(missing_ok=True)

    def _have(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0


def fetch_text(url: str, by_hand: str) -> str:
    """A small text file. Raises ModelError, with ``by_hand`` as the mend, when it cannot be had."""
    try:
        with _reasons(url), urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            return str(response.read(MAX_TEXT_BYTES).decode())
    except (_GiveUpError, _CutError, UnicodeDecodeError) as error:
        mend = error.mend if isinstance(error, _GiveUpError) else ""
        raise ModelError(f"{url} cannot be fetched: {error}", mend or by_hand) from error


@contextmanager
def _reasons(url: str) -> Iterator[None]:
    """Turn what urllib raises into _CutError or _GiveUpError with an operator's words."""
    try:
        yield
    except urllib.error.HTTPError as error:
        with error:
            words = f"the server answered {error.code} {error.reason}{_through(url)}".replace("\n", " ")
        later = error.code >= 500 or error.code in _WAIT_CODES
        raise _CutError(words) if later else _GiveUpError(words) from error
    except (OSError, HTTPException) as error:  # URLError and TimeoutError are OSErrors
        cause = error.reason if isinstance(error, urllib.error.URLError) else error
        if isinstance(cause, ssl.SSLCertVerificationError):
            raise _GiveUpError(
                f"its TLS certificate is not trusted: {cause.verify_message}{_through(url)}",
                "Set this machine's clock right; if a proxy opens TLS on the way, name its authority's PEM file in "
                "the variable SSL_CERT_FILE",
            ) from error
        if isinstance(cause, ssl.SSLError):
            raise _CutError(f"TLS failed: {cause.reason or cause}{_through(url)}") from error
        if isinstance(cause, TimeoutError):
            raise _CutError(f"no answer within {TIMEOUT:g} s{_through(url)}") from error
        words = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
        raise _CutError(f"{words or type(cause).__name__}{_through(url)}") from error


def _through(url: str) -> str:
    """Names the proxy that the way to ``url`` leads through, without its password."""
    parts = urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme, "")
    if not proxy or urllib.request.proxy_bypass(parts.hostname or ""):
        return ""
    address = proxy.rpartition("://")[2].rpartition("@")[2].rstrip("/")
    return f" (through the proxy {address}, named by {parts.scheme.upper()}_PROXY)"


def _validator(response: HTTPResponse) -> str:
    """What If-Range takes: a strong ETag, else the date of the last change."""
    tag = response.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")


def _differ(old: Origin, new: Origin) -> bool:
    return (old.total >= 0 and new.total >= 0 and old.total != new.total) or (
        bool(old.validator and new.validator) and old.validator != new.validator
    )
