"""The core's side of speech as a whole: legs in sight, workers' words, and what is asked of both."""

from __future__ import annotations

from itertools import count

import msgspec
import pytest

from gateway.asr.admission import BETTER_SECONDS
from gateway.asr.listening import CLOSE_SECONDS, RETURN_SECONDS, Listening, Tell
from gateway.asr.protocol import (
    CloseTap,
    Engine,
    ExpectTap,
    Gone,
    Heard,
    Hello,
    Leg,
    LegClosed,
    LegOpened,
    LivingTap,
    Load,
    RecordingClosed,
    SetLanguage,
    SetMode,
    SetPartials,
)
from gateway.config import Dialled, QueuePolicy, Recording, Settings
from gateway.errors import InputError
from gateway.events import (
    CallEnded,
    CallOffered,
    CallQueued,
    Clocks,
    Event,
    GatewayHealth,
    LanguageChosen,
    RecordingCompleted,
    SpeechLevelChanged,
    TranscriptCompleted,
    TranscriptFinal,
)

T0 = 1000.0
CALLER, AGENT = "PJSIP/trunk-1", "PJSIP/1001-1"
SETTINGS = Settings(
    queue=(QueuePolicy(name="hotline"), QueuePolicy(name="korean", language="ko", record=True)),
    dialled=(Dialled(number="12347", language="ja"),),
)


def hello(*languages: str, capacity: int = 4, taps: tuple[LivingTap, ...] = ()) -> Hello:
    engines = tuple(
        Engine(language=language, engine="vosk", model="m", streaming=True, reason="preferred")
        for language in languages
    )
    return Hello(worker_id="w", audiosocket="127.0.0.1:9", engines=engines, capacity=capacity, taps=taps)


class Core:
    """Feeds events as the core does, each followed by what comes of it."""

    def __init__(self, settings: Settings = SETTINGS) -> None:
        numbers = count(1)
        self.listening = Listening(settings, lambda: f"t{next(numbers)}")
        self.events: list[Event] = []

    def spread(self, events: list[Event], now: float) -> None:
        for event in events:
            self.events.append(event)
            self.spread(self.listening.follow(event, now), now)

    def hear(self, message: object, now: float) -> None:
        self.spread(self.listening.hear("w", message, now), now)  # type: ignore[arg-type]

    def offer(self, call_id: str = "c", queue: str = "hotline", dialled: str = "12345", at: float = T0) -> None:
        self.spread([CallOffered(at=at, call_id=call_id, caller_number="", dialled=dialled)], at)
        self.spread([CallQueued(at=at, call_id=call_id, queue=queue)], at)

    def see(self, call_id: str = "c", now: float = T0 + 10) -> list[ExpectTap]:
        """Caller and agent 1001 are seen; gives the taps that are asked for, which are placed and open."""
        self.listening.see(call_id, "", CALLER, {AGENT: "1001"}, now)
        orders = self.listening.orders(lambda leg: True, now)
        for order in orders:
            self.listening.placed(order, now)
            self.hear(LegOpened(tap_id=order.tap_id, at=now), now)
        return orders

    def told(self) -> list[Tell]:
        return self.listening.told()

    def of(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]


@pytest.fixture
def core() -> Core:
    core = Core()
    core.hear(hello("zh", "ko"), T0)
    return core


def closed(tap_id: str, at: float, reason: str = "hangup") -> LegClosed:
    return LegClosed(
        tap_id=tap_id, at=at, expected=0, heard=0, lost=0, transcribed=0, engine="vosk", model="m", reason=reason
    )


def test_both_legs_are_heard_in_the_language_of_queue_or_number_and_recorded_as_the_queue_says(core: Core) -> None:
    core.offer()
    core.offer("k", queue="korean")
    core.offer("j", dialled="12347")
    plain, korean, japanese = core.see(), core.see("k"), core.see("j")
    assert [(order.leg.speaker, order.leg.agent) for order in plain] == [("caller", ""), ("agent", "1001")]
    assert {(order.language, order.record, order.mode) for order in plain} == {("zh", False, "live")}
    assert {(order.language, order.record) for order in korean} == {("ko", True)}
    assert {order.language for order in japanese} == {"ja"}


