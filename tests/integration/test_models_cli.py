"""``hotline models`` as an operator types it: real processes, a real server, proxy and TLS on loopback."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import signal
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.integration.model_server import FaultyModelServer, model_server, tunnel_proxy
from tests.integration.pbxs import certificate
from tests.model_files import FILES, NAME, lay_out, names, zipped

DATA = zipped(FILES["vosk"])
ENTRY = """
[{name}]
kind = "asr"
engine = "vosk"
languages = ["zh"]
size_mb = 3
licence = "CC0-1.0"
rank = 1
about = ""
source = {{ kind = "url", url = "{url}", archive_root = "tiny", sha256 = "{sha256}" }}
"""
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "SSL_CERT_FILE")


@dataclass
class Ended:
    """How a command ended, and what it said."""

    status: int | None
    out: str
    err: str

    @property
    def error(self) -> str:
        """The last line on standard error."""
        return self.err.splitlines()[-1]


@dataclass
class Site:
    """A folder of settings with a catalogue of one model, and a data folder."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def catalogue(self, url: str, sha256: str = "") -> None:
        sha256 = sha256 or hashlib.sha256(DATA).hexdigest()
        (self.folder / "config").mkdir(exist_ok=True)
        (self.folder / "config" / "models.toml").write_text(ENTRY.format(name=NAME, url=url, sha256=sha256))

    async def start(self, *command: str) -> asyncio.subprocess.Process:
        inherited = {key: value for key, value in os.environ.items() if key.upper() not in PROXIES}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", "models", *command, "--config", str(self.folder / "config")),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**inherited, "HOTLINE_HOME": str(self.home), **self.env},
        )

    async def run(self, *command: str) -> Ended:
        return await ended(await self.start(*command))


async def ended(process: asyncio.subprocess.Process) -> Ended:
    try:
        out, err = await asyncio.wait_for(process.communicate(), 40)
    except TimeoutError:
        process.kill()
        raise
    return Ended(process.returncode, out.decode(), err.decode())


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = Site(tmp_path)
    made.catalogue("http://127.0.0.1:9/tiny.zip")
    return made


async def test_a_model_from_its_installation_to_its_removal(site: Site) -> None:
    async with model_server(DATA) as server:
        site.catalogue(server.url)
        server.cuts = 1
        installed = await site.run("install", NAME, "--json")
        assert installed.status == 0
        (listed,) = json.loads((await site.run("list", "--json")).out)
        assert json.loads(installed.out) == listed
        assert (listed["installed"], listed["fault"]) == (True, "")
        assert f"{NAME}: the connection was cut at" in installed.err
        assert f"{NAME}: 3 of 3 MB (100 %)" in installed.err
        assert "\r" not in installed.err
        again = await site.run("install", NAME)
        assert (again.status, again.out, again.err) == (0, f"{listed['path']}\n", f"{NAME} is installed\n")
        assert (await site.run("verify")).out == f"{NAME}: {len(FILES['vosk'])} files are as installed\n"
        lay_out(Path(listed["path"]), {"conf/model.conf": b"--beam=99\n"})
        damaged = await site.run("verify")
        assert (damaged.status, damaged.out) == (1, "")
        assert damaged.err == (
            f"hotline: model {NAME}: conf/model.conf differs from what was installed. "
            f"Install it again: hotline models install {NAME}\n"
        )
        mended = await site.run("install", NAME)
        assert "conf/model.conf differs from what was installed: installing it again" in mended.err
        assert (await site.run("verify", NAME)).status == 0
        removed = await site.run("remove", NAME)
        assert removed.status == 0
        assert removed.err == f"hotline: no model for language zh is installed. Run: hotline models install {NAME}\n"
        assert (await site.run("verify")).out == "no model is installed\n"
        assert names(site.home / "models") == []


async def test_what_is_wrong_among_the_models_is_listed(site: Site) -> None:
    lay_out(site.home / "models" / NAME, {"am/final.mdl": FILES["vosk"]["am/final.mdl"]})
    lay_out(site.home / "models" / "tiny", FILES["vosk"])
    listed = await site.run("list")
    assert listed.out.split()[-1] == "broken"
    broken, strange = listed.err.splitlines()
    assert f"{NAME}: {site.home}/models/{NAME} is no whole model of engine vosk: it lacks conf/mfcc.conf" in broken
    assert strange.endswith(f"is not in the catalogue: hotline models install {NAME} --from {site.home}/models/tiny")
    verified = await site.run("verify", "--json")
    (found,) = json.loads(verified.out)
    assert verified.status == 1
    assert "has no manifest.json" in found["fault"]


