"""sherpa-onnx, on tiny models of random weights in the layouts of its published ones."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import wave
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from gateway.asr import models
from gateway.asr.models import LocalSource, UrlSource
from gateway.asr.recognizer import Decoded, Final, Interim, Recognizer, Started, load
from gateway.asr.stream import DecoderPool, RecognizerStream
from gateway.errors import ModelError
from tests.model_files import FILES, lay_out, model
from tests.sherpa_models import CHARACTERS, ZIPFORMER2, paraformer, zipformer

SHERPA = model(LocalSource(), engine="sherpa")
ENCODER, DECODER, JOINER = (f"{part}-epoch-99-avg-1.onnx" for part in ("encoder", "decoder", "joiner"))
LAYOUTS = pytest.mark.parametrize("make", [zipformer, paraformer])
PROMPTS = Path(__file__).parents[2] / "asterisk" / "sounds" / "hotline"
Make = Callable[[Path], Path]


def sound(seconds: float, rate: int = 8000, seed: int = 1) -> bytes:
    """Tones that change each 0.2 s."""
    random = np.random.default_rng(seed)
    pitches = np.repeat(random.uniform(200, 3000, int(seconds * 5) + 1), rate // 5)[: int(seconds * rate)]
    return (np.sin(2 * np.pi * np.cumsum(pitches) / rate) * 8000).astype("<i2").tobytes()


def decode(recognizer: Recognizer, samples: bytes, cut: int = 1 << 30, rate: int = 8000) -> Decoded:
    decoder = recognizer.decoder("zh", rate, lambda: True)
    for start in range(0, len(samples), cut):
        decoder.accept(samples[start : start + cut])
    said = decoder.finish()
    decoder.close()
    return said


@LAYOUTS
@pytest.mark.parametrize("rate", [8000, 16000, 48000])
def test_the_same_sound_gives_the_same_words_however_it_is_cut(make: Make, rate: int, tmp_path: Path) -> None:
    recognizer = load(SHERPA, make(tmp_path), 1)
    samples = sound(4.3, rate)
    whole = decode(recognizer, samples, rate=rate)
    assert len(whole.text) > 5
    assert set(whole.text) <= set(CHARACTERS + "YESNO ")
    for cut in (320, 998, 30_000):
        assert decode(recognizer, samples, cut, rate) == whole
    assert decode(recognizer, sound(4.3, rate, seed=2), rate=rate) != whole


@LAYOUTS
def test_utterances_of_one_leg_do_not_change_each_other(make: Make, tmp_path: Path) -> None:
    recognizer = load(SHERPA, make(tmp_path), 1)
    decoder = recognizer.decoder("zh", 8000, lambda: True)
    alone = [decode(recognizer, sound(2, seed=seed)) for seed in (1, 2)]
    for seed in (1, 2):
        decoder.accept(sound(2, seed=seed))
        assert decoder.finish() == alone[seed - 1]
    decoder.accept(sound(1, seed=3))
    decoder.close()
    decoder.accept(sound(2, seed=1))
    assert decoder.finish() == alone[0]
    assert decoder.finish() == Decoded("")


@LAYOUTS
def test_threads_share_the_model_without_mixing_legs(make: Make, tmp_path: Path) -> None:
    recognizer = load(SHERPA, make(tmp_path), 4)
    sounds = [sound(3, seed=seed) for seed in range(8)]
    alone = [decode(recognizer, samples) for samples in sounds]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda samples: decode(recognizer, samples, 640), sounds)) == alone


def test_words_have_times_and_confidence(tmp_path: Path) -> None:
    recognizer = load(SHERPA, zipformer(tmp_path), 1)
    assert recognizer.capabilities.words
    said = decode(recognizer, sound(3))
    assert "".join(word.text for word in said.words) == said.text.replace(" ", "")
    times = [at for word in said.words for at in (word.start, word.end)]
    assert times == sorted(times)
    assert times[0] >= 0.0
    assert 2.0 < times[-1] <= 3.0
    assert said.confidence is not None
    assert all(0 < word.confidence < 1 for word in said.words)


def test_a_paraformer_gives_text_alone(tmp_path: Path) -> None:
    recognizer = load(SHERPA, paraformer(tmp_path), 1)
    assert not recognizer.capabilities.words
    said = decode(recognizer, sound(3))
    assert (said.confidence, said.words) == (None, ())


@LAYOUTS
def test_sound_shorter_than_one_step_of_the_model_is_decoded(make: Make, tmp_path: Path) -> None:
    """The silence behind it brings out what the model would keep back."""
    recognizer = load(SHERPA, make(tmp_path), 1)
    assert decode(recognizer, sound(0.3)).text
    longer = [decode(recognizer, sound(seconds)).text for seconds in (2.0, 2.4)]
    assert len(longer[0]) < len(longer[1])


def test_words_appear_while_they_are_spoken(tmp_path: Path) -> None:
    decoder = load(SHERPA, zipformer(tmp_path), 1).decoder("zh", 8000, lambda: True)
    samples = sound(2)
    shown = [
        words for start in range(0, len(samples), 1600) if (words := decoder.accept(samples[start : start + 1600]))
    ]
    assert len(shown) > 3
    assert all(later.startswith(earlier) for earlier, later in pairwise(shown))
    assert decoder.finish().text.startswith(shown[-1])


@LAYOUTS
async def test_a_leg_of_two_utterances(make: Make, tmp_path: Path) -> None:
    recognizer = load(SHERPA, make(tmp_path), 1)
    pool = DecoderPool(1)
    stream = RecognizerStream(recognizer, "zh", 8000, pool)
    line = b""
    for name in ("survey-ask", "survey-thanks"):
        with wave.open(str(PROMPTS / f"{name}.wav")) as spoken:
            line += spoken.readframes(12_000) + bytes(16_000)

    async def speak() -> None:
        for start in range(0, len(line), 3200):
            stream.push(line[start : start + 3200], start / 16_000)
            await stream.caught_up(0.3)
        stream.finish()

    speaker = asyncio.create_task(speak())
    events = [event async for event in stream.events()]
    await speaker
    pool.close()
    finals = [event for event in events if isinstance(event, Final)]
    assert len(finals) == sum(isinstance(event, Started) for event in events) == 2
    assert all(final.text for final in finals)
    assert any(isinstance(event, Interim) for event in events)


def test_no_grammar(tmp_path: Path) -> None:
    recognizer = load(SHERPA, zipformer(tmp_path), 1)
    assert not recognizer.capabilities.grammar
    with pytest.raises(ModelError, match=r"^engine sherpa has no grammar mode\. Choose a Vosk model"):
        recognizer.decoder("zh", 8000, lambda: True, ["一", "二"])


def test_int8_is_preferred_but_for_the_decoder(tmp_path: Path) -> None:
    from gateway.asr.engine_parts.sherpa_layout import lay_out as files_of

    found = files_of(SHERPA, zipformer(tmp_path, int8=True))
    assert found.joiner is not None
    assert [path.name for path in (found.encoder, found.decoder, found.joiner)] == [
        ENCODER.replace(".onnx", ".int8.onnx"),
        DECODER,
        JOINER.replace(".onnx", ".int8.onnx"),
    ]
    found.encoder.unlink()
    (tmp_path / DECODER).rename(tmp_path / DECODER.replace(".onnx", ".int8.onnx"))
    found = files_of(SHERPA, tmp_path)
    assert (found.encoder.name, found.decoder.name) == (ENCODER, DECODER.replace(".onnx", ".int8.onnx"))
    assert decode(load(SHERPA, tmp_path, 1), sound(1)).text


OFFLINE = {name: value for name, value in ZIPFORMER2.items() if name != "decode_chunk_len"}
WRONG: dict[str, tuple[dict[str, bytes | dict[str, str] | None], str]] = {
    "no joiner": ({JOINER: None}, r"m lacks joiner\*\.onnx\. Run: hotline models install tiny-zh$"),
    "not for streaming": ({ENCODER: OFFLINE}, r"no streaming model .* \(its decode_chunk_len is not given\)"),
    "no step": ({ENCODER: ZIPFORMER2 | {"decode_chunk_len": "0"}}, r"\(its decode_chunk_len is 0\)"),
    "another kind": ({ENCODER: {"model_type": "nemo"}}, r"\(its model_type is nemo\)\. Take a streaming"),
    "no kind": ({ENCODER: {}}, r"\(its model_type is not given\)"),
    "half a Paraformer": ({ENCODER: {"lfr_window_size": "7"}}, r"\(its vocab_size is not given\)"),
    "sizes that do not fit": ({ENCODER: ZIPFORMER2 | {"encoder_dims": "32,32"}}, r"cannot be read by sherpa-onnx"),
    "another's decoder": ({DECODER: FILES["sherpa"][DECODER]}, r"\(its vocab_size is not given\)"),
    "cut short": ({JOINER: b"\x08\x07\x3a\x7f"}, r"joiner.* is damaged: it ends in the middle of a field"),
    "tokens of another": ({"tokens.txt": "<blk> 0\n好 1\n".encode()}, r"tokens\.txt has 2 of 32 tokens"),
    "no tokens": ({"tokens.txt": "<blk> 0\n你 好 1\n".encode()}, r"line 2 of .* is no token and number"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_folder_that_is_no_such_model(case: str, tmp_path: Path) -> None:
    """In a process of its own: without the look at the files, some of these end it without a word."""
    changes, said = WRONG[case]
    folder = zipformer(tmp_path / "m")
    for name, change in changes.items():
        if change is None:
            (folder / name).unlink()
        elif isinstance(change, dict):
            zipformer(tmp_path / "other", change)
            (tmp_path / "other" / name).replace(folder / name)
        else:
            lay_out(folder, {name: change})
    program = (
        "from pathlib import Path\n"
        "from gateway.asr.recognizer import load\n"
        "from gateway.errors import ModelError\n"
        "from tests.integration.test_sherpa import SHERPA\n"
        "try:\n"
        f"    load(SHERPA, Path({str(folder)!r}), 1)\n"
        "except ModelError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(said, done.stdout.strip()), done.stdout


def test_an_engine_that_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    monkeypatch.delitem(sys.modules, "gateway.asr.sherpa_recognizer", raising=False)
    with pytest.raises(ModelError, match=r"^engine sherpa is not installed .*pip install hotline-gateway\[sherpa\]$"):
        load(SHERPA, zipformer(tmp_path), 1)


def test_the_published_models_are_in_the_catalogue() -> None:
    published = [m for m in models.catalogue().values() if m.engine == "sherpa"]
    assert len(published) >= 4
    assert len({m.rank for m in published}) == len(published)
    for entry in published:
        assert "zh" in entry.languages
        assert isinstance(entry.source, UrlSource)
        assert entry.source.url.endswith(f"/asr-models/{entry.source.archive_root}.tar.bz2")
        assert entry.source.archive_mb > 0
