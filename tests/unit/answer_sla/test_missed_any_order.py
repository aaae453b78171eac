"""What holds of the list of missed callers whatever happens to calls."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.answer_sla.caller_number import plain_number
from gateway.answer_sla.missed import MissedCallers
from gateway.config import Settings
from gateway.events import (
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallOffered,
    CallOverflowed,
    CallQueued,
    Clocks,
    Event,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
)

T0 = 1_764_000_000.0
SPELLINGS = ("13900000001", "+8613900000001", "0139-0000-0001", "13900000002", "8001", "")
KINDS = ("abandoned", "overflowed", "answered", "overflowed_answered", "called_reached", "called_in_vain")

Story = tuple[str, str, int]
"""What comes of a call, its number as spelt, and how long it waits."""
stories = st.lists(
    st.tuples(st.sampled_from(KINDS), st.sampled_from(SPELLINGS), st.integers(1, 60)), min_size=1, max_size=25
)


def whole_call(n: int, story: Story) -> list[Event]:
    kind, number, waited = story
    call_id, at = f"c{n}", T0 + 1000 * n
    gone = at + waited
    waits = Clocks(arrived=at, caller_wait=float(waited))
    if kind.startswith("called"):
        reached = kind == "called_reached"
        events: list[Event] = [OutboundStarted(at=at, call_id=call_id, agent="1001", number=number)]
        if reached:
            events.append(OutboundAnswered(at=gone, call_id=call_id, agent="1001", number=number))
        return [*events, OutboundEnded(at=gone, call_id=call_id, agent="1001", number=number, answered=reached)]
    events = [
        CallOffered(at=at, call_id=call_id, caller_number=number),
        CallQueued(at=at, call_id=call_id, queue="hotline"),
    ]
    if kind.startswith("overflowed"):
        events.append(CallOverflowed(at=gone, call_id=call_id, queue="hotline", reason="left", clocks=waits))
    if kind.endswith("answered"):
        events.append(CallAnswered(at=gone, call_id=call_id, queue="hotline", agent="1001", clocks=waits))
    if kind == "abandoned":
        events.append(CallAbandoned(at=gone, call_id=call_id, queue="hotline", clocks=waits))
    return [*events, CallEnded(at=gone + 1, call_id=call_id, hung_up_by="caller", clocks=waits)]


@given(stories)
def test_tried_counts_missed_calls_since_last_spoken_with(story: list[Story]) -> None:
    """One call after the other: the list is what a plain count says."""
    fold = MissedCallers(Settings())
    tried: Counter[str] = Counter()
    longest: dict[str, float] = {}
    for n, one in enumerate(story):
        for event in whole_call(n, one):
            fold.feed(event)
        kind, number, waited = one
        key = plain_number(number)
        if kind in ("abandoned", "overflowed"):
            tried[key] += 1
            longest[key] = max(waited, longest.get(key, 0.0))
        elif kind != "called_in_vain":
            tried.pop(key if key else "nobody", None)
            longest.pop(key if key else "nobody", None)
    found = fold.between()
    assert found.withheld == tried.pop("", 0)
    assert {plain_number(caller.number): caller.tried for caller in found.callers} == dict(tried)
    assert all(caller.longest_wait == longest[plain_number(caller.number)] for caller in found.callers)
    assert not any(caller.calling_again or caller.being_called_by for caller in found.callers)
    assert [caller.missed_at for caller in found.callers] == sorted((c.missed_at for c in found.callers), reverse=True)


@settings(max_examples=200)
@given(stories, st.randoms(use_true_random=False))
def test_whoever_was_spoken_with_last_is_not_on_the_list(story: list[Story], random: Random) -> None:
    """Calls at the same time, their events interleaved anyhow."""
    queues = [whole_call(n, one) for n, one in enumerate(story)]
    fold = MissedCallers(Settings())
    answered: set[str] = set()
    last: dict[str, str] = {}
    numbers = {f"c{n}": plain_number(one[1]) for n, one in enumerate(story)}
    while queues:
        queue = random.choice(queues)
        event = queue.pop(0)
        queues = [each for each in queues if each]
        fold.feed(event)
        call_id, key = event.call_id, numbers[event.call_id]
        if isinstance(event, CallAnswered | OutboundAnswered):
            answered.add(call_id)
            last[key] = "spoken"
        elif isinstance(event, CallEnded | OutboundEnded) and call_id in answered:
            last[key] = "spoken"
        elif isinstance(event, CallAbandoned):
            last[key] = "missed"
        elif isinstance(event, CallEnded) and last.get(key) == "spoken":
            last.pop(key)  # missed now, or before somebody spoke with them: either way not "spoken" last
        on_list = {plain_number(caller.number) for caller in fold.between().callers}
        assert "" not in on_list
        assert not {key for key, what in last.items() if what == "spoken"} & on_list


@given(stories, st.data())
def test_cut_dropped_doubled_or_swapped_events_do_no_harm(story: list[Story], data: st.DataObject) -> None:
    events = [event for n, one in enumerate(story) for event in whole_call(n, one)]
    at = data.draw(st.integers(0, len(events) - 1))
    swapped = events.copy()
    swapped[at - 1], swapped[at] = swapped[at], swapped[at - 1]
    for broken in (events[at:], events[:at] + events[at + 1 :], [*events[: at + 1], *events[at:]], swapped):
        fold = MissedCallers(Settings())
        for event in broken:
            fold.feed(event)
        assert all(caller.tried <= len(story) for caller in fold.between().callers)