def test_a_lost_worker_has_its_legs_tapped_again_and_the_gap_told(core: Core) -> None:
    core.offer()
    first = core.see()
    for order in first:
        core.hear(closed(order.tap_id, T0 + 15, "worker_lost"), T0 + 16)
    core.hear(Gone(), T0 + 16)
    assert core.listening.languages() == ()
    due = core.listening.next_deadline()
    assert due is not None
    assert due <= T0 + 16.5
    assert {order.leg.channel for order in core.listening.orders(lambda leg: True, due)} == {CALLER, AGENT}


def test_the_agent_chooses_a_language_that_is_transcribed(core: Core) -> None:
    core.offer()
    taps = core.see()
    core.told()
    with pytest.raises(InputError, match="fr is not transcribed"):
        core.listening.choose_language("c", "fr", "1001", T0 + 12)
    with pytest.raises(InputError, match="no living call"):
        core.listening.choose_language("x", "ko", "1001", T0 + 12)
    core.spread(core.listening.choose_language("c", "ko", "1001", T0 + 12), T0 + 12)
    assert len(core.of(LanguageChosen)) == 1
    assert [tell.message for tell in core.told()] == [SetLanguage(tap_id=tap.tap_id, language="ko") for tap in taps]


def test_a_full_machine_records_new_calls_and_the_agents_of_old_ones(core: Core) -> None:
    core.offer()
    caller, agent = core.see()
    core.told()
    core.hear(Load(legs=4, lag=0.0, refused={}), T0 + 20)
    assert [event.level for event in core.events if isinstance(event, SpeechLevelChanged)] == ["recorded_only"]
    told = [tell.message for tell in core.told()]
    assert told == [SetPartials(wanted=False), SetMode(tap_id=agent.tap_id, mode="recorded")]
    core.offer("late", at=T0 + 21)
    assert {order.mode for order in core.see("late", T0 + 22)} == {"recorded"}
    for second in range(4 * int(BETTER_SECONDS)):
        core.hear(Load(legs=0, lag=0.0, refused={}), T0 + 30 + second)
    told = [tell.message for tell in core.told()]
    assert told[-1] == SetPartials(wanted=True)
    assert SetMode(tap_id=agent.tap_id, mode="live") in told
    assert all(message.tap_id == agent.tap_id for message in told if isinstance(message, SetMode))
    assert caller.mode == "live"


def test_a_leg_that_no_worker_has_room_for_is_recorded_only(core: Core) -> None:
    core.offer()
    core.listening.see("c", "", CALLER, {AGENT: "1001"}, T0 + 10)
    caller, agent = core.listening.orders(lambda leg: True, T0 + 10)
    core.listening.placed(caller, T0 + 10)
    core.listening.not_placed(agent, T0 + 10)
    due = core.listening.next_deadline()
    assert due is not None
    (again,) = core.listening.orders(lambda leg: True, due)
    assert (again.leg, again.mode, caller.mode) == (agent.leg, "recorded", "live")


def test_without_a_worker_of_the_language_a_leg_is_tried_again_as_it_was() -> None:
    core = Core()
    core.offer()
    core.listening.see("c", "", CALLER, {AGENT: "1001"}, T0 + 10)
    for order in core.listening.orders(lambda leg: True, T0 + 10):
        core.listening.not_placed(order, T0 + 10)
    core.hear(hello("zh"), T0 + 10.1)
    assert {order.mode for order in core.listening.orders(lambda leg: True, T0 + 10.1)} == {"live"}


def test_a_worker_that_takes_no_new_legs_is_no_room_and_gets_no_work(core: Core) -> None:
    core.listening.hear("orphan", hello(), T0)
    assert core.listening.hear("orphan", Load(legs=4, lag=9.0, refused={}), T0 + 1) == []


