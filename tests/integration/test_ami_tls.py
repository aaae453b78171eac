"""AMI over TLS against a real Asterisk: whom we trust, and what is said when we do not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from gateway.ami import messages
from gateway.ami.client import AmiClient
from gateway.ami.inspection import inspect
from gateway.config import Ami
from tests.integration.pbxs import TlsPbx, authority
from tests.integration.test_ami_client import Heard, running, settings

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pbx(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TlsPbx]:
    async with TlsPbx(tmp_path_factory.mktemp("tls")) as instance:
        yield instance


def over_tls(pbx: TlsPbx, **changes: object) -> Ami:
    ours = {"port": pbx.tls_port, "tls": True, "tls_ca_file": str(pbx.ca), "tls_hostname": pbx.certificate_name}
    return settings(pbx, **{**ours, **changes})


async def complaint(settings: Ami) -> str:
    (problem,) = await inspect(settings)
    return str(problem)


async def test_with_the_right_authority_and_name_it_is_in_step(pbx: TlsPbx) -> None:
    heard = Heard()
    client = AmiClient(over_tls(pbx), heard)
    async with running(client):
        await heard.count(messages.ResyncCompleted)
        await heard.until(lambda: client.connected)
        assert (await client.action("Ping"))[0]["Response"] == "Success"
    assert await inspect(over_tls(pbx)) == []


async def test_another_authority_is_not_trusted(pbx: TlsPbx, tmp_path: Path) -> None:
    authority(tmp_path / "other.pem", "another authority")
    for untrusting in (over_tls(pbx, tls_ca_file=str(tmp_path / "other.pem")), over_tls(pbx, tls_ca_file="")):
        said = await complaint(untrusting)
        assert "certificate that is not trusted" in said
        assert "ami.tls_ca_file" in said


async def test_another_name_is_refused_with_the_name_we_expected(pbx: TlsPbx) -> None:
    said = await complaint(over_tls(pbx, tls_hostname="other.example"))
    assert "certificate for another name than other.example" in said
    assert "ami.tls_hostname" in said
    assert f"another name than {pbx.host}" in await complaint(over_tls(pbx, tls_hostname=""))


async def test_a_port_without_tls_is_named(pbx: TlsPbx) -> None:
    said = await complaint(over_tls(pbx, port=pbx.ami_port))
    assert f"{pbx.host}:{pbx.ami_port} does not speak TLS" in said
    assert "tlsbindaddr" in said


async def test_a_port_for_tls_is_named_when_we_speak_none(pbx: TlsPbx) -> None:
    said = await complaint(settings(pbx, port=pbx.tls_port, action_timeout=1.0))
    assert f"{pbx.host}:{pbx.tls_port} does not greet" in said
    assert "set ami.tls to true" in said


async def test_an_authority_that_cannot_be_read_is_named(pbx: TlsPbx, tmp_path: Path) -> None:
    assert "missing.pem cannot be read" in await complaint(over_tls(pbx, tls_ca_file=str(tmp_path / "missing.pem")))
    (tmp_path / "empty.pem").write_text("nothing")
    assert "no certificate in" in await complaint(over_tls(pbx, tls_ca_file=str(tmp_path / "empty.pem")))
