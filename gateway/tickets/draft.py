"""The ticket that fills itself while the caller speaks: one draft per answered call. PURE.

A draft is what the call itself tells (the caller's number), the best reading of the transcript so far, and on top of
both the agent's own edits: a field the agent touched is never proposed anew. An event names only fields that changed.
A machine's field whose words were corrected away comes once more with an empty value.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import tzinfo

from msgspec import Struct
from msgspec.structs import replace

from gateway.errors import InputError
from gateway.events import (
    CallAnswered,
    CallEnded,
    CallOffered,
    Event,
    TicketDrafted,
    TicketField,
    TicketSubmitted,
    TicketUpdated,
    TranscriptCompleted,
    TranscriptFinal,
)
from gateway.tickets.departments import Departments
from gateway.tickets.places import Gazetteer
from gateway.tickets.reading import Reader
from gateway.tickets.taxonomy import Taxonomy

FIELDS = (
    "caller_number",
    "phone",
    "caller_name",
    "request_type",
    "category",
    "subcategory",
    "place",
    "occurred_at",
    "title",
    "content",
    "department",
)
"""A ticket's fields, in the order in which they are shown. All but ``caller_number`` may be edited."""

KEEP_SECONDS = 4 * 3600.0
"""How long the draft of an ended call waits for its agent."""
KEEP_SUBMITTED_SECONDS = 300.0
"""How long a submitted ticket of an ended call stays known, so that a second submit is told apart."""
MOST_CALLS = 4096
MOST_UTTERANCES = 400
"""Utterances of one call that are read; a call so long is read no further."""
LONGEST_UTTERANCE = 1000
"""Characters of one utterance that are read: several times what is said in half a minute."""
LONGEST_VALUE = 4000
"""Characters of one field."""
NOTICEABLE = 0.1
"""A change of confidence that alone is worth an event."""


class _Call(Struct, kw_only=True):
    """What is known of one call. ``fields`` are as last told, ``forget_at`` is set once the call has ended."""

    caller_number: str = ""
    ticket_id: str = ""
    submitted: bool = False
    fields: dict[str, TicketField] = {}
    utterances: dict[str, TranscriptFinal] = {}
    forget_at: float | None = None


