"""A storm of hotline calls as Asterisk would tell it: scenarios, mixed and interwoven. PURE.

``at_once`` calls are always under way, each at another point of its life; each has three agents of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from gateway.bench.ami_events import (
    Lines,
    agent_hangs_up,
    arrives,
    caller_hangs_up,
    gives_up_waiting,
    is_given_up,
    joins,
    picks_up,
    rings,
    stops_ringing,
    text,
)

FIRST_AGENT = 1001
AGENTS_A_CALL = 3


class Scenario(Struct, frozen=True):
    """A kind of call. ``share``: of twenty calls, how many. ``told``: which of the gateway's events it makes."""

    name: str
    share: int
    lines: Lines
    told: tuple[str, ...]


_QUEUED = (*arrives(), *joins())
_ANSWERED = ("call.offered", "call.queued", "call.ringing", "call.answered", "call.ended")

SCENARIOS = (
    Scenario("answered, agent hangs up", 7, (*_QUEUED, *rings(0), *picks_up(0), *agent_hangs_up(0)), _ANSWERED),
    Scenario("answered, caller hangs up", 4, (*_QUEUED, *rings(0), *picks_up(0), *caller_hangs_up(0)), _ANSWERED),
    Scenario(
        "no answer, then the next agent",
        3,
        (*_QUEUED, *rings(0), *stops_ringing(0, "NOANSWER"), *rings(1), *picks_up(1), *agent_hangs_up(1)),
        ("call.ringing", *_ANSWERED),
    ),
    Scenario(
        "three phones ring, one answers",
        2,
        (
            *(*_QUEUED, *rings(0), *rings(1), *rings(2), *picks_up(1)[:1]),
            *(*stops_ringing(0, "CANCEL"), *stops_ringing(2, "CANCEL"), *picks_up(1)[1:], *caller_hangs_up(1)),
        ),
        ("call.ringing", "call.ringing", *_ANSWERED),
    ),
    Scenario(
        "abandoned while a phone rings",
        2,
        (*_QUEUED, *rings(0), *gives_up_waiting(0)),
        ("call.offered", "call.queued", "call.ringing", "call.abandoned", "call.ended"),
    ),
    Scenario(
        "abandoned, all agents busy",
        1,
        (*_QUEUED, *gives_up_waiting()),
        ("call.offered", "call.queued", "call.abandoned", "call.ended"),
    ),
    Scenario(
        "no answer, overflowed",
        1,
        (*_QUEUED, *rings(0), *stops_ringing(0, "NOANSWER"), *is_given_up()),
        ("call.offered", "call.queued", "call.ringing", "call.overflowed", "call.ended"),
    ),
)

_TURNS = [((turn + 0.5) / kind.share, index) for index, kind in enumerate(SCENARIOS) for turn in range(kind.share)]
MIX = tuple(SCENARIOS[index] for _, index in sorted(_TURNS))
"""Twenty calls in which every scenario has its share, the kinds spread."""
_TEXTS = {scenario.name: tuple(text(line) for line in scenario.lines) for scenario in SCENARIOS}


class Storm(Struct, frozen=True):
    """``calls`` of the mix, ``at_once`` at a time. ``name`` tells the calls of several storms apart."""

    calls: int
    at_once: int = 100
    name: str = "storm"

    def scenario(self, call: int) -> Scenario:
        """Which kind of call this one is (from 0)."""
        return MIX[(call + call // self.lanes) % len(MIX)]

    @property
    def lanes(self) -> int:
        """Calls really under way at once."""
        return max(1, min(self.calls, self.at_once))

    def events(self) -> int:
        """AMI events of the whole storm."""
        return sum(len(self.scenario(call).lines) for call in range(self.calls))

    def told(self) -> Counter[str]:
        """Events the gateway makes of it, by type: of each call's own story."""
        return Counter(kind for call in range(self.calls) for kind in self.scenario(call).told)

    def steps(self) -> Iterator[tuple[int, int]]:
        """(call from 0, index of its event) in the order of the wire."""
        mean = sum(len(scenario.lines) for scenario in MIX) // len(MIX)
        waiting = [(lane * mean // self.lanes, self._lane(lane)) for lane in range(self.lanes)]
        turn = 0
        while waiting:
            going = []
            for start, lane in waiting:
                step = next(lane, None) if start <= turn else (-1, -1)
                if step is None:
                    continue
                if step[0] >= 0:
                    yield step
                going.append((start, lane))
            waiting = going
            turn += 1

    def event(self, call: int, index: int, at: float) -> bytes:
        """One event as it goes over the wire; ``at`` in Unix seconds."""
        opened = fields(self.name, call, call % self.lanes)
        return _TEXTS[self.scenario(call).name][index].format(at=at, **opened).encode()

    def _lane(self, lane: int) -> Iterator[tuple[int, int]]:
        for call in range(lane, self.calls, self.lanes):
            for index in range(len(self.scenario(call).lines)):
                yield call, index


def fields(name: str, call: int, lane: int) -> dict[str, str]:
    """What is open in an event's text, but for the instant. ``lane``: calls of one lane have the same agents."""
    agents = {f"agent{n}": str(FIRST_AGENT + lane * AGENTS_A_CALL + n) for n in range(AGENTS_A_CALL)}
    return {"uniqueid": f"{name}-{call}", "id": f"{call:08x}", "number": f"138{call:08d}", **agents}
