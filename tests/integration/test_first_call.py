"""The whole way of a call: dialled on a real phone, answered on another, measured, transcribed, ticketed, published."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from gateway.asr.evaluate import cer
from gateway.config import load
from gateway.demo.citizens import load_script
from gateway.demo.director import Director
from gateway.demo.phones import Caller
from gateway.demo.reception import GREETING, Reception
from gateway.demo.report import report_call
from gateway.demo.show import hold_seconds, stage
from gateway.demo.voices import Voices
from gateway.events import TranscriptFinal, event_type
from tests.integration.speech import need_models

CONFIG = Path(__file__).parents[2] / "config"
ORDER = (
    "call.offered",
    "call.queued",
    "call.ringing",
    "call.answered",
    "ticket.drafted",
    "transcript.final",
    "survey.completed",
    "call.ended",
    "transcript.completed",
)
"""First appearances, in this order."""


@pytest.mark.timeout(240)
async def test_a_citizen_is_answered_heard_ticketed_and_asked() -> None:
    home = need_models("whisper-base", "kokoro-82m")
    settings = msgspec.structs.replace(load(CONFIG, {}), data_dir=str(home))
    call = next(one for one in load_script(CONFIG / "demo" / "citizens.toml") if one.survey is not None)
    async with stage(settings, CONFIG) as on:
        director = Director(on.asterisk, on.watcher, Voices(home), on.agents)
        await director.rehearse(call)
        call_id = await director.play(call)
        entries = on.watcher.of_call(call_id)
        report = report_call(call, call_id, entries, hold_seconds(on.asterisk, call_id), 15.0)
    assert report.problems == []
    assert report.outcome == "answered"
    assert report.survey == call.survey
    for side, rate in report.cer.items():
        assert rate is not None, side
        assert rate <= 0.25, side
    seen = [event_type(event) for _, event in entries]
    assert [kind for kind in ORDER if kind in seen] == list(ORDER)
    assert sorted(ORDER, key=seen.index) == list(ORDER)


@pytest.mark.timeout(120)
async def test_a_visitor_who_is_in_no_script_is_answered_and_greeted() -> None:
    home = need_models("whisper-base", "kokoro-82m")
    settings = msgspec.structs.replace(load(CONFIG, {}), data_dir=str(home))
    async with stage(settings, CONFIG) as on:
        reception = asyncio.create_task(Reception(on.watcher, Voices(home), on.agents, {"13800000001"}).attend())
        async with Caller(on.asterisk, "13900000099") as visitor:
            await visitor.call(on.asterisk.hotline_number)
            heard = await on.watcher.wait(
                TranscriptFinal, lambda event: event.speaker == "agent", "the agent is heard", 60.0
            )
            await visitor.hang_up()
            await visitor.wait_closed()
        reception.cancel()
        await asyncio.wait([reception])
    assert cer(GREETING, heard.text) <= 0.4
