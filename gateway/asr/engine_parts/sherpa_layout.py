"""The files of a model for sherpa-onnx, looked at before it is.

It ends the whole process when a file lacks what it looks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from gateway.asr.engine_parts.onnx_properties import read_properties
from gateway.asr.models import Model
from gateway.errors import ModelError

FRAMES_PER_SECOND = 100
TRANSDUCERS = {
    "zipformer2": (
        "num_encoder_layers",
        "encoder_dims",
        "query_head_dims",
        "value_head_dims",
        "num_heads",
        "cnn_module_kernels",
        "left_context_len",
    ),
    "zipformer": ("num_encoder_layers", "encoder_dims", "attention_dims", "cnn_module_kernels", "left_context_len"),
    "conformer": ("num_encoder_layers", "encoder_dim", "cnn_module_kernel", "left_context", "pad_length"),
    "lstm": ("num_encoder_layers", "d_model", "rnn_hidden_size"),
}
"""``model_type`` of a streaming transducer's encoder, and the properties it must have besides ``STREAMING``."""
STREAMING = ("T", "decode_chunk_len")
"""Feature frames a transducer takes at a time, and goes on by. One for whole recordings does not say the latter."""
PARAFORMER = (
    "vocab_size",
    "lfr_window_size",
    "lfr_window_shift",
    "encoder_output_size",
    "decoder_num_blocks",
    "decoder_kernel_size",
)
"""The properties a streaming Paraformer's encoder must have, besides ``CMVN``."""
CMVN = ("neg_mean", "inv_stddev")
PARAFORMER_FRAMES = 61 + 18
"""Feature frames it takes at a time, and those of them it only looks ahead at (fixed in sherpa-onnx)."""
LATE_FRAMES = 20
"""A transducer writes a word down up to so many frames after it was spoken."""


class Layout(Struct, frozen=True):
    """A model's files. ``kind``: a transducer's ``model_type``, or ``paraformer``, which has no ``joiner``.

    ``tail``: seconds of silence after which the last word is sure to be out.
    """

    kind: str
    tokens: Path
    encoder: Path
    decoder: Path
    joiner: Path | None
    tail: float


def lay_out(model: Model, folder: Path) -> Layout:
    """Which of the folder's files make up the model, looked at closely enough for the engine not to stumble.

    Raises ModelError naming what is missing or wrong.
    """
    encoder = _file(model, folder, "encoder", int8=True)
    properties = _properties(model, encoder)
    kind = properties.get("model_type", "")
    if kind not in TRANSDUCERS and "lfr_window_size" in properties:
        _demand(model, encoder, properties, PARAFORMER)
        _demand(model, encoder, properties, CMVN, numbers=False)
        decoder = _file(model, folder, "decoder", int8=True)
        _properties(model, decoder)
        tokens = _tokens(model, folder, int(properties["vocab_size"]))
        return Layout("paraformer", tokens, encoder, decoder, None, _tail(PARAFORMER_FRAMES))
    if kind not in TRANSDUCERS:
        raise _not_streaming(model, encoder, f"its model_type is {kind or 'not given'}")
    _demand(model, encoder, properties, STREAMING)
    _demand(model, encoder, properties, TRANSDUCERS[kind], numbers=False)
    # As it is published: int8 makes the small decoder no faster.
    decoder = _file(model, folder, "decoder", int8=False)
    said = _properties(model, decoder)
    _demand(model, decoder, said, ("vocab_size", "context_size"))
    joiner = _file(model, folder, "joiner", int8=True)
    _properties(model, joiner)
    tokens = _tokens(model, folder, int(said["vocab_size"]))
    return Layout(kind, tokens, encoder, decoder, joiner, _tail(int(properties["T"])))


def _tail(frames: int) -> float:
    return (frames + LATE_FRAMES) / FRAMES_PER_SECOND


def _again(model: Model) -> str:
    return f"Run: hotline models install {model.name}"


def _file(model: Model, folder: Path, part: str, *, int8: bool) -> Path:
    """The part's file; where the folder has several, the one in int8 or one that is not."""
    found = sorted(folder.glob(f"{part}*.onnx"))
    if not found:
        raise ModelError(f"model {model.name}: {folder} lacks {part}*.onnx", _again(model))
    return min(found, key=lambda path: path.name.endswith(".int8.onnx") != int8)


def _properties(model: Model, file: Path) -> dict[str, str]:
    try:
        return read_properties(file)
    except ValueError as error:
        raise ModelError(f"model {model.name}: {file} is damaged: {error}", _again(model)) from error
    except OSError as error:
        raise ModelError(f"model {model.name}: {file} cannot be read: {error.strerror}") from error


def _demand(
    model: Model, file: Path, properties: dict[str, str], names: Sequence[str], *, numbers: bool = True
) -> None:
    """Raise ModelError unless the properties are there, and are whole numbers above 0 if they must be."""
    for name in names:
        value = properties.get(name, "")
        if not value or (numbers and not (value.isdecimal() and int(value))):
            raise _not_streaming(model, file, f"its {name} is {value or 'not given'}")


def _not_streaming(model: Model, file: Path, why: str) -> ModelError:
    return ModelError(
        f"model {model.name}: {file} is of no streaming model that engine sherpa decodes ({why})",
        "Take a streaming Zipformer or Paraformer: hotline models list",
    )


def _tokens(model: Model, folder: Path, count: int) -> Path:
    """The table of at least ``count`` tokens: on each line one (nothing for a space) and its number."""
    file = folder / "tokens.txt"
    try:
        lines = file.read_bytes().rstrip().split(b"\n")
    except OSError as error:
        raise ModelError(f"model {model.name}: {file} cannot be read: {error.strerror}", _again(model)) from error
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if len(parts) not in (1, 2) or not parts[-1].isdigit():
            raise ModelError(f"model {model.name}: line {number} of {file} is no token and number", _again(model))
    if len(lines) < count:
        raise ModelError(f"model {model.name}: {file} has {len(lines)} of {count} tokens", _again(model))
    return file
