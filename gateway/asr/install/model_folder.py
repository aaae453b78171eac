"""What a model's folder must hold, looked at before an engine opens it.

Engines tell a broken model from a good one badly: some say only that it cannot be read, one reaches for the internet,
one ends the process. So each engine's files are looked for by name, size and first bytes, and where they are another
engine's that is said. After installation a ``manifest.json`` in the folder names each file's size and SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec
from msgspec import Struct

from gateway.errors import ModelError

MANIFEST = "manifest.json"
_HEAD = 64
_KALDI = (b"\0B<TransitionModel>", b"<TransitionModel>")
_FST = (b"\xd6\xfd\xb2\x7e",)
"""The first four bytes of an OpenFst file."""
_ONNX = (b"\x08",)
"""Protocol buffers: field 1 (the version of ONNX) of type varint."""
_WHISPER = b"WhisperSpec"
"""CTranslate2 writes the kind of model into the head of ``model.bin``."""


class Manifest(Struct, frozen=True):
    """What stands in an installed model's folder: SHA-256 and bytes by path relative to it."""

    name: str
    engine: str
    languages: tuple[str, ...]
    source: str
    files: dict[str, str]
    sizes: dict[str, int] = {}


class _Need(NamedTuple):
    """A file an engine needs: one of ``patterns``, beginning with one of ``starts`` or holding ``mark`` near there."""

    patterns: tuple[str, ...]
    starts: tuple[bytes, ...] = ()
    mark: bytes = b""


_NEEDS: dict[str, tuple[_Need, ...]] = {
    "vosk": (
        _Need(("am/final.mdl",), _KALDI),
        _Need(("conf/mfcc.conf",)),
        _Need(("conf/model.conf",)),
        _Need(("graph/HCLG.fst", "graph/HCLr.fst"), _FST),
    ),
    "whisper": (
        _Need(("model.bin",), mark=_WHISPER),
        _Need(("config.json",)),
        _Need(("tokenizer.json",)),
        _Need(("vocabulary.json", "vocabulary.txt")),
    ),
    "sherpa": (
        _Need(("tokens.txt",)),
        _Need(("encoder*.onnx",), _ONNX),
        _Need(("decoder*.onnx",), _ONNX),
    ),
    "kokoro": (_Need(("model.onnx",), _ONNX), _Need(("vocab.json",)), _Need(("voices.npz",), (b"PK",))),
}
_COMPANIONS: dict[str, dict[str, tuple[_Need, ...]]] = {
    "vosk": {
        "graph/HCLr.fst": (_Need(("graph/Gr.fst",), _FST), _Need(("graph/disambig_tid.int",))),
        "graph/HCLG.fst": (_Need(("graph/words.txt",)),),
        "ivector": tuple(
            _Need((f"ivector/{file}",))
            for file in ("final.ie", "final.dubm", "final.mat", "global_cmvn.stats", "online_cmvn.conf", "splice.conf")
        ),
    },
}
"""What is needed besides where this file or folder is."""
_SIGNS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("engine vosk", ("am/final.mdl",)),
    ("engine whisper", ("model.bin", "config.json")),
    ("engine kokoro", ("voices.npz",)),
    ("engine sherpa", ("tokens.txt", "*.onnx")),
    ("Hugging Face Transformers, which no engine here reads", ("config.json", "*.safetensors")),
    ("Hugging Face Transformers, which no engine here reads", ("config.json", "pytorch_model*.bin")),
    ("whisper.cpp, which no engine here reads", ("ggml-*.bin",)),
)
"""Files by which a folder is known for another's."""


def looks_like(folder: Path) -> str:
    """Whose model the folder seems to hold, as in ``engine vosk``; empty when nobody's."""
    return next((whose for whose, signs in _SIGNS if all(_first(folder, (sign,)) for sign in signs)), "")


def fault(folder: Path, engine: str) -> str:
    """Why ``engine`` could not read this folder, in words that go on from its name; empty when it looks well.

    Looks at names, sizes (also the manifest's, if there is one) and first bytes only: milliseconds for any model.
    """
    try:
        if not folder.is_dir():
            return "is not there" if not folder.exists() else "is no folder"
        if not any(path.name != MANIFEST for path in folder.iterdir()):
            return "is empty"
        return _missing(folder, engine) or _cut_short(folder) or _misread(folder, engine)
    except OSError as error:
        return f"cannot be read: {error.strerror}"


