from __future__ import annotations

from datetime import timedelta, timezone
from pathlib import Path

import pytest

from gateway.events import CallAnswered, CallEnded, CallOffered, Clocks, Event, Speaker, TicketField, TranscriptFinal
from gateway.tickets.departments import Departments
from gateway.tickets.draft import Drafts
from gateway.tickets.taxonomy import Taxonomy

CONFIG = Path(__file__).parents[3] / "config"
MONDAY = 1763951400.0
"""2025-11-24 10:30 in Shanghai."""
CALL = "1763951400.1"


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return Taxonomy.load(CONFIG / "taxonomy" / "12345.csv")


@pytest.fixture(scope="session")
def departments() -> Departments:
    return Departments.load(CONFIG / "departments.toml")


class Conversation:
    """A call that is fed to Drafts line by line, five seconds a line."""

    def __init__(self, drafts: Drafts, number: str = "13800000001", call_id: str = CALL) -> None:
        self.drafts = drafts
        self.call_id = call_id
        self.now = MONDAY
        self.lines = 0
        drafts.feed(CallOffered(call_id=call_id, at=self.now, caller_number=number), self.now)

    def answer(self) -> list[Event]:
        clocks = Clocks(arrived=MONDAY)
        answered = CallAnswered(call_id=self.call_id, at=self.now, queue="hotline", agent="1001", clocks=clocks)
        return self.drafts.feed(answered, self.now)

    def say(self, speaker: Speaker, text: str, utterance_id: str = "") -> list[Event]:
        self.lines += 1
        self.now += 5
        final = TranscriptFinal(
            call_id=self.call_id,
            at=self.now,
            utterance_id=utterance_id or f"u{self.lines}",
            speaker=speaker,
            text=text,
            start=self.lines * 5.0,
            end=self.lines * 5.0 + 4,
            language="zh",
            engine="test",
            model="none",
        )
        return self.drafts.feed(final, self.now)

    def caller(self, text: str) -> list[Event]:
        return self.say("caller", text)

    def agent(self, text: str) -> list[Event]:
        return self.say("agent", text)

    def end(self) -> list[Event]:
        clocks = Clocks(arrived=MONDAY)
        return self.drafts.feed(
            CallEnded(call_id=self.call_id, at=self.now, hung_up_by="caller", clocks=clocks), self.now
        )

    def fields(self) -> dict[str, TicketField]:
        return self.drafts.fields(self.call_id)

    def value(self, name: str) -> str:
        fields = self.fields()
        return fields[name].value if name in fields else ""


@pytest.fixture
def drafts(taxonomy: Taxonomy, departments: Departments) -> Drafts:
    return Drafts(taxonomy, departments, timezone(timedelta(hours=8)))


@pytest.fixture
def call(drafts: Drafts) -> Conversation:
    conversation = Conversation(drafts)
    conversation.answer()
    return conversation
