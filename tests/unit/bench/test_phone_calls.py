from __future__ import annotations

from pathlib import Path

import pytest

from gateway.asr.audiosocket import Audio
from gateway.bench.phone_calls import first_sentences
from gateway.bench.tap_relay import Tape
from gateway.demo.citizens import ScriptedCall, load_script
from gateway.errors import ProtocolError

DEMO = Path(__file__).parents[3] / "config" / "demo"
FRAME = bytes(range(1, 161)) * 2


def test_the_first_sentences_are_those_spoken_first() -> None:
    call = ScriptedCall(number="13800000001", agent_says=("a1", "a2"), caller_says=("c1", "c2", "c3"))
    script = [call, call]
    assert first_sentences(script, None) == script
    (cut,) = first_sentences(script, 3)
    assert (cut.agent_says, cut.caller_says) == (("a1", "a2"), ("c1",))
    assert len(first_sentences(script, 6)) == 2


@pytest.mark.parametrize(("language", "least"), [("zh", 60), ("ko", 30)])
def test_the_calls_have_enough_sentences_none_twice_and_half_in_each_voice(language: str, least: int) -> None:
    script = load_script(DEMO / f"phone_{language}.toml")
    lines = [line for call in script for line in (*call.agent_says, *call.caller_says)]
    female = sum(len(call.caller_says if call.voice == "female" else call.agent_says) for call in script)
    assert len(lines) >= least
    assert len(set(lines)) == len(lines)
    assert abs(female - len(lines) / 2) <= 3
    assert all(len(call.caller_says) == len(call.agent_says) for call in script), "the caller has the last word"


def test_a_tape_has_silence_where_nothing_came_and_knows_its_instants() -> None:
    tape = Tape("PJSIP/1001-0", 100.0)
    tape.hear(Audio(8000, FRAME), 100.02)
    assert tape.seconds == pytest.approx(0.02)
    tape.hear(Audio(8000, FRAME), 101.03)
    assert tape.seconds == pytest.approx(1.02), "filled up in whole frames of 20 ms"
    assert tape.between(99.0, 100.02) == FRAME
    assert set(tape.between(100.02, 101.0)) == {0}
    assert tape.between(101.0, 200.0) == FRAME


def test_a_late_frame_is_no_silence() -> None:
    tape = Tape("PJSIP/1001-0", 100.0)
    tape.hear(Audio(8000, FRAME), 100.2)
    assert tape.seconds == pytest.approx(0.02)


def test_a_tape_takes_the_telephones_rate_only() -> None:
    with pytest.raises(ProtocolError, match="16000 Hz"):
        Tape("PJSIP/1001-0", 0.0).hear(Audio(16000, FRAME), 0.02)
