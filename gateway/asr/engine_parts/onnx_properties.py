"""What an ONNX file says about its model, read without loading the model.

An ONNX file is one ``ModelProto`` of protocol buffers. Exporters note the kind of model in its ``metadata_props``; the
graph beside them, which holds the weights, is skipped.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

_PROPERTIES, _KEY, _VALUE = 14, 1, 2
"""Field numbers of ``ModelProto.metadata_props``, ``StringStringEntryProto.key`` and ``.value`` (onnx.proto)."""
_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
"""Wire types of protocol buffers."""


def read_properties(path: Path) -> dict[str, str]:
    """The file's properties. Raises ValueError when it is no ONNX file or was cut short, OSError as files do."""
    size = path.stat().st_size
    properties = {}
    with path.open("rb") as file:
        while file.tell() < size:
            number, length = _field(file)
            if file.tell() + length > size:
                raise ValueError("it ends in the middle of a field")
            if number == _PROPERTIES:
                key, value = _entry(file, file.tell() + length)
                properties[key] = value
            else:
                file.seek(length, 1)
    return properties


def _entry(file: BinaryIO, end: int) -> tuple[str, str]:
    texts = {_KEY: "", _VALUE: ""}
    while file.tell() < end:
        number, length = _field(file)
        texts[number] = file.read(length).decode("utf-8", "replace")
    return texts[_KEY], texts[_VALUE]


def _field(file: BinaryIO) -> tuple[int, int]:
    """Number and remaining bytes of the field that begins here."""
    tag = _varint(file)
    number, wire = tag >> 3, tag & 7
    if number == 0 or wire not in (_VARINT, _EIGHT, _BYTES, _FOUR):
        raise ValueError("it is no ONNX file")
    if wire == _VARINT:
        _varint(file)
        return number, 0
    return number, _varint(file) if wire == _BYTES else {_EIGHT: 8, _FOUR: 4}[wire]


def _varint(file: BinaryIO) -> int:
    value = 0
    for shift in range(0, 70, 7):
        byte = file.read(1)
        if not byte:
            raise ValueError("it ends in the middle of a field")
        value |= (byte[0] & 0x7F) << shift
        if byte[0] < 0x80:
            return value
    raise ValueError("it is no ONNX file")
