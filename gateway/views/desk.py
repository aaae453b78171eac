"""Events folded into one agent's desk: the call that rings there, its words and its ticket. PURE."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field, structs

from gateway.answer_sla.policy import deadlines_from, within_target
from gateway.config import Settings
from gateway.events import (
    AgentStateChanged,
    AttemptMissed,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallOverflowed,
    CallRinging,
    Event,
    Finding,
    LanguageChosen,
    LegSeconds,
    PartyJoined,
    PartyLeft,
    SpeechLevelChanged,
    SurveyCompleted,
    TicketDrafted,
    TicketField,
    TicketSubmitted,
    TicketUpdated,
    TranscriptCompleted,
    TranscriptFinal,
    TranscriptGap,
    TranscriptPartial,
    TranscriptRevised,
)
from gateway.views.calls import Call, CallBook, agent_name
from gateway.views.pages import AgentView, Desk, DeskCall, SpeechEngine
from gateway.views.transcript import Transcript


class Sheet(Struct, kw_only=True):
    """Everything on the desk that belongs to one call."""

    call: DeskCall
    transcript: Transcript = field(default_factory=Transcript)
    ticket_id: str = ""
    ticket: dict[str, TicketField] = field(default_factory=dict)
    submitted: bool = False


class DeskFold:
    """One agent's desk, kept up to date by ``feed``.

    A call comes on the desk when it rings there, leaves it when the ring is missed, answered elsewhere or given
    up by the caller, and otherwise stays after its end until its ticket is submitted or the next call is
    answered; while the next one only rings, the unfinished sheet is laid aside and comes back if the ring is
    missed. ``calls`` is a book of living calls fed by somebody else; without it the desk keeps its own.
    """

    def __init__(self, settings: Settings, agent: str, calls: CallBook | None = None) -> None:
        self._settings = settings
        self._agent = agent
        self._calls = CallBook() if calls is None else calls
        self._own_calls = calls is None
        self._view: AgentView | None = None
        self._sheet: Sheet | None = None
        self._aside: Sheet | None = None
        self._engines: dict[str, SpeechEngine] = {}

    def feed(self, event: Event, now: float) -> bool:
        """Take one event in; True when the desk may look different. ``now`` dates an agent nobody spoke of yet."""
        if self._own_calls:
            self._calls.feed(event)
        if isinstance(event, AgentStateChanged):
            if event.agent != self._agent:
                return False
            self._view = AgentView(
                agent=event.agent,
                name=event.name or agent_name(self._settings, event.agent),
                state=event.state,
                since=event.at,
                reason=event.reason,
                call_id=event.call_id,
            )
            return True
        if isinstance(event, CallRinging) and event.agent == self._agent:
            return self._ring(event)
        if isinstance(event, CallAnswered) and event.agent == self._agent:
            return self._answer(event)
        if isinstance(event, PartyJoined) and event.kind == "agent" and event.party == self._agent:
            return self._join(event)
        if isinstance(event, SpeechLevelChanged):
            return self._listen()
        if not isinstance(event, CallEvent):
            return False
        sheet = next((each for each in (self._sheet, self._aside) if each and each.call.call_id == event.call_id), None)
        return sheet is not None and self._write(sheet, event)

    def set_engines(self, engines: Iterable[SpeechEngine]) -> None:
        """The engines in use from now on, one per language."""
        self._engines = {engine.language: engine for engine in engines}

    @property
    def call(self) -> DeskCall | None:
        """The call on the desk, if any."""
        return self._sheet.call if self._sheet else None

    def held(self) -> set[str]:
        """Ids of the calls on the desk and laid aside: besides the agent's own, only their events change it."""
        return {sheet.call.call_id for sheet in (self._sheet, self._aside) if sheet}

    def snapshot(self, now: float) -> Desk:
        """The whole desk at ``now``. An agent the PBX never spoke of is offline since the first look."""
        if self._view is None:
            name = agent_name(self._settings, self._agent)
            self._view = AgentView(agent=self._agent, name=name, state="offline", since=now)
        desk = Desk(
            now=now, agent=self._view, transcript={}, gaps={}, speakers={}, ticket={}, engines=dict(self._engines)
        )
        if sheet := self._sheet:
            words = sheet.transcript
            desk.call = sheet.call
            desk.transcript, desk.gaps = dict(words.lines), dict(words.gaps)
            desk.lines_left_out, desk.revised = words.left_out, words.revised
            desk.speakers = {agent: self._name(agent) for agent in sorted(words.agents)}
            desk.ticket_id = sheet.ticket_id
            desk.ticket = dict(sheet.ticket)
            desk.ticket_submitted = sheet.submitted
        return desk

    def _ring(self, event: CallRinging) -> bool:
        if self._sheet and self._sheet.call.state == "talking":
            return False  # a second call must not take the desk away in mid-conversation
        call = self._calls.get(event.call_id) or Call(
            call_id=event.call_id, arrived=event.at, queue=event.queue, first_ring=event.at
        )
        if self._sheet and self._sheet.call.state == "ended" and not self._sheet.submitted:
            self._aside = self._sheet
        self._sheet = self._new_sheet(call, event.queue, event.at)
        return True

    def _answer(self, event: CallAnswered) -> bool:
        if self._sheet is None or self._sheet.call.call_id != event.call_id:
            clocks = event.clocks
            call = self._calls.get(event.call_id) or Call(
                call_id=event.call_id,
                arrived=clocks.arrived,
                queue=event.queue,
                queued=clocks.queued,
                first_ring=clocks.first_ring,
            )
            ring = event.at if clocks.first_ring is None else clocks.first_ring
            self._sheet = self._new_sheet(call, event.queue, ring)
        self._aside = None
        self._sheet.call = structs.replace(
            self._sheet.call,
            state="talking",
            live=self._calls.live(event.call_id),
            answered_at=event.at,
            caller_wait=event.clocks.caller_wait,
            within_target=within_target(event.clocks, self._settings.policy_at(event.queue, event.clocks.arrived)),
        )
        return True

    def _join(self, event: PartyJoined) -> bool:
        """He speaks with the caller: by a transfer, as one more, or again after a question to a colleague."""
        sheet = self._sheet
        if sheet is None or sheet.call.call_id != event.call_id:
            call = self._calls.get(event.call_id)
            if call is None or (sheet is not None and sheet.call.state == "talking"):
                return False
            self._sheet, self._aside = self._new_sheet(call, call.queue, event.at), None
            sheet = self._sheet
            wait = call.clocks.caller_wait if call.clocks else None
            sheet.call = structs.replace(sheet.call, answered_at=event.at, caller_wait=wait)
        if sheet.call.state == "talking":
            return False
        sheet.call = structs.replace(sheet.call, state="talking", ended_at=None, live=self._calls.live(event.call_id))
        return True

    def _new_sheet(self, call: Call, queue: str, ringing_since: float) -> Sheet:
        policy = self._settings.policy_at(queue, call.arrived)
        clock = call.deadlines(self._settings) or deadlines_from(ringing_since, policy)
        return Sheet(
            call=DeskCall(
                call_id=call.call_id,
                caller_number=call.caller_number,
                caller_name=call.caller_name,
                queue=queue,
                queue_title=policy.title,
                state="ringing",
                arrived=call.arrived,
                clock_start=clock.clock_start,
                at_risk_at=clock.at_risk_at,
                breach_at=clock.breach_at,
                ringing_since=ringing_since,
                language=call.language or self._settings.language(queue, call.dialled),
            ),
            ticket_id=call.ticket_id,
            ticket=dict(call.ticket),
            submitted=call.ticket_submitted,
        )

    def _write(self, sheet: Sheet, event: CallEvent) -> bool:
        """An event of a call that is on the desk or laid aside."""
        match event:
            case AttemptMissed():
                if event.agent != self._agent or sheet.call.state != "ringing":
                    return False
                self._take_away(sheet)
            case CallAnswered() | CallAbandoned() | CallOverflowed() | CallEnded():
                self._leave(sheet, event.at)
            case PartyLeft() if event.party == self._agent:
                self._leave(sheet, event.at)
            case TranscriptPartial() | TranscriptFinal() | TranscriptGap():
                return sheet.transcript.feed(event)
            case TranscriptCompleted():
                deferred = sum(leg.deferred for leg in event.legs)
                sheet.call = structs.replace(
                    sheet.call, heard_share=event.share, deferred=deferred, findings=_findings(event.legs)
                )
                sheet.transcript.complete()
            case TranscriptRevised():
                sheet.call = structs.replace(sheet.call, deferred=0.0)
                sheet.transcript.feed(event)
            case LanguageChosen():
                sheet.call = structs.replace(sheet.call, language=event.language)
            case TicketDrafted() | TicketUpdated() | TicketSubmitted():
                sheet.ticket_id = event.ticket_id
                sheet.ticket.update((each.name, each) for each in event.fields)
                if isinstance(event, TicketSubmitted):
                    sheet.submitted = True
                    if sheet.call.state == "ended":
                        self._take_away(sheet)
            case SurveyCompleted():
                sheet.call = structs.replace(sheet.call, survey=event.score)
            case _:
                return False
        return True

    def _listen(self) -> bool:
        """More or less is transcribed live from now on."""
        sheet = self._sheet
        if sheet is None or sheet.call.state != "talking":
            return False
        sheet.call = structs.replace(sheet.call, live=self._calls.live(sheet.call.call_id))
        return True

    def _name(self, agent: str) -> str:
        return self._calls.names.get(agent) or agent_name(self._settings, agent)

    def _leave(self, sheet: Sheet, at: float) -> None:
        """The caller is gone, or somebody else's: a ring leaves the desk, a conversation is over."""
        if sheet.call.state == "ringing" or (sheet.call.state == "talking" and sheet.submitted):
            self._take_away(sheet)
        elif sheet.call.state == "talking":
            sheet.call = structs.replace(sheet.call, state="ended", ended_at=at)

    def _take_away(self, sheet: Sheet) -> None:
        if sheet is self._sheet:
            self._sheet = self._aside
        self._aside = None


def _findings(legs: Iterable[LegSeconds]) -> dict[str, tuple[Finding, ...]]:
    """What was wrong with the sound, by speaker; of several agents all of it."""
    found: dict[str, dict[Finding, None]] = {}
    for leg in legs:
        for finding in leg.findings:
            found.setdefault(leg.speaker, {})[finding] = None
    return {speaker: tuple(each) for speaker, each in found.items()}
