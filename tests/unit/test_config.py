"""Settings: the files show every key with its default, and a mistake is refused with its place."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest

from gateway.config import Settings, load
from gateway.errors import SettingError

CONFIG = Path(__file__).parents[2] / "config"


def test_the_files_show_every_key_with_its_default() -> None:
    shown = load(CONFIG, {})
    assert shown == Settings()
    text = (CONFIG / "gateway.toml").read_text(encoding="utf-8")
    for section in msgspec.structs.fields(Settings):
        if isinstance(section.type, type) and issubclass(section.type, msgspec.Struct):
            part = text.partition(f"[{section.name}]")[2].partition("\n[")[0]
            for key in msgspec.structs.fields(section.type):
                assert f"\n{key.name} = " in part, f"{section.name}.{key.name} is not shown"


def test_environment_wins_and_files_hold_secrets(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n", encoding="utf-8")
    settings = load(
        tmp_path, {"HOTLINE_AMI_PORT": "5039", "HOTLINE_AMI_SECRET_FILE": str(secret), "HOTLINE_HOME": "/x"}
    )
    assert (settings.ami.port, settings.ami.secret) == (5039, "s3cret")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[ami]\nprot = 1", "prot"),
        ("[ami]\nport = 70000", "ami.port"),
        ('[ami]\nport = "x"', "ami.port"),
        ("[web]\nport = [", "gateway.toml"),
    ],
)
def test_a_mistake_names_its_place(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "gateway.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingError, match=place):
        load(tmp_path, {})


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="HOTLINE_AMI_PRT"):
        load(tmp_path, {"HOTLINE_AMI_PRT": "1"})


def test_at_risk_must_come_before_the_target(tmp_path: Path) -> None:
    (tmp_path / "queues.toml").write_text(
        '[[queue]]\nname = "hotline"\nat_risk_seconds = 20\ntarget_seconds = 15', encoding="utf-8"
    )
    with pytest.raises(SettingError, match="at_risk_seconds"):
        load(tmp_path, {})


NIGHT = """
[[queue]]
name = "hotline"
target_seconds = 15
[[queue.period]]
start = "22:00"
end = "06:00"
days = ["fri"]
target_seconds = 30
at_risk_seconds = 20
"""


@pytest.mark.parametrize(
    ("local", "target"),
    [
        ("2026-11-27 21:59", 15.0),  # a Friday
        ("2026-11-27 22:00", 30.0),
        ("2026-11-28 05:59", 30.0),
        ("2026-11-28 06:00", 15.0),
        ("2026-11-28 22:30", 15.0),
    ],
)
def test_a_queue_promises_by_the_time_of_day(tmp_path: Path, local: str, target: float) -> None:
    (tmp_path / "queues.toml").write_text(NIGHT, encoding="utf-8")
    settings = load(tmp_path, {})
    arrived = datetime.fromisoformat(local).replace(tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
    assert settings.policy_at("hotline", arrived).target_seconds == target
    assert settings.policy("hotline").target_seconds == 15.0


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (NIGHT.replace("22:00", "24:00"), r"queue\[0\].period\[0\].start|queue\[...\].period\[...\].start"),
        (NIGHT.replace('"fri"', '"friday"'), "days"),
        (NIGHT.replace("at_risk_seconds = 20", "at_risk_seconds = 30"), "period from 22:00: at_risk_seconds"),
        (NIGHT.replace("end =", "until ="), "until"),
        (NIGHT.replace("target_seconds = 30", "target_seconds = 0"), "target_seconds"),
    ],
)
def test_a_wrong_policy_names_the_key(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "queues.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SettingError, match=place):
        load(tmp_path, {})


def test_several_pbxs_need_names(tmp_path: Path) -> None:
    (tmp_path / "gateway.toml").write_text('[[pbx]]\nname = "b"\nport = 5039', encoding="utf-8")
    with pytest.raises(SettingError, match="each needs a name"):
        load(tmp_path, {})
    assert [pbx.name for pbx in load(tmp_path, {"HOTLINE_AMI_NAME": "a"}).pbxs()] == ["a", "b"]
