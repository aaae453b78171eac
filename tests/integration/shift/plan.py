"""What happens in a shift: one plan a call, shuffled by a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.integration.shift.house import HOTLINE, OVERFLOWING


@dataclass(frozen=True)
class Plan:
    """One call. ``acts``: what each agent does, in turn, whose phone rings for this caller, as ``agents`` names it;
    the last one's goes for all who follow. ``leaves``: seconds after which the caller hangs up, whatever happens.
    """

    name: str
    acts: tuple[str, ...] = ("talk",)
    dialled: str = HOTLINE
    leaves: float | None = None


DECK: tuple[tuple[int, Plan], ...] = (
    (1, Plan("leaves during the notice", leaves=0.2)),
    (3, Plan("leaves soon", ("let_ring",), leaves=1.7)),
    (3, Plan("leaves late", ("let_ring",), leaves=7.0)),
    (2, Plan("leaves while it rings", ("be_left",))),
    (1, Plan("leaves during the announcement", ("be_left_unheard",))),
    (2, Plan("agent leaves during the announcement", ("leave_unheard", "talk"))),
    (3, Plan("nobody answers at first", ("let_ring", "talk"))),
    (2, Plan("declined at first", ("decline", "talk"))),
    (3, Plan("overflows", dialled=OVERFLOWING)),
    (2, Plan("overflows to nobody", ("let_ring",), dialled=OVERFLOWING)),
    (3, Plan("citizen ends")),
    (1, Plan("agent ends, rated", ("end_and_be_rated",))),
    (1, Plan("agent ends, survey left", ("end_and_be_left",))),
    (1, Plan("agent ends", ("end",))),
    (1, Plan("held", ("hold",))),
    (1, Plan("citizen holds", ("be_held",))),
    (1, Plan("leaves on hold", ("hold_and_be_left",))),
    (1, Plan("sent to a colleague", ("send_to_colleague", "talk"))),
    (1, Plan("sent to a colleague who declines", ("send_to_colleague", "decline", "end"))),
    (2, Plan("sent to the other queue", ("send_to_queue", "talk"))),
    (1, Plan("sent to the other queue, leaves there", ("send_to_queue", "be_left"))),
    (1, Plan("sent over the trunk", ("send_over_trunk",))),
    (1, Plan("sent by keys", ("send_by_keys", "talk"))),
    (1, Plan("handed to a colleague", ("hand_to_colleague", "talk"))),
    (1, Plan("handed to the other queue", ("hand_to_queue", "talk"))),
    (1, Plan("colleague asked in vain", ("ask_in_vain",))),
    (1, Plan("handed while it rings", ("hand_while_it_rings", "talk"))),
    (1, Plan("handed while the other queue rings", ("hand_while_queue_rings", "talk"))),
    (1, Plan("three talk", ("talk_in_three",))),
    (1, Plan("agent pauses", ("talk_and_pause",))),
    (1, Plan("agent logs out and in", ("talk_and_log_out",))),
    (1, Plan("colleague declines to be asked", ("ask_and_be_declined",))),
    (1, Plan("taken out of the queue", ("be_taken_out", "talk"))),
    (1, Plan("colleague picks up", ("be_picked_up", "talk"))),
    (1, Plan("agent calls an office", ("talk_and_call",))),
)
"""How often each in a deck of 50."""


def plans(calls: int, chance: random.Random) -> list[Plan]:
    """So many plans: whole decks, each shuffled, and of the last one as much as is needed."""
    deck = [plan for count, plan in DECK for _ in range(count)]
    found: list[Plan] = []
    while len(found) < calls:
        found += chance.sample(deck, len(deck))
    return found[:calls]
