import math
import struct
from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from gateway.asr.vad import Closed, GateEvent, GateSettings, Opened, Voice, VoiceGate

FRAME = 160
SETTINGS = GateSettings(max_utterance=4.0, split_search=1.0)


def loud_is_voice(frame: bytes, rate: int) -> bool:
    return max(abs(s) for s in struct.unpack(f"<{len(frame) // 2}h", frame)) > 1000


def sound(*parts: tuple[float, int]) -> bytes:
    """(seconds, amplitude) after another; every sample has its own value, so that none is mistaken for another."""
    samples: list[int] = []
    for seconds, amplitude in parts:
        samples += [amplitude + len(samples) % 7 if amplitude else 0 for _ in range(round(seconds * 8000))]
    return struct.pack(f"<{len(samples)}h", *samples)


def run(data: bytes, settings: GateSettings = SETTINGS, step: int = FRAME * 2, at: float = 100.0) -> list[GateEvent]:
    gate = VoiceGate(loud_is_voice, 8000, settings)
    events: list[GateEvent] = []
    for i in range(0, len(data), step):
        events += gate.push(data[i : i + step], at + i / 2 / 8000)
    return events + gate.flush()


def utterances(events: Iterable[GateEvent]) -> list[tuple[Opened, bytes, Closed]]:
    found, opened, samples = [], Opened(0, 0), b""
    for event in events:
        if isinstance(event, Opened):
            opened, samples = event, b""
        elif isinstance(event, Voice):
            samples += event.samples
        else:
            found.append((opened, samples, event))
    return found


def test_an_utterance_keeps_what_is_before_and_after_the_voice() -> None:
    data = sound((1.0, 0), (1.0, 5000), (2.0, 0))
    ((opened, samples, closed),) = utterances(run(data))
    assert math.isclose(opened.voice_at, 101.0)
    assert math.isclose(closed.voice_at, 102.0)
    assert math.isclose(opened.at, 100.7)
    first = round((opened.at - 100) * 8000) * 2
    assert samples == data[first : first + len(samples)]
    assert math.isclose(len(samples) / 16000, 0.3 + 1.0 + 0.24)


def test_a_short_pause_does_not_end_an_utterance_and_a_long_one_does() -> None:
    assert len(utterances(run(sound((0.5, 5000), (0.6, 0), (0.5, 5000), (1.0, 0))))) == 1
    assert len(utterances(run(sound((0.5, 5000), (0.8, 0), (0.5, 5000), (1.0, 0))))) == 2


def test_a_click_is_no_utterance() -> None:
    assert run(sound((0.5, 0), (0.04, 5000), (1.0, 0))) == []


def test_the_end_of_the_leg_closes_what_is_open() -> None:
    data = sound((0.2, 0), (0.5, 5000))
    ((_, samples, closed),) = utterances(run(data))
    assert samples == data
    assert math.isclose(closed.voice_at, 100.7)


def test_a_long_utterance_is_split_at_its_quietest_point_and_loses_nothing() -> None:
    data = sound((3.4, 5000), (0.02, 1500), (2.0, 5000), (1.0, 0))
    first, second = utterances(run(data))
    assert math.isclose(first[2].voice_at, 103.42)
    assert math.isclose(second[0].at, 103.42)
    joined = first[1] + second[1]
    assert joined == data[: len(joined)]
    assert len(joined) > len(sound((5.42, 0)))


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9, 2.5]), st.sampled_from([0, 3000, 9000])), max_size=8))
def test_no_voiced_sample_is_lost_or_doubled(parts: list[tuple[float, int]]) -> None:
    data = sound(*parts)
    end = 0
    for opened, samples, _ in utterances(run(data)):
        first = round((opened.at - 100) * 8000) * 2
        assert first >= end, "utterances overlap"
        assert data[first : first + len(samples)] == samples
        assert not any(_voiced_runs(data[end:first]))
        end = first + len(samples)
    assert not any(_voiced_runs(data[end:]))


def _voiced_runs(data: bytes) -> Iterable[bool]:
    """Whether some run of voice long enough for an utterance lies in ``data``."""
    marks = [loud_is_voice(data[i : i + 320], 8000) for i in range(0, len(data) - 319, 320)]
    for i in range(len(marks) - SETTINGS.onset_frames + 1):
        yield all(marks[i : i + SETTINGS.onset_frames])


@given(st.integers(1, 500))
def test_how_audio_is_cut_into_pieces_does_not_matter(samples: int) -> None:
    data = sound((0.3, 0), (0.7, 5000), (1.0, 0), (0.4, 7000), (0.2, 0))
    whole = utterances(run(data))
    cut = utterances(run(data, step=samples * 2))
    assert [s for _, s, _ in cut] == [s for _, s, _ in whole]
    for (opened, _, closed), (other_opened, _, other_closed) in zip(cut, whole, strict=True):
        assert math.isclose(opened.voice_at, other_opened.voice_at)
        assert math.isclose(closed.voice_at, other_closed.voice_at)
