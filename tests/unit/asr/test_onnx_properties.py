"""What an ONNX file says about its model is read without its weights."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.asr.engine_parts.onnx_properties import read_properties
from tests.sherpa_models import ZIPFORMER2, zipformer

ENCODER = "encoder-epoch-99-avg-1.onnx"


def test_the_properties_are_those_the_exporter_wrote(tmp_path: Path) -> None:
    assert read_properties(zipformer(tmp_path) / ENCODER) == ZIPFORMER2


def test_a_file_cut_short_anywhere_is_never_taken_for_whole(tmp_path: Path) -> None:
    file = zipformer(tmp_path) / ENCODER
    data = file.read_bytes()
    for length in range(1, len(data), len(data) // 200):
        file.write_bytes(data[:length])
        try:
            found = read_properties(file)
        except ValueError:
            continue
        assert found != ZIPFORMER2


@pytest.mark.parametrize("content", [b"<html>", b"\x00\x00", b"\xff" * 20, b"\x0b"])
def test_what_is_no_onnx_file(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=r"it is no ONNX file|it ends in the middle of a field"):
        read_properties(tmp_path / "file")
