"""Tiny models of random weights in the layouts that sherpa-onnx reads: real graphs, meaningless words.

What they say depends on the sound and on what the encoder kept of the frames before, so that streams which were mixed
up, or audio cut elsewhere, would give other words.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CHARACTERS = "市民热线您好请问有什么可以帮助的水电路灯坏了小区门口"
TOKENS = ["<blk>", "<sos/eos>", "<unk>", *CHARACTERS, "▁YES", "▁N", "O"]
"""Of a table with Chinese characters and pieces of English words."""
BINS, DIM, FRAMES, SHIFT = 80, 16, 45, 32
"""Mel bins of a frame, width of the encoder's output, frames it takes at a time and goes on by."""
ZIPFORMER2 = {
    "model_type": "zipformer2",
    "encoder_dims": "8,8",
    "query_head_dims": "4,4",
    "value_head_dims": "4,4",
    "num_heads": "2,2",
    "num_encoder_layers": "1,1",
    "cnn_module_kernels": "5,5",
    "left_context_len": "6,6",
    "T": str(FRAMES),
    "decode_chunk_len": str(SHIFT),
}
LAYER: dict[str, tuple[int | str, ...]] = {
    "cached_key": (6, "N", 8),
    "cached_nonlin_attn": (1, "N", 6, 6),
    "cached_val1": (6, "N", 8),
    "cached_val2": (6, "N", 8),
    "cached_conv1": ("N", 8, 2),
    "cached_conv2": ("N", 8, 2),
}
STATES = {f"{name}_{layer}": shape for layer in (0, 1) for name, shape in LAYER.items()}
STATES["embed_states"] = ("N", 128, 3, 19)
"""Of two layers with the sizes above, in the order of Zipformer 2, and of what comes before the layers."""


def zipformer(folder: Path, properties: dict[str, str] = ZIPFORMER2, *, int8: bool = False) -> Path:
    """A streaming Zipformer 2 transducer under the names of icefall's exports."""
    random = np.random.default_rng(7)
    parts = {
        "encoder": (_zipformer_encoder(random), properties),
        "decoder": (_predictor(random), {"vocab_size": str(len(TOKENS)), "context_size": "2"}),
        "joiner": (_joiner(random), {"joiner_dim": str(DIM)}),
    }
    _tokens(folder)
    for part, (graph, said) in parts.items():
        for precision in ("", ".int8") if int8 else ("",):
            _save(graph, folder / f"{part}-epoch-99-avg-1{precision}.onnx", said)
    return folder


def paraformer(folder: Path) -> Path:
    """A streaming Paraformer."""
    random = np.random.default_rng(11)
    features = 7 * BINS
    _tokens(folder)
    said = {
        "vocab_size": str(len(TOKENS)),
        "lfr_window_size": "7",
        "lfr_window_shift": "6",
        "encoder_output_size": str(DIM),
        "decoder_num_blocks": "1",
        "decoder_kernel_size": "3",
        "neg_mean": ",".join(["-12.0"] * features),
        "inv_stddev": ",".join(["0.1"] * features),
    }
    _save(_paraformer_encoder(random, features), folder / "encoder.onnx", said)
    _save(_paraformer_decoder(random), folder / "decoder.onnx", {})
    return folder


def _tokens(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tokens.txt").write_text("".join(f"{token} {i}\n" for i, token in enumerate(TOKENS)), "utf-8")


def _save(graph: onnx.GraphProto, path: Path, properties: dict[str, str]) -> None:
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, properties)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())


