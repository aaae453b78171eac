"""One baresip process under program control: commands and events over its ``ctrl_tcp`` module.

The module speaks JSON objects in netstrings on one TCP connection: ``{"command": ..., "params": ..., "token": ...}``
in, ``{"response": true, "ok": ..., "data": ..., "token": ...}`` and ``{"event": true, "type": ...}`` out.
Its menu (1.0) knows no consultation transfer (RFC 5589); what one needs to know of a call is in its trace of SIP.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from gateway.demo.process import Child, free_port, log_tail, program
from gateway.errors import NeighbourError, ProtocolError, SettingError

START_SECONDS = 10.0
COMMAND_SECONDS = 5.0
LARGEST_MESSAGE = 1_000_000
MODULE_FOLDERS = ("/usr/lib/baresip/modules", "/usr/local/lib/baresip/modules")
MODULES = ("g711", "aufile", "aubridge", "sndfile", "account", "uuid", "menu", "ctrl_tcp")
RTP_PORTS = "10000-10998"
# One SIP message of the trace in the log, between the colours it is printed in.
SIP_MESSAGE = re.compile(r"\x1b\[36;1m#\n(.*?)\x1b\[;m\n?", re.DOTALL)
TAG = re.compile(r"^(From|To):.*;tag=([^;\s]+)", re.MULTILINE)
GOOD_ANSWER = re.compile(r"^SIP/2\.0 [12]\d\d ", re.MULTILINE)


class Baresip:
    """The process, its folder and its control connection.

    ``on_event`` gets every event's type, call (its SIP Call-ID, empty when it has none yet) and text. ``sip_port`` is
    a free one unless given.
    """

    def __init__(
        self,
        account: str,
        *,
        address: str,
        source: Path,
        on_event: Callable[[str, str, str], None],
        sip_port: int | None = None,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="hotline-phone-")
        self.folder = Path(self._folder.name)
        self.account = account
        self.address = address
        self.source = source
        self.sip_port = sip_port or free_port(address)
        self.control_port = free_port()
        self._on_event = on_event
        # By the line, or the trace of SIP would come too late.
        command = [program("stdbuf"), "-oL", program("baresip"), "-s", "-f", str(self.folder)]
        self._child = Child("baresip", command, self.folder / "baresip.log")
        self._answers: dict[str, asyncio.Future[tuple[bool, str]]] = {}
        self._count = 0
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Write the settings, start, and connect. Raises NeighbourError when it does not get ready."""
        (self.folder / "config").write_text(self._config(), encoding="utf-8")
        for name in ("accounts", "contacts"):
            (self.folder / name).touch()
        await self._child.start()
        await self._child.until(self._connect, START_SECONDS)
        # Only now, or the registration's event could pass before anybody listens.
        await self.command("uanew", self.account)

    async def stop(self) -> None:
        """End the process; its folder stays until ``clean()``."""
        if self._writer is not None:
            self._writer.close()
        if self._reading is not None:
            self._reading.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reading
        await self._child.stop()

    async def kill(self) -> None:
        """End the process as a crash would: nothing is said to the PBX."""
        await self._child.kill()

    def clean(self) -> None:
        """Remove the folder, recordings included."""
        self._folder.cleanup()

    def tail(self) -> str:
        """The last lines of its log, for an error's text; without the SIP messages, which name people."""
        return log_tail(self._child.log, SIP_MESSAGE)

    async def command(self, name: str, params: str = "") -> str:
        """Run one command and return its output. Raises NeighbourError when refused, broken or silent."""
        if self._writer is None or self._reading is None or self._reading.done():
            raise NeighbourError("baresip is not connected", self.tail())
        self._count += 1
        token = str(self._count)
        answer: asyncio.Future[tuple[bool, str]] = asyncio.get_running_loop().create_future()
        self._answers[token] = answer
        body = json.dumps({"command": name, "params": params, "token": token}, ensure_ascii=False).encode()
        self._writer.write(b"%d:%b," % (len(body), body))
        try:
            ok, text = await asyncio.wait_for(answer, COMMAND_SECONDS)
        except TimeoutError:
            raise NeighbourError(f"baresip did not answer the command {name} in time", self.tail()) from None
        finally:
            self._answers.pop(token, None)
        if not ok:
            raise NeighbourError(f"baresip refused the command {name}", self.tail())
        return text

    def recordings(self) -> list[Path]:
        """What was heard, one WAV per call, oldest first; whole once the call is closed."""
        return sorted(self.folder.glob("dump-*-dec.wav"), key=lambda path: path.stat().st_mtime)

    def replaces(self, call: str) -> str:
        """What a Refer-To says after its ``?`` to have the far end of ``call``, dialled here, take over (RFC 3891).

        Raises NeighbourError when the far end has not answered at all, not even by ringing.
        """
        for message in SIP_MESSAGE.findall(self._child.log.read_text(encoding="utf-8", errors="replace")):
            tags = dict(TAG.findall(message))
            if f"Call-ID: {call}" in message and GOOD_ANSWER.search(message) and len(tags) == 2:
                return "Replaces=" + quote(f"{call};to-tag={tags['To']};from-tag={tags['From']}", safe="")
        raise NeighbourError("the call to hand over to has no answer yet", self.tail())

    def _config(self) -> str:
        folder = next((place for place in MODULE_FOLDERS if Path(place).is_dir()), None)
        folder = folder or next((str(p) for p in Path("/usr/lib").glob("*/baresip/modules")), None)
        if folder is None:
            raise SettingError("baresip", "its modules are not installed", "Install Debian's package baresip-core")
        settings = {
            "poll_method": "epoll",
            "sip_listen": f"{self.address}:{self.sip_port}",
            "net_interface": self.address,
            "rtp_ports": RTP_PORTS,
            "audio_source": f"aufile,{self.source}",
            "audio_player": "aubridge,sink",
            "audio_alert": "aubridge,sink",
            "ring_aufile": "none",
            "menu_bell": "no",
            "statmode_default": "off",
            "snd_path": str(self.folder),
            "ctrl_tcp_listen": f"127.0.0.1:{self.control_port}",
            "module_path": folder,
        }
        lines = [f"{key}\t{value}" for key, value in settings.items()]
        lines += [f"module\t{name}.so" for name in MODULES]
        return "\n".join(lines) + "\n"

    async def _connect(self) -> bool:
        try:
            reader, self._writer = await asyncio.open_connection("127.0.0.1", self.control_port)
        except OSError:
            return False
        self._reading = asyncio.create_task(self._read(reader))
        return True

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size = int((await reader.readuntil(b":"))[:-1])
                if size > LARGEST_MESSAGE:
                    raise ProtocolError(f"baresip announced a message of {size} bytes")
                message = json.loads((await reader.readexactly(size + 1))[:-1].decode("utf-8", "replace"))
                if message.get("response"):
                    answer = self._answers.get(message.get("token", ""))
                    if answer is not None and not answer.done():
                        answer.set_result((message["ok"], message.get("data", "")))
                elif message.get("event"):
                    self._on_event(message["type"], message.get("id", ""), message.get("param", ""))
