"""What the plots of traces have in common: a PBX, a recorder, and phones that join as they are needed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, TypeVar

from gateway.demo.phones import AgentPhone, Caller, Phone
from gateway.demo.stage import AsteriskInstance
from gateway.errors import SettingError
from tests.integration.prompts import lay_prompts
from tests.integration.recorder import AmiRecorder, Recording

Part = TypeVar("Part")


@dataclass(frozen=True)
class Setting:
    """How a plot's PBX differs from the repository's: an agent's phone rings for 4 s, a caller waits for 10 s at most.

    ``options`` and ``members`` of the queue hotline stand in place of its own in queues.conf. ``queues`` are sections
    after those of queues.conf; ``dialplan`` are contexts before those of extensions.conf, and so precede them.
    """

    ring_seconds: int = 4
    queue_seconds: int = 10
    options: Mapping[str, str] = field(default_factory=dict)
    members: tuple[str, ...] | None = None
    queues: str = ""
    dialplan: str = ""


class PlotPbx(AsteriskInstance):
    """A PBX in a plot's setting, with noises for prompts."""

    def __init__(self, setting: Setting) -> None:
        super().__init__()
        self.ring_seconds = setting.ring_seconds
        self.queue_seconds = setting.queue_seconds
        self._setting = setting

    @property
    def queue_log(self) -> Path:
        """What the queues themselves wrote down."""
        return self.folder / "log" / "queue_log"

    def _lay_out(self) -> None:
        super()._lay_out()
        lay_prompts(self)
        setting, etc = self._setting, self.folder / "etc"
        for name, text in (("site/queue.conf", setting.queues), ("site/globals.conf", setting.dialplan)):
            with (etc / name).open("a", encoding="utf-8") as file:
                file.write(f"\n{text}\n")
        hotline = (etc / "queues.conf").read_text(encoding="utf-8")
        for key, value in setting.options.items():
            hotline, found = re.subn(rf"^{key} = .*$", f"{key} = {value}", hotline, flags=re.MULTILINE)
            if found != 1:
                raise SettingError(key, "not an option of the queue hotline", "See asterisk/queues.conf")
        if setting.members is not None:
            members = "".join(f"member => {member}\n" for member in setting.members)
            hotline = re.sub(r"(^member => .*\n)+", members, hotline, flags=re.MULTILINE)
        (etc / "queues.conf").write_text(hotline, encoding="utf-8")


COMPLAINTS = "8001"
# An office of the city, reached over the trunk.
OFFICE, OFFICE_NAME = "02787654321", "供水公司"


class Scene:
    """A PBX with a recorder; phones join as the plot needs them."""

    def __init__(self, instance: PlotPbx, stack: AsyncExitStack) -> None:
        self.instance = instance
        self._stack = stack

    async def enter(self, part: AbstractAsyncContextManager[Part]) -> Part:
        """Have a part of the scene last until the end of the recording."""
        return await self._stack.enter_async_context(part)

    async def agents(self, *numbers: str) -> list[AgentPhone]:
        """Switch agents' phones on and wait until they are registered."""
        phones = [await self.enter(AgentPhone(self.instance, n)) for n in numbers]
        for phone in phones:
            await phone.wait_registered()
        return phones

    async def caller(self, number: str = "13800000001", name: str = "张建国") -> Caller:
        """Switch a citizen's phone on."""
        return await self.enter(Caller(self.instance, number, name))

    async def citizen(self, number: str = "13800000001", name: str = "张建国") -> Caller:
        """Switch on a citizen's phone that can be called: one of them at a time."""
        return await self._stack.enter_async_context(Caller(self.instance, number, name, reachable=True))

    async def record(self) -> AmiRecorder:
        """Begin the recording."""
        return await self.enter(AmiRecorder(self.instance))

    async def call(self) -> tuple[AmiRecorder, Caller]:
        """Begin the recording; a citizen calls."""
        ami, caller = await self.record(), await self.caller()
        await caller.call("12345")
        return ami, caller

    async def first_to(
        self, wait: Callable[[AgentPhone], Coroutine[None, None, None]], phones: list[AgentPhone]
    ) -> tuple[AgentPhone, list[AgentPhone]]:
        """The phone whose wait is over first, and the others."""
        waits = {asyncio.create_task(wait(phone)): phone for phone in phones}
        done, pending = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        first = waits[done.pop()]
        return first, [phone for phone in phones if phone is not first]


async def all_down(ami: AmiRecorder) -> None:
    """Wait until every channel there was is gone."""
    while (born := ami.count("Newchannel")) > ami.count("Hangup"):
        await ami.seen("Hangup", born)


async def talk_and_end(ami: AmiRecorder, phone: Phone) -> AmiRecorder:
    """Those who are left talk for a second; one hangs up, and every line goes down."""
    await asyncio.sleep(1.0)
    await phone.hang_up()
    await all_down(ami)
    return ami


Plot: TypeAlias = Callable[[Scene], Awaitable[Recording]]
"""What the phones do; gives the recording."""
_settings: dict[Plot, Setting] = {}


def setting(here: Setting) -> Callable[[Plot], Plot]:
    """Have the plot played on a PBX in this setting."""

    def note(plot: Plot) -> Plot:
        _settings[plot] = here
        return plot

    return note


def setting_of(plot: Plot) -> Setting:
    """The plot's own setting, or the plain one."""
    return _settings.get(plot, Setting())


async def connected(scene: Scene, agent: AgentPhone) -> tuple[AmiRecorder, Caller]:
    """A citizen calls and the agent picks up."""
    ami, caller = await scene.call()
    await agent.wait_ringing()
    await asyncio.sleep(1.0)
    await agent.answer()
    await ami.seen("BridgeEnter", 2)
    return ami, caller


async def talking(scene: Scene, agent: AgentPhone) -> tuple[AmiRecorder, Caller]:
    """A citizen and an agent who have talked for a second."""
    ami, caller = await connected(scene, agent)
    await asyncio.sleep(1.0)
    return ami, caller
