"""The stage's own promises: several at once, nothing left behind, faults named."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from redis.asyncio import Redis

from gateway.demo.asterisk import CONF
from gateway.demo.stage import AsteriskInstance, RedisInstance
from gateway.errors import NeighbourError, SettingError


async def test_two_pbxs_run_side_by_side_and_leave_nothing() -> None:
    first, second = AsteriskInstance(), AsteriskInstance()
    async with first, second:
        versions = await asyncio.gather(first.cli("core show version"), second.cli("core show version"))
        ports = [await one.cli("pjsip show transports") for one in (first, second)]
    assert all(version.startswith("Asterisk 22") for version in versions)
    assert f"127.0.0.1:{first.sip_port}" in ports[0]
    assert f"127.0.0.1:{second.sip_port}" in ports[1]
    assert not first.folder.exists()
    assert not second.folder.exists()


async def test_a_pbx_ends_with_the_block_even_after_a_failure() -> None:
    instance = AsteriskInstance()
    with pytest.raises(RuntimeError, match="on purpose"):
        async with instance:
            raise RuntimeError("on purpose")
    with pytest.raises(NeighbourError):
        await instance.cli("core show version")
    assert not instance.folder.exists()


async def test_without_a_pbx_root_the_mend_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="asterisk/rootfs"):
        await AsteriskInstance(root=tmp_path).start()


async def test_a_pbx_that_cannot_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    conf = Path(shutil.copytree(CONF, tmp_path / "asterisk"))
    with (conf / "asterisk.conf").open("a", encoding="utf-8") as options:
        options.write("rungroup = nobody-of-that-name\n")
    instance = AsteriskInstance(conf=conf)
    with pytest.raises(NeighbourError, match=r"ended while starting(.|\n)*nobody-of-that-name"):
        async with instance:
            pass
    assert not instance.folder.exists()


@pytest.mark.parametrize(("persistent", "kept"), [(False, None), (True, b"kept")])
async def test_redis_keeps_what_it_was_told_to_keep(persistent: bool, kept: bytes | None) -> None:
    async with RedisInstance(persistent=persistent) as instance:
        async with Redis.from_url(instance.url) as client:
            await client.set("key", "kept")
        await instance.stop()
        await instance.start()
        async with Redis.from_url(instance.url) as client:
            assert await client.get("key") == kept
    assert not instance.folder.exists()
