"""Real neighbours: one Asterisk and one Redis for the whole run."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from gateway.demo.stage import AsteriskInstance, RedisInstance
from tests.integration.prompts import lay_prompts


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def asterisk() -> AsyncIterator[AsteriskInstance]:
    """A PBX with the hotline's dialplan and noises for prompts; nobody listens at its ``agi_port``."""
    async with AsteriskInstance() as instance:
        lay_prompts(instance)
        yield instance


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def redis() -> AsyncIterator[RedisInstance]:
    """A Redis that keeps nothing on disk."""
    async with RedisInstance() as instance:
        yield instance
