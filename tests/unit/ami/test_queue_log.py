"""Lines of queue_log, as Asterisk 22 writes them and as it never should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ami import messages, queue_log
from gateway.ami.messages import QueueLogEntry
from gateway.ami.parse import parse


def test_a_line_is_read() -> None:
    entry = queue_log.parse_line("1795521607|1795521604.0|hotline|王敏|PICKUP|1\n")
    assert entry == QueueLogEntry(
        at=1795521607.0, uniqueid="1795521604.0", queue="hotline", agent="王敏", verb="PICKUP", data=("1",)
    )


def test_none_and_empty_data_are_nothing() -> None:
    start = queue_log.parse_line("1795521596|NONE|NONE|NONE|QUEUESTART|")
    assert start == QueueLogEntry(at=1795521596.0, uniqueid="", queue="", agent="", verb="QUEUESTART", data=())
    enter = queue_log.parse_line("1795521596|pbx-2-1795521596.0|hotline|NONE|ENTERQUEUE||13800000001|1")
    assert enter is not None
    assert (enter.agent, enter.data) == ("", ("", "13800000001", "1"))


@pytest.mark.parametrize(
    "line",
    ["", "\n", "1795521596", "1795521596|a|b|c", "1795521596|a|b|c|", "x|a|b|c|VERB|1", "nan|a|b|c|VERB|1", "\0|||||"],
)
def test_what_is_no_line_is_refused(line: str) -> None:
    assert queue_log.parse_line(line) is None


FIELD = st.text(st.characters(exclude_characters="|\r\n", codec="utf-8"), max_size=8).filter(lambda t: t != "NONE")


@given(
    at=st.integers(1, 1 << 40),
    fields=st.tuples(FIELD, FIELD, FIELD, FIELD.filter(bool)),
    data=st.lists(FIELD, max_size=4).map(tuple).filter(lambda d: d != ("",)),
)
def test_an_entry_survives_a_trace(at: int, fields: tuple[str, str, str, str], data: tuple[str, ...]) -> None:
    entry = queue_log.parse_line("|".join((str(at), *fields, *data)) if data else "|".join((str(at), *fields)))
    assert entry is not None
    assert parse(queue_log.headers(entry), 0.0) == entry


@given(st.text())
def test_nothing_raises(line: str) -> None:
    entry = queue_log.parse_line(line)
    assert entry is None or entry.at > 0


def test_a_resync_tells_since_when_nothing_was_heard() -> None:
    known = parse({"Event": messages.RESYNC_STARTED, "Since": "1795521596.25"}, 1795521600.0)
    assert known == messages.ResyncStarted(at=1795521600.0, since=1795521596.25)
    assert parse({"Event": messages.RESYNC_STARTED}, 7.0) == messages.ResyncStarted(at=7.0, since=None)