class Drafts:
    """The drafts of all living calls, and of ended ones until they are submitted or forgotten.

    ``zone`` is the local time callers mean; ``home_city`` is left out of places, since every call is from there;
    ``gazetteer`` holds the city's names of places.
    At most MOST_CALLS are kept; beyond that ended calls go first, then the oldest.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        departments: Departments,
        zone: tzinfo,
        home_city: str = "",
        gazetteer: Gazetteer | None = None,
    ) -> None:
        self._reader = Reader(taxonomy, departments, gazetteer or Gazetteer(), zone, home_city)
        self._calls: dict[str, _Call] = {}
        self._due: list[tuple[float, str]] = []

    def feed(self, event: Event, now: float) -> list[Event]:
        """Take an event of the core; returns TicketDrafted and TicketUpdated events. Other events are ignored."""
        match event:
            case CallOffered():
                self._call(event.call_id).caller_number = event.caller_number
            case CallAnswered():
                return self._open(event, now)
            case TranscriptFinal():
                return self._hear(event, now)
            case TranscriptCompleted():
                return self._read(event.call_id, now)
            case CallEnded():
                self._ended(event.call_id, now)
            case _:
                pass
        return []

    def restore(self, event: Event) -> None:
        """What the journal knows, in order: drafts are as they were told, and nothing is told again."""
        match event:
            case TicketDrafted() | TicketUpdated() | TicketSubmitted():
                call = self._call(event.call_id)
                call.ticket_id = event.ticket_id
                call.fields.update((field.name, field) for field in event.fields)
                call.submitted = isinstance(event, TicketSubmitted)
                if call.submitted and call.forget_at is not None:
                    self._forget(event.call_id, call, event.at + KEEP_SUBMITTED_SECONDS)
            case TranscriptFinal() if event.call_id in self._calls:
                self._remember(self._calls[event.call_id], event)
            case CallOffered() | CallEnded():
                self.feed(event, event.at)
            case _:
                pass

    def edit(self, call_id: str, values: Mapping[str, str], agent: str, now: float) -> list[Event]:
        """Set fields to what the agent wrote; what is derived from them follows in a second event.

        Raises InputError for an unknown call or field, a value too long, or a ticket that was submitted.
        """
        call = self._drafted(call_id)
        for name, value in values.items():
            if name not in FIELDS or name == "caller_number":
                raise InputError(f"ticket field {name[:40]!r} cannot be edited", f"Fields: {', '.join(FIELDS[1:])}")
            if len(value) > LONGEST_VALUE:
                raise InputError(f"ticket field {name} has more than {LONGEST_VALUE} characters", "Shorten it")
        edited = tuple(TicketField(name=name, value=value.strip(), by="agent") for name, value in values.items())
        if not edited:
            return []
        call.fields.update((field.name, field) for field in edited)
        updated = TicketUpdated(call_id=call_id, at=now, ticket_id=call.ticket_id, fields=edited, by=agent)
        return [updated, *self._read(call_id, now)]

    def submit(self, call_id: str, agent: str, now: float) -> list[Event]:
        """Send the ticket off with all its fields. Raises InputError for an unknown call and on a second submit."""
        call = self._drafted(call_id)
        call.submitted = True
        if call.forget_at is not None:
            self._forget(call_id, call, now + KEEP_SUBMITTED_SECONDS)
        fields = tuple(self.fields(call_id).values())
        return [TicketSubmitted(call_id=call_id, at=now, ticket_id=call.ticket_id, agent=agent, fields=fields)]

    def fields(self, call_id: str) -> dict[str, TicketField]:
        """The fields of a call's draft that have a value, by name, in the order of FIELDS; empty without a draft."""
        call = self._calls.get(call_id)
        if call is None or not call.ticket_id:
            return {}
        return {name: call.fields[name] for name in FIELDS if name in call.fields and call.fields[name].value}

    def next_deadline(self) -> float | None:
        """The instant at which the next call is to be forgotten, or None."""
        while self._due and not self._is_due(*self._due[0]):
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def tick(self, now: float) -> list[Event]:
        """Forget calls whose time has come. Returns no events: what was drafted stays in the journal."""
        while (due := self.next_deadline()) is not None and due <= now:
            del self._calls[heapq.heappop(self._due)[1]]
        return []

    def __len__(self) -> int:
        """Calls that are kept."""
        return len(self._calls)

    # --- inside -------------------------------------------------------------------------------------------------

    def _call(self, call_id: str) -> _Call:
        if call_id not in self._calls:
            if len(self._calls) >= MOST_CALLS:
                oldest = next(iter(self._calls))
                del self._calls[next((i for i, c in self._calls.items() if c.forget_at is not None), oldest)]
            self._calls[call_id] = _Call()
        return self._calls[call_id]

    def _drafted(self, call_id: str) -> _Call:
        call = self._calls.get(call_id)
        if call is None or not call.ticket_id:
            raise InputError("there is no ticket draft for this call", "A draft is opened when a call is answered")
        if call.submitted:
            raise InputError(f"ticket {call.ticket_id} was submitted already", "Change it in the ticketing system")
        return call

    def _open(self, event: CallAnswered, now: float) -> list[Event]:
        call = self._call(event.call_id)
        if call.ticket_id:
            return []
        call.ticket_id = ticket_id(event.call_id)
        call.fields = _of_the_call(call)
        drafted = TicketDrafted(
            call_id=event.call_id,
            at=event.at,
            ticket_id=call.ticket_id,
            agent=event.agent,
            fields=tuple(call.fields.values()),
        )
        return [drafted, *self._read(event.call_id, now)]

    def _hear(self, event: TranscriptFinal, now: float) -> list[Event]:
        call = self._calls.get(event.call_id)
        return self._read(event.call_id, now) if call is not None and self._remember(call, event) else []

    def _remember(self, call: _Call, event: TranscriptFinal) -> bool:
        """Keep what was said; False when there is no room for it."""
        if event.utterance_id not in call.utterances and len(call.utterances) >= MOST_UTTERANCES:
            return False
        call.utterances[event.utterance_id] = replace(event, text=event.text[:LONGEST_UTTERANCE])
        return True

    def _read(self, call_id: str, now: float) -> list[Event]:
        """Read the whole transcript again and tell what changed."""
        call = self._calls.get(call_id)
        if call is None or not call.ticket_id or call.submitted:
            return []
        spoken = sorted(call.utterances.values(), key=lambda u: (u.start, u.end))
        settled = {name: f.value for name, f in call.fields.items() if f.by == "agent"}
        proposed = _of_the_call(call) | self._reader.read(spoken, settled)
        changed = []
        for name in FIELDS:
            if name in settled:
                continue
            old, new = call.fields.get(name), proposed.get(name)
            if new is None and old is not None and old.value:
                new = TicketField(name=name, value="", confidence=0.0, rule="withdrawn")
            if new is not None and _differs(old, new):
                changed.append(new)
        if not changed:
            return []
        call.fields.update((field.name, field) for field in changed)
        return [TicketUpdated(call_id=call_id, at=now, ticket_id=call.ticket_id, fields=tuple(changed))]

    def _ended(self, call_id: str, now: float) -> None:
        call = self._calls.get(call_id)
        if call is None:
            return
        if not call.ticket_id:
            del self._calls[call_id]
        else:
            self._forget(call_id, call, now + (KEEP_SUBMITTED_SECONDS if call.submitted else KEEP_SECONDS))

    def _is_due(self, at: float, call_id: str) -> bool:
        """Does this instant still stand, or was the call forgotten, or put off?"""
        return call_id in self._calls and self._calls[call_id].forget_at == at

    def _forget(self, call_id: str, call: _Call, at: float) -> None:
        call.forget_at = at
        heapq.heappush(self._due, (at, call_id))


def ticket_id(call_id: str) -> str:
    """The ticket's id, the same whenever it is made anew for the same call."""
    return "T" + call_id.replace(".", "")


def _of_the_call(call: _Call) -> dict[str, TicketField]:
    """What the call's own data say: the number it came from is the contact until another one is said."""
    if not call.caller_number:
        return {}
    number = call.caller_number
    return {
        "caller_number": TicketField(name="caller_number", value=number, by="call", rule="call.number"),
        "phone": TicketField(name="phone", value=number, confidence=0.5, by="call", rule="call.number"),
    }


def _differs(old: TicketField | None, new: TicketField) -> bool:
    if old is None:
        return True
    same = (old.value, old.by, old.rule) == (new.value, new.by, new.rule)
    return not same or abs(old.confidence - new.confidence) >= NOTICEABLE
