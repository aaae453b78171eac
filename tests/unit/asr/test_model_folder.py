"""An engine's model is known by its files; what is wrong with a folder is said before an engine opens it."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.asr.install import model_folder
from gateway.asr.install.model_folder import fault
from gateway.errors import ModelError
from tests.model_files import FILES, lay_out

ENGINES = tuple(FILES)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_whole_model_looks_well_to_its_own_engine_and_to_no_other(engine: str, tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "m", FILES[engine])
    assert fault(folder, engine) == ""
    assert model_folder.looks_like(folder) == f"engine {engine}"
    for other in set(ENGINES) - {engine}:
        assert f"it looks like a model of engine {engine}" in fault(folder, other)


NEEDED = [(engine, file) for engine in ENGINES for file in FILES[engine] if not file.startswith("joiner")]


@pytest.mark.parametrize(("engine", "lacking"), NEEDED)
def test_each_missing_file_is_named(engine: str, lacking: str, tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "m", {name: data for name, data in FILES[engine].items() if name != lacking})
    said = fault(folder, engine)
    assert said.startswith(f"is no whole model of engine {engine}: it lacks ")
    assert lacking.partition("-epoch")[0].removesuffix(".json") in said


def test_what_a_vosk_model_has_needs_its_companions(tmp_path: Path) -> None:
    static = {name: data for name, data in FILES["vosk"].items() if not name.startswith("graph/")}
    static["graph/HCLG.fst"] = FILES["vosk"]["graph/Gr.fst"]
    folder = lay_out(tmp_path / "m", static)
    assert fault(folder, "vosk").endswith("it lacks graph/words.txt")
    lay_out(folder, {"graph/words.txt": b"<eps> 0\n", "ivector/final.ie": b"x"})
    assert "ivector/final.dubm" in fault(folder, "vosk")


def test_an_empty_folder_and_none(tmp_path: Path) -> None:
    assert fault(tmp_path, "vosk") == "is empty"
    assert fault(tmp_path / "nowhere", "vosk") == "is not there"
    (tmp_path / "file").write_bytes(b"x")
    assert fault(tmp_path / "file", "vosk") == "is no folder"


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("am/final.mdl", b"", "is damaged: am/final.mdl is empty"),
        ("am/final.mdl", b"<html>", "is no model of engine vosk: am/final.mdl is a file of another kind"),
        ("graph/HCLr.fst", b"version https://git-lfs.github.com/spec/v1\n", "graph/HCLr.fst is a pointer of Git LFS"),
    ],
)
def test_a_file_that_is_not_what_its_name_says(file: str, content: bytes, said: str, tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "m", FILES["vosk"] | {file: content})
    assert said in fault(folder, "vosk")


def test_a_translation_model_of_the_same_library_is_no_whisper_model(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "m", FILES["whisper"] | {"model.bin": b"\x06\0\0\0\x10\0TransformerSpec\0"})
    assert "model.bin is a file of another kind" in fault(folder, "whisper")


def test_models_nobody_here_reads_are_called_by_their_name(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "m", {"config.json": b"{}", "model.safetensors": b"x"})
    assert "looks like a model of Hugging Face Transformers, which no engine here reads" in fault(folder, "whisper")


def test_a_truncated_file_is_found_without_reading_it(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "m", FILES["vosk"])
    manifest = model_folder.write_manifest(folder, "tiny", "vosk", ("zh",), "here")
    assert model_folder.read_manifest(folder) == manifest
    assert fault(folder, "vosk") == ""
    with (folder / "am" / "final.mdl").open("r+b") as file:
        file.truncate(1000)
    size = manifest.sizes["am/final.mdl"]
    assert fault(folder, "vosk") == f"is damaged: am/final.mdl has 1000 of {size} bytes"
    with pytest.raises(ModelError, match=r"^model tiny: .* is damaged: .*\. Run: hotline models install tiny$"):
        model_folder.check_folder(folder, "vosk", "tiny")


def test_a_manifest_written_before_sizes_were_is_read(tmp_path: Path) -> None:
    folder = lay_out(tmp_path / "m", FILES["kokoro"])
    old = b'{"name": "m", "engine": "kokoro", "languages": ["zh"], "source": "", "files": {"vocab.json": "00"}}'
    (folder / "manifest.json").write_bytes(old)
    assert fault(folder, "kokoro") == ""
    assert model_folder.different(folder, {"vocab.json": "00"}.items()) == "vocab.json differs from what was installed"
    (folder / "manifest.json").write_bytes(b"{")
    assert fault(folder, "kokoro") == "has a manifest.json that cannot be read"


def test_a_model_is_found_one_folder_down(tmp_path: Path) -> None:
    inner = lay_out(tmp_path / "outer" / "inner", FILES["sherpa"])
    assert model_folder.root_of(tmp_path / "outer", "sherpa") == inner
    assert model_folder.root_of(inner, "sherpa") == inner
    assert model_folder.root_of(tmp_path / "outer", "vosk") is None
