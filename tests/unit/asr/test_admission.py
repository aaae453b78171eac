from gateway.asr.admission import BETTER_SECONDS, WORSE_SECONDS, Admission
from gateway.asr.protocol import Load
from gateway.events import SpeechLevel

FULL = 1.5


def run(
    admission: Admission, start: float, seconds: float, lag: float, legs: int = 4
) -> list[tuple[float, SpeechLevel]]:
    """A load a second."""
    changes = []
    for second in range(int(seconds) + 1):
        for event in admission.feed("w", Load(legs=legs, lag=lag, refused={}), 16, start + second):
            changes.append((event.at, event.level))
    return changes


def test_a_step_at_a_time_while_the_machine_stays_behind() -> None:
    changes = run(Admission(FULL), 0.0, 3 * WORSE_SECONDS, 2.0)
    assert changes == [
        (WORSE_SECONDS, "no_partials"),
        (2 * WORSE_SECONDS, "callers_only"),
        (3 * WORSE_SECONDS, "recorded_only"),
    ]


def test_a_moment_behind_changes_nothing() -> None:
    admission = Admission(FULL)
    assert run(admission, 0.0, WORSE_SECONDS - 1, 9.0) == []
    assert run(admission, 10.0, 1, 0.1) == []
    assert run(admission, 20.0, WORSE_SECONDS - 1, 9.0) == []


def test_back_step_by_step_once_it_has_caught_up_and_not_before() -> None:
    admission = Admission(FULL)
    run(admission, 0.0, 2 * WORSE_SECONDS, 2.0)
    assert admission.level == "callers_only"
    assert run(admission, 100.0, 60.0, FULL / 2) == []
    assert run(admission, 200.0, 2 * BETTER_SECONDS, 0.1) == [
        (200.0 + BETTER_SECONDS, "no_partials"),
        (200.0 + 2 * BETTER_SECONDS, "full"),
    ]


def test_a_full_house_records_new_calls_only_until_there_is_room() -> None:
    admission = Admission(FULL)
    assert run(admission, 0.0, 0.0, 0.0, legs=16) == [(0.0, "recorded_only")]
    assert run(admission, 1.0, 20.0, 0.0, legs=15) == []
    assert run(admission, 30.0, 3 * BETTER_SECONDS, 0.0, legs=10)[-1][1] == "full"


def test_the_slowest_worker_counts_and_a_lost_one_does_not() -> None:
    admission = Admission(FULL)
    for second in range(int(WORSE_SECONDS)):
        admission.feed("slow", Load(legs=1, lag=9.0, refused={}), 16, float(second))
        assert admission.feed("quick", Load(legs=1, lag=0.0, refused={}), 16, float(second)) == []
    assert admission.lose("slow", WORSE_SECONDS) == []
    assert admission.level == "full"
