"""What an operator meets: each thing that can be wrong, told by the real commands beside a real PBX and Redis."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from gateway.check import Finding
from gateway.demo.asterisk import CONF
from gateway.demo.process import free_port
from gateway.demo.stage import AsteriskInstance, RedisInstance
from tests.integration.speech import need_models

pytestmark = pytest.mark.asyncio(loop_scope="session")

CONFIG = Path(__file__).parents[2] / "config"
PATIENCE = 40.0


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it said."""

    status: int | None
    out: str
    err: str


class Site:
    """A good set-up, to be spoiled in one place: ``env`` and the files in ``config`` may be changed."""

    def __init__(self, folder: Path, asterisk: AsteriskInstance, redis: RedisInstance) -> None:
        self.config = Path(shutil.copytree(CONFIG, folder / "config"))
        self.env = {
            "HOTLINE_AMI_SECRET": asterisk.ami_secret,
            "HOTLINE_AMI_PORT": str(asterisk.ami_port),
            "HOTLINE_REDIS_URL": redis.url,
            "HOTLINE_STORE_URL": f"sqlite:///{folder / 'journal.db'}",
            "HOTLINE_WEB_PORT": str(free_port()),
            "HOTLINE_IVR_PORT": str(free_port()),
            "HOTLINE_SPEECH_ENABLED": "false",
        }

    async def run(self, *command: str) -> Ended:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gateway", *command, "--config", str(self.config)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **self.env},
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(), PATIENCE)
        except TimeoutError:
            process.kill()
            await process.wait()
            pytest.fail(f"hotline {' '.join(command)} did not end")
        return Ended(process.returncode, out.decode(), err.decode())

    async def is_refused(self, what: str, *words: str) -> None:
        """``check --json`` and ``serve`` say the one thing that is wrong in one line with these words, and end."""
        checked = await self.run("check", "--json")
        findings = msgspec.json.decode(checked.out, type=list[Finding])
        assert [finding.what for finding in findings if finding.status == "fail"] == [what]
        served = await self.run("serve")
        assert served.out == ""
        for ended in (checked, served):
            assert ended.status == 1
            (line,) = ended.err.splitlines()
            for word in words:
                assert word in line
            assert line.startswith("hotline: ")


@pytest_asyncio.fixture(loop_scope="session")
async def site(tmp_path: Path, asterisk: AsteriskInstance, redis: RedisInstance) -> Site:
    return Site(tmp_path, asterisk, redis)


