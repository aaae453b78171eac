"""``hotline bench phone``: what a real phone call's live transcript is worth, beside the same audio decoded at leisure.

Calls are made as citizens make them (``phone_calls``): SIP, A-law at 8000 Hz, the real PBX, the gateway as it is run,
the tap, the worker. Then the same engine decodes each leg once more from its file, with nothing else to do: what the
live transcript differs by was lost to time, to the line or to other legs, and not to the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgspec import Struct

from gateway.asr import models
from gateway.asr.evaluate import Transcription, comparable, edits, evaluate, read_wav, transcribe
from gateway.asr.recognizer import load
from gateway.asr.stream import DecoderPool
from gateway.asr.text.vocabulary import Vocabulary, read_vocabulary
from gateway.bench.figures import Load, Machine
from gateway.bench.phone_calls import LegFile, Recorded, first_sentences, record_calls
from gateway.bench.tap_relay import RATE
from gateway.config import Settings
from gateway.demo.citizens import load_script
from gateway.demo.show import say
from gateway.errors import InputError, NeighbourError
from gateway.events import Speaker
from gateway.hearing import VOCABULARY_FILE


class LegReport(Struct, frozen=True):
    """One leg. Error rates of characters; ``difference``: what the engine heard live against what it heard directly.

    ``last_heard``: seconds from the end of the leg's last line to the end of its last utterance.
    """

    file: str
    call_id: str
    speaker: Speaker
    voice: str
    said: str
    live: str
    direct: str
    live_cer: float
    direct_cer: float
    difference: float
    last_heard: float | None


class VoiceReport(Struct, frozen=True):
    """One voice: ``cer`` sentence by sentence, as ``hotline asr eval`` has it, ``live_cer`` in the calls."""

    voice: str
    sentences: int
    cer: float
    live_cer: float


class PhoneReport(Struct, frozen=True):
    """What ``hotline bench phone --json`` prints. Error rates weigh each text by its characters.

    ``difference`` is the edits between what the engine heard of all legs directly and what it heard live, by the
    characters of the former (an operator's vocabulary has no part in it); ``cer_difference`` is ``live_cer`` less
    ``direct_cer``. ``wrong_speaker``: legs whose live transcript fits what the other side said better.
    """

    language: str
    engine: str
    model: str
    calls: int
    sentences: int
    seconds: float
    manifest: str
    live_cer: float
    direct_cer: float
    difference: float
    cer_difference: float
    eval_cer: float
    wrong_speaker: int
    voices: tuple[VoiceReport, ...]
    legs: tuple[LegReport, ...]
    machine: Machine


async def measure(settings: Settings, config: Path, out: Path, language: str, sentences: int | None) -> PhoneReport:
    """Play the first ``sentences`` of the language's calls (None: all), decode their legs again, and compare.

    Raises InputError for a language without calls, NeighbourError when a part or a call fails, ModelError.
    """
    script = config / "demo" / f"phone_{language}.toml"
    if not script.is_file():
        raise InputError(f"there are no calls in {language}", f"Write {script}")
    load_now = Load()
    recorded = await record_calls(settings, config, out, language, first_sentences(load_script(script), sentences))
    name = _model(recorded)
    say("the same legs from their files")
    terms = config / VOCABULARY_FILE
    vocabulary = Vocabulary(read_vocabulary(terms) if terms.is_file() else ())
    files = [out / leg.file for leg in recorded.legs]
    direct = await _decode(settings.home(), name, language, files, vocabulary)
    say("sentence by sentence")
    judged = await evaluate(recorded.manifest, settings.home(), model=name, language=language)
    legs = tuple(_compare(leg, text) for leg, (text, _) in zip(recorded.legs, direct, strict=True))
    differences = [
        (_rate(text.heard, leg.heard), _length(text.heard))
        for leg, (text, _) in zip(recorded.legs, direct, strict=True)
    ]
    rates = {Path(result.file).name: (result.cer, result.characters) for result in judged.files}
    voices = []
    for voice in sorted({sentence.voice for sentence in recorded.sentences}):
        mine = [rates[Path(sentence.file).name] for sentence in recorded.sentences if sentence.voice == voice]
        heard = [(leg.live_cer, _length(leg.said)) for leg in legs if leg.voice == voice]
        voices.append(VoiceReport(voice, len(mine), _mean(mine), _mean(heard)))
    live = _mean((leg.live_cer, _length(leg.said)) for leg in legs)
    decoded = _mean((leg.direct_cer, _length(leg.said)) for leg in legs)
    return PhoneReport(
        language=language,
        engine=judged.engine,
        model=name,
        calls=len({leg.call_id for leg in legs}),
        sentences=len(recorded.sentences),
        seconds=round(sum(seconds for _, seconds in direct), 1),
        manifest=str(recorded.manifest),
        live_cer=live,
        direct_cer=decoded,
        difference=_mean(differences),
        cer_difference=round(live - decoded, 4),
        eval_cer=round(judged.cer, 4),
        wrong_speaker=_wrong_speakers(legs),
        voices=tuple(voices),
        legs=legs,
        machine=load_now.machine(),
    )


def _model(recorded: Recorded) -> str:
    """The one that wrote the live transcripts. Raises NeighbourError when there are none, or several had a hand in."""
    names = {leg.model for leg in recorded.legs if leg.model}
    if len(names) != 1:
        raise NeighbourError(f"the calls were transcribed by {len(names)} models", "hotline check says what is wrong")
    return names.pop()


async def _decode(
    home: Path, name: str, language: str, files: Sequence[Path], vocabulary: Vocabulary
) -> list[tuple[Transcription, float]]:
    """Words and seconds of each file."""
    recognizer = await asyncio.to_thread(load, models.catalogue()[name], models.model_dir(home, name), 1)
    pool = DecoderPool(1)
    decoded = []
    try:
        for file in files:
            samples = await asyncio.to_thread(read_wav, file, RATE)
            words = await transcribe(recognizer, language, samples, RATE, pool, vocabulary)
            decoded.append((words, len(samples) / 2 / RATE))
    finally:
        pool.close()
    return decoded


def _compare(leg: LegFile, direct: Transcription) -> LegReport:
    return LegReport(
        file=leg.file,
        call_id=leg.call_id,
        speaker=leg.speaker,
        voice=leg.voice,
        said=leg.said,
        live=leg.live,
        direct=direct.text,
        live_cer=_rate(leg.said, leg.live),
        direct_cer=_rate(leg.said, direct.text),
        difference=_rate(direct.heard, leg.heard),
        last_heard=None if leg.last_heard is None else round(leg.last_heard, 3),
    )


def _rate(reference: str, hypothesis: str) -> float:
    """Edits by the reference's characters, at least one."""
    return edits(comparable(reference), comparable(hypothesis)) / _length(reference)


def _length(text: str) -> int:
    return max(1, len(comparable(text)))


def _mean(rates: Iterable[tuple[float, int]]) -> float:
    """Of rates, each with the characters it weighs."""
    known = list(rates)
    return round(sum(rate * weight for rate, weight in known) / max(1, sum(weight for _, weight in known)), 4)


def _wrong_speakers(legs: Sequence[LegReport]) -> int:
    by_call: dict[str, list[LegReport]] = {}
    for leg in legs:
        by_call.setdefault(leg.call_id, []).append(leg)
    pairs = [(leg, other) for both in by_call.values() for leg in both for other in both if other is not leg]
    return sum(_rate(other.said, leg.live) < leg.live_cer for leg, other in pairs)


def table(report: PhoneReport) -> str:
    """The report for people."""
    lines = [
        f"{report.calls} calls, {report.sentences} sentences, {report.seconds:.0f} s of legs; "
        f"{report.engine} {report.model}, {report.language}",
        f"{'':<38}error rate of characters",
        f"{'live transcript':<38}{report.live_cer:.4f}",
        f"{'the same legs from their files':<38}{report.direct_cer:.4f}",
        f"{'live against direct':<38}{report.difference:.4f}",
        f"{'sentence by sentence':<38}{report.eval_cer:.4f}",
    ]
    for voice in report.voices:
        name = f"  {voice.voice} voice, {voice.sentences} sentences"
        lines.append(f"{name:<38}{voice.cer:.4f}, live {voice.live_cer:.4f}")
    lines.append(f"legs under the wrong speaker: {report.wrong_speaker}")
    lines.append(f"manifest: {report.manifest}")
    return "\n".join(lines)
