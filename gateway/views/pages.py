"""The shapes of the two pages: what a supervisor's wallboard and an agent's desk receive as ``data``. PURE.

``queue_title`` is what people call the queue, as in its policy.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from gateway.asr.protocol import Reason
from gateway.events import (
    AgentState,
    AlertKind,
    AlertSeverity,
    Correction,
    Finding,
    Rate,
    Speaker,
    SpeechLevel,
    TicketField,
)


class WaitingCall(Struct, kw_only=True, omit_defaults=True):
    """A call nobody has answered yet.

    ``clock_start``, ``at_risk_at`` and ``breach_at`` follow the queue's clock and are absent until it starts:
    ``caller_wait`` at arrival, ``queue_wait`` at queueing, ``ring_time`` at the first ring.
    """

    call_id: str
    caller_number: str
    caller_name: str = ""
    queue: str = ""
    queue_title: str = ""
    arrived: float
    clock_start: float | None = None
    at_risk_at: float | None = None
    breach_at: float | None = None
    ringing: tuple[str, ...] = ()


class TalkingCall(Struct, kw_only=True, omit_defaults=True):
    """A call in conversation. ``agent``: the last one who joined it; ``people``: how many speak with the caller."""

    call_id: str
    caller_number: str
    queue: str
    agent: str
    since: float
    caller_wait: float | None = None
    within_target: bool | None = None
    people: int = 1
    held: bool = False


class MissedCaller(Struct, kw_only=True, omit_defaults=True):
    """Somebody who rang in vain within the last 24 h and was not spoken with since.

    ``call_id``, ``queue`` and ``latest_at`` (arrival) are of the latest missed call, ``missed_at`` is when its caller
    was gone. ``tried``: missed calls since somebody last spoke with them. ``short``: all were short abandons.
    ``callback_by`` asked for a call-back; ``called_in_vain``: our calls that did not reach them. ``calling_again``:
    on the line now; ``being_called_by``: the agent who rings them now.
    """

    call_id: str
    caller_number: str
    caller_name: str = ""
    queue: str = ""
    queue_title: str = ""
    tried: int
    latest_at: float
    missed_at: float
    longest_wait: float | None = None
    short: bool = False
    callback_at: float | None = None
    callback_by: str = ""
    called_in_vain: int = 0
    calling_again: bool = False
    being_called_by: str = ""


class AgentView(Struct, kw_only=True, omit_defaults=True):
    """An agent and the state he is in since ``since``."""

    agent: str
    name: str = ""
    state: AgentState
    since: float
    reason: str = ""
    call_id: str = ""


class QueueFigures(Struct, kw_only=True, omit_defaults=True):
    """Figures of one queue for today; each with its clock and its denominators by name."""

    queue: str
    queue_title: str = ""
    clock: str
    since: float
    target_seconds: float
    target_share: float
    of_offered: Rate
    of_offered_less_short: Rate
    of_answered: Rate
    average_wait: float | None = None
    longest_wait: float | None = None
    offered: int = 0
    abandon_rate: Rate | None = None
    average_handle: float | None = None


class ConnectRate(Struct, kw_only=True, omit_defaults=True):
    """Rolling 24 h connect rate (GB/T 33358-2016: at least 95 %)."""

    window_seconds: float
    required: float
    rate: Rate
    margin: int


class Alert(Struct, kw_only=True, omit_defaults=True):
    """Something a supervisor should see, from its raising at ``at``.

    ``value`` crossed ``limit`` then, in seconds or as a share. ``level``: how often it was escalated for want of an
    acknowledgement. ``ended`` is there only of a call that was late and is over; its ``value`` is the whole wait.
    """

    alert_id: str
    kind: AlertKind
    severity: AlertSeverity
    at: float
    call_id: str = ""
    queue: str = ""
    queue_title: str = ""
    component: str = ""
    value: float | None = None
    limit: float | None = None
    detail: str = ""
    acknowledged_by: str = ""
    level: int = 0
    ended: float | None = None


class SpeechEngine(Struct, kw_only=True, omit_defaults=True):
    """The engine that transcribes a language here, and why it was taken."""

    language: str
    engine: str
    model: str
    reason: Reason


class SpeechLoad(Struct, kw_only=True, omit_defaults=True):
    """What is transcribed live since ``since``.

    As it was then: ``legs`` were listened to of ``capacity``, the slowest decoder was ``lag`` seconds behind.
    """

    level: SpeechLevel
    since: float
    lag: float
    legs: int
    capacity: int


class Wallboard(Struct, kw_only=True, omit_defaults=True):
    """The supervisor's room. Every collection is keyed by id.

    ``missed``: the latest of the ``missed_callers`` people who were not called back yet, by the id of their latest
    call; ``missed_withheld`` calls were missed without a number. Both count the last 24 h. ``speech`` is absent until
    its level changes for the first time.
    """

    now: float
    waiting: dict[str, WaitingCall]
    talking: dict[str, TalkingCall]
    agents: dict[str, AgentView]
    queues: dict[str, QueueFigures]
    connect_rate: ConnectRate | None = None
    missed: dict[str, MissedCaller]
    missed_callers: int = 0
    missed_withheld: int = 0
    alerts: dict[str, Alert]
    health: dict[str, str]
    engines: dict[str, SpeechEngine]
    speech: SpeechLoad | None = None


class Line(Struct, kw_only=True, omit_defaults=True):
    """One utterance on the desk; grey while ``final`` is false. Seconds since arrival.

    ``agent``: which of them, where that is known. ``corrections``: where the operator's vocabulary stands in ``text``.
    """

    utterance_id: str
    speaker: Speaker
    text: str
    start: float
    end: float
    final: bool
    agent: str = ""
    corrections: tuple[Correction, ...] = ()


class Gap(Struct, kw_only=True, omit_defaults=True):
    """Seconds of one side that nobody transcribed, and why. Seconds since arrival."""

    speaker: Speaker
    start: float
    end: float
    reason: str
    agent: str = ""


class Revision(Struct, kw_only=True, omit_defaults=True):
    """The call transcribed from its recording after its end; ``lines`` are keyed by ids of their own."""

    reason: Literal["deferred", "second_pass"]
    language: str
    engine: str
    model: str
    lines: dict[str, Line]


class DeskCall(Struct, kw_only=True, omit_defaults=True):
    """The call an agent sees: from the ring until it is wrapped up. ``state``: ringing, talking or ended.

    ``language``: what is spoken in it now. ``live``: what of it is transcribed live. Known after its end: ``deferred``
    seconds were recorded only and wait for their transcription; ``findings`` is what was wrong with the sound, by
    speaker.
    """

    call_id: str
    caller_number: str
    caller_name: str = ""
    queue: str
    queue_title: str = ""
    state: str
    arrived: float
    clock_start: float
    at_risk_at: float
    breach_at: float
    ringing_since: float
    answered_at: float | None = None
    ended_at: float | None = None
    caller_wait: float | None = None
    within_target: bool | None = None
    heard_share: float | None = None
    survey: int | None = None
    language: str = ""
    live: SpeechLevel = "full"
    deferred: float = 0.0
    findings: dict[str, tuple[Finding, ...]] = {}


class Desk(Struct, kw_only=True, omit_defaults=True):
    """One agent's page. ``transcript`` is keyed by utterance id, ``ticket`` by field name.

    ``lines_left_out`` counts the call's oldest utterances and gaps that a very long call no longer shows. ``speakers``:
    the agents who speak in the transcript, their names by id. ``revised`` is there once the call was transcribed from
    its recording.
    """

    now: float
    agent: AgentView
    call: DeskCall | None = None
    transcript: dict[str, Line]
    lines_left_out: int = 0
    gaps: dict[str, Gap]
    speakers: dict[str, str]
    revised: Revision | None = None
    ticket_id: str = ""
    ticket: dict[str, TicketField]
    ticket_submitted: bool = False
    engines: dict[str, SpeechEngine]
