"""The tracker on recorded calls of a real Asterisk: told exactly, and on traces cut, thinned, doubled and shuffled."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ami import messages as ami
from gateway.ami.messages import Message
from gateway.ami.tracker import Tracker
from gateway.events import CallAbandoned, CallAnswered, CallEnded, CallOffered, CallOverflowed, Event
from tests.unit.ami.stories import FOLDER, TRUNKS, events, story, traces, tracker

TRACES = traces()
NAMES = sorted(TRACES)
END = [ami.ResyncStarted(at=2e9), ami.ResyncCompleted(at=2e9)]
"""Asterisk says that nothing lives any more."""


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_call_is_told_exactly(name: str) -> None:
    one = tracker(name)
    told = (FOLDER / f"{name}.story").read_text(encoding="utf-8").splitlines()
    assert story(one, TRACES[name]) == told
    assert one.living() == ()
    assert one.odd == Counter()


@pytest.mark.parametrize("name", NAMES)
def test_a_trace_may_begin_anywhere(name: str) -> None:
    for start in range(len(TRACES[name])):
        check(TRACES[name][start:])


@pytest.mark.parametrize("name", NAMES)
def test_any_one_message_may_be_lost(name: str) -> None:
    for lost in range(len(TRACES[name])):
        check(TRACES[name][:lost] + TRACES[name][lost + 1 :])


@pytest.mark.parametrize("name", NAMES)
def test_any_message_may_come_twice(name: str) -> None:
    plain = [tell_calls(event) for event in events(tracker(name), TRACES[name])]
    for twice in range(len(TRACES[name])):
        check(TRACES[name][: twice + 1] + TRACES[name][twice:])
    doubled = [message for message in TRACES[name] for _ in range(2)]
    assert Counter(map(tell_calls, events(tracker(name), doubled))) == Counter(plain)


@pytest.mark.parametrize("name", NAMES)
def test_any_two_neighbours_may_be_swapped(name: str) -> None:
    for first in range(len(TRACES[name]) - 1):
        messages = list(TRACES[name])
        messages[first], messages[first + 1] = messages[first + 1], messages[first]
        check(messages)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_messages_may_be_lost_doubled_and_out_of_order(data: st.DataObject) -> None:
    pool = TRACES[data.draw(st.sampled_from(NAMES))] + END
    order = data.draw(st.lists(st.integers(0, len(pool) - 1), max_size=120))
    check([pool[index] for index in order])


def tell_calls(event: Event) -> tuple[str, str]:
    """What is said once about a call however often it is heard."""
    return type(event).__name__, getattr(event, "call_id", "")


def check(messages: list[Message]) -> None:
    """The accounts are right at every time, and nothing is left open once Asterisk says that nothing lives."""
    one = Tracker(TRUNKS)
    said = events(one, messages)
    check_accounts(said, one)
    check_accounts(said + events(one, END), one)
    assert one.living() == ()
    assert one.next_deadline() is None


def check_accounts(said: list[Event], one: Tracker) -> None:
    """Offered = answered + abandoned + overflowed + living, by each call's last outcome; each call ends once."""
    offered = Counter(event.call_id for event in said if isinstance(event, CallOffered))
    ended = Counter(event.call_id for event in said if isinstance(event, CallEnded))
    decided = {e.call_id for e in said if isinstance(e, CallAnswered | CallAbandoned | CallOverflowed)}
    assert offered - ended == Counter(one.living())
    assert ended - offered == Counter()
    assert set(ended) <= decided
    for event in said:
        if isinstance(event, CallAnswered | CallAbandoned | CallOverflowed | CallEnded):
            assert all(wait is None or wait >= 0 for wait in (event.clocks.caller_wait, event.clocks.queue_wait))
