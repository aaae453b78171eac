"""Small folders and archives that look like models of each engine, and entries of a catalogue for them."""

from __future__ import annotations

import bz2
import io
import random
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from gateway.asr.models import LocalSource, Model, PipSource, UrlSource, WheelFile

NAME = "tiny-zh"
ROOT = "tiny"
NOISE = random.Random(1).randbytes(3_000_000)
"""Does not compress: an archive stays about so large."""
FST = b"\xd6\xfd\xb2\x7e"

FILES: dict[str, dict[str, bytes]] = {
    "vosk": {
        "am/final.mdl": b"\0B<TransitionModel> " + NOISE,
        "conf/mfcc.conf": b"--sample-frequency=16000\n",
        "conf/model.conf": b"--beam=10.0\n",
        "graph/Gr.fst": FST + b"grammar",
        "graph/HCLr.fst": FST + b"lexicon",
        "graph/disambig_tid.int": b"1\n",
    },
    "whisper": {
        "model.bin": b"\x06\0\0\0\x0c\0WhisperSpec\0",
        "config.json": b"{}",
        "tokenizer.json": b"{}",
        "vocabulary.json": b"[]",
    },
    "sherpa": {
        "tokens.txt": b"a 0\n",
        "encoder-epoch-99-avg-1.int8.onnx": b"\x08\x07",
        "decoder-epoch-99-avg-1.onnx": b"\x08\x07",
        "joiner-epoch-99-avg-1.onnx": b"\x08\x07",
    },
    "kokoro": {"model.onnx": b"\x08\x09", "vocab.json": b"{}", "voices.npz": b"PK\x03\x04"},
}


def lay_out(folder: Path, files: dict[str, bytes]) -> Path:
    """Write the files into the folder."""
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def zipped(files: dict[str, bytes], root: str = ROOT) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in files.items():
            bundle.writestr(f"{root}/{name}" if root else name, data)
    return buffer.getvalue()


def tarred(files: dict[str, bytes], root: str = ROOT, *extra: tarfile.TarInfo) -> bytes:
    """A .tar.bz2."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as bundle:
        for name, data in files.items():
            entry = tarfile.TarInfo(f"{root}/{name}" if root else name)
            entry.size = len(data)
            bundle.addfile(entry, io.BytesIO(data))
        for entry in extra:
            bundle.addfile(entry)
    return bz2.compress(buffer.getvalue(), 1)


def model(source: UrlSource | PipSource | LocalSource, **changes: Any) -> Model:
    """A catalogue's entry."""
    values: dict[str, Any] = {
        "kind": "asr",
        "engine": "vosk",
        "languages": ("zh",),
        "size_mb": 3,
        "licence": "CC0-1.0",
        "rank": 1,
        "about": "",
        "name": NAME,
    }
    return Model(source=source, **(values | changes))


def wheel(folder: Path, name: str, files: dict[str, bytes]) -> Path:
    """A wheel of version 1.0 with these files, which pip takes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": b"",
    }
    with zipfile.ZipFile(path, "w") as bundle:
        for name_inside, data in (files | metadata).items():
            bundle.writestr(name_inside, data)
    return path


def part_of(path: str, sha256: str, *parts: str) -> WheelFile:
    return WheelFile(path=path, sha256=sha256, parts=parts)


def names(folder: Path) -> list[str]:
    """What stands in the folder."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []
