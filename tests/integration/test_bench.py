"""``hotline bench`` measures what it says it measures: every call published, every wait warned of, every line heard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gateway.bench.ami import AmiReport
from gateway.bench.ami_storm import Storm
from gateway.bench.asr import AsrReport
from gateway.bench.clock import ClockReport
from gateway.bench.resync import ResyncReport
from tests.integration.speech import need_models

CONFIG = Path(__file__).parents[2] / "config"


def bench(*arguments: str) -> bytes:
    command = [sys.executable, "-m", "gateway", "bench", *arguments, "--config", str(CONFIG), "--json"]
    done = subprocess.run(command, capture_output=True, timeout=150, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
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
@pytest.mark.parametrize(("language", "model"), [("zh", "whisper-base"), ("ko", "vosk-ko")])
def test_asr_hears_every_line(language: str, model: str) -> None:
    need_models("kokoro-82m", model)
    report = msgspec.json.decode(bench("asr", "--language", language, "--legs", "1", "--seconds", "5"), type=AsrReport)
    assert (report.language, report.model, report.legs) == (language, model, 1)
    assert report.lines >= 1
    for side in (report.ours, report.reference):
        assert side.unheard == 0
        assert side.lag_seconds.count == report.lines
        assert side.real_time_factor > 0
