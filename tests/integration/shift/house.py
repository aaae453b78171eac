"""The hotline of a shift: a PBX with a team of agents and two queues, and a gateway beside it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

from gateway.config import Settings
from gateway.config.load import load
from tests.integration.plots.scene import PlotPbx, Setting
from tests.integration.prompts import noise, write

CONFIG = Path(__file__).parents[3] / "config"
HOTLINE, OVERFLOWING = "12345", "12346"
"""Numbers citizens dial. From the second the hotline's queue sends them on to the complaints' after 3 s."""
COMPLAINTS = "8001"
NAMES = {
    "1001": "王敏",
    "1002": "李强",
    "1003": "陈静",
    "1004": "刘洋",
    "1005": "赵磊",
    "1006": "孙丽",
    "1007": "周涛",
    "1008": "吴芳",
    "1009": "郑凯",
    "1010": "冯雪",
    "1011": "褚健",
    "1012": "卫东",
    "1013": "蒋琳",
}
MEMBERS = {
    "1008": "Local/1008@agents/n",
    "1009": "Local/1009@agents",
    **{agent: f"PJSIP/{agent}" for agent in NAMES if agent not in ("1008", "1009")},
}
"""Two agents are behind Local channels; Asterisk takes the second one's out of the way."""
TEAMS = {
    "hotline": ("1001", "1002", "1004", "1005", "1006", "1007", "1008", "1009"),
    "complaints": ("1003", "1004", "1010", "1011"),
}
COLLEAGUES = ("1012", "1013", "1003", "1010", "1011")
"""Those with little to do otherwise: they are asked, and sent citizens. The first two are in no queue."""
FROM_SITE = 4
"""Agents that asterisk/site/agents.conf has."""
PROMPTS = {
    "recording-notice": 0.5,
    "agent-serves": 0.4,
    "goodbye": 0.4,
    "survey-ask": 1.5,
    "survey-invalid": 0.5,
    "survey-thanks": 0.4,
    **{f"digit-{digit}": 0.1 for digit in range(10)},
}
"""Seconds of each prompt, so that a shift does not take a day."""
QUEUE_SECONDS = 20
WRAP_UP_SECONDS = 1

_AGENT = """
[{0}](agent)
auth = login-{0}
aors = {0}
callerid = "{1}" <{0}>
[{0}](address)
[login-{0}](login)
username = {0}
password = change-me-{0}
"""
_DIALPLAN = f"""
[from-trunk]
exten => {OVERFLOWING},1,Answer()
 same => n,Queue(hotline,cirCt,,,3,agent-serves)
 same => n,GotoIf($["${{QUEUESTATUS}}" = "CONTINUE"]?hotline,s,survey)
 same => n,Queue(complaints,cirCt,,,6,agent-serves)
 same => n,GotoIf($["${{QUEUESTATUS}}" = "CONTINUE"]?hotline,s,survey:hotline,s,goodbye)

[from-agent]
exten => _*8XXXX,1,PickupChan(PJSIP/${{EXTEN:2}},p)

[agents]
exten => _XXXX,1,Dial(PJSIP/${{EXTEN}},20)
 same => n,Hangup()
"""
_POLICIES = f"""
[[queue]]
name = "hotline"
title = "政务服务热线"
clock = "caller_wait"
target_seconds = 5.0
at_risk_seconds = 3.0
short_abandon_seconds = 2.0
wrap_up_seconds = {WRAP_UP_SECONDS}

[[queue]]
name = "complaints"
title = "投诉热线"
clock = "queue_wait"
target_seconds = 3.0
at_risk_seconds = 2.0
short_abandon_seconds = 2.0
wrap_up_seconds = {WRAP_UP_SECONDS}
"""


def _queues() -> str:
    return "".join(
        f"[{queue}](+)\n" + "".join(f"member => {_member(agent)}\n" for agent in team) for queue, team in TEAMS.items()
    )


def _member(agent: str) -> str:
    return f"{MEMBERS[agent]},0,{NAMES[agent]},PJSIP/{agent}"


class ShiftPbx(PlotPbx):
    """A PBX with the team's phones and members, and short prompts."""

    def __init__(self) -> None:
        super().__init__(
            Setting(
                ring_seconds=3,
                queue_seconds=QUEUE_SECONDS,
                options={"wrapuptime": str(WRAP_UP_SECONDS)},
                members=(),
                queues=_queues(),
                dialplan=_DIALPLAN,
            )
        )

    def _lay_out(self) -> None:
        super()._lay_out()
        with (self.folder / "etc/site/agents.conf").open("a", encoding="utf-8") as file:
            file.write("".join(_AGENT.format(agent, NAMES[agent]) for agent in list(NAMES)[FROM_SITE:]))
        for number, (name, seconds) in enumerate(PROMPTS.items()):
            write(self.folder / "data/sounds/hotline" / f"{name}.wav", noise(number, seconds))


def lay_config(folder: Path) -> Path:
    """The repository's settings with the shift's promises, in a folder of their own."""
    shutil.copytree(CONFIG, folder)
    (folder / "queues.toml").write_text(_POLICIES, encoding="utf-8")
    return folder


def environment() -> dict[str, str]:
    """What else the gateway and its commands are told: no speech, a survey in a hurry, and a zone where it is noon."""
    hours = 12 - datetime.now(UTC).hour
    return {
        "HOTLINE_SPEECH_ENABLED": "false",
        "HOTLINE_IVR_KEY_TIMEOUT": "1.0",
        "HOTLINE_TIMEZONE": f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT",
    }


def settings(folder: Path, store_url: str) -> Settings:
    """The gateway's settings."""
    return load(folder, {**environment(), "HOTLINE_STORE_URL": store_url})
