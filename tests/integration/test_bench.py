"""``hotline bench`` measures what it says it measures: every call durable, every line heard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from gateway.bench import ami_storm
from gateway.bench.ami import AmiReport
from gateway.bench.asr import AsrReport
from tests.integration.speech import need_models

CONFIG = Path(__file__).parents[2] / "config"


def bench(*arguments: str) -> bytes:
    command = [sys.executable, "-m", "gateway", "bench", *arguments, "--config", str(CONFIG), "--json"]
    done = subprocess.run(command, capture_output=True, timeout=150, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def test_ami_counts_every_event_and_makes_every_call_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    report = msgspec.json.decode(bench("ami", "--calls", "30", "--seconds", "0.5"), type=AmiReport)
    assert report.events == 30 * len(ami_storm.CALL)
    assert report.durable >= 30 * 5
    assert report.refused == 0
    assert [run.rate for run in report.paced] == [500.0, 2000.0]
    for run in report.paced:
        assert run.durable_ms.count == run.calls * 5
        assert run.durable_ms.p50 is not None
        assert run.durable_ms.p50 > 0
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
