import pytest

pytest.importorskip("faster_whisper", reason="the extra [whisper] is not installed")

from gateway.asr.whisper_recognizer import invented, repeats


def test_a_loop_is_a_repetition_and_speech_is_not() -> None:
    assert repeats("好的我已经记录下来了" * 6)
    assert not repeats("好的，我已经记录下来了，会转给城管部门处理。请您放心，三个工作日之内会有人联系您。")
    assert not repeats("好的好的")


@pytest.mark.parametrize(
    ("text", "log_probability", "no_speech", "dropped"),
    [
        ("我要投诉。", -0.3, 0.02, False),
        ("我要投诉。", -0.8, 0.2, False),
        ("请坐下。", -1.7, 0.95, True),
        ("好。", -0.7, 0.9, True),
        ("优优独播剧场", -0.2, 0.1, True),
    ],
)
def test_what_is_made_up_over_silence_is_dropped(
    text: str, log_probability: float, no_speech: float, dropped: bool
) -> None:
    assert invented(text, log_probability, no_speech) is dropped
