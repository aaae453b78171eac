"""``hotline bench`` measures what it says it measures: every call published, every wait warned of, every line heard."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gateway.bench.ami import AmiReport
from gateway.bench.ami_storm import Storm
from gateway.bench.asr import AsrReport
from gateway.bench.asr_soak import SoakReport
from gateway.bench.clock import ClockReport
from gateway.bench.resync import ResyncReport
from tests.integration.speech import need_models

CONFIG = Path(__file__).parents[2] / "config"


def bench(*arguments: str, status: int | None = 0) -> bytes:
    """The report; the command ends with ``status``, or with any when that is the machine's affair."""
    command = [sys.executable, "-m", "gateway", "bench", *arguments, "--config", str(CONFIG), "--json"]
    done = subprocess.run(command, capture_output=True, timeout=150, check=False)
    assert done.stderr == b""
    assert status is None or done.returncode == status
    return done.stdout


def test_ami_counts_every_event_and_every_call_reaches_redis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    answer = bench("ami", "--calls", "30", "--seconds", "0.5", "--repeat", "1")
    assert answer.count(b"\n") == 1
    report = msgspec.json.decode(answer, type=AmiReport)
    storm = Storm(30)
    assert report.events == storm.events()
    assert 0 < report.used < report.events
    assert report.published >= storm.told().total()
    assert report.lost == 0
    assert [paced.rate for paced in report.paced] == [500.0, 2000.0]
    for paced in report.paced:
        (run,) = paced.runs
        assert run.durable_ms.count == run.redis_ms.count == Storm(paced.calls).told().total()
        assert run.redis_ms.p50 is not None
        assert run.redis_ms.p50 > 0
    assert list(tmp_path.iterdir()) == []


def test_clock_warns_of_every_call_and_never_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    answer = bench("clock", "--calls", "40", "--seconds", "0.5", "--target", "1.5", "--rate", "200")
    report = msgspec.json.decode(answer, type=ClockReport)
    for run in (*report.ours, *report.reference):
        assert run.at_risk_ms.count == run.breached_ms.count == 40
    assert report.ours[0].early == 0
    parts = msgspec.structs.astuple(report.memory_bytes)
    assert all(part > 0 for part in parts)
    assert list(tmp_path.iterdir()) == []


def test_resync_keeps_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    report = msgspec.json.decode(bench("resync", "--calls", "20", "--repeat", "2"), type=ResyncReport)
    assert (report.calls, report.channels, report.kept) == (20, 40, 20)
    for figures in (report.ours, report.away, report.start, report.reference):
        assert figures.count == 2
        assert figures.p50 is not None
        assert figures.p50 > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.timeout(180)
def test_asr_tells_what_both_sides_did_with_the_same_speech() -> None:
    need_models("kokoro-82m", "vosk-ko")
    report = msgspec.json.decode(bench("asr", "--language", "ko", "--legs", "2", "--seconds", "5"), type=AsrReport)
    assert (report.language, report.engine, report.model) == ("ko", "vosk", "vosk-ko")
    assert report.speech_language in ("ko", "zh")
    assert report.workers == len(os.sched_getaffinity(0))
    assert report.decode_only is not None
    assert report.decode_only.real_time_factor > 0
    assert [step.legs for step in report.steps] == [2]
    for step in report.steps:
        assert step.lines >= step.legs
        assert step.ours.lost == step.ours.deferred == 0
        for side, factor in (
            (step.ours, step.ours_over_decode_only),
            (step.reference, step.reference_over_decode_only),
        ):
            assert side.end_to_final.count == step.lines - side.unheard
            assert side.first_words.count == side.end_to_final.count
            assert side.chunk_lag.count > 0
            assert side.chunk_lag.p50 is not None
            assert side.chunk_lag.p50 > 0
            assert 0.5 < side.covered < 1.5
            assert side.peak_memory_mb is not None
            assert side.peak_memory_mb > 100
            assert factor is not None
            assert factor > 0
    assert report.most is None


@pytest.mark.timeout(180)
def test_asr_hears_every_line_with_an_engine_of_whole_utterances() -> None:
    need_models("kokoro-82m", "whisper-base")
    report = msgspec.json.decode(bench("asr", "--language", "zh", "--legs", "1", "--seconds", "5"), type=AsrReport)
    (step,) = report.steps
    assert (report.model, report.decode_only, report.most) == ("whisper-base", None, None)
    for side in (step.ours, step.reference):
        assert side.unheard == 0
        assert side.end_to_final.count == step.lines
        assert side.chunk_lag.count == 0
        assert side.real_time_factor > 0


@pytest.mark.timeout(180)
def test_asr_soak_accounts_for_every_second() -> None:
    need_models("kokoro-82m", "vosk-ko")
    command = ("asr", "--language", "ko", "--soak", "12", "--calls", "1")
    report = msgspec.json.decode(bench(*command, status=None), type=SoakReport)
    assert (report.calls, report.legs) == (1, 2)
    assert report.sent == pytest.approx(24.0, abs=0.1)
    assert (report.lost, report.gaps, report.restarts) == (0.0, {}, 0)
    assert report.heard == report.expected > 0.8 * report.sent
    assert report.lines - report.unheard > 0
    assert report.finals > 0
    assert report.chunk_lag.count > 0
    assert len(report.workers) == len(os.sched_getaffinity(0))
    assert report.memory.last_mb == pytest.approx(sum(worker.last_mb for worker in report.workers), rel=0.05)
    assert report.memory.last_pss_mb > 100
