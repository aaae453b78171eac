"""The ticket that fills itself. PURE."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from gateway.events.base import CallEvent


class Evidence(Struct, frozen=True, kw_only=True):
    """Where a value was said: utterance, character span in its text, and second of the call."""

    utterance_id: str
    start: int
    end: int
    second: float
    text: str


class TicketField(Struct, frozen=True, kw_only=True):
    """One field of a ticket. ``by`` is who set it: the machine, the call's own data, or the agent."""

    name: str
    value: str
    confidence: float = 1.0
    by: Literal["machine", "call", "agent"] = "machine"
    rule: str = ""
    evidence: tuple[Evidence, ...] = ()


class TicketDrafted(CallEvent, frozen=True, kw_only=True, tag="ticket.drafted"):
    """A draft was opened for this call, with the fields known so far."""

    ticket_id: str
    agent: str = ""
    fields: tuple[TicketField, ...] = ()


class TicketUpdated(CallEvent, frozen=True, kw_only=True, tag="ticket.updated"):
    """The fields that changed; fields not named stay. ``by``: ``machine`` or the agent's id."""

    ticket_id: str
    fields: tuple[TicketField, ...]
    by: str = "machine"


class TicketSubmitted(CallEvent, frozen=True, kw_only=True, tag="ticket.submitted"):
    """The agent sent the ticket off, whole."""

    ticket_id: str
    agent: str
    fields: tuple[TicketField, ...]