@contextmanager
def listening() -> Iterator[str]:
    """A port that another program has."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield str(other.getsockname()[1])


async def test_a_good_set_up_passes(site: Site) -> None:
    need_models("whisper-base")
    site.env["HOTLINE_SPEECH_ENABLED"] = "true"
    checked = await site.run("check")
    assert (checked.status, checked.err) == (0, "")
    conditions = {line[6:19].strip(): line[:6].strip() for line in checked.out.splitlines()}
    for what in ("settings", "journal", "redis", "ami", "audiosocket", "speech", "web port", "ivr port"):
        assert conditions[what] == "ok"


async def test_all_that_is_wrong_is_told_a_line_each(site: Site) -> None:
    site.env |= {"HOTLINE_AMI_SECRET": "wrong", "HOTLINE_TIMEZONE": "Asia/Nowhere"}
    checked = await site.run("check")
    assert checked.status == 1
    assert [line.split(": ")[1] for line in checked.err.splitlines()] == ["settings", "ami"]
    assert "redis" in checked.out
    assert "fail" not in checked.out.lower()


async def test_a_wrong_ami_secret(site: Site) -> None:
    site.env["HOTLINE_AMI_SECRET"] = "a-wrong-secret"
    await site.is_refused("ami", "AMI user 'hotline'", "ami.secret", "manager.conf")


async def test_no_asterisk(site: Site) -> None:
    site.env["HOTLINE_AMI_PORT"] = str(free_port())
    await site.is_refused("ami", site.env["HOTLINE_AMI_PORT"], "refused", "Is Asterisk running", "ami.port")


async def test_an_ami_user_without_a_privilege(tmp_path: Path, redis: RedisInstance) -> None:
    conf = Path(shutil.copytree(CONF, tmp_path / "asterisk"))
    text = (conf / "manager.conf").read_text(encoding="utf-8")
    (conf / "manager.conf").write_text(text.replace("write = originate,", "write = "), encoding="utf-8")
    async with AsteriskInstance(conf=conf) as asterisk:
        await Site(tmp_path, asterisk, redis).is_refused("ami", "may not send Originate", "Add originate to write=")


async def test_no_redis(site: Site) -> None:
    site.env["HOTLINE_REDIS_URL"] = f"redis://127.0.0.1:{free_port()}/0"
    await site.is_refused("redis", "127.0.0.1", "Start Redis", "redis.url")


async def test_a_redis_that_wants_a_password(tmp_path: Path, asterisk: AsteriskInstance) -> None:
    async with RedisInstance(options=("--requirepass", "geheim")) as redis:
        await Site(tmp_path, asterisk, redis).is_refused("redis", "wants a password", "redis.url")


async def test_no_model(site: Site, tmp_path: Path) -> None:
    site.env |= {"HOTLINE_HOME": str(tmp_path / "empty"), "HOTLINE_SPEECH_ENABLED": "true"}
    await site.is_refused("speech", "language zh", "hotline models install")


async def test_a_model_of_another_language(site: Site) -> None:
    site.env |= {"HOTLINE_SPEECH_MODEL": "vosk-ko", "HOTLINE_SPEECH_ENABLED": "true"}
    await site.is_refused("speech", "vosk-ko", "language zh", "speech.model")


@pytest.mark.parametrize("part", ["web", "ivr"])
async def test_a_port_that_another_program_has(site: Site, part: str) -> None:
    with listening() as port:
        site.env[f"HOTLINE_{part.upper()}_PORT"] = port
        await site.is_refused(f"{part} port", port, "in use", f"set {part}.port to another port")


async def test_no_folder_of_settings(site: Site, tmp_path: Path) -> None:
    site.config = tmp_path / "nowhere"
    await site.is_refused("settings", "nowhere", "is no folder", "--config")


def spoiled(name: str, content: bytes | None) -> Callable[[Site], None]:
    def spoil(site: Site) -> None:
        path = site.config / name
        path.unlink()
        if content is not None:
            path.write_bytes(content)

    return spoil


def environment(**changes: str) -> Callable[[Site], None]:
    return lambda site: site.env.update(changes)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoiled("gateway.toml", b"[ami]\nprot = 5038\n"), ("gateway.toml: ami.prot", "no such key", "show every key")),
        (spoiled("gateway.toml", b'[ami]\nport = "x"\n'), ("gateway.toml: ami.port", "int", "show every key")),
        (spoiled("gateway.toml", b"[ami\n"), ("gateway.toml", "line 1", "Mend that line")),
        (spoiled("gateway.toml", b"\xff\xfe"), ("gateway.toml", "UTF-8")),
        (spoiled("queues.toml", b'[[queue]]\nname = "hotline"\nclock = "x"\n'), ("queues.toml: queue", "clock")),
        (environment(HOTLINE_AMI_PRT="1"), ("HOTLINE_AMI_PRT: ami.prt", "no such key")),
        (
            environment(HOTLINE_AMI_SECRET_FILE="/no/such/file"),
            ("HOTLINE_AMI_SECRET_FILE", "No such file", "Name a file"),
        ),
        (environment(HOTLINE_TIMEZONE="Asia/Nowhere"), ("timezone", "Asia/Shanghai")),
        (spoiled("taxonomy/12345.csv", None), ("12345.csv", "No such file", "Put it there")),
        (spoiled("taxonomy/12345.csv", b"\xff\xfe"), ("12345.csv", "UTF-8")),
        (spoiled("departments.toml", b"[[rule]]\nnmae = 1\n"), ("departments.toml", "nmae", "See the head")),
    ],
)
async def test_a_bad_setting(site: Site, spoil: Callable[[Site], None], words: tuple[str, ...]) -> None:
    spoil(site)
    await site.is_refused("settings", *words)
