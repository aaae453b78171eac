"""Real calls, followed by client and tracker through connections that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway.ami import messages
from gateway.ami.client import AmiClient
from gateway.ami.messages import Message
from gateway.ami.tracker import Tracker
from gateway.config import Ami
from gateway.demo.phones import AgentPhone, Caller
from gateway.demo.stage import AsteriskInstance
from gateway.events import (
    AgentStateChanged,
    CallAbandoned,
    CallAnswered,
    CallEnded,
    CallEvent,
    CallOffered,
    CallQueued,
    CallRinging,
    Event,
    PartyJoined,
    PartyLeft,
)

WAIT = 30.0


class Listener:
    """A client and a tracker; the client may leave and come back, the tracker stays."""

    def __init__(self, asterisk: AsteriskInstance, audit_interval: float = 600.0) -> None:
        self._settings = Ami(
            audit_interval=audit_interval,
            host=asterisk.host,
            port=asterisk.ami_port,
            username=asterisk.ami_username,
            secret=asterisk.ami_secret,
        )
        self.tracker = Tracker(("from-trunk",))
        self.events: list[Event] = []
        self._news = asyncio.Event()
        self._resyncs = 0
        self._task: asyncio.Task[None] | None = None

    def _sink(self, message: Message) -> None:
        self.events += self.tracker.feed(message)
        self._resyncs += isinstance(message, messages.ResyncCompleted)
        self._news.set()

    async def come(self) -> None:
        resyncs = self._resyncs
        self._task = asyncio.create_task(AmiClient(self._settings, self._sink).run())
        await self.until(lambda: self._resyncs > resyncs)

    async def leave(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def until(self, done: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT):
            while not done():
                self._news.clear()
                await self._news.wait()

    async def seen(self, kind: type[Event], count: int = 1) -> None:
        await self.until(lambda: len([event for event in self.events if isinstance(event, kind)]) >= count)

    def calls(self) -> list[type[Event]]:
        return [type(event) for event in self.events if isinstance(event, CallEvent)]

    def agent_states(self) -> list[str]:
        return [event.state for event in self.events if isinstance(event, AgentStateChanged) and event.agent == "1001"]


@pytest.mark.asyncio(loop_scope="session")
async def test_a_call_goes_on_under_its_id_however_often_we_leave(asterisk: AsteriskInstance) -> None:
    listener = Listener(asterisk)
    async with AgentPhone(asterisk, "1001") as agent, Caller(asterisk, "13800000001") as caller:
        await agent.wait_registered()
        try:
            await caller.call(asterisk.hotline_number)
            await agent.wait_ringing()
            await listener.come()
            await listener.seen(CallRinging)
            assert listener.calls() == [CallOffered, CallQueued, CallRinging]
            (call_id,) = listener.tracker.living()
            await listener.leave()
            await agent.answer()
            await listener.come()
            await listener.seen(CallAnswered)
            legs = listener.tracker.legs(call_id)
            assert legs is not None
            assert [channel.startswith("PJSIP/1001-") for channel in legs.people] == [True]
            await listener.leave()
            told = len(listener.events)
            await listener.come()
            assert listener.events[told:] == []
            await caller.hang_up()
            await listener.seen(CallEnded)
        finally:
            await listener.leave()
    assert listener.calls() == [CallOffered, CallQueued, CallRinging, CallAnswered, PartyJoined, PartyLeft, CallEnded]
    assert {event.call_id for event in listener.events if isinstance(event, CallEvent)} == {call_id}
    (ended,) = [event for event in listener.events if isinstance(event, CallEnded)]
    assert (ended.hung_up_by, ended.clocks.provenance, ended.agent) == ("caller", "reconstructed", "1001")
    assert listener.agent_states()[:2] == ["ringing", "talking"]
    assert listener.tracker.odd.total() == 0


@pytest.mark.asyncio(loop_scope="session")
async def test_a_call_that_ends_while_we_are_away_does_not_stay_open(asterisk: AsteriskInstance) -> None:
    listener = Listener(asterisk)
    async with Caller(asterisk, "13800000001") as caller:
        try:
            await listener.come()
            await caller.call(asterisk.hotline_number)
            await listener.seen(CallQueued)
            await listener.leave()
            await caller.hang_up()
            await caller.wait_closed()
            await listener.come()
            await listener.seen(CallEnded)
        finally:
            await listener.leave()
    assert listener.calls() == [CallOffered, CallQueued, CallAbandoned, CallEnded]
    assert listener.tracker.living() == ()


@pytest.mark.asyncio(loop_scope="session")
async def test_a_call_found_in_conversation_is_answered_with_no_known_wait(asterisk: AsteriskInstance) -> None:
    witness, late = Listener(asterisk), Listener(asterisk)
    async with AgentPhone(asterisk, "1001") as agent, Caller(asterisk, "13800000001") as caller:
        await agent.wait_registered()
        try:
            await witness.come()
            await caller.call(asterisk.hotline_number)
            await agent.wait_ringing()
            await agent.answer()
            await witness.seen(CallAnswered)
            await late.come()
            assert late.calls() == [CallOffered, CallAnswered, PartyJoined]
            (answered,) = [event for event in late.events if isinstance(event, CallAnswered)]
            assert (answered.agent, answered.queue, answered.clocks.caller_wait) == ("1001", "hotline", None)
            await caller.hang_up()
            await witness.seen(CallEnded)
            await late.seen(CallEnded)
        finally:
            await witness.leave()
            await late.leave()
    ends = [event for each in (witness, late) for event in each.events if isinstance(event, CallEnded)]
    assert [end.hung_up_by for end in ends] == ["caller", "caller"]


class FaultyListener(Listener):
    """Never hears that a caller's line went down."""

    def _sink(self, message: Message) -> None:
        if not isinstance(message, messages.Hangup | messages.HangupRequest | messages.QueueCallerLeave):
            super()._sink(message)


@pytest.mark.asyncio(loop_scope="session")
async def test_a_call_whose_end_was_never_heard_does_not_stay_open(asterisk: AsteriskInstance) -> None:
    listener = FaultyListener(asterisk, audit_interval=1.0)
    async with Caller(asterisk, "13800000001") as caller:
        try:
            await listener.come()
            await caller.call(asterisk.hotline_number)
            await listener.seen(CallQueued)
            await caller.hang_up()
            await listener.seen(CallEnded)
        finally:
            await listener.leave()
    assert listener.calls() == [CallOffered, CallQueued, CallAbandoned, CallEnded]
    assert listener.tracker.living() == ()
