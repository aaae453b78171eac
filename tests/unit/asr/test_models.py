"""Which of the installed models is taken, and what is said where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.asr import models
from gateway.asr.install import model_folder
from gateway.asr.models import LocalSource, Model
from gateway.errors import ModelError, SettingError
from tests.model_files import FILES, lay_out, model


def entry(name: str, engine: str, rank: int, *languages: str) -> Model:
    return model(LocalSource(), name=name, engine=engine, rank=rank, languages=languages or ("zh",))


KNOWN = {
    m.name: m
    for m in (
        entry("vosk-small", "vosk", 10),
        entry("vosk-large", "vosk", 20),
        entry("zipformer", "sherpa", 10, "zh", "en"),
        entry("base", "whisper", 10, "zh", "en", "ko"),
    )
}


def put(home: Path, *names: str) -> None:
    for name in names:
        engine = KNOWN[name].engine
        folder = lay_out(models.model_dir(home, name), FILES[engine])
        model_folder.write_manifest(folder, name, engine, KNOWN[name].languages, "")


def taken(home: Path, language: str = "zh", engine: str = "auto") -> tuple[str, str]:
    choice = models.choose(home, language, engine, known=KNOWN)
    return choice.model.name, choice.reason


def test_streaming_engines_come_first_and_the_higher_rank_within_one(tmp_path: Path) -> None:
    put(tmp_path, "base")
    assert taken(tmp_path) == ("base", "fallback")
    put(tmp_path, "zipformer")
    assert taken(tmp_path) == ("zipformer", "fallback")
    put(tmp_path, "vosk-small")
    assert taken(tmp_path) == ("vosk-small", "preferred")
    put(tmp_path, "vosk-large")
    assert taken(tmp_path) == ("vosk-large", "preferred")
    assert taken(tmp_path, "en") == ("zipformer", "fallback")
    assert taken(tmp_path, "ko") == ("base", "fallback")
    assert taken(tmp_path, "zh", "sherpa") == ("zipformer", "engine")


def test_without_one_the_smallest_of_the_engine_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"^no model for language zh is installed\. Run: .* install vosk-small$"):
        taken(tmp_path)
    with pytest.raises(ModelError, match=r"^no model of engine sherpa for language en .* install zipformer$"):
        taken(tmp_path, "en", "sherpa")
    with pytest.raises(
        ModelError, match=r"^no model of engine vosk for language ko .*\. Add one to config/models\.toml$"
    ):
        taken(tmp_path, "ko", "vosk")


def test_a_name_that_would_lead_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text('["../../etc"]\nkind = "asr"\n')
    with pytest.raises(SettingError, match=r"\.\./\.\./etc: is no name of a model"):
        models.catalogue(path)
