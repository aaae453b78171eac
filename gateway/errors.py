"""The tree of errors. Each says whose fault it is, what is wrong, and how to mend it, in one line.

    HotlineError
    ├── SettingError        the operator's: a file or variable of settings is wrong
    ├── NeighbourError      a neighbour (PBX, Redis, database, sound device) is away or refuses us
    │   ├── AmiError
    │   ├── BusError
    │   ├── StoreError
    │   └── DeviceError
    ├── ModelError          a speech model is missing, broken or of another engine
    ├── ProtocolError       a peer broke its protocol; that peer is dropped, others go on
    └── InputError          a person's or a client's input was refused

Personal data (numbers, names, transcripts, keys pressed) never stands in an error's text.
"""

from __future__ import annotations


class HotlineError(Exception):
    """Base. ``mend`` is the sentence that tells the reader what to do."""

    def __init__(self, what: str, mend: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend

    def __str__(self) -> str:
        return f"{self.what}. {self.mend}" if self.mend else self.what


class SettingError(HotlineError):
    """A setting is wrong. ``path`` is file and key, as in ``config/gateway.toml: ami.port``."""

    def __init__(self, path: str, what: str, mend: str = "") -> None:
        super().__init__(f"{path}: {what}", mend)
        self.path = path


class NeighbourError(HotlineError):
    """A neighbour is away or refuses us."""


class AmiError(NeighbourError):
    """Asterisk's manager interface."""


class BusError(NeighbourError):
    """Redis."""


class StoreError(NeighbourError):
    """The journal's database."""


class DeviceError(NeighbourError):
    """A sound device."""


class ModelError(HotlineError):
    """A speech model or engine."""


class ProtocolError(HotlineError):
    """A peer broke its protocol."""


class InputError(HotlineError):
    """Input was refused."""
