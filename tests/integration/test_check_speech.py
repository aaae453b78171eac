"""``hotline check`` looks at models, the second pass and the folder of recordings, in real folders."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from gateway.asr import models
from gateway.asr.install.model_install import install_model
from gateway.check import neighbours, speech
from gateway.check.finding import NoteError
from gateway.config import Recording, Settings, Speech
from gateway.config.promises import Dialled, QueuePolicy
from gateway.errors import HotlineError, ModelError, SettingError
from tests.integration.disks import mounted
from tests.model_files import FILES, lay_out

CATALOGUE = """
[{name}]
kind = "asr"
engine = "{engine}"
languages = [{languages}]
size_mb = 1
licence = "CC0-1.0"
rank = 1
about = ""
source = {{ kind = "local" }}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with a Vosk model for zh and a Whisper model for zh and ko."""
    config = tmp_path / "config"
    config.mkdir()
    entries = [("own-zh", "vosk", '"zh"'), ("own-whisper", "whisper", '"zh", "ko"'), ("absent-yue", "vosk", '"yue"')]
    (config / "models.toml").write_text(
        "".join(CATALOGUE.format(name=name, engine=engine, languages=spoken) for name, engine, spoken in entries)
    )
    monkeypatch.setenv("HOTLINE_CONFIG", str(config))
    for name, engine, _ in entries[:2]:
        install_model(tmp_path / "home", name, lay_out(tmp_path / name, FILES[engine]))
    return tmp_path / "home"


def settings(home: Path, **changes: object) -> Settings:
    return msgspec.structs.replace(Settings(data_dir=str(home)), **changes)


async def test_every_language_has_a_model(home: Path) -> None:
    several = settings(
        home,
        speech=Speech(model="own-zh"),
        queue=(QueuePolicy(name="hotline", title=""), QueuePolicy(name="korean", title="", language="ko")),
    )
    said = await speech.models_of_languages(several)
    assert said == (
        "zh: vosk, own-zh. own-zh was chosen in the settings. "
        "ko: whisper, own-whisper. No Vosk model for Korean is installed, so own-whisper (whisper) is used."
    )
    assert await speech.models_of_languages(settings(home, speech=Speech(enabled=False))) == "off"


async def test_a_dialled_number_whose_language_has_no_model(home: Path) -> None:
    dialled = settings(home, dialled=(Dialled(number="12345", language="yue"), Dialled(number="1", language="ja")))
    with pytest.raises(ModelError) as caught:
        await speech.models_of_languages(dialled)
    assert str(caught.value) == (
        "yue: no model for language yue is installed. Run: hotline models install absent-yue; "
        "ja: no model for language ja is installed. Add one to config/models.toml"
    )


async def test_an_installed_model_that_is_damaged_or_has_no_engine(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = models.model_dir(home, "own-zh")
    os.truncate(folder / "graph" / "Gr.fst", 3)
    with pytest.raises(
        ModelError, match=r"is damaged: graph/Gr\.fst has 3 of 11 bytes\. Run: hotline models install own-zh"
    ):
        await speech.models_of_languages(settings(home))
    (folder / "graph" / "Gr.fst").unlink()
    with pytest.raises(ModelError, match=r"own-zh.* it lacks graph/Gr\.fst"):
        await speech.models_of_languages(settings(home))
    monkeypatch.setitem(speech.PACKAGES, "whisper", "no_such_package")
    with pytest.raises(ModelError, match=r"engine whisper is not installed\. .*pip install hotline-gateway\[whisper\]"):
        await speech.models_of_languages(settings(home, speech=Speech(engine="whisper")))


async def test_the_second_pass(home: Path) -> None:
    recorded = Recording(enabled=True)
    assert await speech.second_pass(settings(home)) == "off"
    again = Speech(second_pass="own-whisper")
    assert await speech.second_pass(settings(home, speech=again, recording=recorded)) == "own-whisper, whisper"
    with pytest.raises(NoteError, match="no queue is recorded"):
        await speech.second_pass(settings(home, speech=again))
    korean = (QueuePolicy(name="korean", title="", language="ko"),)
    mandarin_only = settings(home, speech=Speech(second_pass="own-zh"), recording=recorded, queue=korean)
    with pytest.raises(NoteError, match="own-zh is not for ko"):
        await speech.second_pass(mandarin_only)
    for name, why in (("nothing", "there is no model named nothing"), ("absent-yue", "absent-yue is not installed")):
        with pytest.raises(ModelError, match=why):
            await speech.second_pass(settings(home, speech=Speech(second_pass=name), recording=recorded))


async def test_the_folder_of_recordings(home: Path) -> None:
    assert await speech.recording(settings(home)) == "off"
    one_queue = settings(home, queue=(QueuePolicy(name="hotline", title="", record=True),))
    folder = home / "recordings"
    assert (await speech.recording(one_queue)).startswith(f"hotline: {folder}, room for about ")
    assert not folder.exists()
    folder.mkdir(mode=0o750)
    folder.chmod(0o750)
    assert "room for about" in await speech.recording(one_queue)
    folder.chmod(0o755)
    with pytest.raises(SettingError, match=f"{folder} is open to every user of the machine. chmod o= {folder}"):
        await speech.recording(one_queue)
    folder.rmdir()
    folder.write_bytes(b"")
    with pytest.raises(SettingError, match=rf"recording\.folder: {folder}: Not a directory\. Give the gateway's user"):
        await speech.recording(one_queue)
    with pytest.raises(NoteError, match="speech is off"):
        await speech.recording(msgspec.structs.replace(one_queue, speech=Speech(enabled=False)))
    much = settings(home, recording=Recording(enabled=True, min_free_mb=1 << 40))
    folder.unlink()
    with pytest.raises(SettingError, match=r"recording\.min_free_mb: .* MiB free, of \d+ that recording leaves free"):
        await speech.recording(much)


async def test_a_folder_of_recordings_on_a_disk_that_is_read_only(home: Path, tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "ro,size=1m") as disk:
        here = Recording(enabled=True, folder=str(disk / "recordings"))
        with pytest.raises(SettingError, match="Read-only file system"):
            await speech.recording(settings(home, recording=here))


async def test_the_disk(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "GiB free" in await neighbours.disk(settings(home / "not" / "there"))
    monkeypatch.setattr(neighbours, "LEAST_DISK", 1 << 60)
    with pytest.raises(HotlineError, match="Make room before the journal stops"):
        await neighbours.disk(settings(home))