async def test_ctrl_c_keeps_what_came_and_a_second_installation_waits_its_turn(site: Site) -> None:
    async with model_server(DATA) as server:
        site.catalogue(server.url)
        server.stalls.clear()
        first = await site.start("install", NAME)
        await server.halves.wait()
        second = await site.run("install", NAME)
        assert second.status == 1
        assert second.err.startswith(f"hotline: model {NAME} is being installed by process {first.pid} on ")
        first.send_signal(signal.SIGINT)
        stopped = await ended(first)
        assert (stopped.status, stopped.error) == (130, "hotline: stopped. The same command goes on where it was")
        assert names(site.home / "models") == [f".{NAME}.part"]
        server.stalls.set()
        assert (await site.run("install", NAME)).status == 0
        assert [bool(wanted) for wanted, _ in server.requests] == [False, True]


async def test_one_that_was_killed_hinders_nobody(site: Site) -> None:
    async with model_server(DATA) as server:
        site.catalogue(server.url)
        server.stalls.clear()
        first = await site.start("install", NAME)
        await server.halves.wait()
        first.kill()
        await first.communicate()
        assert names(site.home / "models") == [f".{NAME}.{what}" for what in ("lock", "new", "part")]
        server.stalls.set()
        assert (await site.run("install", NAME)).status == 0
        assert names(site.home / "models") == [NAME]


def trusting(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A server's TLS for ``localhost``, and the authority that signed it."""
    authority = folder / "ca.pem"
    (folder / "server.pem").write_bytes(certificate(folder, authority, "localhost"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context, authority


def by_name(server: FaultyModelServer) -> str:
    return server.url.replace("127.0.0.1", "localhost")


async def test_tls_that_is_not_trusted_or_trusted_through_a_proxy(site: Site, tmp_path: Path) -> None:
    context, authority = trusting(tmp_path)
    async with model_server(DATA, context) as server, tunnel_proxy() as proxy:
        site.catalogue(by_name(server))
        refused = await site.run("install", NAME)
        assert refused.status == 1
        assert "its TLS certificate is not trusted: " in refused.error
        assert "SSL_CERT_FILE" in refused.error
        site.env["SSL_CERT_FILE"] = str(authority)
        site.catalogue(server.url)
        assert "is not trusted: IP address mismatch" in (await site.run("install", NAME)).error
        site.catalogue(by_name(server))
        site.env["HTTPS_PROXY"] = f"http://user:geheim@{proxy.address}"
        proxy.refuses = True
        failed = await site.run("install", NAME)
        assert (
            f"407 Proxy Authentication Required (through the proxy {proxy.address}, named by HTTPS_PROXY)"
            in failed.error
        )
        assert "geheim" not in failed.err
        assert server.requests == []
        proxy.refuses = False
        assert (await site.run("install", NAME)).status == 0
        assert {line.split()[0] for line in proxy.asked} == {"CONNECT"}
        assert len(server.requests) == 1


async def test_a_server_that_speaks_no_tls(site: Site) -> None:
    async with model_server(DATA) as server:
        site.catalogue(server.url.replace("http://", "https://"))
        assert "TLS failed: " in (await site.run("install", NAME)).error


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda text: text.replace("http://", "ftp://"), f"models.toml: {NAME}: source.url"),
        (lambda text: text.replace('"vosk"', '"kaldi"'), f"models.toml: {NAME}: engine"),
        (lambda text: text.replace('sha256 = "', 'sha256 = "x'), f"models.toml: {NAME}: source.sha256"),
        (lambda text: text.replace(f"[{NAME}]", '["../x"]'), "models.toml: ../x: is no name of a model"),
    ],
)
async def test_a_bad_catalogue(spoil: Callable[[str], str], words: str, site: Site) -> None:
    path = site.folder / "config" / "models.toml"
    path.write_text(spoil(path.read_text()))
    refused = await site.run("list")
    assert refused.status == 1
    assert words in refused.error
