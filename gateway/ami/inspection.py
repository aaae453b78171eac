"""What ``hotline check`` asks of one PBX: does it let us in, and do what we need?"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from gateway.ami import messages
from gateway.ami.parse import parse
from gateway.ami.queue_log import parse_line
from gateway.ami.session import NEEDED_ACTIONS, Session, not_allowed
from gateway.config import Ami
from gateway.errors import AmiError


async def inspect(settings: Ami, *, one_of_several: bool = False) -> list[AmiError]:
    """Try it all on a connection of its own; what is wrong, each with its mend.

    ``one_of_several``: its name must be Asterisk's ``systemname``, or its calls could be taken for another's.
    Privileges to read events cannot be asked of Asterisk: ``read = call,agent,system`` is taken on trust.
    """
    session = Session(settings, lambda headers: None)
    problems: list[AmiError] = []
    try:
        await session.open()
        allowed = (await session.act("ListCommands"))[0]
        problems += [not_allowed(settings.username, name) for name in NEEDED_ACTIONS if name not in allowed]
        if one_of_several:
            problems += await _wrong_name(session, settings)
        for entry in await session.act("QueueStatus"):
            message = parse(entry, time.time())
            if isinstance(message, messages.QueueMemberEntry) and message.status == messages.DEVICE_INVALID:
                problems.append(
                    AmiError(
                        f"queue {message.queue}: Asterisk does not know the device of member {message.interface}",
                        "The queue skips such a member without a word: correct its interface or state interface",
                    )
                )
    except AmiError as error:
        problems.append(error)
    finally:
        session.drop()
    if settings.queue_log:
        problems += await asyncio.to_thread(_queue_log_problems, Path(settings.queue_log))
    return problems


async def _wrong_name(session: Session, settings: Ami) -> list[AmiError]:
    name = (await session.act("CoreSettings"))[0].get("SystemName", "")
    if name == settings.name:
        return []
    where = f"the PBX at {settings.host}:{settings.port}"
    return [
        AmiError(
            f"{where} is named {settings.name!r} here, but its systemname is {name!r}",
            f"Set systemname = {settings.name} in [options] of its asterisk.conf and restart it, or correct the name",
        )
    ]


def _queue_log_problems(path: Path) -> list[AmiError]:
    try:
        with path.open("rb") as file:
            line = file.readline(4096).decode(errors="replace")
    except OSError as error:
        return [
            AmiError(
                f"ami.queue_log: {path} cannot be read: {error.strerror}",
                "Let the gateway's user read it (group asterisk), or leave ami.queue_log empty",
            )
        ]
    if line and parse_line(line) is None:
        return [AmiError(f"ami.queue_log: {path} is no queue_log", "Name Asterisk's file of that name")]
    return []