def check_folder(folder: Path, engine: str, name: str, mend: str = "") -> None:
    """Raise ModelError when ``engine`` could not read the model ``name`` in this folder.

    ``mend`` is what to do then; by default, to install it again.
    """
    if wrong := fault(folder, engine):
        raise ModelError(f"model {name}: {folder} {wrong}", mend or f"Run: hotline models install {name}")


def root_of(folder: Path, engine: str) -> Path | None:
    """``folder``, or the folder right in it, that looks like a model of ``engine``."""
    inside = sorted(path for path in folder.iterdir() if path.is_dir())
    return next((path for path in (folder, *inside) if not fault(path, engine)), None)


def files_in(folder: Path) -> list[Path]:
    """Every file of a model but its manifest, in a fixed order."""
    return [path for path in sorted(folder.rglob("*")) if path.is_file() and path != folder / MANIFEST]


def write_manifest(folder: Path, name: str, engine: str, languages: tuple[str, ...], source: str) -> Manifest:
    """Read every file once and write down what it is."""
    files = {path.relative_to(folder).as_posix(): path for path in files_in(folder)}
    manifest = Manifest(
        name=name,
        engine=engine,
        languages=languages,
        source=source,
        files={name: digest(path) for name, path in files.items()},
        sizes={name: path.stat().st_size for name, path in files.items()},
    )
    (folder / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=2))
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """The folder's manifest. Raises ModelError when there is none that can be read."""
    try:
        return msgspec.json.decode((folder / MANIFEST).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as error:
        raise ModelError(f"{folder / MANIFEST} cannot be read") from error


def different(folder: Path, files: Iterable[tuple[str, str]]) -> str:
    """The first of these (path, SHA-256) that is not so in ``folder``, in words; empty when all are. Reads them all."""
    for path, expected in files:
        file = folder / path
        if not file.is_file():
            return f"{path} is missing"
        if digest(file) != expected:
            return f"{path} differs from what was installed"
    return ""


def digest(path: Path, algorithm: str = "sha256") -> str:
    """The file's SHA-256 (or MD5, which some publishers give) in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def _needs(folder: Path, engine: str) -> list[_Need]:
    needs = list(_NEEDS[engine])
    for present, companions in _COMPANIONS.get(engine, {}).items():
        if (folder / present).exists():
            needs += companions
    return needs


def _missing(folder: Path, engine: str) -> str:
    missing = [" or ".join(need.patterns) for need in _needs(folder, engine) if not _first(folder, need.patterns)]
    if not missing:
        return ""
    whose = looks_like(folder)
    other = f"; it looks like a model of {whose}" if whose and whose != f"engine {engine}" else ""
    return f"is no whole model of engine {engine}: it lacks {', '.join(missing)}{other}"


def _cut_short(folder: Path) -> str:
    if not (folder / MANIFEST).is_file():
        return ""
    try:
        sizes = read_manifest(folder).sizes
    except ModelError:
        return f"has a {MANIFEST} that cannot be read"
    for path, expected in sizes.items():
        size = (folder / path).stat().st_size if (folder / path).is_file() else 0
        if size != expected:
            return f"is damaged: {path} has {size} of {expected} bytes"
    return ""


def _misread(folder: Path, engine: str) -> str:
    for need in _needs(folder, engine):
        for file in _all(folder, need.patterns):
            with file.open("rb") as opened:
                head = opened.read(_HEAD)
            path = file.relative_to(folder).as_posix()
            if not head:
                return f"is damaged: {path} is empty"
            if head.startswith(b"version https://git-lfs"):
                return f"is not whole: {path} is a pointer of Git LFS instead of the file (run: git lfs pull)"
            if (need.starts and not head.startswith(need.starts)) or need.mark not in head:
                return f"is no model of engine {engine}: {path} is a file of another kind"
    return ""


def _all(folder: Path, patterns: tuple[str, ...]) -> list[Path]:
    return [path for pattern in patterns for path in sorted(folder.glob(pattern)) if path.is_file()]


def _first(folder: Path, patterns: tuple[str, ...]) -> bool:
    return bool(_all(folder, patterns))
