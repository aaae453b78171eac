import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from gateway.bus.cloudevents import envelope, parse, partial_envelope
from gateway.bus.examples import EXAMPLES
from gateway.errors import ProtocolError
from gateway.events import CallQueued, TicketField, TicketUpdated, TranscriptPartial, event_type

QUEUED = CallQueued(at=1764000000.25, call_id="1764.1", queue="hotline", position=2)
# What JSON can carry: anything but half of a surrogate pair.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
INSTANTS = st.floats(0, 253402300799, allow_nan=False)


def test_the_envelope_of_a_call_event():
    assert json.loads(envelope(QUEUED, "42")) == {
        "specversion": "1.0",
        "id": "42",
        "source": "/hotline",
        "type": "hotline.call.queued.v1",
        "subject": "1764.1",
        "time": "2025-11-24T16:00:00.250000Z",
        "datacontenttype": "application/json",
        "data": {
            "type": "call.queued",
            "at": 1764000000.25,
            "call_id": "1764.1",
            "queue": "hotline",
            "position": 2,
        },
    }


@pytest.mark.parametrize("event", EXAMPLES, ids=event_type)
def test_every_event_comes_back_as_it_was(event):
    parsed = parse(envelope(event, "7", "/hotline/north"))
    assert (parsed.data, parsed.id, parsed.source) == (event, "7", "/hotline/north")
    assert parsed.time.timestamp() == pytest.approx(event.at, abs=1e-6)


def test_an_event_without_a_call_has_no_subject():
    health = next(event for event in EXAMPLES if event_type(event) == "gateway.health")
    assert "subject" not in json.loads(envelope(health, "1"))
    state = next(event for event in EXAMPLES if event_type(event) == "agent.state")
    assert json.loads(envelope(state, "1"))["subject"] == state.call_id
    assert "subject" not in json.loads(envelope(replace(state, call_id=""), "1"))


@given(at=INSTANTS, call_id=TEXT, name=TEXT, value=TEXT, confidence=st.floats(0, 1))
def test_any_text_and_any_instant_travel(at: float, call_id: str, name: str, value: str, confidence: float):
    field = TicketField(name=name, value=value, confidence=confidence)
    event = TicketUpdated(at=at, call_id=call_id, ticket_id="t", fields=(field,))
    parsed = parse(envelope(event, "1"))
    assert parsed.data == event
    assert abs(parsed.time.timestamp() - at) < 1e-4


def test_two_states_of_one_utterance_have_two_ids():
    partial = TranscriptPartial(
        at=1.0, call_id="1764.1", utterance_id="u1", speaker="caller", text="您", start=0.0, end=1.0
    )
    longer = replace(partial, text="您好", end=1.5)
    assert [parse(partial_envelope(event)).id for event in (partial, longer)] == ["u1:1.000", "u1:1.500"]


@given(st.binary(max_size=60) | TEXT)
def test_anything_else_is_a_protocol_error(data: bytes | str):
    with pytest.raises(ProtocolError):
        parse(data)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"type": "hotline.call.answered.v1"}, "not that of its data"),
        ({"time": "2025-11-24T16:00:00"}, "no zone"),
        ({"time": "yesterday"}, "time"),
        ({"id": 42}, r"\$\.id"),
        ({"data": {"type": "张女士 13000000000"}}, r"\$\.data"),
        ({"data": {"type": "call.queued", "at": 1.0, "call_id": "1", "queue": 3}}, "queue"),
    ],
)
def test_a_broken_envelope_is_named_without_quoting_it(change, named):
    broken = json.loads(envelope(QUEUED, "42")) | change
    with pytest.raises(ProtocolError, match=named) as refused:
        parse(json.dumps(broken))
    assert "13000000000" not in str(refused.value)
