"""What the tracker makes of a trace, told in few words a line, so that it reads like the call's story.

``tests/traces/NAME.story`` holds the story of each recorded trace, and ``NAME.gap.story`` the one that Asterisk's
queue_log completes where the connection was lost. ``python -m tests.unit.ami.stories NAME ...`` tells them anew; read
them before you keep them.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from msgspec.structs import replace

from gateway.ami import messages as ami
from gateway.ami import trace
from gateway.ami.messages import Message
from gateway.ami.queue_log import parse_line
from gateway.ami.tracker import Tracker
from gateway.events import (
    AgentStateChanged,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallResumed,
    CallRinging,
    CallTransferred,
    Clocks,
    Event,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
    PartyJoined,
    PartyLeft,
)

FOLDER = Path(__file__).parents[2] / "traces"
TRUNKS = ("from-trunk",)
WRAP_UP = {"wrap_up": 3.0}
"""Seconds of wrap-up in the queues of the traces of this name."""


@cache
def traces() -> dict[str, list[Message]]:
    """Every recorded trace by name."""
    return {path.stem: list(trace.messages(path)) for path in sorted(FOLDER.glob("*.jsonl"))}


def lost() -> list[str]:
    """Traces in which the connection was lost and of which there is a queue_log."""
    logged = [name for name in traces() if (FOLDER / f"{name}.queue_log").exists()]
    return [name for name in logged if any(isinstance(message, ami.ConnectionLost) for message in traces()[name])]


def tracker(name: str = "") -> Tracker:
    """A new tracker as the trace needs it."""
    return Tracker(TRUNKS, wrap_up=lambda queue: WRAP_UP.get(name, 0.0))


def waits(clocks: Clocks) -> str:
    """Waits in seconds with one digit; reconstructed ones after a ``~``."""
    known = (("wait", clocks.caller_wait), ("queue", clocks.queue_wait), ("ring", clocks.ring_time))
    words = [f"{name} {value:.1f}" for name, value in known if value is not None]
    return ("~ " if clocks.provenance == "reconstructed" else "") + " ".join(words)


def tell(event: Event) -> str:
    """One event in few words, so that a list of them reads like the call's story."""
    match event:
        case CallOffered():
            return f"offered {event.dialled}"
        case CallQueued():
            return f"queued {event.queue} {event.position}"
        case CallRinging():
            return f"ringing {event.agent}"
        case AttemptMissed():
            return f"missed {event.agent} {event.reason} {event.ring_seconds:.1f}"
        case CallAnswered():
            return f"answered {event.agent}, {waits(event.clocks)}"
        case CallAbandoned():
            return f"abandoned {event.queue}, {waits(event.clocks)}"
        case CallOverflowed():
            return f"overflowed {event.queue} {event.reason}, {waits(event.clocks)}"
        case PartyJoined():
            return f"{event.kind} {event.party} joins"
        case PartyLeft():
            return f"{event.kind} {event.party} leaves after {event.seconds:.1f}"
        case CallHeld():
            return f"held by {event.by} ({event.agent})"
        case CallResumed():
            return f"resumed by {event.by} ({event.agent}) after {event.held_seconds:.1f}"
        case CallTransferred():
            return f"{event.kind} transfer by {event.agent} to {event.target} {event.outcome}"
        case OutboundStarted():
            return f"outbound by {event.agent or 'nobody'} to {event.number}"
        case OutboundAnswered():
            return f"outbound answered, {event.agent or 'nobody'}"
        case OutboundEnded():
            return f"outbound ended, {'answered' if event.answered else 'in vain'}, talk {event.talk_seconds:.1f}"
        case CallEnded() if event.held_seconds:
            return f"ended by {event.hung_up_by}, talk {event.talk_seconds:.1f}, held {event.held_seconds:.1f}"
        case CallEnded():
            return f"ended by {event.hung_up_by}, talk {event.talk_seconds:.1f}"
        case AgentStateChanged():
            return f"agent {event.agent} {event.state}" + (f" ({event.reason})" if event.reason else "")
        case _:
            return type(event).__name__


def with_queue_log(name: str) -> list[Message]:
    """The trace as a client would have heard it that also reads the queue_log after each lost connection."""
    log = [entry for entry in map(parse_line, (FOLDER / f"{name}.queue_log").read_text().splitlines()) if entry]
    heard: list[Message] = []
    since = gap = None
    for message in trace.messages(FOLDER / f"{name}.jsonl"):
        if isinstance(message, ami.ResyncStarted):
            gap = since
            message = replace(message, since=gap)
        if isinstance(message, ami.ResyncCompleted) and gap is not None:
            heard += [entry for entry in log if int(gap) - 1 <= entry.at <= message.at]
        if not isinstance(message, ami.ConnectionLost | ami.ConnectionUp):
            since = message.at
        heard.append(message)
    return heard


def events(one: Tracker, messages: list[Message]) -> list[Event]:
    """What it says to these messages, and by the clock between two of them."""
    said: list[Event] = []
    for message in messages:
        while (due := one.next_deadline()) is not None and due < message.at:
            said += one.tick(due)
        said += one.feed(message)
    return said


def story(one: Tracker, messages: list[Message]) -> list[str]:
    """The same in words."""
    return [tell(event) for event in events(one, messages)]


def main(names: list[str]) -> None:
    """Write the stories of the named traces, or of all."""
    for name, messages in traces().items():
        if not names or name in names:
            text = "".join(f"{line}\n" for line in story(tracker(name), messages))
            (FOLDER / f"{name}.story").write_text(text, encoding="utf-8")
            if name in lost():
                told = story(tracker(name), with_queue_log(name))
                (FOLDER / f"{name}.gap.story").write_text("".join(f"{line}\n" for line in told), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
