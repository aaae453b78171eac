"""``hotline check``: tries every neighbour, says what is wrong and how to mend it. ``hotline serve`` starts with it."""

from __future__ import annotations

import asyncio
import shutil
import socket
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import aiohttp
from msgspec import Struct

from gateway import app
from gateway.ami.client import AmiClient
from gateway.ami.inspection import inspect
from gateway.ami.messages import ResyncCompleted
from gateway.asr import models
from gateway.bus import redis_stream
from gateway.config import Ami, Settings, Webhook
from gateway.errors import AmiError, HotlineError, NeighbourError, SettingError
from gateway.headset.device import backend
from gateway.notify.sink import reason
from gateway.store.database import database_url, open_engine, shown
from gateway.tickets.load import load_drafts

LEAST_DISK = 1 << 30
"""Bytes that should be free where the journal grows."""
TRY_SECONDS = 15.0


class Finding(Struct, frozen=True):
    """What one look found. ``note`` does not keep the gateway from starting."""

    what: str
    status: Literal["ok", "note", "fail"]
    detail: str


async def check(settings: Settings, config: Path) -> list[Finding]:
    """Look at everything, in the order in which an operator would."""
    pbxs = {f":{name}" if name else "": pbx for name, pbx in settings.pbxs_by_name().items()}
    looks: tuple[tuple[str, Callable[[], Awaitable[str]]], ...] = (
        ("settings", lambda: _settings(settings, config)),
        ("disk", lambda: _disk(settings)),
        ("journal", lambda: _journal(settings)),
        ("redis", lambda: redis_stream.check(settings.redis)),
        *((f"ami{name}", partial(_ami, pbx, one_of_several=bool(settings.pbx))) for name, pbx in pbxs.items()),
        *((f"audiosocket{name}", partial(_audiosocket, settings, pbx)) for name, pbx in pbxs.items()),
        ("speech", lambda: _speech(settings)),
        ("pages", lambda: _pages(settings)),
        ("web port", lambda: _port(settings, "web.port", settings.web.host, settings.web.port)),
        ("ivr port", lambda: _port(settings, "ivr.port", settings.ivr.host, settings.ivr.port)),
        ("headset", _headset),
        *((f"webhook {hook.name}", partial(_webhook, hook)) for hook in settings.webhook),
    )
    findings: list[Finding] = []
    for what, look in looks:
        part, _, name = what.partition(":")
        if part == "audiosocket" and _failed(findings, f"ami:{name}" if name else "ami"):
            findings.append(Finding(what, "note", "not tried: it is the PBX that connects, asked through AMI"))
            continue
        findings.append(await _look(what, look))
    return findings


def _failed(findings: list[Finding], what: str) -> bool:
    return any(found.what == what and found.status == "fail" for found in findings)


async def _look(what: str, look: Callable[[], Awaitable[str]]) -> Finding:
    try:
        async with asyncio.timeout(TRY_SECONDS):
            return Finding(what, "ok", await look())
    except _NoteError as note:
        return Finding(what, "note", str(note))
    except HotlineError as error:
        return Finding(what, "fail", str(error))
    except TimeoutError:
        return Finding(what, "fail", f"no answer within {TRY_SECONDS:g} s")


class _NoteError(HotlineError):
    """Something the gateway can do without."""


async def _settings(settings: Settings, config: Path) -> str:
    load_drafts(config, settings)
    return f"read from {config}"


async def _disk(settings: Settings) -> str:
    home = settings.home()
    while not home.exists():
        home = home.parent
    free = shutil.disk_usage(home).free
    if free < LEAST_DISK:
        raise _NoteError(f"{home}: {free >> 20} MiB free", "Make room before the journal stops")
    return f"{home}: {free >> 30} GiB free"


async def _journal(settings: Settings) -> str:
    engine = await asyncio.to_thread(open_engine, database_url(settings))
    engine.dispose()
    return shown(engine.url)


async def _ami(pbx: Ami, one_of_several: bool) -> str:
    problems = await inspect(pbx, one_of_several=one_of_several)
    if problems:
        raise AmiError("; ".join(str(problem) for problem in problems))
    return f"{pbx.username}@{pbx.host}:{pbx.port}{' over TLS' if pbx.tls else ''}, all privileges"


async def _audiosocket(settings: Settings, pbx: Ami) -> str:
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


async def _speech(settings: Settings) -> str:
    if not settings.speech.enabled:
        return "off"
    speech = settings.speech
    languages = dict.fromkeys([speech.language, *(q.language for q in settings.queue if q.language)])
    found = []
    for language in languages:
        model, _, why = await asyncio.to_thread(models.choose, settings.home(), language, speech.engine, speech.model)
        found.append(f"{language}: {model.engine}, {model.name}. {why}")
    return " ".join(found)


async def _pages(settings: Settings) -> str:
    folder = app.ui_folder(settings)
    if not (folder / "index.html").is_file():
        raise _NoteError(f"the pages are not built: no index.html in {folder}", "Run `make ui` or set web.ui_dir")
    return str(folder)


async def _port(settings: Settings, key: str, host: str, port: int) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if await _is_ours(settings):
                raise _NoteError(f"{key}: a gateway is running on {host}:{port}") from error
            raise SettingError(
                key,
                f"port {port} on {host}: {error.strerror}",
                f"End the program that has it or set {key} to another port",
            ) from error
    return f"{host}:{port} is free"


async def _webhook(hook: Webhook) -> str:
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
        raise _NoteError(
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


async def _headset() -> str:
    try:
        devices = await asyncio.to_thread(lambda: backend().devices())
    except HotlineError as error:
        raise _NoteError(f"{error} (only needed for hotline headset)") from error
    if not devices:
        raise _NoteError("no sound device (only needed for hotline headset)")
    return f"{len(devices)} devices"
