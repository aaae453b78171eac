from gateway.asr.line.line_sound import PART_SECONDS, SideSound
from gateway.asr.sound.sound_check import Found
from tests.sounds import babble, noise, samples

RATE = 8000
HISS, BABBLE, SILENCE = samples(noise(20.0, 0.02)), samples(babble(20.0)), bytes(20 * RATE * 2)
NOISE, SILENT = Found("noise"), Found("silence")


class Side:
    """A side that the test makes sounds on."""

    def __init__(self) -> None:
        self.sound = SideSound(RATE)
        self.at = 1000.0

    def brings(self, sound: bytes, *, in_call: bool = False) -> list[Found]:
        """What is new after it, a second at a time."""
        new = []
        for start in range(0, len(sound), RATE * 2):
            self.at += 1.0
            self.sound.push(sound[start : start + RATE * 2], self.at)
            new += self.sound.look(self.at, in_call=in_call)
        return new


def test_a_line_may_be_silent_but_not_a_call() -> None:
    side = Side()
    assert side.brings(SILENCE) == []
    side.sound.begin()
    assert side.brings(SILENCE, in_call=True) == [SILENT]
    assert side.sound.found == (SILENT,)


def test_each_part_is_judged_by_itself() -> None:
    side = Side()
    assert side.brings(HISS) == [NOISE]
    side.sound.begin()
    assert side.brings(BABBLE, in_call=True) == []
    assert side.sound.found == ()


def test_what_stays_wrong_is_told_once_and_again_after_it_was_well() -> None:
    side = Side()
    assert side.brings(HISS) == [NOISE]
    side.sound.begin()
    assert side.brings(HISS) == []
    assert side.sound.found == (NOISE,)
    side.sound.begin()
    assert side.brings(BABBLE) == []
    side.sound.begin()
    assert side.brings(HISS) == [NOISE]


def test_the_time_without_a_call_is_judged_in_parts() -> None:
    side = Side()
    assert side.brings(BABBLE + HISS) == []  # as much speech as noise
    while side.at < 1000.0 + PART_SECONDS + 20.0:
        assert side.brings(SILENCE) == []
    assert side.brings(HISS) == [NOISE]


def test_nothing_is_told_of_a_device_that_has_not_begun() -> None:
    assert SideSound(RATE).look(1000.0, in_call=False) == []
