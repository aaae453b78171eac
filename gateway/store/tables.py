"""The tables of the journal's database. A change here needs a migration beside it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, MetaData, String, Table, Text

metadata = MetaData()

_BIG = BigInteger().with_variant(Integer, "sqlite")

journal = Table(
    "journal",
    metadata,
    Column("seq", _BIG, primary_key=True, autoincrement=False),
    Column("stream_ms", _BIG, nullable=False),
    Column("type", String(64), nullable=False),
    Column("call_id", String(64), nullable=False),
    Column("at", Double, nullable=False),
    Column("data", Text, nullable=False),
    Index("journal_call_id", "call_id"),
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
