"""PBXs with something of their own: a system name, TLS."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from gateway.demo.process import free_port
from gateway.demo.stage import AsteriskInstance


class NamedPbx(AsteriskInstance):
    """A PBX whose channels' ids begin with its ``system_name``; ``agent`` is the only member of its queues."""

    def __init__(self, system_name: str, agent: str) -> None:
        super().__init__()
        self.system_name = system_name
        self.agent = agent

    def _lay_out(self) -> None:
        super()._lay_out()
        with (self.folder / "etc" / "asterisk.conf").open("a", encoding="utf-8") as file:
            file.write(f"systemname = {self.system_name}\n")
        queues = self.folder / "etc" / "queues.conf"
        others = re.compile(rf"^member => PJSIP/(?!{self.agent},).*\n", re.MULTILINE)
        queues.write_text(others.sub("", queues.read_text(encoding="utf-8")), encoding="utf-8")


class TlsPbx(AsteriskInstance):
    """A PBX that speaks AMI over TLS at ``tls_port`` too, with a certificate for ``certificate_name``."""

    certificate_name = "pbx.example"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.tls_port = free_port()
        self.ca = folder / "ca.pem"
        self._key_and_certificate = certificate(folder, self.ca, self.certificate_name)

    def _lay_out(self) -> None:
        super()._lay_out()
        etc = self.folder / "etc"
        (etc / "ami.pem").write_bytes(self._key_and_certificate)
        with (etc / "site" / "manager.conf").open("a", encoding="utf-8") as file:
            file.write(
                "\n[general](+)\ntlsenable = yes\n"
                f"tlsbindaddr = {self.host}:{self.tls_port}\ntlscertfile = /srv/{self.name}/etc/ami.pem\n"
            )


def authority(path: Path, name: str) -> None:
    """A certificate authority of our own: its certificate at ``path``, its key beside it."""
    _openssl(
        path.parent,
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"),
        *("-subj", f"/CN={name}", "-addext", "keyUsage=critical,keyCertSign"),
        *("-keyout", f"{path.stem}.key", "-out", path.name),
    )


def certificate(folder: Path, ca: Path, name: str) -> bytes:
    """Key and certificate for ``name``, signed by the authority that is made at ``ca``; as asterisk/README.md says."""
    authority(ca, "test authority")
    _openssl(
        folder,
        *("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
        *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-keyout", "pbx.key", "-out", "pbx.csr"),
    )
    _openssl(
        folder,
        *("x509", "-req", "-in", "pbx.csr", "-CA", ca.name, "-CAkey", f"{ca.stem}.key", "-days", "2"),
        *("-copy_extensions", "copy", "-out", "pbx.pem"),
    )
    return (folder / "pbx.key").read_bytes() + (folder / "pbx.pem").read_bytes()


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
