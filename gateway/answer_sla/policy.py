"""What a queue promises, as instants and as a verdict: one definition of "in time" for all. PURE.

GB/T 33358-2016 asks for an answer within 15 seconds. Which seconds is the queue's ``clock``:

* ``caller_wait``: from arrival until the caller hears a person, after any announcement (strict; the default);
* ``queue_wait``: from joining the queue until an agent picks up;
* ``ring_time``: from the first ring of any agent's phone until an agent picks up. A second agent's short ring does not
  make up for the first one's long one.

A queue may promise other things at other times of day. A call keeps the promise of the instant it arrived.
"""

from __future__ import annotations

from typing import NamedTuple

from gateway.config import QueuePolicy, Settings
from gateway.events import Clocks


class Deadlines(NamedTuple):
    """A waiting call's instants, Unix seconds: where its clock started, and where it is at risk and breached."""

    clock_start: float
    at_risk_at: float
    breach_at: float


def promise(settings: Settings, queue: str, arrived: float) -> QueuePolicy | None:
    """What a call that arrived at this instant is promised while it is in ``queue`` ("": in none yet)."""
    return settings.policy_at(queue, arrived) if queue else before_queue(settings, arrived)


def before_queue(settings: Settings, arrived: float) -> QueuePolicy | None:
    """What a call is promised before it joins a queue: the least of what any queue promises at that time of day.

    None when some queue's clock starts later: then nothing can be said yet.
    """
    policies = [settings.policy_at(policy.name, arrived) for policy in settings.queue]
    if not policies or any(policy.clock != "caller_wait" for policy in policies):
        return None
    return QueuePolicy(
        name="",
        target_seconds=max(policy.target_seconds for policy in policies),
        at_risk_seconds=max(policy.at_risk_seconds for policy in policies),
    )


def deadlines(
    policy: QueuePolicy, *, arrived: float, queued: float | None = None, first_ring: float | None = None
) -> Deadlines | None:
    """The deadlines of a call with these instants; None while the queue's clock has not started."""
    start = {"caller_wait": arrived, "queue_wait": queued, "ring_time": first_ring}[policy.clock]
    return None if start is None else deadlines_from(start, policy)


def deadlines_from(start: float, policy: QueuePolicy) -> Deadlines:
    """The deadlines of a clock that started at ``start``."""
    return Deadlines(start, start + policy.at_risk_seconds, start + policy.target_seconds)


def wait(clocks: Clocks, policy: QueuePolicy) -> float | None:
    """Seconds waited by the queue's clock; None when the clock never started, or its instants are not known."""
    if policy.clock == "caller_wait":
        return clocks.caller_wait
    if policy.clock == "queue_wait":
        return clocks.queue_wait
    end = clocks.picked_up if clocks.picked_up is not None else clocks.ended
    if clocks.first_ring is None or end is None:
        return None
    return max(0.0, round(end - clocks.first_ring, 6))


def within_target(clocks: Clocks, policy: QueuePolicy) -> bool | None:
    """Was the wait within the queue's target? The last moment is still in time. None when the wait is not known.

    For a call that nobody answered this only says how long the caller waited.
    """
    waited = wait(clocks, policy)
    return None if waited is None else waited <= policy.target_seconds


def short_abandon(clocks: Clocks, policy: QueuePolicy) -> bool:
    """Did a caller who gave up wait so shortly that he may be left out? A clock that never started ran as long as he
    waited."""
    waited = wait(clocks, policy)
    whole = clocks.caller_wait if waited is None else waited
    return whole is not None and whole <= policy.short_abandon_seconds
