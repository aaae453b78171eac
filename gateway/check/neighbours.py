"""Looks at the gateway's neighbours, ports and disk. Each says what is in order, or raises what is wrong."""

from __future__ import annotations

import asyncio
import shutil
import socket
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from gateway import app
from gateway.ami.client import AmiClient
from gateway.ami.inspection import inspect
from gateway.ami.messages import ResyncCompleted
from gateway.check.finding import TRY_SECONDS, NoteError
from gateway.config import Ami, Settings, Webhook
from gateway.errors import AmiError, HotlineError, NeighbourError, SettingError
from gateway.headset.device import backend
from gateway.notify.sink import reason
from gateway.store.database import database_url, open_engine, shown
from gateway.tickets.load import load_drafts

LEAST_DISK = 1 << 30
"""Bytes that should be free where the journal grows."""


async def settings_folder(settings: Settings, config: Path) -> str:
    """The folder's other files can be read."""
    load_drafts(config, settings)
    return f"read from {config}"


async def disk(settings: Settings) -> str:
    """Room where the journal grows."""
    home = settings.home()
    while not home.exists():
        home = home.parent
    free = shutil.disk_usage(home).free
    if free < LEAST_DISK:
        raise NoteError(f"{home}: {free >> 20} MiB free", "Make room before the journal stops")
    return f"{home}: {free >> 30} GiB free"


async def journal(settings: Settings) -> str:
    """Its database can be opened and written."""
    engine = await asyncio.to_thread(open_engine, database_url(settings))
    engine.dispose()
    return shown(engine.url)


async def ami(pbx: Ami, one_of_several: bool) -> str:
    """The PBX takes the user and his privileges are enough."""
    problems = await inspect(pbx, one_of_several=one_of_several)
    if problems:
        raise AmiError("; ".join(str(problem) for problem in problems))
    return f"{pbx.username}@{pbx.host}:{pbx.port}{' over TLS' if pbx.tls else ''}, all privileges"


async def audiosocket(settings: Settings, pbx: Ami) -> str:
    """Have the PBX connect to a listener of ours, as it will for every tapped leg."""
    if not settings.speech.enabled:
        return "not needed: speech is off"
    reached = asyncio.Event()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.set()
        writer.close()

    host = settings.speech.audiosocket_host
    try:
        server = await asyncio.start_server(connected, host, 0)
    except OSError as error:
        raise SettingError(
            "speech.audiosocket_host", f"cannot listen on {host}: {error.strerror}", "Give an address of this machine"
        ) from error
    async with server:
        address = f"{host}:{server.sockets[0].getsockname()[1]}"
        in_step = asyncio.Event()
        client = AmiClient(pbx, lambda message: in_step.set() if isinstance(message, ResyncCompleted) else None)
        running = asyncio.create_task(client.run())
        try:
            async with asyncio.timeout(TRY_SECONDS / 2):
                await in_step.wait()
                tap_id = str(uuid.uuid4())
                await client.action(
                    "Originate",
                    Channel=f"AudioSocket/{address}/{tap_id}/c(slin)",
                    ChannelId=f"hltap-{tap_id}",
                    Application="Wait",
                    Data="1",
                    Async="true",
                )
                await reached.wait()
        except TimeoutError:
            raise NeighbourError(
                f"audiosocket: the PBX did not connect to {address}",
                "Load chan_audiosocket and app_chanspy in Asterisk, and set speech.audiosocket_host to an "
                "address of this machine that the PBX reaches",
            ) from None
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    return f"the PBX reaches {host}"


async def pages(settings: Settings) -> str:
    """The pages are built."""
    folder = app.ui_folder(settings)
    if not (folder / "index.html").is_file():
        raise NoteError(f"the pages are not built: no index.html in {folder}", "Run `make ui` or set web.ui_dir")
    return str(folder)


async def port(settings: Settings, key: str, host: str, port: int) -> str:
    """The port of the setting ``key`` is free, or a gateway has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if await _is_ours(settings):
                raise NoteError(f"{key}: a gateway is running on {host}:{port}") from error
            raise SettingError(
                key,
                f"port {port} on {host}: {error.strerror}",
                f"End the program that has it or set {key} to another port",
            ) from error
    return f"{host}:{port} is free"


async def webhook(hook: Webhook) -> str:
    """Only that somebody is there: a message would be read by people."""
    address = urlsplit(hook.url)
    try:
        host, port = address.hostname or "", address.port or (443 if address.scheme == "https" else 80)
    except ValueError:
        raise SettingError(
            f"webhook {hook.name}: url", "its port is no port", "Write it as https://host:port/"
        ) from None
    try:
        async with asyncio.timeout(hook.timeout):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError) as error:
        fault = f"no answer within {hook.timeout:g} s" if isinstance(error, TimeoutError) else reason(error)
        raise NoteError(
            f"{host}:{port} cannot be reached: {fault}",
            "Alerts are not sent there until it can; open the way or mend its url",
        ) from error
    writer.close()
    return f"{host}:{port} takes connections"


async def _is_ours(settings: Settings) -> bool:
    """Does a gateway answer at the web port?"""
    timeout = aiohttp.ClientTimeout(total=2)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as client,
            client.get(f"http://{settings.web.host}:{settings.web.port}/healthz") as answer,
        ):
            return "parts" in await answer.json()
    except (aiohttp.ClientError, TimeoutError, ValueError, OSError):
        return False


async def headset() -> str:
    """There is a sound device."""
    try:
        devices = await asyncio.to_thread(lambda: backend().devices())
    except HotlineError as error:
        raise NoteError(f"{error} (only needed for hotline headset)") from error
    if not devices:
        raise NoteError("no sound device (only needed for hotline headset)")
    return f"{len(devices)} devices"
