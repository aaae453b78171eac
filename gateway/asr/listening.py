"""The core's side of speech: which legs are heard, how, by whom, and what comes of it. PURE.

    calls and their legs ──> taps ──> workers ──> transcripts ──> events
    workers' loads ────────> admission ──> less or more of it live
    recordings ────────────> after the call

What is to be done by others comes out of ``orders`` (taps to place) and ``told`` (words for workers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import Struct

from gateway.asr.admission import LEVELS, Admission
from gateway.asr.after_call import AfterCall
from gateway.asr.protocol import (
    CloseTap,
    ExpectTap,
    FromWorker,
    Gone,
    Hello,
    Leg,
    LegClosed,
    LegOpened,
    Load,
    Mode,
    RecordingClosed,
    SetLanguage,
    SetMode,
    SetPartials,
    ToWorker,
    Transcribed,
)
from gateway.asr.taps import TapBook
from gateway.asr.transcript import TranscriptBook
from gateway.config import Settings
from gateway.errors import InputError
from gateway.events import (
    CallAnswered,
    CallEnded,
    CallOffered,
    CallQueued,
    Event,
    LanguageChosen,
    PartyJoined,
    SpeechLevel,
    SpeechLevelChanged,
    TranscriptCompleted,
)

RETURN_SECONDS = 1.5
"""After a start workers that are still there have so long to come back with the taps they listen to."""
CLOSE_SECONDS = 1.0
"""A tap ends with its channel; one that has not so long after its call is told to."""
CALLERS_ONLY, RECORDED_ONLY = LEVELS.index("callers_only"), LEVELS.index("recorded_only")


class Tell(Struct, frozen=True):
    """A message for one worker; ``worker_id`` empty: for the one that has the tap it names, else for all."""

    message: ToWorker
    worker_id: str = ""


class _Call(Struct):
    arrived: float
    dialled: str
    queue: str = ""
    language: str = ""
    recorded_only: bool = False
    recalled: bool = False
    heard: bool = False


class Listening:
    """``new_id`` makes the UUID of a tap."""

    def __init__(self, settings: Settings, new_id: Callable[[], str]) -> None:
        self._settings = settings
        self._transcripts = TranscriptBook(settings.speech.flush_timeout)
        self._taps = TapBook(new_id)
        self._admission = Admission(settings.speech.full_lag)
        self._after = AfterCall(settings.speech.second_pass, settings.speech.language)
        self._calls: dict[str, _Call] = {}
        self._workers: dict[str, Hello] = {}
        self._told: list[Tell] = []
        self._closing: dict[str, float] = {}
        self._back_by = 0.0
        self._level_recalled: SpeechLevel = LEVELS[0]

    # --- legs --------------------------------------------------------------------------------------------------

    def see(self, call_id: str, pbx: str, caller_channel: str, people: Mapping[str, str], now: float) -> None:
        """These are the call's channels: the caller's, and those of the ``people`` (agent's id by channel) who speak
        with him, or are about to. Each is heard from now on.
        """
        call = self._calls.get(call_id)
        if call is None or not people or not self._settings.speech.enabled:
            return
        if not call.heard:
            call.heard = True
            call.recorded_only = not call.recalled and LEVELS.index(self._admission.level) >= RECORDED_ONLY
        since = max(now, self._back_by) if call.recalled else now
        legs = [Leg(call_id=call_id, speaker="caller", arrived=call.arrived, channel=caller_channel, pbx=pbx)]
        for channel, agent in people.items():
            legs.append(
                Leg(call_id=call_id, speaker="agent", arrived=call.arrived, channel=channel, pbx=pbx, agent=agent)
            )
        for leg in legs:
            if leg.channel:
                self._taps.want(leg, self._language(call), self._mode(leg), self._records(call), since)

    def orders(self, living: Callable[[Leg], bool], now: float) -> list[ExpectTap]:
        """Taps to be placed now; ``living``: the leg's person still speaks with the caller."""
        return self._taps.due(living, now)

    def placed(self, order: ExpectTap, now: float) -> None:
        """A worker waits for the tap, Asterisk is about to be told."""
        self._transcripts.open_tap(order.leg, order.tap_id, now)

    def not_placed(self, order: ExpectTap, now: float) -> None:
        """No worker takes the tap. If they have the language but no room, the leg is recorded only from now on."""
        if order.language in self.languages():
            self._taps.set_mode("recorded", lambda leg: leg == order.leg)
        self._taps.over(order.tap_id, now)

    def told(self) -> list[Tell]:
        """What workers are to be told; each is handed out once."""
        told, self._told = self._told, []
        return told

    def choose_language(self, call_id: str, language: str, by: str, now: float) -> list[Event]:
        """``by`` says which language is spoken from now on. Raises InputError."""
        if call_id not in self._calls:
            raise InputError(f"there is no living call {call_id}", "Choose the language while the call lasts")
        spoken = self.languages()
        if language not in spoken:
            raise InputError(
                f"language {language} is not transcribed here", f"Choose one of: {', '.join(spoken) or 'none'}"
            )
        return [LanguageChosen(at=now, call_id=call_id, language=language, by=by)]

    def languages(self) -> tuple[str, ...]:
        """The languages that some worker transcribes."""
        known = {engine.language for hello in self._workers.values() for engine in hello.engines}
        return tuple(sorted(known))

    # --- what happens ------------------------------------------------------------------------------------------

    def follow(self, event: Event, now: float) -> list[Event]:
        """What follows from an event of the core."""
        self._remember(event)
        match event:
            case LanguageChosen():
                self._taps.set_language(event.call_id, event.language)
                for tap_id in self._taps.living(event.call_id):
                    self._told.append(Tell(SetLanguage(tap_id=tap_id, language=event.language)))
            case CallEnded():
                self._closing[event.call_id] = now + CLOSE_SECONDS
            case SpeechLevelChanged():
                self._adjust(LEVELS.index(event.level))
        self._after.follow(event)
        return self._transcripts.follow(event, now)

    def hear(self, worker_id: str, message: FromWorker | Gone, now: float) -> list[Event]:
        """Take what a worker says."""
        events: list[Event] = []
        match message:
            case Hello():
                self._greet(worker_id, message, now)
            case Gone():
                self._workers.pop(worker_id, None)
                self._after.lose(worker_id)
                events += self._admission.lose(worker_id, now)
            case LegOpened():
                self._taps.opened(message.tap_id, message.at)
                events += self._transcripts.feed(message, now)
            case LegClosed():
                events += self._transcripts.feed(message, now)
                self._taps.over(message.tap_id, now)
            case RecordingClosed():
                events += self._after.recorded(message, now)
            case Transcribed():
                events += self._after.feed(worker_id, message, now)
            case Load():
                events += self._weigh(worker_id, message, now)
            case _:
                events += self._transcripts.feed(message, now)
        return events

    def restore(self, event: Event) -> None:
        """Take in what the journal knows, in order."""
        self._remember(event)
        if isinstance(event, CallOffered):
            self._calls[event.call_id].recalled = True
        elif isinstance(event, SpeechLevelChanged):
            self._level_recalled = event.level
        self._after.follow(event)
        # Without speech nobody listened before either.
        if self._settings.speech.enabled or not isinstance(event, CallAnswered | PartyJoined):
            self._transcripts.restore(event)

    def restored(self, stopped: float, now: float) -> None:
        """All of the journal has been taken in; the gateway before this one was alive until ``stopped``."""
        self._back_by = now + RETURN_SECONDS
        self._transcripts.restored(stopped)

    def tick(self, now: float) -> list[Event]:
        """What is due by the clock."""
        for call_id in [call_id for call_id, due in self._closing.items() if due <= now]:
            del self._closing[call_id]
            self._told += [Tell(CloseTap(tap_id=tap_id)) for tap_id in self._transcripts.open_taps(call_id)]
        events: list[Event] = []
        if self._level_recalled != LEVELS[0]:
            self._level_recalled = LEVELS[0]
            events.append(SpeechLevelChanged(at=now, level=LEVELS[0], lag=0.0, legs=0, capacity=0))
        return events + self._transcripts.tick(now)

    def next_deadline(self) -> float | None:
        """When ``tick`` or ``orders`` has something to give; at once after a restart that ended a full machine."""
        if self._level_recalled != LEVELS[0]:
            return 0.0
        deadlines = (
            self._transcripts.next_deadline(),
            self._taps.next_deadline(),
            min(self._closing.values(), default=None),
        )
        return min((deadline for deadline in deadlines if deadline is not None), default=None)

    # --- its own -----------------------------------------------------------------------------------------------

    def _remember(self, event: Event) -> None:
        match event:
            case CallOffered():
                self._calls[event.call_id] = _Call(event.at, event.dialled)
            case CallQueued() if event.call_id in self._calls:
                self._calls[event.call_id].queue = event.queue
            case LanguageChosen() if event.call_id in self._calls:
                self._calls[event.call_id].language = event.language
            case CallEnded():
                self._taps.end(event.call_id)
            case TranscriptCompleted():
                self._calls.pop(event.call_id, None)
            case _:
                pass

    def _language(self, call: _Call) -> str:
        return call.language or self._settings.language(call.queue, call.dialled)

    def _records(self, call: _Call) -> bool:
        return self._settings.records(call.queue)

    def _mode(self, leg: Leg) -> Mode:
        level = LEVELS.index(self._admission.level)
        recorded = self._calls[leg.call_id].recorded_only or (leg.speaker == "agent" and level >= CALLERS_ONLY)
        return "recorded" if recorded else "live"

    def _adjust(self, level: int) -> None:
        """To every worker and leg, as the new level asks."""
        self._told.append(Tell(SetPartials(wanted=level == 0)))
        mode: Mode = "recorded" if level >= CALLERS_ONLY else "live"

        def concerned(leg: Leg) -> bool:
            call = self._calls.get(leg.call_id)
            return leg.speaker == "agent" and call is not None and not call.recorded_only

        for tap_id in self._taps.set_mode(mode, concerned):
            self._told.append(Tell(SetMode(tap_id=tap_id, mode=mode)))

    def _greet(self, worker_id: str, hello: Hello, now: float) -> None:
        """A new worker, or one whose line was down: it may listen to legs already."""
        self._workers[worker_id] = hello
        if self._admission.level != LEVELS[0]:
            self._told.append(Tell(SetPartials(wanted=False), worker_id))
        for tap in hello.taps:
            call = self._calls.get(tap.leg.call_id)
            if call is None or not self._taps.adopt(
                tap, self._language(call), self._mode(tap.leg), self._records(call)
            ):
                self._told.append(Tell(CloseTap(tap_id=tap.tap_id), worker_id))
            elif not self._transcripts.knows(tap.tap_id):
                self._transcripts.adopt(tap)
        self._taps.hurry(max(now, self._back_by))

    def _weigh(self, worker_id: str, load: Load, now: float) -> list[SpeechLevelChanged]:
        """While everything is transcribed live there is time for what is past. One that takes no new legs, as it has
        outlived its gateway, neither counts nor is employed.
        """
        hello = self._workers.get(worker_id)
        if hello is None or not hello.engines:
            return []
        events = self._admission.feed(worker_id, load, hello.capacity, now)
        work = self._after.next_for(worker_id) if self._admission.level == LEVELS[0] else None
        if work is not None:
            self._told.append(Tell(work, worker_id))
        return events
