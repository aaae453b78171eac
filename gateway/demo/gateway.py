"""The gateway under the demo and the tests: ``hotline serve`` as a process of its own, beside our PBX and Redis."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp

from gateway.demo.asterisk import AsteriskInstance
from gateway.demo.process import Child, Ephemeral, free_port
from gateway.demo.redis import RedisInstance
from gateway.store.accounts import Accounts, Role
from gateway.store.database import open_engine
from gateway.web.auth import create_account, one_time_password

START_SECONDS = 60.0
STOP_SECONDS = 15.0


class GatewayInstance(Ephemeral):
    """Async context manager: one gateway; ready once it knows the PBX, Redis and a speech worker.

    Make it before the PBX starts: the PBX has to know ``agi_port``. ``extra`` are further HOTLINE_ variables,
    ``arguments`` further ones of ``hotline serve``. ``web_port`` 0 takes a free one.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        asterisk: AsteriskInstance,
        redis: RedisInstance,
        config: Path,
        *,
        web_port: int = 0,
        extra: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
    ) -> None:
        self.agi_port = free_port()
        self.web_port = web_port or free_port()
        asterisk.agi_port = self.agi_port
        self._asterisk, self._redis, self._config, self._extra = asterisk, redis, config, dict(extra or {})
        self._folder = tempfile.TemporaryDirectory(prefix="hotline-gateway-")
        self.folder = Path(self._folder.name)
        self.store_url = self._extra.get("HOTLINE_STORE_URL", f"sqlite:///{self.folder / 'journal.db'}")
        command = [sys.executable, "-m", "gateway", "serve", "--config", str(config), *arguments]
        self._child = Child("hotline serve", command, self.folder / "gateway.log", self._environment())

    @property
    def url(self) -> str:
        """Where the pages are."""
        return f"http://{self.host}:{self.web_port}"

    @property
    def log(self) -> Path:
        """What the gateway logged."""
        return self._child.log

    @property
    def pid(self) -> int | None:
        """The gateway's process id while it runs."""
        return self._child.pid

    @property
    def status(self) -> int | None:
        """Its exit status once it has ended."""
        return self._child.status

    async def parts(self) -> dict[str, str]:
        """The condition of each part and neighbour by ``/healthz``; empty while nothing answers."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as client,
                client.get(f"{self.url}/healthz") as answer,
            ):
                parts: dict[str, str] = (await answer.json())["parts"]
                return parts
        except (aiohttp.ClientError, TimeoutError):
            return {}

    async def add_account(self, name: str, role: Role, agent: str = "") -> str:
        """Make an account and give its one-time password."""
        password = one_time_password()
        engine = open_engine(self.store_url)
        try:
            await create_account(Accounts(engine), name, role, agent, password)
        finally:
            engine.dispose()
        return password

    async def start(self) -> None:
        """Start it and wait until every part is there. Raises NeighbourError with the log's tail."""
        await self._child.start()

        async def ready() -> bool:
            parts = await self.parts()
            return all(parts.get(part) == "ok" for part in self._awaited())

        await self._child.until(ready, START_SECONDS)

    async def stop(self) -> None:
        """End it; ``start()`` may follow."""
        await self._child.stop(STOP_SECONDS)

    async def kill(self) -> None:
        """End it as a crash would; ``start()`` may follow."""
        await self._child.kill()

    def forget(self) -> None:
        """Remove what it left on disk."""
        self._folder.cleanup()

    def _awaited(self) -> tuple[str, ...]:
        no_speech = (
            self._extra.get("HOTLINE_SPEECH_ENABLED") == "false" or self._extra.get("HOTLINE_SPEECH_WORKERS") == "0"
        )
        speech = () if no_speech else ("speech",)
        return ("core", "ami", "redis", *speech)

    def _environment(self) -> dict[str, str]:
        return {
            "HOTLINE_AMI_PORT": str(self._asterisk.ami_port),
            "HOTLINE_AMI_SECRET": self._asterisk.ami_secret,
            "HOTLINE_IVR_PORT": str(self.agi_port),
            "HOTLINE_REDIS_URL": self._redis.url,
            "HOTLINE_STORE_URL": self.store_url,
            "HOTLINE_WEB_PORT": str(self.web_port),
            **self._extra,
        }
