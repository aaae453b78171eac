"""The gateway is killed and starts again: at any message of any trace, calls go on as if nothing had happened."""

from __future__ import annotations

import pytest

from gateway.ami import messages as ami
from gateway.ami.tracker import Tracker
from gateway.events import AgentStateChanged, CallTransferred, Event
from tests.unit.ami.exchange import Exchange
from tests.unit.ami.stories import events, tell, traces, tracker

UNKNOWABLE = {
    "agent_leaves_during_announcement",  # that the agent hung up is not to be seen until the announcement is over
    "agent_picks_up_for_colleague",  # since when the colleague's phone had rung
    "agent_picks_up_from_kept_local_channel",  # who is behind the colleague's Local channel
    "blonde_transfer_to_queue",  # in whose place the caller waits
    "blonde_transfer_to_queue_behind_kept_local_channel",
}
"""Traces in which Asterisk, asked anew, does not tell what it told before."""
TRACES = {
    name: messages
    for name, messages in traces().items()
    if name not in UNKNOWABLE and not any(isinstance(message, ami.ConnectionLost) for message in messages)
}


BURST = 0.02
"""Seconds; what Asterisk does within them it does at once, and a start takes longer."""


def told(said: list[Event]) -> list[str]:
    """The calls' stories. An agent's state may be told again after a start; where a transfer under way leads to, and
    that a queue is about to give up, is known to nobody then."""
    return [
        tell(event).replace(" gave_up", "").replace(" left", "")
        for event in said
        if not isinstance(event, AgentStateChanged | CallTransferred)
    ]


def restarted(said: list[Event], exchange: Exchange, at: float) -> tuple[Tracker, list[Event]]:
    """A new tracker that knows the journal and has read what lives."""
    one = Tracker(("from-trunk",))
    for event in said:
        one.restore(event)
    return one, events(one, exchange.resync(at, since=at))


@pytest.mark.parametrize("name", sorted(TRACES))
def test_calls_go_on_after_a_restart_anywhere(name: str) -> None:
    messages = TRACES[name]
    whole = told(events(tracker(), messages))
    one, exchange, said = tracker(), Exchange(), list[Event]()
    for cut, message in enumerate(messages[:-1], start=1):
        said += one.feed(message)
        exchange.feed(message)
        if messages[cut].at - message.at < BURST:
            continue
        again, resynced = restarted(said, exchange, message.at)
        rest = events(again, messages[cut:])
        assert told(said + resynced + rest) == whole, f"restarted after message {cut}: {message}"
        assert again.living() == ()
