"""``hotline check``: tries every neighbour, says what is wrong and how to mend it. ``hotline serve`` starts with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from gateway.bus import redis_stream
from gateway.check import neighbours, speech
from gateway.check.finding import TRY_SECONDS, Finding, NoteError
from gateway.config import Settings
from gateway.errors import HotlineError

__all__ = ["Finding", "check"]


async def check(settings: Settings, config: Path) -> list[Finding]:
    """Look at everything, in the order in which an operator would."""
    pbxs = {f":{name}" if name else "": pbx for name, pbx in settings.pbxs_by_name().items()}
    web, ivr = settings.web, settings.ivr
    looks: tuple[tuple[str, Callable[[], Awaitable[str]]], ...] = (
        ("settings", lambda: neighbours.settings_folder(settings, config)),
        ("disk", lambda: neighbours.disk(settings)),
        ("journal", lambda: neighbours.journal(settings)),
        ("redis", lambda: redis_stream.check(settings.redis)),
        *(
            (f"ami{name}", partial(neighbours.ami, pbx, one_of_several=bool(settings.pbx)))
            for name, pbx in pbxs.items()
        ),
        *((f"audiosocket{name}", partial(neighbours.audiosocket, settings, pbx)) for name, pbx in pbxs.items()),
        ("speech", lambda: speech.models_of_languages(settings)),
        ("second pass", lambda: speech.second_pass(settings)),
        ("recording", lambda: speech.recording(settings)),
        ("pages", lambda: neighbours.pages(settings)),
        ("web port", lambda: neighbours.port(settings, "web.port", web.host, web.port)),
        ("ivr port", lambda: neighbours.port(settings, "ivr.port", ivr.host, ivr.port)),
        ("headset", neighbours.headset),
        *((f"webhook {hook.name}", partial(neighbours.webhook, hook)) for hook in settings.webhook),
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
    except NoteError as note:
        return Finding(what, "note", str(note))
    except HotlineError as error:
        return Finding(what, "fail", str(error))
    except TimeoutError:
        return Finding(what, "fail", f"no answer within {TRY_SECONDS:g} s")
