"""A real Asterisk of our own: the repository's ``asterisk/`` folder on free loopback ports, in the PBX root.

The PBX root is a small Debian tree made by ``asterisk/rootfs``. Each instance lives in a folder ``/srv/<name>`` of
it, changes only the files of ``asterisk/site/``, and several may run at once.
"""

from __future__ import annotations

import asyncio
import os
import random
import secrets
import shutil
from pathlib import Path

from gateway.config import default_home
from gateway.demo.process import Child, Ephemeral, free_port, log_tail, program
from gateway.errors import NeighbourError, SettingError

CONF = Path(__file__).resolve().parents[2] / "asterisk"
START_SECONDS = 40.0
COMMAND_SECONDS = 10.0
TRUNK_ADDRESS = "127.0.0.2"
QUEUES = ("hotline", "complaints")
RTP_PORTS = 200
# Apart from the phones' ports below and the servers' above, and from those the kernel hands out of itself.
RTP_FIRST, RTP_LAST = 11000, 24000
SHARED_DATA = ("documentation", "sounds/en")
FOLDERS = ("etc", "run", "spool", "log", "lib", "lib/keys", "data/sounds")


class AsteriskInstance(Ephemeral):
    """Async context manager: one PBX with the hotline's configuration.

    Everything is known from construction on and may be changed until ``start()``: ``sip_port``, ``ami_port``,
    ``ami_secret``; ``trunk_port`` of TRUNK_ADDRESS, where calls to citizens go; ``agi_host`` and ``agi_port``, where
    the PBX looks for the gateway's FastAGI (a free port); ``ring_seconds`` of one agent's phone; ``queue_seconds``, a
    caller's longest wait.
    """

    host = "127.0.0.1"
    hotline_number = "12345"
    ami_username = "hotline"

    def __init__(self, *, root: Path | None = None, conf: Path = CONF) -> None:
        self.root = root or default_home() / "rootfs"
        self.conf = conf
        self.name = f"hotline-{os.getpid()}-{secrets.token_hex(4)}"
        self.folder = self.root / "srv" / self.name
        self.sip_port = free_port()
        self.trunk_port = free_port(TRUNK_ADDRESS)
        self.ami_port = free_port()
        self.ami_secret = secrets.token_urlsafe(16)
        self.agi_host = "127.0.0.1"
        self.agi_port = free_port()
        self.ring_seconds = 15
        self.queue_seconds = 300
        self._inside = f"/srv/{self.name}"
        self._child: Child | None = None

    @property
    def log(self) -> Path:
        """Asterisk's own log of warnings and errors."""
        return self.folder / "log" / "messages.log"

    def agent_password(self, agent: str) -> str:
        """The password in ``asterisk/site/agents.conf``."""
        return f"change-me-{agent}"

    async def start(self) -> None:
        """Lay the folder out, start, and wait until AMI says FullyBooted.

        Raises SettingError when the PBX root is not there, NeighbourError with the log's tail when it fails.
        """
        if os.geteuid() != 0:
            raise SettingError("the demo's PBX", "it runs in a changed root, which needs root", "Run as root")
        if not (self.root / "usr/sbin/asterisk").exists():
            raise SettingError(str(self.root), "no PBX root here", "Make it with asterisk/rootfs")
        self._lay_out()
        command = [program("chroot"), str(self.root), "asterisk", "-C", f"{self._inside}/etc/asterisk.conf", "-f", "-g"]
        self._child = Child("asterisk", command, self.folder / "log" / "console.log")
        await self._child.start()
        try:
            await self._child.until(self._fully_booted, START_SECONDS)
        except NeighbourError as error:
            raise NeighbourError(f"{error}\n{log_tail(self.log)}") from None

    async def stop(self) -> None:
        """End the PBX; calls on it are cut. ``start()`` may follow."""
        if self._child is not None:
            await self._child.stop()

    async def cli(self, command: str) -> str:
        """Run one console command and return what it printed. Raises NeighbourError."""
        process = await asyncio.create_subprocess_exec(
            program("chroot"),
            str(self.root),
            "asterisk",
            "-C",
            f"{self._inside}/etc/asterisk.conf",
            "-rx",
            command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
            raise NeighbourError(f"asterisk did not answer a command within {COMMAND_SECONDS:g} s") from None
        if process.returncode:
            raise NeighbourError(f"asterisk refused a command: {output.decode(errors='replace').strip()}")
        return output.decode(errors="replace")

    def forget(self) -> None:
        """Remove what it left on disk."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _lay_out(self) -> None:
        for folder in FOLDERS:
            (self.folder / folder).mkdir(parents=True, exist_ok=True)
        etc, data = self.folder / "etc", self.folder / "data"
        for path in self.conf.glob("*.conf"):
            shutil.copy(path, etc)
        shutil.copytree(self.conf / "site", etc / "site", dirs_exist_ok=True)
        shutil.copytree(self.conf / "agi-bin", self.folder / "agi-bin", dirs_exist_ok=True)
        if (self.conf / "sounds").is_dir():
            shutil.copytree(self.conf / "sounds", data / "sounds", dirs_exist_ok=True)
        for name in SHARED_DATA:
            # The sounds are a link of Debian's, which leads astray from outside the root.
            link = data / name
            if not link.is_symlink() and os.path.lexists(self.root / "usr/share/asterisk" / name):
                link.symlink_to(f"/usr/share/asterisk/{name}")
        for name, text in self._site().items():
            (etc / name).write_text(text, encoding="utf-8")

    def _site(self) -> dict[str, str]:
        """The files that make this instance differ from ``asterisk/``."""
        at = self._inside
        first = random.randrange(RTP_FIRST, RTP_LAST, RTP_PORTS)
        places = {
            "astetcdir": "etc",
            "astrundir": "run",
            "astspooldir": "spool",
            "astlogdir": "log",
            "astvarlibdir": "lib",
            "astdbdir": "lib",
            "astkeydir": "lib",
            "astdatadir": "data",
            "astagidir": "agi-bin",
        }
        directories = "".join(f"{key} => {at}/{folder}\n" for key, folder in places.items())
        options = (self.conf / "asterisk.conf").read_text(encoding="utf-8")
        return {
            "asterisk.conf": f"[directories]\n{directories}\n{options}",
            "site/transport.conf": (
                f"[transport-udp]\ntype = transport\nprotocol = udp\nbind = {self.host}:{self.sip_port}\n\n"
                f"[media](!)\nmedia_address = {self.host}\nbind_rtp_to_media_address = yes\n"
            ),
            "site/manager.conf": (
                f"[general](+)\nbindaddr = {self.host}\nport = {self.ami_port}\n\n"
                f"[{self.ami_username}](+)\nsecret = {self.ami_secret}\n"
            ),
            "site/rtp.conf": f"[general](+)\nrtpstart = {first}\nrtpend = {first + RTP_PORTS - 1}\n",
            "site/globals.conf": (
                f"[globals](+)\nGATEWAY_AGI = {self.agi_host}:{self.agi_port}\n"
                f"HOTLINE_NUMBER = {self.hotline_number}\nQUEUE_SECONDS = {self.queue_seconds}\n"
            ),
            "site/queue.conf": "".join(f"[{name}](+)\ntimeout = {self.ring_seconds}\n\n" for name in QUEUES),
            "site/carrier.conf": f"[carrier]\ntype = aor\ncontact = sip:{TRUNK_ADDRESS}:{self.trunk_port}\n",
        }

    async def _fully_booted(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection(self.host, self.ami_port)
        except OSError:
            return False
        try:
            login = f"Action: Login\r\nUsername: {self.ami_username}\r\nSecret: {self.ami_secret}\r\n\r\n"
            writer.write(login.encode())
            await asyncio.wait_for(reader.readuntil(b"Event: FullyBooted\r\n"), START_SECONDS)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False
        finally:
            writer.close()
        return True
