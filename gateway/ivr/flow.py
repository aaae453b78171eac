"""The satisfaction survey as a small state machine: steps out, inputs in. PURE.

    asking ──played──> waiting ──no key──┐
      │ key            │ key             v
      └────────────────┴─> key? ──wrong──> refusing ──played──> asking      (while tries are left)
                             │ right        │ key: as above     parting     (when none is left)
                             v              v
                          thanking ──played──> over <──played── parting

Hanging up ends it from anywhere; a rating given before that stands. Whoever runs the flow does what ``step`` says
and feeds back what happened; the caller's key stays in here and in the score (personal data).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct

from gateway.errors import ProtocolError

KEYS = "0123456789*#"
SCORES = {"1": 1, "2": 2, "3": 3, "4": 4, "5": 5}
"""Key to score: 1 very dissatisfied, 5 very satisfied."""
TRIES = 2
"""Times a caller is asked before the flow gives up."""


class Play(Struct, frozen=True):
    """Play ``prompt`` (a name of prompts.toml). One of ``keys`` ends it early."""

    prompt: str
    keys: str = ""


class WaitKey(Struct, frozen=True):
    """Wait ``timeout`` seconds for one key."""

    timeout: float


class Done(Struct, frozen=True):
    """The flow is over. ``score`` is None when no rating was given."""

    score: int | None


class Played(Struct, frozen=True):
    """The prompt came to its end."""


class Key(Struct, frozen=True):
    """The caller pressed a key."""

    key: str


class NoKey(Struct, frozen=True):
    """The wait was in vain."""


class HungUp(Struct, frozen=True):
    """The caller's line is down."""


Step: TypeAlias = Play | WaitKey | Done
Input: TypeAlias = Played | Key | NoKey | HungUp


class State(StrEnum):
    """Where the survey is."""

    ASKING = "asking"
    WAITING = "waiting"
    REFUSING = "refusing"
    THANKING = "thanking"
    PARTING = "parting"
    OVER = "over"


class What(StrEnum):
    """An input, judged."""

    PLAYED = "played"
    RATED = "rated"
    WRONG = "wrong"
    SILENT = "silent"
    HUNG_UP = "hung up"


TRANSITIONS: dict[tuple[State, What], State] = {
    (State.ASKING, What.PLAYED): State.WAITING,
    (State.ASKING, What.RATED): State.THANKING,
    (State.ASKING, What.WRONG): State.REFUSING,
    (State.WAITING, What.RATED): State.THANKING,
    (State.WAITING, What.WRONG): State.REFUSING,
    (State.WAITING, What.SILENT): State.REFUSING,
    (State.REFUSING, What.PLAYED): State.ASKING,
    (State.REFUSING, What.RATED): State.THANKING,
    (State.REFUSING, What.WRONG): State.REFUSING,
    (State.THANKING, What.PLAYED): State.OVER,
    (State.PARTING, What.PLAYED): State.OVER,
    **{(state, What.HUNG_UP): State.OVER for state in State},
}
"""REFUSING becomes PARTING when the last try is used up."""


class Survey:
    """One caller's survey. ``key_timeout``: seconds a key may take after the question."""

    def __init__(self, key_timeout: float) -> None:
        self.state = State.ASKING
        self._key_timeout = key_timeout
        self._tries_left = TRIES
        self._score: int | None = None

    @property
    def step(self) -> Step:
        """What is to be done now."""
        match self.state:
            case State.ASKING:
                return Play("survey-ask", KEYS)
            case State.WAITING:
                return WaitKey(self._key_timeout)
            case State.REFUSING:
                return Play("survey-invalid", KEYS)
            case State.THANKING:
                return Play("survey-thanks")
            case State.PARTING:
                return Play("goodbye")
            case State.OVER:
                return Done(self._score)

    def feed(self, happened: Input) -> Step:
        """Take what happened to the last step, give the next. Raises ProtocolError for what cannot happen here."""
        what = self._judge(happened)
        state = TRANSITIONS.get((self.state, what))
        if state is None:
            raise ProtocolError(f"survey: {what.value} cannot follow {self.state.value}")
        if state is State.REFUSING:
            self._tries_left -= 1
            if not self._tries_left:
                state = State.PARTING
        if state is State.THANKING and isinstance(happened, Key):
            self._score = SCORES[happened.key]
        self.state = state
        return self.step

    @staticmethod
    def _judge(happened: Input) -> What:
        match happened:
            case Played():
                return What.PLAYED
            case Key(key):
                return What.RATED if key in SCORES else What.WRONG
            case NoKey():
                return What.SILENT
            case HungUp():
                return What.HUNG_UP
