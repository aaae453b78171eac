"""Two hosts on one machine: network namespaces of our own with a cable between them."""

from __future__ import annotations

import ctypes
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class TwoHosts:
    """``here``, where this process is within the block, and ``there``; each has loopback and an address."""

    here_address, there_address = "10.99.7.1", "10.99.7.2"

    def __init__(self) -> None:
        name = secrets.token_hex(3)
        self.here, self.there = f"hl-a-{name}", f"hl-b-{name}"

    def command(self, *command: str) -> list[str]:
        """The command line that runs ``command`` on the other host."""
        return ["ip", "netns", "exec", self.there, *command]

    def unplug(self) -> None:
        """The cable is cut: packets are lost, nobody is told."""
        _ip("-n", self.there, "link", "set", "cable", "down")


@contextmanager
def two_hosts() -> Iterator[TwoHosts]:
    """This thread, and every process it starts, are on one of two hosts within the block."""
    hosts = TwoHosts()
    with Path("/proc/thread-self/ns/net").open() as before:
        try:
            for name in (hosts.here, hosts.there):
                _ip("netns", "add", name)
                _ip("-n", name, "link", "set", "lo", "up")
            _ip("-n", hosts.here, "link", "add", "cable", "type", "veth", "peer", "cable", "netns", hosts.there)
            for name, address in ((hosts.here, hosts.here_address), (hosts.there, hosts.there_address)):
                _ip("-n", name, "address", "add", f"{address}/24", "dev", "cable")
                _ip("-n", name, "link", "set", "cable", "up")
            with Path(f"/run/netns/{hosts.here}").open() as inside:
                _enter(inside.fileno())
            yield hosts
        finally:
            _enter(before.fileno())
            for name in (hosts.here, hosts.there):
                subprocess.run(["ip", "netns", "delete", name], check=False)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _enter(namespace: int) -> None:
    if _libc.setns(namespace, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns")