def _floats(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _weights(**arrays: np.ndarray) -> list[onnx.TensorProto]:
    return [numpy_helper.from_array(array, name) for name, array in arrays.items()]


def _random(random: np.random.Generator, *shape: int, scale: float = 1.0) -> np.ndarray:
    return (random.standard_normal(shape) * scale).astype(np.float32)


def _zipformer_encoder(random: np.random.Generator) -> onnx.GraphProto:
    nodes = [
        helper.make_node("Slice", ["x", "zero", "shift", "one"], ["now"]),
        helper.make_node("Reshape", ["now", "by_four"], ["quarter"]),
        helper.make_node("MatMul", ["quarter", "w"], ["seen"]),
        helper.make_node("ReduceMean", ["embed_states"], ["kept"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Squeeze", ["kept", "last"], ["memory"]),
        helper.make_node("Add", ["seen", "memory"], ["both"]),
        helper.make_node("Tanh", ["both"], ["encoder_out"]),
        helper.make_node("ReduceMean", ["encoder_out"], ["mean"], axes=[1, 2], keepdims=0),
        helper.make_node("Reshape", ["mean", "as_state"], ["news"]),
        helper.make_node("Add", ["embed_states", "news"], ["new_embed_states"]),
        helper.make_node("Add", ["processed_lens", "steps"], ["new_processed_lens"]),
        *(helper.make_node("Identity", [name], [f"new_{name}"]) for name in STATES if name != "embed_states"),
    ]
    lengths = [helper.make_tensor_value_info(f"{new}processed_lens", TensorProto.INT64, ("N",)) for new in ("", "new_")]
    return helper.make_graph(
        nodes,
        "encoder",
        [_floats("x", "N", FRAMES, BINS), *(_floats(n, *shape) for n, shape in STATES.items()), lengths[0]],
        [
            _floats("encoder_out", "N", SHIFT // 4, DIM),
            *(_floats(f"new_{n}", *shape) for n, shape in STATES.items()),
            lengths[1],
        ],
        _weights(
            w=_random(random, 4 * BINS, DIM, scale=0.05),
            zero=np.array([0]),
            one=np.array([1]),
            last=np.array([3]),
            shift=np.array([SHIFT]),
            steps=np.array([SHIFT // 2]),
            by_four=np.array([0, SHIFT // 4, 4 * BINS]),
            as_state=np.array([-1, 1, 1, 1]),
        ),
    )


def _predictor(random: np.random.Generator) -> onnx.GraphProto:
    return helper.make_graph(
        [
            helper.make_node("Gather", ["embedding", "y"], ["each"]),
            helper.make_node("ReduceMean", ["each"], ["decoder_out"], axes=[1], keepdims=0),
        ],
        "decoder",
        [helper.make_tensor_value_info("y", TensorProto.INT64, ("N", 2))],
        [_floats("decoder_out", "N", DIM)],
        _weights(embedding=_random(random, len(TOKENS), DIM, scale=0.5)),
    )


def _joiner(random: np.random.Generator) -> onnx.GraphProto:
    bias = np.zeros(len(TOKENS), np.float32)
    bias[0], bias[1:3] = 2.0, -99.0
    return helper.make_graph(
        [
            helper.make_node("Add", ["encoder_out", "decoder_out"], ["sum"]),
            helper.make_node("Tanh", ["sum"], ["active"]),
            helper.make_node("MatMul", ["active", "w"], ["scores"]),
            helper.make_node("Add", ["scores", "bias"], ["logit"]),
        ],
        "joiner",
        [_floats("encoder_out", "N", DIM), _floats("decoder_out", "N", DIM)],
        [_floats("logit", "N", len(TOKENS))],
        _weights(w=_random(random, DIM, len(TOKENS)), bias=bias),
    )


def _paraformer_encoder(random: np.random.Generator, features: int) -> onnx.GraphProto:
    nodes = [
        helper.make_node("MatMul", ["speech", "w"], ["seen"]),
        helper.make_node("Tanh", ["seen"], ["enc"]),
        helper.make_node("Identity", ["speech_lengths"], ["enc_len"]),
        helper.make_node("MatMul", ["enc", "v"], ["weight"]),
        helper.make_node("Sigmoid", ["weight"], ["share"]),
        helper.make_node("Squeeze", ["share", "last"], ["alphas"]),
    ]
    lengths = [helper.make_tensor_value_info(n, TensorProto.INT32, ("N",)) for n in ("speech_lengths", "enc_len")]
    return helper.make_graph(
        nodes,
        "encoder",
        [_floats("speech", "N", "T", features), lengths[0]],
        [_floats("enc", "N", "T", DIM), lengths[1], _floats("alphas", "N", "T")],
        _weights(
            w=_random(random, features, DIM, scale=0.05),
            v=_random(random, DIM, 1),
            last=np.array([2]),
        ),
    )


def _paraformer_decoder(random: np.random.Generator) -> onnx.GraphProto:
    bias = np.zeros(len(TOKENS), np.float32)
    bias[0:3] = -99.0
    return helper.make_graph(
        [
            helper.make_node("MatMul", ["acoustic_embeds", "w"], ["scores"]),
            helper.make_node("Add", ["scores", "bias"], ["logits"]),
            helper.make_node("ArgMax", ["logits"], ["sample_ids"], axis=2, keepdims=0),
            helper.make_node("Identity", ["in_cache_0"], ["out_cache_0"]),
        ],
        "decoder",
        [
            _floats("enc", "N", "T", DIM),
            helper.make_tensor_value_info("enc_len", TensorProto.INT32, ("N",)),
            _floats("acoustic_embeds", "N", "S", DIM),
            helper.make_tensor_value_info("acoustic_embeds_len", TensorProto.INT32, ("N",)),
            _floats("in_cache_0", "N", DIM, 2),
        ],
        [
            _floats("logits", "N", "S", len(TOKENS)),
            helper.make_tensor_value_info("sample_ids", TensorProto.INT64, ("N", "S")),
            _floats("out_cache_0", "N", DIM, 2),
        ],
        _weights(w=_random(random, DIM, len(TOKENS)), bias=bias),
    )
