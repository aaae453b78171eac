"""Events folded into the supervisor's wallboard. PURE."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from gateway.answer_sla.policy import within_target
from gateway.config import Settings
from gateway.events import (
    AgentStateChanged,
    AlertEvent,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallbackRequested,
    CallEnded,
    CallHeld,
    CallOffered,
    CallOverflowed,
    CallQueued,
    CallResumed,
    CallRinging,
    ConnectRateAtRisk,
    ConnectRateChanged,
    Event,
    GatewayHealth,
    OutboundAnswered,
    OutboundEnded,
    OutboundStarted,
    PartyJoined,
    PartyLeft,
    ServiceLevelChanged,
    SpeechLevelChanged,
)
from gateway.views.alerts import AlertFold
from gateway.views.calls import CallBook, agent_name
from gateway.views.missed import MissedBoard
from gateway.views.pages import (
    AgentView,
    Alert,
    ConnectRate,
    QueueFigures,
    SpeechEngine,
    SpeechLoad,
    TalkingCall,
    WaitingCall,
    Wallboard,
)

CALLS_CHANGE = (
    CallOffered
    | CallQueued
    | CallRinging
    | AttemptMissed
    | CallAnswered
    | CallAbandoned
    | CallOverflowed
    | CallEnded
    | PartyJoined
    | PartyLeft
    | CallHeld
    | CallResumed
    | CallbackRequested
    | OutboundStarted
    | OutboundAnswered
    | OutboundEnded
)
"""What changes the living calls, or the list of missed callers."""


class WallboardFold:
    """The wallboard, kept up to date by ``feed``. ``calls`` is the book of living calls it keeps on the way."""

    def __init__(self, settings: Settings, calls: CallBook | None = None) -> None:
        self.calls = CallBook() if calls is None else calls
        self._settings = settings
        self._missed = MissedBoard(settings)
        self._agents: dict[str, AgentView] = {}
        self._queues: dict[str, QueueFigures] = {}
        self._connect_rate: ConnectRate | None = None
        self._alerts = AlertFold(settings)
        self._health: dict[str, str] = {}
        self._engines: dict[str, SpeechEngine] = {}
        self._speech: SpeechLoad | None = None

    def feed(self, event: Event, now: float) -> bool:
        """Take one event in; True when the board may look different. ``now`` ages the recent breaches."""
        self.calls.feed(event)
        self._missed.feed(event)
        self._alerts.forget_old(now)
        match event:
            case AgentStateChanged():
                self._agents[event.agent] = AgentView(
                    agent=event.agent,
                    name=event.name or agent_name(self._settings, event.agent),
                    state=event.state,
                    since=event.at,
                    reason=event.reason,
                    call_id=event.call_id,
                )
            case AlertEvent():
                self._alerts.feed(event)
            case ServiceLevelChanged():
                self._queues[event.queue] = _figures(event, self._settings)
            case ConnectRateChanged() | ConnectRateAtRisk():
                self._connect_rate = ConnectRate(
                    window_seconds=event.window_seconds, required=event.required, rate=event.rate, margin=event.margin
                )
            case GatewayHealth():
                self._health[event.component] = event.status
            case SpeechLevelChanged():
                self._speech = SpeechLoad(
                    level=event.level, since=event.at, lag=event.lag, legs=event.legs, capacity=event.capacity
                )
            case _:
                return isinstance(event, CALLS_CHANGE)
        return True

    def set_engines(self, engines: Iterable[SpeechEngine]) -> None:
        """The engines in use from now on, one per language."""
        self._engines = {engine.language: engine for engine in engines}

    def next_expiry(self) -> float | None:
        """When the oldest recent breach or missed caller leaves the board by itself, if there is one."""
        ends = (self._alerts.next_expiry(), self._missed.next_expiry())
        return min((end for end in ends if end is not None), default=None)

    def alert(self, alert_id: str) -> Alert | None:
        """The alert, while it is open."""
        return self._alerts.open(alert_id)

    def snapshot(self, now: float) -> Wallboard:
        """The whole board at ``now``."""
        board = Wallboard(
            now=now,
            waiting={},
            talking={},
            missed={},
            agents=dict(self._agents),
            queues=dict(self._queues),
            connect_rate=self._connect_rate,
            alerts=self._alerts.shown(now),
            health=dict(self._health),
            engines=dict(self._engines),
            speech=self._speech,
        )
        self._missed.show(board)
        if self.calls.forgotten:
            board.health["views"] = "degraded"
        for call in self.calls.calls.values():
            policy = self._settings.policy_at(call.queue, call.arrived)
            if call.waiting:
                clock = call.deadlines(self._settings)
                board.waiting[call.call_id] = WaitingCall(
                    call_id=call.call_id,
                    caller_number=call.caller_number,
                    caller_name=call.caller_name,
                    queue=call.queue,
                    queue_title=policy.title,
                    arrived=call.arrived,
                    clock_start=clock.clock_start if clock else None,
                    at_risk_at=clock.at_risk_at if clock else None,
                    breach_at=clock.breach_at if clock else None,
                    ringing=tuple(call.ringing),
                )
            elif call.talking and call.answered is not None and call.clocks is not None:
                board.talking[call.call_id] = TalkingCall(
                    call_id=call.call_id,
                    caller_number=call.caller_number,
                    queue=call.queue,
                    agent=call.agent,
                    since=call.answered,
                    caller_wait=call.clocks.caller_wait,
                    within_target=within_target(call.clocks, policy),
                    people=max(1, len(call.people)),
                    held=call.held,
                )
        return board


def without_callers(board: Wallboard) -> Wallboard:
    """The board for those who need not know who calls: numbers masked, names left out."""
    return structs.replace(
        board,
        waiting={
            key: structs.replace(call, caller_number=masked(call.caller_number), caller_name="")
            for key, call in board.waiting.items()
        },
        talking={
            key: structs.replace(call, caller_number=masked(call.caller_number)) for key, call in board.talking.items()
        },
        missed={
            key: structs.replace(caller, caller_number=masked(caller.caller_number), caller_name="")
            for key, caller in board.missed.items()
        },
    )


def masked(number: str) -> str:
    """A number without its middle, as in ``139****0000``; nothing of a short one."""
    if len(number) > 7:
        return f"{number[:3]}****{number[-4:]}"
    return "****" if number else ""


def _figures(event: ServiceLevelChanged, settings: Settings) -> QueueFigures:
    policy = settings.policy_at(event.queue, event.at)
    return QueueFigures(
        queue=event.queue,
        queue_title=policy.title,
        clock=event.clock,
        since=event.since,
        target_seconds=event.target_seconds,
        target_share=policy.target_share,
        of_offered=event.of_offered,
        of_offered_less_short=event.of_offered_less_short,
        of_answered=event.of_answered,
        average_wait=event.average_wait,
        longest_wait=event.longest_wait,
        offered=event.offered,
        abandon_rate=event.abandon_rate,
        average_handle=event.average_handle,
    )
