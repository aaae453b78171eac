"""The storm is calls as the gateway knows them: each answered, nothing odd."""

from __future__ import annotations

from collections import Counter

import pytest

from gateway.ami import messages
from gateway.ami.tracker import Tracker
from gateway.bench import ami_storm
from gateway.events import CallAnswered, CallEnded, CallOffered, CallQueued, CallRinging

T0 = 1_764_000_000.0


def headers(event: bytes) -> dict[str, str]:
    assert event.endswith(b"\r\n\r\n")
    return dict(line.split(": ", 1) for line in event.decode().removesuffix("\r\n\r\n").split("\r\n"))


@pytest.mark.parametrize(("calls", "at_once"), [(1, 1), (7, 3), (5, 100)])
def test_every_call_of_a_storm_is_answered_and_ends(calls: int, at_once: int) -> None:
    tracker = Tracker((ami_storm.CONTEXT,))
    happened: Counter[type] = Counter()
    for number, (call, index) in enumerate(ami_storm.steps(calls, at_once)):
        message = messages.parse(headers(ami_storm.event(call, index, at_once, T0 + number / 1000)), T0)
        if message is not None:
            happened.update(type(event) for event in tracker.feed(message))
    kinds = (CallOffered, CallQueued, CallRinging, CallAnswered, CallEnded)
    assert [happened[kind] for kind in kinds] == [calls] * len(kinds)
    assert tracker.living() == ()
    assert not tracker.odd


def test_a_storm_keeps_the_order_of_each_call_and_mixes_the_calls() -> None:
    steps = list(ami_storm.steps(6, 3))
    for call in range(6):
        assert [index for one, index in steps if one == call] == list(range(len(ami_storm.CALL)))
    middle = steps[len(steps) // 2 : len(steps) // 2 + 3]
    assert len({call for call, _ in middle}) == 3
    assert len({index for _, index in middle}) == 3
