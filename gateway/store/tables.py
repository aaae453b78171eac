"""The tables of the journal's database. A change here needs a migration beside it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, String, Table, Text, column

metadata = MetaData()

_BIG = BigInteger().with_variant(Integer, "sqlite")


def _living(name: str, of: str) -> Index:
    """An index of the few rows without an end among many with one."""
    without_end = column("ended").is_(None)
    return Index(name, of, sqlite_where=without_end, postgresql_where=without_end)


journal = Table(
    "journal",
    metadata,
    Column("seq", _BIG, primary_key=True, autoincrement=False),
    Column("stream_ms", _BIG, nullable=False),
    Column("type", String(64), nullable=False),
    Column("call_id", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("data", Text, nullable=False),
    Index("journal_call_id", "call_id"),
    Index("journal_type_seq", "type", "seq"),
)
"""Every event, in order. ``stream_ms`` never decreases; ``call_id`` is empty when the event has no call;
``data`` is the event as JSON with its ``type``."""

cursors = Table(
    "cursors",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("seq", _BIG, nullable=False),
)
"""How far each reader of the journal has come."""

purged = Table(
    "purged",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", _BIG, nullable=False),
    Column("stream_ms", _BIG, nullable=False),
)
"""The newest entry that was ever removed from the journal, in one row: numbers and stamps go on from it."""

accounts = Table(
    "accounts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("agent", String(64), nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("created_at", Double, nullable=False),
)
"""People who may log in here."""

# --- the history: what ``history.py`` makes of the journal; instants are Unix seconds -------------------------------

calls = Table(
    "calls",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("caller_number", Text, nullable=False),
    Column("caller_name", Text, nullable=False),
    Column("dialled", Text, nullable=False),
    Column("arrived", Double, nullable=False),
    Column("queue", Text, nullable=False),
    Column("queued", Double),
    Column("first_ring", Double),
    Column("picked_up", Double),
    Column("bridged", Double),
    Column("ended", Double),
    Column("agent", Text, nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("answered_at", Double),
    Column("caller_wait", Double),
    Column("queue_wait", Double),
    Column("ring_time", Double),
    Column("provenance", String(16), nullable=False),
    Column("talk_seconds", Double, nullable=False),
    Column("held_seconds", Double, nullable=False),
    Column("hung_up_by", String(16), nullable=False),
    Column("cause", _BIG, nullable=False),
    Column("transfers", Integer, nullable=False),
    Index("calls_arrived", "arrived"),
    Index("calls_caller_number", "caller_number", "arrived"),
    _living("calls_living", "call_id"),
)
"""One row for each citizen's call. ``queue`` and ``agent``: the last. ``outcome``: empty until it is answered,
abandoned or overflowed. Number and name are personal data."""

legs = Table(
    "legs",
    metadata,
    Column("seq", _BIG, primary_key=True, autoincrement=False),
    Column("call_id", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("party", Text, nullable=False),
    Column("party_kind", String(16), nullable=False),
    Column("queue", Text, nullable=False),
    Column("started", Double, nullable=False),
    Column("ended", Double),
    Column("seconds", Double),
    Column("reason", String(24), nullable=False),
    Index("legs_call_id", "call_id"),
    Index("legs_party", "party", "started"),
)
"""Who rang for a call (``kind`` attempt; ``reason``: answered, or why not) and who spoke in it (``kind`` party).
``seq``: the journal entry that began it. A party beyond the trunk is personal data."""

agent_states = Table(
    "agent_states",
    metadata,
    Column("seq", _BIG, primary_key=True, autoincrement=False),
    Column("agent", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("until", Double),
    Index("agent_states_agent", "agent", "since"),
    Index("agent_states_until", "until"),
)
"""What each agent did from when to when. ``seq``: the journal entry that began it."""

outbound = Table(
    "outbound",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("agent", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("started", Double, nullable=False),
    Column("answered", Double),
    Column("ended", Double),
    Column("talk_seconds", Double, nullable=False),
    Column("cause", _BIG, nullable=False),
    Index("outbound_started", "started"),
    Index("outbound_number", "number", "started"),
    _living("outbound_living", "call_id"),
)
"""Calls the house placed. The number is personal data."""

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", Text, primary_key=True),
    Column("kind", String(24), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("queue", Text, nullable=False),
    Column("call_id", Text, nullable=False),
    Column("component", Text, nullable=False),
    Column("raised", Double, nullable=False),
    Column("value", Double),
    Column("limit", Double),
    Column("level", _BIG, nullable=False),
    Column("acknowledged", Double),
    Column("acknowledged_by", Text, nullable=False),
    Column("ended", Double),
    Index("alerts_raised", "raised"),
)
"""Each alert from its raising to its end. ``level``: how often it was escalated."""

figures = Table(
    "figures",
    metadata,
    Column("queue", Text, primary_key=True),
    Column("start", Double, primary_key=True),
    Column("seconds", Integer, primary_key=True, autoincrement=False),
    Column("offered", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("within", Integer, nullable=False),
    Column("abandoned", Integer, nullable=False),
    Column("short_abandoned", Integer, nullable=False),
    Column("overflowed", Integer, nullable=False),
    Column("late", Integer, nullable=False),
    Column("wait_seconds", Double, nullable=False),
    Column("longest_wait", Double),
    Column("talk_seconds", Double, nullable=False),
    Column("held_seconds", Double, nullable=False),
    Column("wrap_up_seconds", Double, nullable=False),
    Index("figures_start", "start"),
)
"""Sums of a queue's interval of ``seconds`` from ``start``; ``wait_seconds`` of answered calls. See ``FiguresRow``."""
