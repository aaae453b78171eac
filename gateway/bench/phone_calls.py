"""The calls of ``hotline bench phone``: real phones, the real PBX, the live transcript, and a tape of every leg.

What stays is a folder: ``legs/`` with one WAV file a leg as the worker got it, ``sentences/`` with one a sentence, and
``manifest.tsv``, which ``hotline asr eval`` reads.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path

import msgspec
import numpy as np
from msgspec import Struct

from gateway.bench.tap_relay import RATE, Tape, TapRelay
from gateway.config import Settings
from gateway.demo.asterisk import AsteriskInstance
from gateway.demo.citizens import ScriptedCall
from gateway.demo.director import Director, SaidLine
from gateway.demo.show import AGENTS, Stage, say, stage
from gateway.demo.voices import Voices
from gateway.errors import NeighbourError
from gateway.events import Speaker, TranscriptFinal
from gateway.tts import write_wav

MARGIN = 0.3
"""Seconds of a sentence's file before and after the phone played it; the line has some delay."""
COLUMNS = ("file", "transcript", "speaker", "voice", "leg")


class SentenceFile(Struct, frozen=True):
    """One sentence: a row of the manifest."""

    file: str
    transcript: str
    speaker: Speaker
    voice: str
    leg: str


class LegFile(Struct, frozen=True):
    """One leg: what was said in it, what the gateway wrote of it, and what its engine had heard; utterances parted by
    a space.
    """

    file: str
    call_id: str
    speaker: Speaker
    voice: str
    said: str
    live: str
    heard: str
    last_heard: float | None
    """Seconds from the end of the leg's last line to the end of the last utterance; negative: it ended before."""
    engine: str
    model: str


class Recorded(Struct, frozen=True):
    """All calls. ``folder`` is where their files are."""

    folder: Path
    legs: tuple[LegFile, ...]
    sentences: tuple[SentenceFile, ...]

    @property
    def manifest(self) -> Path:
        """The sentences as a manifest."""
        return self.folder / "manifest.tsv"


def first_sentences(script: Sequence[ScriptedCall], count: int | None) -> list[ScriptedCall]:
    """The calls of a script up to the sentence ``count``; None: all. Agent and caller speak in turn."""
    chosen = []
    left = sum(len(call.agent_says) + len(call.caller_says) for call in script) if count is None else count
    for call in script:
        agent: list[str] = []
        caller: list[str] = []
        for asks, answers in zip_longest(call.agent_says, call.caller_says):
            for line, side in ((asks, agent), (answers, caller)):
                if line and left:
                    side.append(line)
                    left -= 1
        if agent or caller:
            chosen.append(msgspec.structs.replace(call, agent_says=tuple(agent), caller_says=tuple(caller)))
    return chosen


async def record_calls(
    settings: Settings, config: Path, out: Path, language: str, script: Sequence[ScriptedCall]
) -> Recorded:
    """Play the calls of ``script``, one after another, and write their files into ``out``.

    Raises NeighbourError when a part does not start or a call does not go as scripted.
    """
    for folder in (out / "legs", out / "sentences"):
        folder.mkdir(parents=True, exist_ok=True)
    voices = Voices(settings.home())
    asterisk = AsteriskInstance()
    legs: list[LegFile] = []
    sentences: list[SentenceFile] = []
    async with TapRelay(asterisk.host, asterisk.ami_port) as relay:
        extra = {"HOTLINE_AMI_PORT": str(relay.ami_port), "HOTLINE_SPEECH_LANGUAGE": language}
        async with stage(settings, config, extra=extra, asterisk=asterisk) as on:
            director = Director(asterisk, on.watcher, voices, on.agents)
            for number, call in enumerate(script, 1):
                say(f"call {number} of {len(script)}")
                await director.rehearse(call)
                taped, said = len(relay.tapes), len(director.said)
                call_id = await director.play(call)
                for leg, tape, lines in _legs(relay.tapes[taped:], director.said[said:]):
                    files = _write(out, f"{number:02}-{leg}", leg, tape, lines)
                    sentences += files
                    legs.append(_leg(on, f"legs/{number:02}-{leg}.wav", call_id, leg, tape, lines))
    recorded = Recorded(out, tuple(legs), tuple(sentences))
    _write_manifest(recorded)
    return recorded


def _legs(tapes: Sequence[Tape], said: Sequence[SaidLine]) -> list[tuple[Speaker, Tape, list[SaidLine]]]:
    """One call's legs with their lines. Whose a tape is, its channel's name says. Raises NeighbourError."""
    agents = tuple(f"PJSIP/{agent}-" for agent in AGENTS)
    found: list[tuple[Speaker, Tape, list[SaidLine]]] = []
    sides: tuple[Speaker, Speaker] = ("caller", "agent")
    for speaker in sides:
        taped = [tape for tape in tapes if tape.channel.startswith(agents) == (speaker == "agent")]
        lines = [line for line in said if line.speaker == speaker]
        if len(taped) != 1:
            raise NeighbourError(f"{len(taped)} taps of the {speaker}'s leg, where one was expected")
        if lines:
            found.append((speaker, taped[0], lines))
    return found


def _write(out: Path, name: str, leg: Speaker, tape: Tape, lines: Sequence[SaidLine]) -> list[SentenceFile]:
    _write_wav(out / "legs" / f"{name}.wav", bytes(tape.samples))
    files = []
    for number, line in enumerate(lines, 1):
        file = f"sentences/{name}-{number}.wav"
        _write_wav(out / file, tape.between(line.start - MARGIN, line.end + MARGIN))
        files.append(SentenceFile(file, line.text, leg, line.voice, f"legs/{name}.wav"))
    return files


def _write_wav(path: Path, samples: bytes) -> None:
    write_wav(path, np.frombuffer(samples, "<i2").astype(np.int16), RATE)


def _leg(on: Stage, file: str, call_id: str, leg: Speaker, tape: Tape, lines: Sequence[SaidLine]) -> LegFile:
    finals = [event for _, event in on.watcher.of_call(call_id) if isinstance(event, TranscriptFinal)]
    mine = sorted((event for event in finals if event.speaker == leg), key=lambda event: event.start)
    return LegFile(
        file=file,
        call_id=call_id,
        speaker=leg,
        voice=lines[0].voice,
        said=" ".join(line.text for line in lines),
        live=" ".join(event.text for event in mine),
        heard=" ".join(event.raw or event.text for event in mine),
        last_heard=mine[-1].at - lines[-1].end if mine else None,
        engine=mine[-1].engine if mine else "",
        model=mine[-1].model if mine else "",
    )


def _write_manifest(recorded: Recorded) -> None:
    with recorded.manifest.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_NONE, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows(msgspec.structs.astuple(sentence) for sentence in recorded.sentences)