def test_a_tap_that_outlives_its_call_is_told_to_close(core: Core) -> None:
    core.offer()
    caller, agent = core.see()
    core.told()
    ended = CallEnded(at=T0 + 30, call_id="c", hung_up_by="caller", clocks=Clocks(arrived=T0))
    core.spread([ended], T0 + 30)
    core.hear(closed(caller.tap_id, T0 + 30), T0 + 30)
    assert core.listening.next_deadline() == T0 + 30 + CLOSE_SECONDS
    core.spread(core.listening.tick(T0 + 30 + CLOSE_SECONDS), T0 + 31)
    assert [tell.message for tell in core.told()] == [CloseTap(tap_id=agent.tap_id)]
    core.hear(closed(agent.tap_id, T0 + 31, "closed"), T0 + 31)
    assert len(core.of(TranscriptCompleted)) == 1


def living(tap_id: str, speaker: str, channel: str, agent: str = "") -> LivingTap:
    leg = Leg(call_id="c", speaker=speaker, arrived=T0, channel=channel, agent=agent)  # type: ignore[arg-type]
    return LivingTap(tap_id=tap_id, leg=leg, opened=T0 + 10)


def test_a_worker_that_outlived_the_gateway_keeps_its_legs_and_strangers_are_closed() -> None:
    core = Core()
    for event in (CallOffered(at=T0, call_id="c", caller_number=""), CallQueued(at=T0, call_id="c", queue="hotline")):
        core.listening.restore(event)
    core.listening.restored(T0 + 20, T0 + 24)
    core.listening.see("c", "", CALLER, {AGENT: "1001"}, T0 + 24.1)
    assert core.listening.orders(lambda leg: True, T0 + 24.1) == []
    stranger = LivingTap(
        tap_id="old3", leg=Leg(call_id="gone", speaker="caller", arrived=1.0, channel="PJSIP/trunk-9"), opened=T0
    )
    core.hear(hello("zh", taps=(living("old1", "caller", CALLER), stranger)), T0 + 24.5)
    assert core.told() == [Tell(CloseTap(tap_id="old3"), "w")]
    core.hear(
        Heard(
            tap_id="old1",
            number=3,
            final=True,
            text="喂",
            start=T0 + 22,
            end=T0 + 23,
            engine="vosk",
            model="m",
            language="zh",
        ),
        T0 + 24.6,
    )
    assert len(core.of(TranscriptFinal)) == 1
    late = core.listening.orders(lambda leg: True, T0 + 24 + RETURN_SECONDS)
    assert [order.leg.channel for order in late] == [AGENT]


def test_a_restart_ends_what_a_full_machine_was() -> None:
    core = Core()
    core.listening.restore(SpeechLevelChanged(at=T0, level="callers_only", lag=2.0, legs=4, capacity=4))
    assert core.listening.next_deadline() == 0.0
    (event,) = core.listening.tick(T0 + 5)
    assert isinstance(event, SpeechLevelChanged)
    assert event.level == "full"
    assert core.listening.next_deadline() is None


def test_a_recording_that_ended_early_is_a_matter_of_health(core: Core) -> None:
    def finished(complete: bool, file: str = "d/c-1.ogg") -> RecordingClosed:
        return RecordingClosed(
            call_id="c", arrived=T0, file=file, start=T0 + 10, seconds=20, complete=complete, kept=True
        )

    core.hear(finished(False, ""), T0 + 40)
    core.hear(finished(False), T0 + 41)
    core.hear(finished(True), T0 + 42)
    assert [event.status for event in core.events if isinstance(event, GatewayHealth)] == ["degraded", "ok"]
    assert [(e.start, e.complete) for e in core.events if isinstance(e, RecordingCompleted)] == [
        (10.0, False),
        (10.0, True),
    ]


def test_without_speech_nobody_is_heard() -> None:

    quiet = msgspec.structs.replace(SETTINGS, speech=msgspec.structs.replace(SETTINGS.speech, enabled=False))
    core = Core(msgspec.structs.replace(quiet, recording=Recording(enabled=True)))
    core.offer()
    assert core.see() == []
